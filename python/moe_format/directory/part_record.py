"""SPEC.md §6.5."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LAYOUT = struct.Struct("<QQQQIIIIIHHBBBBI")


@dataclass(frozen=True, slots=True)
class PartRecord:
    at: int
    start_element: int
    element_count: int
    row_length: int
    stored_length: int
    tensor: int
    block: int
    first_chunk: int
    chunk_count: int
    chunk_elements: int
    role: int
    scheme: int
    encoding: int
    rotation: int
    orientation: int
    link_count: int
    first_link: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> PartRecord:
        return cls(at, *_LAYOUT.unpack(raw))
