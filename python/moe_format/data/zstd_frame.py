"""SPEC.md §11: the one Zstandard frame (RFC 8878) of a plane, held to the letter."""

from __future__ import annotations

import zstandard

from ..errors import MoEFormatError, require
from ..limits import ZSTD_WINDOW

MAGIC = bytes.fromhex("28 B5 2F FD")
_DICTIONARY_FIELD = (0, 1, 2, 4)
_RAW, _RLE, _COMPRESSED = 0, 1, 2


def decode_frame(frame: bytes, length: int, at: int) -> bytes:
    """R73: the `length` bytes that a frame, lying at `at` in the file, holds."""
    blocks = _check_header(frame, length, at)
    _check_extent(frame, blocks, at)
    try:
        decoded = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompress(frame, max_output_size=length)
    except zstandard.ZstdError as error:
        raise MoEFormatError("R73", at, str(error), "a Zstandard frame that decodes", "plane") from None
    require(len(decoded) == length, "R73", at, len(decoded), length, "bytes decoded from a frame")
    return decoded


def _check_header(frame: bytes, length: int, at: int) -> int:
    """Returns the header's length."""
    require(frame[:4] == MAGIC, "R73", at, frame[:4].hex(" "), MAGIC.hex(" "), "magic of a frame")
    descriptor = _bytes(frame, 4, 1, at)
    single_segment = bool(descriptor >> 5 & 1)
    require(descriptor >> 3 & 1 == 0, "R73", at + 4, 1, 0, "reserved bit of a frame")
    require(descriptor >> 2 & 1 == 0, "R73", at + 4, "a content checksum", "none", "frame")
    position = 5
    window = 0
    if not single_segment:
        value = _bytes(frame, position, 1, at)
        base = 1 << (10 + (value >> 3))
        window = base + base // 8 * (value & 7)
        position += 1
    dictionary_length = _DICTIONARY_FIELD[descriptor & 3]
    dictionary = _bytes(frame, position, dictionary_length, at)
    require(dictionary == 0, "R73", at + position, dictionary, "none", "dictionary of a frame")
    position += dictionary_length
    size_flag = descriptor >> 6
    size_length = 1 << size_flag if size_flag or single_segment else 0
    require(size_length > 0, "R73", at + 4, "no content size", length, "content size of a frame")
    size = _bytes(frame, position, size_length, at) + (256 if size_length == 2 else 0)
    require(size == length, "R73", at + position, size, length, "content size of a frame")
    window = size if single_segment else window
    require(window <= ZSTD_WINDOW, "R73", at + 5, window, f"at most {ZSTD_WINDOW}", "window of a frame")
    return position + size_length


def _check_extent(frame: bytes, position: int, at: int) -> None:
    """The frame's blocks end exactly where the plane ends."""
    last = False
    while not last:
        header = _bytes(frame, position, 3, at)
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        require(kind in (_RAW, _RLE, _COMPRESSED), "R73", at + position, kind, "0 … 2", "block type in a frame")
        position += 3 + (1 if kind == _RLE else size)
    require(position == len(frame), "R73", at, position, len(frame), "end of a frame")


def _bytes(frame: bytes, position: int, length: int, at: int) -> int:
    require(position + length <= len(frame), "R73", at + len(frame), "the end", "more bytes", "frame")
    return int.from_bytes(frame[position : position + length], "little")
