"""Where a file's bytes come from: a path, or memory."""

from __future__ import annotations

import os
from typing import Protocol, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview


class ByteSource(Protocol):
    """A run of bytes of known length that can be read anywhere."""

    @property
    def length(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; raises `OSError` if they are not to be had."""
        ...

    def close(self) -> None: ...


class MemorySource:
    """Bytes that are in memory already."""

    def __init__(self, data: Buffer) -> None:
        self._data = bytes(data)

    @property
    def length(self) -> int:
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        data = self._data[offset : offset + length]
        if len(data) != length:
            raise OSError(f"short read: {len(data)} of {length} bytes at {offset:#x}")
        return data

    def close(self) -> None:
        pass


class FileSource:
    """A file on disk. Its length is taken once; a file that shrinks later gives an `OSError`, never wrong bytes."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = open(path, "rb", buffering=0)
        self._length = self._file.seek(0, os.SEEK_END)

    @property
    def length(self) -> int:
        return self._length

    def read(self, offset: int, length: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < length:
            piece = self._read_some(offset + len(pieces), length - len(pieces))
            if not piece:
                raise OSError(f"short read: {len(pieces)} of {length} bytes at {offset:#x}")
            pieces += piece
        return bytes(pieces)

    def _read_some(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), length, offset)
        self._file.seek(offset)
        return self._file.read(length) or b""

    def close(self) -> None:
        self._file.close()
