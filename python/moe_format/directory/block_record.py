"""SPEC.md §6.1."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LAYOUT = struct.Struct("<QQQQIIIIIHBBQ")


@dataclass(frozen=True, slots=True)
class BlockRecord:
    at: int
    offset: int
    length: int
    table_offset: int
    table_hash: int
    chunk_count: int
    first_part: int
    part_count: int
    bank: int
    expert: int
    file: int
    kind: int
    alignment: int
    decoded_length: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> BlockRecord:
        return cls(at, *_LAYOUT.unpack(raw))

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def table_length(self) -> int:
        return 24 * self.chunk_count

    @property
    def parts(self) -> range:
        return range(self.first_part, self.first_part + self.part_count)
