"""SPEC.md §5: one entry of the section table."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import require
from ..limits import RECORDS
from .section_kind import LEAST_STRIDE, OUTSIDE_DIRECTORY, TEXT, SectionKind

ENTRY_LENGTH = 48
_LAYOUT = struct.Struct("<IIQQIIQQ")


@dataclass(frozen=True, slots=True)
class SectionEntry:
    at: int
    kind: int
    flags: int
    offset: int
    length: int
    stride: int
    zero: int
    count: int
    hash: int

    @classmethod
    def parse(cls, raw: bytes, at: int) -> SectionEntry:
        return cls(at, *_LAYOUT.unpack(raw))

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def is_critical(self) -> bool:
        return bool(self.flags & 1)

    @property
    def name(self) -> str:
        try:
            return SectionKind(self.kind).name.lower().replace("_", " ")
        except ValueError:
            return f"kind {self.kind}"

    def check_reserved(self) -> None:
        """R07: besides the reserved field, `hash` of a section that is hashed by pages."""
        require(self.zero == 0, "R07", self.at + 28, self.zero, 0, f"reserved field of section {self.name}")
        if self.kind not in OUTSIDE_DIRECTORY:
            require(self.hash == 0, "R07", self.at + 40, f"{self.hash:#x}", 0, f"hash of section {self.name}")

    def check_measure(self) -> None:
        """R12."""
        least = LEAST_STRIDE[SectionKind(self.kind)] if self.is_known else 1
        what = f"stride of section {self.name}"
        require(self.stride >= least, "R12", self.at + 24, self.stride, f"at least {least}", what)
        if self.is_known and SectionKind(self.kind) in TEXT:
            require(self.stride == 1, "R12", self.at + 24, self.stride, 1, what)
        require(self.count <= RECORDS, "R12", self.at + 32, self.count, "less than 2^32", f"count of {self.name}")
        product = self.stride * self.count
        require(self.length == product, "R12", self.at + 16, self.length, product, f"length of section {self.name}")

    def check_known(self) -> None:
        """R13."""
        require(
            self.is_known or not self.is_critical, "R13", self.at, self.kind, "a known kind", "kind of critical section"
        )

    @property
    def is_known(self) -> bool:
        return any(self.kind == kind for kind in SectionKind)
