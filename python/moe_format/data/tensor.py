"""SPEC.md §6.3: a tensor of the checkpoint."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..directory.names import read_name
from ..directory.tensor_record import TensorRecord
from ..dtype import DType, known_dtype
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..limits import ELEMENT_BYTES, RANK

if TYPE_CHECKING:
    from ..file import MoEFile
    from .part import Part


class Tensor:
    """Name, dtype and shape are checked when it is made; parts and elements when they are asked for."""

    def __init__(self, file: MoEFile, index: int) -> None:
        self._file = file
        self.index = index
        self.record = TensorRecord.parse(*file.directory.record(SectionKind.TENSORS, index))
        record = self.record
        self.name = read_name(file.directory, record.name_offset, record.name_length, record.at,
                              f"name of tensor {index}")  # fmt: skip
        self.dtype: DType | None = known_dtype(record.dtype)
        self.shape = self._read_shape()
        self._check_element_count()

    def _read_shape(self) -> tuple[int, ...]:
        """R40."""
        record = self.record
        require(record.rank <= RANK, "R40", record.at + 30, record.rank, f"at most {RANK}", f"rank of {self.name!r}")
        if record.rank == 0:
            return ()
        end, limit = record.first_dim + record.rank, self._file.directory.count(SectionKind.DIMS)
        require(end <= limit, "R40", record.at + 32, end, f"at most {limit}", f"last dim of {self.name!r}")
        dims = (self._file.directory.record(SectionKind.DIMS, number)[0] for number in range(record.first_dim, end))
        return tuple(struct.unpack("<Q", raw)[0] for raw in dims)

    def _check_element_count(self) -> None:
        """R40."""
        record = self.record
        nonzero = self.element_length if self.dtype is not None else 1
        for dim in self.shape:
            nonzero *= max(dim, 1)
            require(nonzero <= ELEMENT_BYTES, "R40", record.at + 32, self.shape, f"at most {ELEMENT_BYTES} bytes",
                    f"shape of {self.name!r}")  # fmt: skip
        product = 1
        for dim in self.shape:
            product *= dim
        require(record.element_count == product, "R40", record.at + 48, record.element_count, product,
                f"element_count of {self.name!r}")  # fmt: skip

    def check_dtype(self) -> None:
        """R41."""
        record = self.record
        if self.dtype is None:
            raise MoEFormatError("R41", record.at + 28, record.dtype, "a dtype of 1.0", f"dtype of {self.name!r}")
        fits = (record.opaque_length > 0) == (self.dtype is DType.OPAQUE)
        require(fits, "R41", record.at + 44, record.opaque_length, "more than 0 for OPAQUE, else 0",
                f"opaque_length of {self.name!r}")  # fmt: skip

    @property
    def element_count(self) -> int:
        return self.record.element_count

    @property
    def dtype_name(self) -> str:
        """As SPEC.md §7 writes it, with the length of an OPAQUE element."""
        if self.dtype is None:
            return f"dtype {self.record.dtype}"
        return f"OPAQUE({self.record.opaque_length})" if self.dtype is DType.OPAQUE else self.dtype.name

    @property
    def element_length(self) -> int:
        """Bytes an element, for a known dtype."""
        assert self.dtype is not None
        return self.dtype.element_length(self.record.opaque_length)

    @property
    def numpy_dtype(self) -> np.dtype[np.generic]:
        assert self.dtype is not None
        return self.dtype.numpy(self.record.opaque_length)

    @property
    def content_hash(self) -> str:
        """As `xxhsum -H2` prints it."""
        return self.record.content_hash[::-1].hex()

    @cached_property
    def parts(self) -> list[Part]:
        """R43, R42: the parts that cover the tensor, in order."""
        parts = [self._file.part(number) for number in self._part_numbers()]
        next_element = 0
        for part in parts:
            require(part.record.tensor == self.index, "R43", part.record.at + 32, part.record.tensor, self.index,
                    f"tensor of part {part.index}")  # fmt: skip
            require(part.record.start_element == next_element, "R42", part.record.at, part.record.start_element,
                    next_element, f"start_element of part {part.index}")  # fmt: skip
            next_element += part.record.element_count
        require(next_element == self.element_count, "R42", self.record.at + 40, next_element, self.element_count,
                f"elements covered of {self.name!r}")  # fmt: skip
        return parts

    def _part_numbers(self) -> list[int]:
        """R43: the tensor's run of the tensor-parts section."""
        record, directory = self.record, self._file.directory
        if record.part_count == 0:
            return []
        end, limit = record.first_part + record.part_count, directory.count(SectionKind.TENSOR_PARTS)
        require(end <= limit, "R43", record.at + 36, end, f"at most {limit}", f"last part of {self.name!r}")
        parts = directory.count(SectionKind.PARTS)
        numbers = []
        for index in range(record.first_part, end):
            raw, at = directory.record(SectionKind.TENSOR_PARTS, index)
            (number,) = struct.unpack("<I", raw)
            require(number < parts, "R43", at, number, f"less than {parts}", f"part of {self.name!r}")
            numbers.append(number)
        return numbers

    def array(self) -> NDArray[Any]:
        """All elements, in the tensor's shape. Every byte was checked against its hash."""
        self.check_dtype()
        for part in self.parts:
            part.check_decodable()
        decoded = np.empty(self.element_count * self.element_length, dtype=np.uint8)
        position = 0
        for chunk in self.decoded_chunks():
            decoded[position : position + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            position += len(chunk)
        return decoded.view(self.numpy_dtype).reshape(self.shape)

    def decoded_chunks(self) -> Iterator[bytes]:
        """The elements' bytes in C order, piece by piece; never more than 16 MiB at once."""
        self.check_dtype()
        for part in self.parts:
            yield from part.decoded_chunks()

    def expert(self, expert: int) -> NDArray[Any]:
        """One expert's part of a stacked tensor. Raises `IndexError` if no part of the tensor is that expert's."""
        for part in self.parts:
            if part.block.expert == expert:
                return part.array()
        raise IndexError(f"{self.name!r} has no part of expert {expert}")

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} {self.dtype_name} {list(self.shape)}>"
