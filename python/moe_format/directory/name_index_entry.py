"""SPEC.md §6.8."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require

_LAYOUT = struct.Struct("<QII")
TENSOR = 0
ALIAS = 1


@dataclass(frozen=True, slots=True)
class NameIndexEntry:
    at: int
    hash: int
    id: int
    kind: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> NameIndexEntry:
        return cls(at, *_LAYOUT.unpack(raw))

    @property
    def key(self) -> tuple[int, int, int]:
        """What the index is ordered by."""
        return (self.hash, self.kind, self.id)

    def check_target(self, tensor_count: int, alias_count: int) -> None:
        """R32: the entry names a tensor or an alias that exists."""
        require(self.kind in (TENSOR, ALIAS), "R32", self.at + 12, self.kind, "0 or 1", "kind of a name-index entry")
        count = tensor_count if self.kind == TENSOR else alias_count
        require(self.id < count, "R32", self.at + 8, self.id, f"less than {count}", "id of a name-index entry")
