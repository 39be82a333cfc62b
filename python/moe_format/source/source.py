"""SPEC.md §10: the source section as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .cursor import Cursor
from .hdf5_object import LEAST_LENGTH, HDF5Object, HDF5ObjectKind

HDF5 = 1
SAFETENSORS = 2
VERSION = 1
#: of an HDF5 source with references: the objects' addresses follow them
VERSION_WITH_ADDRESSES = 2
#: of a safetensors source: the files' headers in place of the metadata alone
VERSION_WITH_HEADERS = 2

KNOWN = ((HDF5, VERSION), (HDF5, VERSION_WITH_ADDRESSES), (SAFETENSORS, VERSION), (SAFETENSORS, VERSION_WITH_HEADERS))


@dataclass(frozen=True, slots=True)
class HDF5Source:
    """§10.1."""

    superblock: int
    user_block: int
    objects: tuple[HDF5Object, ...]
    addresses: tuple[tuple[int, int], ...] = ()
    """(object, address in the source file), where the source held references."""


@dataclass(frozen=True, slots=True)
class SafetensorsSource:
    """§10.2: the files' headers, byte for byte, and the shards' index."""

    files: tuple[tuple[bytes, bytes], ...] = ()
    """(name, header) of each file; empty in version 1."""
    index: bytes = b""
    metadata: tuple[tuple[bytes, bytes], ...] = ()
    """Of version 1 alone, which has no headers."""


@dataclass(frozen=True, slots=True)
class UnknownSource:
    """A kind or version that this reader does not know; its body is kept as it is."""

    kind: int
    version: int
    body: bytes


Source: TypeAlias = HDF5Source | SafetensorsSource | UnknownSource


def parse_source(data: bytes, at: int, tensors: int) -> Source:
    """R90. `at` is the section's offset, `tensors` how many tensors the file has."""
    cursor = Cursor(data, at)
    kind = cursor.u32("kind")
    version = cursor.u32("version")
    if (kind, version) not in KNOWN:
        return UnknownSource(kind, version, cursor.take(cursor.remaining, "body"))
    source = _parse_hdf5(cursor, version, tensors) if kind == HDF5 else _parse_safetensors(cursor, version)
    cursor.finish("end of the section")
    return source


def _parse_hdf5(cursor: Cursor, version: int, tensors: int) -> HDF5Source:
    superblock = cursor.u32("superblock")
    count = cursor.u32("number of objects")
    user_block = cursor.u64("user block")
    limit = cursor.remaining // LEAST_LENGTH
    cursor.check(1 <= count <= limit, count, f"1 … {limit}", "number of objects")
    objects = tuple(HDF5Object.parse(cursor, count, tensors) for _ in range(count))
    cursor.check(objects[0].kind is HDF5ObjectKind.GROUP, objects[0].kind.name, "GROUP", "object 0, the root")
    for item in objects:
        for committed in (item.committed, *(attribute.committed for attribute in item.attributes)):
            if committed is not None:
                kind = objects[committed].kind
                cursor.check(kind is HDF5ObjectKind.COMMITTED_DATATYPE, kind.name, "COMMITTED_DATATYPE",
                             f"object {committed}, used as a datatype")  # fmt: skip
    addresses: list[tuple[int, int]] = []
    if version == VERSION_WITH_ADDRESSES:
        for _ in range(cursor.count(12, "addresses")):
            item = cursor.u32("object of an address")
            cursor.check(item < count, item, f"below {count}", "object of an address")
            addresses.append((item, cursor.u64("address")))
    return HDF5Source(superblock, user_block, objects, tuple(addresses))


def _parse_safetensors(cursor: Cursor, version: int) -> SafetensorsSource:
    if version == VERSION:
        count = cursor.count(8, "metadata entries")
        return SafetensorsSource(
            metadata=tuple((cursor.string("metadata key"), cursor.string("metadata value")) for _ in range(count))
        )
    count = cursor.count(8, "files")
    files = tuple((cursor.string("file name"), cursor.string("header")) for _ in range(count))
    return SafetensorsSource(files=files, index=cursor.string("index"))
