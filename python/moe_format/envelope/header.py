"""SPEC.md §3."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require
from ..limits import HEADER_LENGTH

MAGIC = bytes.fromhex("89 4D 4F 45 0D 0A 1A 0A")
MAJOR = 1
_LAYOUT = struct.Struct("<8sHHI48s")


@dataclass(frozen=True, slots=True)
class Header:
    magic: bytes
    major: int
    minor: int
    header_length: int
    zero: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Header:
        return cls(*_LAYOUT.unpack(raw))

    def check_identity(self) -> None:
        """R02, R03: it is a .moe file of this major version."""
        require(self.magic == MAGIC, "R02", 0, self.magic.hex(" "), MAGIC.hex(" "), "magic")
        require(self.major == MAJOR, "R03", 8, self.major, MAJOR, "major version")

    def check_reserved(self) -> None:
        """R07."""
        require(self.header_length == HEADER_LENGTH, "R07", 12, self.header_length, HEADER_LENGTH, "header_length")
        require(not any(self.zero), "R07", 16, self.zero.hex(), "zeros", "reserved bytes of the header")
