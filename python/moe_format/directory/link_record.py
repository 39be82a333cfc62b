"""SPEC.md §6.7."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from ..errors import require

_LAYOUT = struct.Struct("<HHI")


class LinkKind(IntEnum):
    SCALE = 1
    GLOBAL_SCALE = 2
    ZERO_POINT = 3
    GROUP_INDEX = 4


@dataclass(frozen=True, slots=True)
class LinkRecord:
    at: int
    kind: int
    zero: int
    part: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> LinkRecord:
        record = cls(at, *_LAYOUT.unpack(raw))
        require(record.zero == 0, "R45", at + 2, record.zero, 0, "reserved field of a link")
        return record
