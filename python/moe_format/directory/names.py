"""SPEC.md §6.3: names and paths in the names section."""

from __future__ import annotations

from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..limits import NAME_BYTES
from .directory import Directory


def read_name(directory: Directory, offset: int, length: int, at: int, what: str) -> str:
    """R30. `at` is the offset of the record that names it, for the error."""
    require(1 <= length <= NAME_BYTES, "R30", at, length, f"1 … {NAME_BYTES}", f"length of {what}")
    size = directory.count(SectionKind.NAMES)
    require(offset + length <= size, "R30", at, offset + length, f"at most {size}", f"end of {what}")
    section = directory.section(SectionKind.NAMES)
    assert section is not None  # R11
    raw = directory.read(section.offset + offset, length)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MoEFormatError("R30", section.offset + offset + error.start, raw.hex(), "UTF-8", what) from None
