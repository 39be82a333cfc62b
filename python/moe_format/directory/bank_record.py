"""SPEC.md §6.2."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require
from ..limits import EXPERTS, NONE

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

    @classmethod
    def parse(cls, raw: bytes, at: int) -> BankRecord:
        return cls(at, *_LAYOUT.unpack(raw))

    def check_reserved(self) -> None:
        """R45."""
        require(self.zero == 0, "R45", self.at + 62, self.zero, 0, "reserved field of a bank")

    @property
    def block_count(self) -> int:
        """The blocks that it names."""
        return self.expert_count + self.shared_count + (self.router_block != NONE)

    def check_blocks(self, blocks: int) -> None:
        """R80: the bank's block numbers exist among so many blocks."""
        count, first, shared = self.expert_count, self.first_expert_block, self.first_shared_block
        require(1 <= count <= EXPERTS, "R80", self.at + 16, count, f"1 … {EXPERTS}", "expert_count of a bank")
        end = first + count
        require(end <= blocks, "R80", self.at + 20, end, f"at most {blocks}", "last expert block of a bank")
        router_exists = self.router_block == NONE or self.router_block < blocks
        require(router_exists, "R80", self.at + 24, self.router_block, f"less than {blocks}", "router block of a bank")
        if self.shared_count == 0:
            require(shared == NONE, "R80", self.at + 28, shared, "NONE", "first_shared_block of a bank")
        else:
            end = shared + self.shared_count
            require(end <= blocks, "R80", self.at + 28, end, f"at most {blocks}", "last shared block of a bank")
