"""SPEC.md §6.3."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require

_LAYOUT = struct.Struct("<Q16sIHBBIIIIQQ")


@dataclass(frozen=True, slots=True)
class TensorRecord:
    at: int
    name_offset: int
    content_hash: bytes
    name_length: int
    dtype: int
    rank: int
    ignored: int
    first_dim: int
    first_part: int
    part_count: int
    opaque_length: int
    element_count: int
    zero: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> TensorRecord:
        record = cls(at, *_LAYOUT.unpack(raw))
        require(record.zero == 0, "R45", at + 56, record.zero, 0, "reserved field of a tensor")
        return record
