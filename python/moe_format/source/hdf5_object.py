"""SPEC.md §10.1: a group, dataset or committed datatype."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from . import hdf5_attribute, hdf5_link
from .cursor import Cursor
from .hdf5_attribute import HDF5Attribute
from .hdf5_link import HDF5Link

LEAST_LENGTH = 44
"""Bytes of the smallest object, its length included."""


class HDF5ObjectKind(IntEnum):
    GROUP = 0
    DATASET = 1
    COMMITTED_DATATYPE = 2


class FillKind(IntEnum):
    DEFAULT = 0
    DEFINED = 1
    UNDEFINED = 2


@dataclass(frozen=True, slots=True)
class HDF5Object:
    kind: HDF5ObjectKind
    flags: int
    tensor: int | None
    links: tuple[HDF5Link, ...]
    attributes: tuple[HDF5Attribute, ...]
    datatype: bytes
    dataspace: bytes
    committed: int | None
    fill_kind: FillKind
    is_serialised: bool
    fill_value: bytes

    @classmethod
    def parse(cls, outer: Cursor, objects: int, tensors: int) -> HDF5Object:
        cursor = outer.nested(outer.u32("length of an object"), "object")
        kind_code = cursor.choice(cursor.u8("kind of an object"), len(HDF5ObjectKind), "kind of an object")
        kind = HDF5ObjectKind(kind_code)
        flags = cursor.choice(cursor.u8("flags of an object"), 16, "flags of an object")
        cursor.zero(2, "reserved field of an object")
        tensor = cursor.index(tensors, "tensor of an object")
        link_count = cursor.count(hdf5_link.LEAST_LENGTH, "links of an object")
        is_group = kind is HDF5ObjectKind.GROUP
        cursor.check(is_group or link_count == 0, link_count, "0 but for groups", "links of an object")
        links = tuple(HDF5Link.parse(cursor, objects) for _ in range(link_count))
        attribute_count = cursor.count(hdf5_attribute.LEAST_LENGTH, "attributes of an object")
        attributes = tuple(HDF5Attribute.parse(cursor, objects) for _ in range(attribute_count))
        datatype = cursor.string("datatype of an object")
        dataspace = cursor.string("dataspace of an object")
        committed = cursor.index(objects, "committed datatype of an object")
        fill_kind = FillKind(cursor.choice(cursor.u8("fill kind"), len(FillKind), "fill kind"))
        values = cursor.choice(cursor.u8("values of an object"), 2, "values of an object")
        cursor.zero(2, "reserved field of an object")
        fill_value = cursor.string("fill value")
        cursor.finish("end of an object")
        return cls(
            kind, flags, tensor, links, attributes, datatype, dataspace, committed, fill_kind, values == 1, fill_value
        )
