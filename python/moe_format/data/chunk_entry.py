"""SPEC.md §6.1: an entry of a block's chunk table."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require

ENTRY_LENGTH = 24
_LAYOUT = struct.Struct("<QQII")


@dataclass(frozen=True, slots=True)
class ChunkEntry:
    at: int
    offset: int
    hash: int
    stored_length: int
    zero: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> ChunkEntry:
        entry = cls(at, *_LAYOUT.unpack(raw))
        require(entry.zero == 0, "R45", at + 20, entry.zero, 0, "reserved field of a chunk entry")
        return entry

    @property
    def end(self) -> int:
        return self.offset + self.stored_length
