"""SPEC.md §11: the planes encoding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MoEFormatError, require
from .zstd_frame import decode_frame

WIDTHS = (1, 2, 4, 8)
"""Bytes an element that planes can hold."""

_STORED, _CONSTANT, _ZSTD = 0, 1, 2
_LENGTH_BITS = (1 << 30) - 1


def decode_planes(stored: bytes, elements: int, width: int, rotation: int, at: int) -> bytes:
    """The decoded bytes of a chunk that lies at `at` in the file. Raises R72, R73."""
    rotated = np.empty((elements, width), dtype=np.uint8)
    for number, plane in enumerate(_split(stored, elements, width, at)):
        rotated[:, number] = plane
    words = rotated.reshape(-1).view(f"<u{width}")
    return _rotate_right(words, rotation, width * 8).tobytes()


def _split(stored: bytes, elements: int, width: int, at: int) -> list[NDArray[np.uint8]]:
    position = 4 * width
    require(len(stored) >= position, "R72", at, len(stored), f"at least {position}", "length of a chunk of planes")
    planes = []
    for number in range(width):
        word = int.from_bytes(stored[4 * number : 4 * number + 4], "little")
        length, mode = word & _LENGTH_BITS, word >> 30
        end = position + length
        what = f"plane {number}"
        require(end <= len(stored), "R72", at + 4 * number, end, f"at most {len(stored)}", f"end of {what}")
        planes.append(_decode(stored[position:end], mode, elements, at + position, at + 4 * number, what))
        position = end
    require(position == len(stored), "R72", at, position, len(stored), "bytes of plane header and planes")
    return planes


def _decode(plane: bytes, mode: int, elements: int, at: int, word_at: int, what: str) -> NDArray[np.uint8]:
    if mode == _STORED:
        require(len(plane) == elements, "R72", word_at, len(plane), elements, f"length of stored {what}")
        return np.frombuffer(plane, dtype=np.uint8)
    if mode == _CONSTANT:
        require(len(plane) == 1, "R72", word_at, len(plane), 1, f"length of constant {what}")
        return np.full(elements, plane[0], dtype=np.uint8)
    if mode == _ZSTD:
        return np.frombuffer(decode_frame(plane, elements, at), dtype=np.uint8)
    raise MoEFormatError("R72", word_at, mode, "0 … 2", f"mode of {what}")


def _rotate_right(words: NDArray[Any], rotation: int, bits: int) -> NDArray[Any]:
    if rotation == 0:
        return words
    kind = words.dtype.type
    rotated: NDArray[Any] = (words >> kind(rotation)) | (words << kind(bits - rotation))
    return rotated
