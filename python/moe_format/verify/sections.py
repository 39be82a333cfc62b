"""R17, R18, R90, R91: the directory's sections."""

from __future__ import annotations

from ..directory.directory import Directory
from ..envelope.envelope import Envelope
from ..file import MoEFile
from ..limits import PAGE_LENGTH
from .padding import check_padding
from .report import Report


def check_sections(file: MoEFile, report: Report) -> None:
    footer = file.envelope.footer
    for offset in range(footer.directory_offset, footer.directory_end, PAGE_LENGTH):
        with report.checking():
            file.directory.read(offset, min(PAGE_LENGTH, footer.directory_end - offset))
    with report.checking():
        check_directory_padding(file.envelope, file.directory)
    with report.checking():
        _ = file.config
    with report.checking():
        _ = file.source


def check_directory_padding(envelope: Envelope, directory: Directory) -> None:
    """R18."""
    end_before = envelope.footer.directory_offset
    for entry in envelope.directory_sections:
        check_padding(directory.read, end_before, entry.offset, 64, "R18", f"before section {entry.name}")
        end_before = entry.end
    check_padding(directory.read, end_before, envelope.footer.directory_end, 64, "R18", "after the last section")
