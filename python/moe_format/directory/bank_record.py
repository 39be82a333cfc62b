"""SPEC.md §6.2."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require

_LAYOUT = struct.Struct("<QIiIIIIQQQIHH")


@dataclass(frozen=True, slots=True)
class BankRecord:
    at: int
    path_offset: int
    path_length: int
    layer: int
    expert_count: int
    first_expert_block: int
    router_block: int
    first_shared_block: int
    stored_length: int
    decoded_length: int
    largest_expert: int
    shared_count: int
    kind: int
    zero: int

    @staticmethod
    def expert_count_of(raw: bytes) -> int:
        """The one field that opening a file needs; nothing else of the record is looked at."""
        return int.from_bytes(raw[16:20], "little")

    @classmethod
    def parse(cls, raw: bytes, at: int) -> BankRecord:
        record = cls(at, *_LAYOUT.unpack(raw))
        require(record.zero == 0, "R45", at + 62, record.zero, 0, "reserved field of a bank")
        return record
