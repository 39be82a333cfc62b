"""The one error that says a file is damaged."""

from __future__ import annotations


class MoEFormatError(Exception):
    """A file breaks a numbered rule of SPEC.md.

    Attributes:
        rule: the rule's number, such as ``"R71"``.
        offset: where in the file the offending field or byte lies.
        found: what is there.
        expected: what the rule asks for.
        what: the thing the rule speaks of, in words.
    """

    def __init__(self, rule: str, offset: int, found: object, expected: object, what: str = "") -> None:
        self.rule = rule
        self.offset = offset
        self.found = found
        self.expected = expected
        self.what = what
        super().__init__(f"{rule} at {offset:#x}: {what + ': ' if what else ''}found {found}, expected {expected}")

    def __reduce__(self) -> tuple[type[MoEFormatError], tuple[str, int, object, object, str]]:
        return (MoEFormatError, (self.rule, self.offset, self.found, self.expected, self.what))


def require(holds: bool, rule: str, offset: int, found: object, expected: object, what: str = "") -> None:
    """Raises `MoEFormatError` unless `holds`."""
    if not holds:
        raise MoEFormatError(rule, offset, found, expected, what)
