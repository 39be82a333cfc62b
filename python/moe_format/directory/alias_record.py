"""SPEC.md §6.4."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LAYOUT = struct.Struct("<QII")


@dataclass(frozen=True, slots=True)
class AliasRecord:
    at: int
    name_offset: int
    name_length: int
    tensor: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> AliasRecord:
        return cls(at, *_LAYOUT.unpack(raw))
