"""SPEC.md §13.2: what a set says about one of its files."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..directory.directory import Directory
from ..envelope.section_kind import SectionKind
from ..errors import require

_LAYOUT = struct.Struct("<16sQQHHI")


@dataclass(frozen=True, slots=True)
class SetRecord:
    at: int
    set_id: bytes
    file_length: int
    directory_offset: int
    file: int
    member_count: int
    zero: int

    @classmethod
    def parse(cls, directory: Directory, index: int) -> SetRecord:
        raw, at = directory.record(SectionKind.SET, index)
        record = cls(at, *_LAYOUT.unpack(raw))
        require(record.zero == 0, "R93", at + 36, record.zero, 0, f"reserved field of set record {index}")
        return record

    @property
    def is_head(self) -> bool:
        return self.file == 0

    @property
    def content(self) -> tuple[object, ...]:
        """All that it says, wherever it stands."""
        return (self.set_id, self.file_length, self.directory_offset, self.file, self.member_count)
