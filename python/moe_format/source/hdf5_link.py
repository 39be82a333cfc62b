"""SPEC.md §10.1: a link in an HDF5 group."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .cursor import Cursor

LEAST_LENGTH = 24


class HDF5LinkKind(IntEnum):
    HARD = 0
    SOFT = 1
    EXTERNAL = 2


@dataclass(frozen=True, slots=True)
class HDF5Link:
    kind: HDF5LinkKind
    charset: int
    target: int | None
    creation_order: int | None
    name: bytes
    path: bytes

    @classmethod
    def parse(cls, cursor: Cursor, objects: int) -> HDF5Link:
        kind = HDF5LinkKind(cursor.choice(cursor.u8("kind of a link"), len(HDF5LinkKind), "kind of a link"))
        charset = cursor.choice(cursor.u8("charset of a link"), 2, "charset of a link")
        cursor.zero(2, "reserved field of a link")
        target = cursor.index(objects, "target of a link")
        has_target = target is not None or kind is not HDF5LinkKind.HARD
        cursor.check(has_target, "none", "an object", "target of a hard link")
        order = cursor.i64("creation order of a link")
        return cls(
            kind=kind,
            charset=charset,
            target=target,
            creation_order=None if order == -1 else order,
            name=cursor.string("name of a link"),
            path=cursor.string("path of a link"),
        )
