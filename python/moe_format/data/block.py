"""SPEC.md §6.1: a block and the stored bytes of its chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

from ..directory.block_record import BlockRecord
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..hashing import hash_text, xxh3_64
from ..limits import HEADER_LENGTH, NONE
from .chunk_entry import ENTRY_LENGTH, ChunkEntry

if TYPE_CHECKING:
    from ..file import MoEFile
    from .part import Part


class BlockKind(IntEnum):
    DENSE = 0
    ROUTER = 1
    SHARED = 2
    EXPERT = 3


class Block:
    """One contiguous run of the file. Its record is checked when it is made, its chunk table when it is first used."""

    def __init__(self, file: MoEFile, index: int) -> None:
        self._file = file
        self.index = index
        self.record = BlockRecord.parse(*file.directory.record(SectionKind.BLOCKS, index))
        self._check_record()

    def _check_record(self) -> None:
        """R65, R60, R61."""
        record, what = self.record, f"block {self.index}"
        most = self._file.set.member_count if self._file.set else 0
        require(record.file <= most, "R65", record.at + 52, record.file, f"at most {most}", f"file of {what}")
        require(6 <= record.alignment <= 21, "R60", record.at + 55, record.alignment, "6 … 21", f"alignment of {what}")
        alignment = 1 << record.alignment
        require(record.offset % alignment == 0, "R60", record.at, record.offset, f"a multiple of {alignment}",
                f"offset of {what}")  # fmt: skip
        require(record.offset >= HEADER_LENGTH, "R60", record.at, record.offset, f"at least {HEADER_LENGTH}",
                f"offset of {what}")  # fmt: skip
        limit = self._file.blocks_end(record.file)
        require(record.end <= limit, "R60", record.at + 8, record.end, f"at most {limit}", f"end of {what}")
        require(record.table_offset % 8 == 0, "R61", record.at + 16, record.table_offset, "a multiple of 8",
                f"table_offset of {what}")  # fmt: skip
        wanted = record.table_offset + record.table_length
        require(record.length == wanted, "R61", record.at + 8, record.length, wanted, f"length of {what}")

    @property
    def kind(self) -> BlockKind:
        """R64: the kind, which version 1.0 must know."""
        try:
            return BlockKind(self.record.kind)
        except ValueError:
            at = self.record.at + 54
            raise MoEFormatError("R64", at, self.record.kind, "0 … 3", f"kind of block {self.index}") from None

    @property
    def bank(self) -> int | None:
        return None if self.record.bank == NONE else self.record.bank

    @property
    def expert(self) -> int | None:
        return None if self.record.expert == NONE else self.record.expert

    @cached_property
    def _table(self) -> bytes:
        """R62: the checked chunk table."""
        record = self.record
        raw = self.read(record.table_offset, record.table_length)
        digest = xxh3_64(raw)
        require(digest == record.table_hash, "R62", record.at + 24, hash_text(record.table_hash), hash_text(digest),
                f"table_hash of block {self.index}")  # fmt: skip
        return raw

    def chunk(self, index: int) -> ChunkEntry:
        """R70: an entry of the chunk table, placed after the one before it and before the table."""
        with self.told():
            entry = self._entry(index)
            what = f"chunk {index} of block {self.index}"
            before = self._entry(index - 1).end if index else 0
            require(entry.offset >= before, "R70", entry.at, entry.offset, f"at least {before}", f"offset of {what}")
            limit = self.record.table_offset
            require(entry.end <= limit, "R70", entry.at + 16, entry.end, f"at most {limit}", f"end of {what}")
        return entry

    def _entry(self, index: int) -> ChunkEntry:
        start = index * ENTRY_LENGTH
        at = self.record.offset + self.record.table_offset + start
        return ChunkEntry.parse(self._table[start : start + ENTRY_LENGTH], at)

    def stored(self, index: int) -> bytes:
        """R71: the checked stored bytes of a chunk."""
        entry = self.chunk(index)
        raw = self.read(entry.offset, entry.stored_length)
        digest = xxh3_64(raw)
        with self.told():
            require(digest == entry.hash, "R71", self.record.offset + entry.offset, hash_text(digest),
                    hash_text(entry.hash), f"hash of chunk {index} of block {self.index}")  # fmt: skip
        return raw

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the block, from its start, unchecked."""
        return self._file.file_source(self.record.file).read(self.record.offset + start, length)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors about the block's bytes say which file of the set they lie in."""
        try:
            yield
        except MoEFormatError as error:
            raise self._file.told(error, self.record.file) from None

    @cached_property
    def parts(self) -> list[Part]:
        """R67, R50: the parts that lie in this block."""
        record = self.record
        count = self._file.directory.count(SectionKind.PARTS)
        require(record.parts.stop <= count, "R67", record.at + 36, record.parts.stop, f"at most {count}",
                f"end of the part run of block {self.index}")  # fmt: skip
        parts = [self._file.part(index) for index in record.parts]
        for part in parts:
            require(part.record.block == self.index, "R50", part.record.at + 36, part.record.block, self.index,
                    f"block of part {part.index}")  # fmt: skip
        return parts

    def check_decoded_length(self) -> None:
        """R66, where all dtypes are known."""
        total = 0
        for part in self.parts:
            if part.tensor.dtype is None:
                return
            total += part.decoded_length
        record = self.record
        require(record.decoded_length == total, "R66", record.at + 56, record.decoded_length, total,
                f"decoded_length of block {self.index}")  # fmt: skip

    def check_owner(self) -> None:
        """R64: `kind`, `bank` and `expert` are the place where the bank lists the block."""
        record, what = self.record, f"block {self.index}"
        kind = self.kind
        if kind is BlockKind.DENSE:
            require(self.bank is None, "R64", record.at + 44, record.bank, "NONE", f"bank of dense {what}")
            require(self.expert is None, "R64", record.at + 48, record.expert, "NONE", f"expert of dense {what}")
            return
        banks = self._file.directory.count(SectionKind.BANKS)
        require(record.bank < banks, "R64", record.at + 44, record.bank, f"less than {banks}", f"bank of {what}")
        bank = self._file.bank(record.bank).record
        if kind is BlockKind.ROUTER:
            require(self.expert is None, "R64", record.at + 48, record.expert, "NONE", f"expert of router {what}")
            first, count, number = bank.router_block, 1, 0
        elif kind is BlockKind.SHARED:
            first, count, number = bank.first_shared_block, bank.shared_count, record.expert
        else:
            first, count, number = bank.first_expert_block, bank.expert_count, record.expert
        require(number < count, "R64", record.at + 48, number, f"less than {count}", f"expert of {what}")
        require(first + number == self.index, "R64", record.at + 44, self.index, first + number,
                f"block that bank {record.bank} lists for {what}")  # fmt: skip
