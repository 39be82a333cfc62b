"""SPEC.md §10.1: an attribute of an HDF5 object."""

from __future__ import annotations

from dataclasses import dataclass

from .cursor import Cursor

LEAST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class HDF5Attribute:
    name: bytes
    charset: int
    is_serialised: bool
    creation_order: int | None
    datatype: bytes
    dataspace: bytes
    committed: int | None
    value: bytes

    @classmethod
    def parse(cls, cursor: Cursor, objects: int) -> HDF5Attribute:
        charset = cursor.choice(cursor.u8("charset of an attribute"), 2, "charset of an attribute")
        values = cursor.choice(cursor.u8("values of an attribute"), 2, "values of an attribute")
        cursor.zero(2, "reserved field of an attribute")
        order = cursor.i64("creation order of an attribute")
        return cls(
            charset=charset,
            is_serialised=values == 1,
            creation_order=None if order == -1 else order,
            name=cursor.string("name of an attribute"),
            datatype=cursor.string("datatype of an attribute"),
            dataspace=cursor.string("dataspace of an attribute"),
            committed=cursor.index(objects, "committed datatype of an attribute"),
            value=cursor.string("value of an attribute"),
        )
