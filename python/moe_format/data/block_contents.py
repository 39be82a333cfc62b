"""The tensors of an expert, a shared expert or a router, by role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from ..errors import MoEFormatError
from ..role import Role
from .block import Block
from .part import Part


class BlockContents(Mapping[Role, NDArray[Any]]):
    """A mapping from role to array. Looking a role up decodes its part.

    Roles of which a block may hold several (*other*, *scale*) are not keys: see `parts` and `by_name`.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.parts = tuple(block.parts)
        self._by_role: dict[Role, Part] = {}
        for part in self.parts:
            if part.role.may_repeat:
                continue
            if part.role in self._by_role:
                raise MoEFormatError("R28", part.record.at + 52, f"a second {part.role.name}", "one", "role in a block")
            self._by_role[part.role] = part

    def part(self, role: Role) -> Part:
        return self._by_role[role]

    def by_name(self) -> dict[str, NDArray[Any]]:
        """Every part of the block, by the name of its tensor."""
        return {part.tensor.name: part.array() for part in self.parts}

    def __getitem__(self, role: Role) -> NDArray[Any]:
        return self._by_role[role].array()

    def __iter__(self) -> Iterator[Role]:
        return iter(self._by_role)

    def __len__(self) -> int:
        return len(self._by_role)

    def __repr__(self) -> str:
        return f"<block {self.block.index}: {', '.join(role.name.lower() for role in self)}>"
