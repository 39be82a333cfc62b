"""SPEC.md §6.8: finds a name by its hash."""

from __future__ import annotations

from collections.abc import Callable

from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..hashing import hash_text, xxh3_64
from .directory import Directory
from .name_index_entry import NameIndexEntry


class NameIndex:
    """The sorted index of names. `name_of` gives the name that an entry stands for."""

    def __init__(self, directory: Directory, name_of: Callable[[NameIndexEntry], str]) -> None:
        self._directory = directory
        self._name_of = name_of
        self.count = directory.count(SectionKind.NAME_INDEX)

    def entry(self, index: int) -> NameIndexEntry:
        return NameIndexEntry.parse(*self._directory.record(SectionKind.NAME_INDEX, index))

    def check_count(self) -> None:
        """R32: an entry for each tensor and alias."""
        wanted = self._directory.count(SectionKind.TENSORS) + self._directory.count(SectionKind.ALIASES)
        section = self._directory.section(SectionKind.NAME_INDEX)
        at = section.at + 32 if section else 0
        require(self.count == wanted, "R32", at, self.count, wanted, "entries of the name index")

    def find(self, name: str) -> NameIndexEntry | None:
        """The entry of a name; None if there is none. Raises R31 if two have it.

        O(log n), and the run of entries with the name's hash.
        """
        self.check_count()
        try:
            wanted = xxh3_64(name.encode("utf-8"))
        except UnicodeEncodeError:
            return None
        found: NameIndexEntry | None = None
        before: NameIndexEntry | None = None
        for index in range(self._first(wanted), self.count):
            entry = self.entry(index)
            if entry.hash != wanted:
                break
            self.check_order(before, entry)
            if self.checked_name(entry) == name:
                if found is not None:
                    raise MoEFormatError("R31", entry.at, f"a second {name!r}", "one", "name")
                found = entry
            before = entry
        return found

    def checked_name(self, entry: NameIndexEntry) -> str:
        """R32: the name that an entry stands for, after comparing its hash."""
        entry.check_target(self._directory.count(SectionKind.TENSORS), self._directory.count(SectionKind.ALIASES))
        name = self._name_of(entry)
        digest = xxh3_64(name.encode("utf-8"))
        require(digest == entry.hash, "R32", entry.at, hash_text(entry.hash), hash_text(digest), f"hash of {name!r}")
        return name

    @staticmethod
    def check_order(before: NameIndexEntry | None, entry: NameIndexEntry) -> None:
        """R32: ascending, each once."""
        if before is not None:
            require(before.key < entry.key, "R32", entry.at, entry.key, f"more than {before.key}", "name-index entry")

    def _first(self, wanted: int) -> int:
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.entry(middle).hash < wanted:
                low = middle + 1
            else:
                high = middle
        return low
