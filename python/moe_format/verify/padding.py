"""Bytes that nothing covers are zero and few."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import MoEFormatError, require

_PIECE = 1 << 20


def check_padding(read: Callable[[int, int], bytes], start: int, end: int, limit: int, rule: str, what: str) -> None:
    """`start ..< end` is shorter than `limit` and all zero. `read` gives bytes from an offset and a length."""
    require(0 <= end - start < limit, rule, start, end - start, f"0 ..< {limit} bytes", f"padding {what}")
    for offset in range(start, end, _PIECE):
        raw = read(offset, min(_PIECE, end - offset))
        if any(raw):
            bad = next(index for index, byte in enumerate(raw) if byte)
            raise MoEFormatError(rule, offset + bad, f"{raw[bad]:#04x}", "zero", f"padding {what}")
