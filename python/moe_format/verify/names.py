"""R30, R31, R32, R85: names, aliases and their index."""

from __future__ import annotations

from ..errors import MoEFormatError
from ..file import MoEFile
from .report import Report


def check_names(file: MoEFile, report: Report) -> None:
    index = file.name_index
    with report.checking():
        index.check_count()
    _check_unique(file, report)
    before = None
    for number in range(index.count):
        entry = index.entry(number)
        with report.checking():
            index.check_order(before, entry)
        with report.checking():
            index.checked_name(entry)
        before = entry


def _check_unique(file: MoEFile, report: Report) -> None:
    """R31, over the records: whatever the index says."""
    seen: set[str] = set()
    for what, count, name_of in (
        ("tensor", file.tensor_count, lambda number: file.tensor_at(number).name),
        ("alias", file.alias_count, file.alias_name),
    ):
        for number in range(count):
            try:
                name = name_of(number)
            except MoEFormatError as error:
                report.add(error)
                continue
            if name in seen:
                report.refuse("R31", file.envelope.footer.directory_offset, f"a second {name!r}", "one",
                              f"name of {what} {number}")  # fmt: skip
            seen.add(name)
    for number in range(file.alias_count):
        with report.checking():
            file.alias_target(number)
