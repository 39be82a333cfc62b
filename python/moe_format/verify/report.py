"""Collects what a verification finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import MoEFormatError


class Report:
    """Findings in the order in which they were met, each once."""

    def __init__(self) -> None:
        self.findings: list[MoEFormatError] = []
        self._seen: set[tuple[str, int, str, str | None]] = set()

    def add(self, finding: MoEFormatError) -> None:
        key = (finding.rule, finding.offset, finding.what, finding.file)
        if key not in self._seen:
            self._seen.add(key)
            self.findings.append(finding)

    def refuse(self, rule: str, offset: int, found: object, expected: object, what: str) -> None:
        self.add(MoEFormatError(rule, offset, found, expected, what))

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Notes the error that ends its body and goes on after it."""
        try:
            yield
        except MoEFormatError as error:
            self.add(error)
