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
        file: the name of the file of a set that the offset is in; None for the file that was opened.
    """

    def __init__(
        self, rule: str, offset: int, found: object, expected: object, what: str = "", file: str | None = None
    ) -> None:
        self.rule = rule
        self.offset = offset
        self.found = found
        self.expected = expected
        self.what = what
        self.file = file
        place = f"{offset:#x}{f' of {file}' if file else ''}"
        super().__init__(f"{rule} at {place}: {what + ': ' if what else ''}found {found}, expected {expected}")

    def in_file(self, name: str) -> MoEFormatError:
        """The same error, told of a file of a set."""
        return MoEFormatError(self.rule, self.offset, self.found, self.expected, self.what, name)

    def __reduce__(self) -> tuple[type[MoEFormatError], tuple[str, int, object, object, str, str | None]]:
        return (MoEFormatError, (self.rule, self.offset, self.found, self.expected, self.what, self.file))


def require(holds: bool, rule: str, offset: int, found: object, expected: object, what: str = "") -> None:
    """Raises `MoEFormatError` unless `holds`."""
    if not holds:
        raise MoEFormatError(rule, offset, found, expected, what)
