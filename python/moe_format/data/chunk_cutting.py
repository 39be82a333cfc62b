"""SPEC.md §6.5: how a part is cut into chunks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChunkCutting:
    """All counts are of elements, and at least 1."""

    elements: int
    row: int
    chunk: int

    @property
    def is_regular(self) -> bool:
        """A chunk that holds a row or more holds whole rows."""
        return self.chunk < self.row or self.chunk % self.row == 0

    @property
    def pieces_a_row(self) -> int:
        return -(-self.row // self.chunk)

    @property
    def count(self) -> int:
        if self.chunk >= self.row:
            return -(-self.elements // self.chunk)
        return self.elements // self.row * self.pieces_a_row

    @property
    def largest(self) -> int:
        """Elements of the largest chunk there is."""
        return min(self.chunk, self.elements if self.chunk >= self.row else self.row)

    def length(self, index: int) -> int:
        """Elements of a chunk."""
        if self.chunk >= self.row:
            return min(self.chunk, self.elements - index * self.chunk)
        piece = index % self.pieces_a_row
        return min(self.chunk, self.row - piece * self.chunk)
