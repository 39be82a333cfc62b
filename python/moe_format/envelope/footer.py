"""SPEC.md §4."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require
from ..limits import FOOTER_LENGTH

END_MAGIC = bytes.fromhex("0A 1A 0A 0D 45 4F 4D 89")
HASHED_LENGTH = 48
"""The footer's bytes that `envelope_hash` covers."""
SET_FEATURE = 1
"""The bit of `required_features` that says that the file is one of a set."""
_LAYOUT = struct.Struct("<QQIIQQIIQ8s")


@dataclass(frozen=True, slots=True)
class Footer:
    at: int
    file_length: int
    section_table_offset: int
    section_count: int
    required_features: int
    directory_offset: int
    directory_length: int
    optional_features: int
    zero: int
    envelope_hash: int
    end_magic: bytes

    @classmethod
    def parse(cls, raw: bytes, at: int) -> Footer:
        return cls(at, *_LAYOUT.unpack(raw))

    @property
    def directory_end(self) -> int:
        return self.directory_offset + self.directory_length

    def check_end_magic(self) -> None:
        """R01."""
        require(
            self.end_magic == END_MAGIC, "R01", self.at + 56, self.end_magic.hex(" "), END_MAGIC.hex(" "), "end_magic"
        )

    def check_file_length(self, length: int) -> None:
        """R04."""
        require(self.file_length == length, "R04", self.at, self.file_length, length, "file_length")

    def check_features(self) -> None:
        """R06: sets are the one required feature that this reader knows."""
        unknown = self.required_features & ~SET_FEATURE
        require(unknown == 0, "R06", self.at + 20, f"{self.required_features:#x}", "0 or 1", "required_features")

    @property
    def is_of_set(self) -> bool:
        return bool(self.required_features & SET_FEATURE)

    def check_reserved(self) -> None:
        """R07."""
        require(self.zero == 0, "R07", self.at + 44, self.zero, 0, "reserved field of the footer")


def parse_end(raw: bytes, file_length: int) -> Footer:
    """The footer in a file's last bytes."""
    return Footer.parse(raw[-FOOTER_LENGTH:], file_length - FOOTER_LENGTH)
