"""SPEC.md §6.5: a part, a run of a tensor's elements inside one block."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..directory.link_record import LinkKind, LinkRecord
from ..directory.part_record import PartRecord
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..limits import CHUNK_BYTES
from ..role import Role, role_of
from .chunk_cutting import ChunkCutting
from .planes import WIDTHS, decode_planes

if TYPE_CHECKING:
    from ..file import MoEFile
    from .block import Block
    from .tensor import Tensor


class Encoding(IntEnum):
    RAW = 0
    PLANES = 1


class Part:
    """Its record, links and place in the block are checked when it is made; its bytes when they are decoded."""

    def __init__(self, file: MoEFile, index: int) -> None:
        self._file = file
        self.index = index
        self.record = PartRecord.parse(*file.directory.record(SectionKind.PARTS, index))
        self._what = f"part {index}"
        record = self.record
        tensors = file.directory.count(SectionKind.TENSORS)
        require(record.tensor < tensors, "R43", record.at + 32, record.tensor, f"less than {tensors}",
                f"tensor of {self._what}")  # fmt: skip
        self.tensor: Tensor = file.tensor_at(record.tensor)
        self._check_extent()
        self._check_cutting()
        self._check_block()
        self._check_links()

    def _check_extent(self) -> None:
        """R51, and R42 for this part alone."""
        record, what = self.record, self._what
        count, row = record.element_count, record.row_length
        require(count >= 1, "R51", record.at + 8, count, "at least 1", f"element_count of {what}")
        require(row >= 1, "R51", record.at + 16, row, "at least 1", f"row_length of {what}")
        require(count % row == 0, "R51", record.at + 16, row, f"a divisor of {count}", f"row_length of {what}")
        require(record.orientation <= 2, "R51", record.at + 58, record.orientation, "0 … 2", f"orientation of {what}")
        end = record.start_element + count
        require(end <= self.tensor.element_count, "R42", record.at, end, f"at most {self.tensor.element_count}",
                f"last element of {what}")  # fmt: skip
        last_dim = self.tensor.shape[-1] if self.tensor.shape else 1
        holds_whole_rows = row == last_dim and record.start_element % row == 0
        lies_in_one_row = row == count and record.start_element // last_dim == (end - 1) // last_dim
        require(holds_whole_rows or lies_in_one_row, "R51", record.at + 16, row,
                f"whole rows of {last_dim}, or a part inside one", f"row_length of {what}")  # fmt: skip

    def _check_cutting(self) -> None:
        """R52."""
        record, what = self.record, self._what
        chunk = record.chunk_elements
        require(chunk >= 1, "R52", record.at + 48, chunk, "at least 1", f"chunk_elements of {what}")
        cutting = self.cutting
        require(cutting.is_regular, "R52", record.at + 48, chunk, f"a multiple of {cutting.row}",
                f"chunk_elements of {what}")  # fmt: skip
        require(record.chunk_count == cutting.count, "R52", record.at + 44, record.chunk_count, cutting.count,
                f"chunk_count of {what}")  # fmt: skip
        if self.tensor.dtype is not None:
            largest = cutting.largest * self.tensor.element_length
            require(largest <= CHUNK_BYTES, "R52", record.at + 48, largest, f"at most {CHUNK_BYTES}",
                    f"bytes of a decoded chunk of {what}")  # fmt: skip

    def _check_block(self) -> None:
        """R50, R53, and R64 for the block."""
        record, what = self.record, self._what
        blocks = self._file.directory.count(SectionKind.BLOCKS)
        require(record.block < blocks, "R50", record.at + 36, record.block, f"less than {blocks}", f"block of {what}")
        listed = self.block.record.parts
        require(self.index in listed, "R50", record.at + 36, self.index,
                f"{listed.start} ..< {listed.stop}, the parts of block {record.block}", "part")  # fmt: skip
        self.block.check_owner()
        end, limit = record.first_chunk + record.chunk_count, self.block.record.chunk_count
        require(end <= limit, "R53", record.at + 40, end, f"at most {limit}", f"last chunk of {what}")

    def _check_links(self) -> None:
        """R57."""
        record, what = self.record, self._what
        if record.link_count == 0:
            require(record.first_link == 0, "R57", record.at + 60, record.first_link, 0, f"first_link of {what}")
        else:
            end, limit = record.first_link + record.link_count, self._file.directory.count(SectionKind.LINKS)
            require(end <= limit, "R57", record.at + 60, end, f"at most {limit}", f"last link of {what}")
        siblings = self.block.record.parts
        for link in self.link_records:
            require(link.part in siblings and link.part != self.index, "R57", link.at + 4, link.part,
                    f"another of {siblings.start} ..< {siblings.stop}", f"companion of {what}")  # fmt: skip
        schemes = len(self._file.model.quantization)
        require(record.scheme <= schemes, "R57", record.at + 54, record.scheme, f"at most {schemes}",
                f"scheme of {what}")  # fmt: skip

    @property
    def cutting(self) -> ChunkCutting:
        return ChunkCutting(self.record.element_count, self.record.row_length, self.record.chunk_elements)

    @property
    def block(self) -> Block:
        return self._file.block(self.record.block)

    @property
    def role(self) -> Role:
        return role_of(self.record.role)

    @property
    def decoded_length(self) -> int:
        """Bytes, for a known dtype."""
        return self.record.element_count * self.tensor.element_length

    @cached_property
    def link_records(self) -> list[LinkRecord]:
        run = range(self.record.first_link, self.record.first_link + self.record.link_count)
        return [LinkRecord.parse(*self._file.directory.record(SectionKind.LINKS, index)) for index in run]

    def companions(self, kind: LinkKind) -> list[Part]:
        """The parts that dequantise this one."""
        return [self._file.part(link.part) for link in self.link_records if link.kind == kind]

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape without the dimensions that the part does not span whole."""
        count, shape = self.record.element_count, self.tensor.shape
        for rank in range(len(shape) + 1):
            inner = prod(shape[rank:])
            if count % inner == 0:
                outer = count // inner
                return shape[rank:] if outer == 1 else (outer, *shape[rank:])
        raise AssertionError("1 divides everything")

    def array(self) -> NDArray[Any]:
        """The part's elements, in its `shape`. Raises R41, R54, R55, R70 … R73."""
        self.check_decodable()
        decoded = np.empty(self.decoded_length, dtype=np.uint8)
        position = 0
        for chunk in self.decoded_chunks():
            decoded[position : position + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            position += len(chunk)
        return decoded.view(self.tensor.numpy_dtype).reshape(self.shape)

    def check_decodable(self) -> None:
        """R41, R54: dtype and encoding are known and fit each other."""
        self.tensor.check_dtype()
        record, width = self.record, self.tensor.element_length
        if record.encoding == Encoding.RAW:
            require(record.rotation == 0, "R54", record.at + 57, record.rotation, 0, f"rotation of raw {self._what}")
        elif record.encoding == Encoding.PLANES:
            require(width in WIDTHS, "R54", record.at + 56, f"planes of {width} bytes", f"one of {WIDTHS}",
                    f"encoding of {self._what}")  # fmt: skip
            require(record.rotation < 8 * width, "R54", record.at + 57, record.rotation, f"less than {8 * width}",
                    f"rotation of {self._what}")  # fmt: skip
        else:
            raise MoEFormatError("R54", record.at + 56, record.encoding, "0 or 1", f"encoding of {self._what}")

    def decoded_chunks(self) -> Iterator[bytes]:
        """The part's bytes, chunk by chunk, each checked before it is handed out."""
        self.check_decodable()
        for index in range(self.record.chunk_count):
            yield self._decoded_chunk(index)

    def _decoded_chunk(self, index: int) -> bytes:
        number = self.record.first_chunk + index
        elements = self.cutting.length(index)
        width = self.tensor.element_length
        if self.record.encoding == Encoding.RAW:
            self._check_raw_place(index, elements * width)
            return self.block.stored(number)
        at = self.block.record.offset + self.block.chunk(number).offset
        return decode_planes(self.block.stored(number), elements, width, self.record.rotation, at)

    def _check_raw_place(self, index: int, length: int) -> None:
        """R55."""
        number = self.record.first_chunk + index
        entry = self.block.chunk(number)
        what = f"raw chunk {number} of block {self.record.block}"
        require(entry.stored_length == length, "R55", entry.at + 16, entry.stored_length, length, f"length of {what}")
        if index == 0:
            require(entry.offset % 64 == 0, "R55", entry.at, entry.offset, "a multiple of 64", f"offset of {what}")
        else:
            before = self.block.chunk(number - 1).end
            require(entry.offset == before, "R55", entry.at, entry.offset, before, f"offset of {what}")
