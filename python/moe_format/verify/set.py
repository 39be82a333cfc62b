"""R95, R96, and R18 in the members."""

from __future__ import annotations

import xxhash

from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..file import MoEFile
from .report import Report
from .sections import check_directory_padding

_NOT_IDENTIFYING = (SectionKind.PAGE_HASHES, SectionKind.SET)


def check_set(file: MoEFile, report: Report) -> None:
    files = file.set
    if files is None:
        return
    for number in range(1, files.member_count + 1):
        with report.checking():
            member = files.member(number)
            try:
                check_directory_padding(member.envelope, member.directory)
            except MoEFormatError as error:
                raise error.in_file(files.name(number)) from None
    with report.checking():
        _check_identity(file, files.set_id)


def _check_identity(file: MoEFile, set_id: str) -> None:
    """R96."""
    digest = xxhash.xxh3_128()
    for kind in SectionKind:
        if kind in _NOT_IDENTIFYING:
            continue
        entry = file.envelope.section(kind)
        if kind is SectionKind.MODEL:
            digest.update(file.envelope.model)
        elif entry is not None:
            digest.update(file.directory.read(entry.offset, entry.length))
    record = file.envelope.required(SectionKind.SET)
    require(set_id == digest.hexdigest(), "R96", record.offset, set_id, digest.hexdigest(), "set_id")
