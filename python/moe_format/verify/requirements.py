"""R28: holds the tensors of one block against what a description needs of them."""

from __future__ import annotations

from ..data.block_contents import BlockContents
from ..data.part import Part
from ..directory.link_record import LinkKind
from ..errors import MoEFormatError, require
from ..model.model import Model
from ..role import Role


class Requirements:
    """What is asked of one block's roles. Every method raises R28."""

    def __init__(self, contents: BlockContents, model: Model, what: str) -> None:
        self._contents, self._model, self._what = contents, model, what

    def has(self, role: Role) -> bool:
        return role in self._contents

    def part(self, role: Role) -> Part:
        if role not in self._contents:
            at = self._contents.block.record.at
            raise MoEFormatError("R28", at, f"no {role.name.lower()}", "one", self._what)
        return self._contents.part(role)

    def matrix(self, role: Role, outputs: int, inputs: int) -> None:
        """A weight of that many outputs and inputs, whichever are the rows."""
        self._check_matrix(self.part(role), role, outputs, inputs)

    def gate(self, role: Role, outputs: int, inputs: int) -> None:
        """A router's weight, in one part or one a group."""
        parts = self._contents.parts_by_group(role) or (self.part(role),)
        for part in parts:
            self._check_matrix(part, role, outputs // len(parts), inputs)

    def gate_bias(self, role: Role, length: int) -> None:
        """A router's bias, if there is one, in one part or one a group."""
        parts = self._contents.parts_by_group(role)
        for part in parts:
            self._check_vector(part, role, length // len(parts))

    def _check_matrix(self, part: Part, role: Role, outputs: int, inputs: int) -> None:
        self._check_weight_dtype(part)
        record, what = part.record, self._name(role)
        if self._is_packed(part):
            require(record.element_count * 2 == outputs * inputs, "R28", record.at + 8, record.element_count,
                    outputs * inputs // 2, f"packed bytes of {what}")  # fmt: skip
            return
        require(record.orientation in (1, 2), "R28", record.at + 58, record.orientation, "1 or 2",
                f"orientation of {what}")  # fmt: skip
        rows, columns = (outputs, inputs) if record.orientation == 1 else (inputs, outputs)
        found = (record.element_count // record.row_length, record.row_length)
        require(found == (rows, columns), "R28", record.at + 8, list(found), [rows, columns], f"shape of {what}")

    def vector(self, role: Role, length: int) -> None:
        """That many floats, in any shape."""
        self._check_vector(self.part(role), role, length)

    def _check_vector(self, part: Part, role: Role, length: int) -> None:
        self._check_weight_dtype(part)
        found = part.record.element_count
        require(found == length, "R28", part.record.at + 8, found, length, f"elements of {self._name(role)}")

    def optional_vector(self, role: Role, length: int) -> None:
        if self.has(role):
            self.vector(role, length)

    def integer_table(self, role: Role, columns: int) -> None:
        """Rows of that many integers."""
        part = self.part(role)
        dtype = part.tensor.dtype
        require(dtype is not None and dtype.is_integer, "R28", part.tensor.record.at + 28, part.tensor.dtype_name,
                "an integer dtype", f"dtype of {self._name(role)}")  # fmt: skip
        found = part.record.row_length
        require(found == columns, "R28", part.record.at + 16, found, columns, f"columns of {self._name(role)}")

    def _check_weight_dtype(self, part: Part) -> None:
        what = f"{self._what}, {part.tensor.name!r}"
        if part.record.scheme == 0:
            dtype = part.tensor.dtype
            require(dtype is not None and dtype.is_wide_float, "R28", part.tensor.record.at + 28,
                    part.tensor.dtype_name, "a float, or a quantisation scheme", what)  # fmt: skip
        else:
            scales = part.companions(LinkKind.SCALE)
            require(len(scales) == 1, "R28", part.record.at + 59, len(scales), 1, f"scales of {what}")

    def _is_packed(self, part: Part) -> bool:
        scheme = part.record.scheme
        return scheme != 0 and self._model.quantization[scheme - 1].element == "mxfp4"

    def _name(self, role: Role) -> str:
        return f"{role.name.lower()} of {self._what}"
