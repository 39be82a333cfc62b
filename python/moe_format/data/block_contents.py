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

    Roles of which a block may hold several (*other*, *scale*) are not keys: see `parts` and `by_name`. Nor are those
    of which a hierarchical router has one part a group: see `parts_by_group`.
    """

    def __init__(self, block: Block, groups: int = 1) -> None:
        """`groups`: parts that a role of a hierarchical router's second gate may lie in instead of one. Raises R28."""
        self.block = block
        self.parts = tuple(block.parts)
        self._by_role: dict[Role, Part] = {}
        self._by_group: dict[Role, list[Part]] = {}
        for part in self.parts:
            if part.role.may_repeat:
                continue
            found = self._by_group.setdefault(part.role, [])
            most = groups if part.role.may_repeat_by_group else 1
            if len(found) == most:
                raise MoEFormatError("R28", part.record.at + 52, f"one more {part.role.name}", f"at most {most}",
                                     "role in a block")  # fmt: skip
            found.append(part)
        for role, found in self._by_group.items():
            if len(found) == 1:
                self._by_role[role] = found[0]
            elif len(found) != groups:
                raise MoEFormatError("R28", found[-1].record.at + 52, f"{len(found)} parts of {role.name}",
                                     f"1 or {groups}", "role in a block")  # fmt: skip

    def part(self, role: Role) -> Part:
        return self._by_role[role]

    def parts_by_group(self, role: Role) -> tuple[Part, ...]:
        """The parts of a role in the order of the groups: one a group, the one of all groups, or none."""
        return tuple(self._by_group.get(role, ()))

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
