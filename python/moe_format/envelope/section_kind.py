"""SPEC.md §5: the sections that version 1.0 knows."""

from enum import IntEnum


class SectionKind(IntEnum):
    BLOCKS = 1
    BANKS = 2
    TENSORS = 3
    ALIASES = 4
    PARTS = 5
    TENSOR_PARTS = 6
    LINKS = 7
    DIMS = 8
    NAME_INDEX = 9
    NAMES = 10
    PAGE_HASHES = 11
    MODEL = 12
    CONFIG = 13
    SOURCE = 14
    SET = 15


REQUIRED = tuple(kind for kind in SectionKind if kind <= SectionKind.MODEL)

OUTSIDE_DIRECTORY = (SectionKind.PAGE_HASHES, SectionKind.MODEL)

TEXT = (SectionKind.NAMES, SectionKind.MODEL, SectionKind.CONFIG, SectionKind.SOURCE)
"""Sections of plain bytes: a longer stride would have no meaning."""

LEAST_STRIDE = {
    SectionKind.BLOCKS: 64,
    SectionKind.BANKS: 64,
    SectionKind.TENSORS: 64,
    SectionKind.ALIASES: 16,
    SectionKind.PARTS: 64,
    SectionKind.TENSOR_PARTS: 4,
    SectionKind.LINKS: 8,
    SectionKind.DIMS: 8,
    SectionKind.NAME_INDEX: 16,
    SectionKind.NAMES: 1,
    SectionKind.PAGE_HASHES: 8,
    SectionKind.MODEL: 1,
    SectionKind.CONFIG: 1,
    SectionKind.SOURCE: 1,
    SectionKind.SET: 40,
}
