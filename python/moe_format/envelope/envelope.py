"""SPEC.md §3–5: opens a file and checks the rules that speak of its envelope."""

from __future__ import annotations

from dataclasses import dataclass

from ..byte_source import ByteSource
from ..errors import MoEFormatError, require
from ..hashing import hash_text, xxh3_64
from ..limits import FOOTER_LENGTH, HEADER_LENGTH, MODEL_BYTES, PAGE_LENGTH, SECTIONS
from .footer import HASHED_LENGTH, Footer, parse_end
from .header import Header
from .section_entry import ENTRY_LENGTH, SectionEntry
from .section_kind import OUTSIDE_DIRECTORY, REQUIRED, SectionKind


@dataclass(frozen=True, slots=True)
class Envelope:
    """Header, footer and section table of a file, checked (R01 … R16, R92)."""

    header: Header
    footer: Footer
    sections: tuple[SectionEntry, ...]
    page_hashes: bytes
    model: bytes

    def section(self, kind: SectionKind) -> SectionEntry | None:
        return next((entry for entry in self.sections if entry.kind == kind), None)

    def required(self, kind: SectionKind) -> SectionEntry:
        entry = self.section(kind)
        if entry is None:
            raise MoEFormatError("R11", self.footer.section_table_offset, "nothing", kind.name, "section")
        return entry

    @property
    def directory_sections(self) -> list[SectionEntry]:
        return [entry for entry in self.sections if entry.kind not in OUTSIDE_DIRECTORY]


def read_envelope(source: ByteSource) -> Envelope:
    """Reads and checks the envelope, in the order that lets a newer file be told from a damaged one."""
    length = source.length
    least = HEADER_LENGTH + FOOTER_LENGTH
    require(length >= least, "R01", 0, length, f"at least {least}", "length of the file")
    raw_footer = source.read(length - FOOTER_LENGTH, FOOTER_LENGTH)
    footer = parse_end(raw_footer, length)
    footer.check_end_magic()
    raw_header = source.read(0, HEADER_LENGTH)
    header = Header.parse(raw_header)
    header.check_identity()
    footer.check_file_length(length)
    _check_table_place(footer)
    table = source.read(footer.section_table_offset, ENTRY_LENGTH * footer.section_count)
    digest = xxh3_64(raw_header + table + raw_footer[:HASHED_LENGTH])
    require(
        digest == footer.envelope_hash,
        "R05",
        footer.at + 48,
        hash_text(footer.envelope_hash),
        hash_text(digest),
        "envelope_hash",
    )
    footer.check_features()
    sections = _parse_table(table, footer.section_table_offset)
    header.check_reserved()
    footer.check_reserved()
    for entry in sections:
        entry.check_reserved()
    _check_kinds(sections, footer)
    page_hashes, model = _check_closed_end(sections, footer)
    _check_directory_sections(sections, footer)
    _check_page_count(page_hashes, footer)
    require(model.length <= MODEL_BYTES, "R20", model.at + 16, model.length, f"at most {MODEL_BYTES}", "model")
    envelope = Envelope(header, footer, sections, _read_hashed(source, page_hashes), _read_hashed(source, model))
    _check_set_feature(envelope)
    return envelope


def _check_table_place(footer: Footer) -> None:
    require(footer.section_count <= SECTIONS, "R08", footer.at + 16, footer.section_count, f"at most {SECTIONS}",
            "section_count")  # fmt: skip
    table_end = footer.section_table_offset + ENTRY_LENGTH * footer.section_count
    require(table_end == footer.at, "R08", footer.at + 8, table_end, footer.at, "end of the section table")


def _parse_table(raw: bytes, at: int) -> tuple[SectionEntry, ...]:
    starts = range(0, len(raw), ENTRY_LENGTH)
    return tuple(SectionEntry.parse(raw[start : start + ENTRY_LENGTH], at + start) for start in starts)


def _check_kinds(sections: tuple[SectionEntry, ...], footer: Footer) -> None:
    for entry in sections:
        entry.check_measure()
    seen: set[int] = set()
    for entry in sections:
        require(entry.kind not in seen, "R10", entry.at, f"a second section {entry.name}", "one", "section")
        seen.add(entry.kind)
    for entry in sections:
        entry.check_known()
    for kind in REQUIRED:
        require(kind in seen, "R11", footer.section_table_offset, "none", 1, f"sections of kind {kind.value}")


def _check_closed_end(sections: tuple[SectionEntry, ...], footer: Footer) -> tuple[SectionEntry, SectionEntry]:
    """R08: directory, page hashes, model and section table adjoin."""
    start = footer.directory_offset
    require(
        start >= HEADER_LENGTH and start % 64 == 0, "R08", footer.at + 24, start, "a multiple of 64 from 64 on",
        "directory_offset",
    )  # fmt: skip
    require(
        footer.directory_length % 64 == 0, "R08", footer.at + 32, footer.directory_length, "a multiple of 64",
        "directory_length",
    )  # fmt: skip
    page_hashes = next(entry for entry in sections if entry.kind == SectionKind.PAGE_HASHES)
    model = next(entry for entry in sections if entry.kind == SectionKind.MODEL)
    require(page_hashes.offset == footer.directory_end, "R08", page_hashes.at + 8, page_hashes.offset,
            footer.directory_end, "offset of the page hashes")  # fmt: skip
    require(model.offset == page_hashes.end, "R08", model.at + 8, model.offset, page_hashes.end, "offset of the model")
    require(model.end == footer.section_table_offset, "R08", model.at + 16, model.end, footer.section_table_offset,
            "end of the model")  # fmt: skip
    return page_hashes, model


def _check_directory_sections(sections: tuple[SectionEntry, ...], footer: Footer) -> None:
    """R14."""
    end_before = footer.directory_offset
    for entry in sections:
        if entry.kind in OUTSIDE_DIRECTORY:
            continue
        what = f"offset of section {entry.name}"
        require(entry.offset % 64 == 0, "R14", entry.at + 8, entry.offset, "a multiple of 64", what)
        require(entry.offset >= end_before, "R14", entry.at + 8, entry.offset, f"at least {end_before}", what)
        require(entry.end <= footer.directory_end, "R14", entry.at + 16, entry.end, f"at most {footer.directory_end}",
                f"end of section {entry.name}")  # fmt: skip
        end_before = entry.end


def _check_page_count(page_hashes: SectionEntry, footer: Footer) -> None:
    """R15."""
    pages = -(-footer.directory_length // PAGE_LENGTH)
    require(page_hashes.count == pages, "R15", page_hashes.at + 32, page_hashes.count, pages, "number of page hashes")


def _check_set_feature(envelope: Envelope) -> None:
    """R92."""
    footer, has_section = envelope.footer, envelope.section(SectionKind.SET) is not None
    require(footer.is_of_set == has_section, "R92", footer.at + 20, f"{footer.required_features:#x}", int(has_section),
            "required_features, by the set section")  # fmt: skip


def _read_hashed(source: ByteSource, entry: SectionEntry) -> bytes:
    """R16: a section that its own entry hashes."""
    raw = source.read(entry.offset, entry.length)
    digest = xxh3_64(raw)
    require(
        digest == entry.hash, "R16", entry.at + 40, hash_text(entry.hash), hash_text(digest), f"hash of {entry.name}"
    )
    return raw
