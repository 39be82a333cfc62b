"""Reads the source section field by field (R90)."""

from __future__ import annotations

from ..errors import require
from ..limits import NONE


class Cursor:
    """A position in bytes that lie at `at` in the file."""

    def __init__(self, data: bytes, at: int, start: int = 0, end: int | None = None) -> None:
        self._data, self._at = data, at
        self.position = start
        self._end = len(data) if end is None else end

    @property
    def offset(self) -> int:
        return self._at + self.position

    @property
    def remaining(self) -> int:
        return self._end - self.position

    def take(self, length: int, what: str) -> bytes:
        self.check(length <= self.remaining, self.remaining, f"at least {length} bytes", what)
        self.position += length
        return self._data[self.position - length : self.position]

    def u8(self, what: str) -> int:
        return self.take(1, what)[0]

    def u16(self, what: str) -> int:
        return int.from_bytes(self.take(2, what), "little")

    def u32(self, what: str) -> int:
        return int.from_bytes(self.take(4, what), "little")

    def u64(self, what: str) -> int:
        return int.from_bytes(self.take(8, what), "little")

    def i64(self, what: str) -> int:
        return int.from_bytes(self.take(8, what), "little", signed=True)

    def string(self, what: str) -> bytes:
        """A `u32` length and the bytes."""
        return self.take(self.u32(f"length of {what}"), what)

    def count(self, least_length: int, what: str) -> int:
        """A count of things of at least `least_length` bytes, which the rest can hold."""
        count = self.u32(what)
        limit = self.remaining // least_length
        self.check(count <= limit, count, f"at most {limit}", what)
        return count

    def choice(self, value: int, allowed: int, what: str) -> int:
        """A value of `0 ..< allowed`."""
        self.check(value < allowed, value, f"less than {allowed}", what)
        return value

    def index(self, count: int, what: str) -> int | None:
        """A number below `count`, or None for `NONE`."""
        value = self.u32(what)
        self.check(value == NONE or value < count, value, f"less than {count} or NONE", what)
        return None if value == NONE else value

    def zero(self, length: int, what: str) -> None:
        raw = self.take(length, what)
        self.check(not any(raw), raw.hex(), "zeros", what)

    def nested(self, length: int, what: str) -> Cursor:
        """A cursor over the next `length` bytes, which this one steps over."""
        start = self.position
        self.take(length, what)
        return Cursor(self._data, self._at, start, self.position)

    def finish(self, what: str) -> None:
        self.check(self.remaining == 0, f"{self.remaining} bytes more", "the end", what)

    def check(self, holds: bool, found: object, expected: object, what: str) -> None:
        require(holds, "R90", self.offset, found, expected, f"source: {what}")
