"""SPEC.md §5.1: reads the directory; a page is checked before any byte of it is used."""

from __future__ import annotations

import struct

from ..byte_source import ByteSource
from ..envelope.envelope import Envelope
from ..envelope.section_entry import SectionEntry
from ..envelope.section_kind import LEAST_STRIDE, SectionKind
from ..errors import require
from ..hashing import hash_text, xxh3_64
from ..limits import PAGE_LENGTH


class Directory:
    """Records by section and number."""

    def __init__(self, source: ByteSource, envelope: Envelope) -> None:
        self._source = source
        self._envelope = envelope
        self._pages: dict[int, bytes] = {}
        self._sections = {SectionKind(entry.kind): entry for entry in envelope.directory_sections if entry.is_known}

    def count(self, kind: SectionKind) -> int:
        """Records in a section; 0 if an optional one is absent."""
        entry = self._sections.get(kind)
        return entry.count if entry else 0

    def section(self, kind: SectionKind) -> SectionEntry | None:
        return self._sections.get(kind)

    def record(self, kind: SectionKind, index: int) -> tuple[bytes, int]:
        """A record's bytes, without the tail of a longer stride, and its offset in the file.

        The caller has checked `index` against `count`: which rule that is depends on who asks.
        """
        entry = self._sections[kind]
        if not 0 <= index < entry.count:
            raise IndexError(f"{entry.name} {index} of {entry.count}")
        at = entry.offset + index * entry.stride
        return self.read(at, LEAST_STRIDE[kind]), at

    def read(self, offset: int, length: int) -> bytes:
        """Checked bytes at an offset in the file, all inside the directory."""
        if length == 0:
            return b""
        base = self._envelope.footer.directory_offset
        first = (offset - base) // PAGE_LENGTH
        last = (offset + length - 1 - base) // PAGE_LENGTH
        pages = b"".join(self._page(number) for number in range(first, last + 1))
        start = offset - base - first * PAGE_LENGTH
        return pages[start : start + length]

    def _page(self, number: int) -> bytes:
        """R17."""
        page = self._pages.get(number)
        if page is None:
            footer = self._envelope.footer
            offset = footer.directory_offset + number * PAGE_LENGTH
            page = self._source.read(offset, min(PAGE_LENGTH, footer.directory_end - offset))
            stride = self._envelope.required(SectionKind.PAGE_HASHES).stride
            (stored,) = struct.unpack_from("<Q", self._envelope.page_hashes, number * stride)
            digest = xxh3_64(page)
            require(digest == stored, "R17", offset, hash_text(digest), hash_text(stored), f"directory page {number}")
            self._pages[number] = page
        return page
