"""R50 … R74: blocks, their parts and the bytes of both."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.block import Block
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..file import MoEFile
from ..limits import HEADER_LENGTH
from .padding import check_padding
from .report import Report


def check_blocks(file: MoEFile, report: Report) -> None:
    place, next_part = _Place(0, HEADER_LENGTH), 0
    for index in range(file.directory.count(SectionKind.BLOCKS)):
        try:
            block = file.block(index)
        except MoEFormatError as error:
            report.add(error)
            return
        with report.checking():
            _check_place(file, block, place)
        with report.checking():
            record = block.record
            require(record.first_part == next_part, "R67", record.at + 36, record.first_part, next_part,
                    f"first_part of block {index}")  # fmt: skip
        place, next_part = _Place(block.record.file, block.record.end), block.record.parts.stop
        _check_block(file, block, report)
    with report.checking():
        _close_files(file, place, (file.set.member_count if file.set else 0) + 1)
    parts = file.directory.count(SectionKind.PARTS)
    if next_part != parts:
        report.refuse("R67", file.envelope.footer.directory_offset, next_part, parts, "parts listed by blocks")


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the blocks of a file have been walked."""

    file: int
    end: int


def _check_place(file: MoEFile, block: Block, before: _Place) -> None:
    """R63."""
    record = block.record
    require(record.file >= before.file, "R63", record.at + 52, record.file, f"at least {before.file}",
            f"file of block {block.index}")  # fmt: skip
    before = _close_files(file, before, record.file)
    alignment = 1 << record.alignment
    wanted = -(-before.end // alignment) * alignment
    require(record.offset == wanted, "R63", record.at, record.offset, wanted, f"offset of block {block.index}")
    _check_between(file, before, record.offset, alignment, f"before block {block.index}")


def _close_files(file: MoEFile, place: _Place, following: int) -> _Place:
    """R63 for the ends of the files from a place on, up to another file."""
    while place.file < following:
        _check_between(file, place, file.blocks_end(place.file), 64, "after the last block")
        place = _Place(place.file + 1, HEADER_LENGTH)
    return place


def _check_between(file: MoEFile, place: _Place, end: int, limit: int, what: str) -> None:
    try:
        check_padding(file.file_source(place.file).read, place.end, end, limit, "R63", what)
    except MoEFormatError as error:
        raise file.told(error, place.file) from None


def _check_block(file: MoEFile, block: Block, report: Report) -> None:
    with report.checking():
        block.check_owner()
    with report.checking():
        block.check_decoded_length()
    with report.checking():
        _check_part_order(block)
    for index in range(block.record.chunk_count):
        with report.checking():
            block.stored(index)
    with report.checking():
        _check_covered(file, block)


def _check_part_order(block: Block) -> None:
    """R53, R56."""
    next_chunk = 0
    for part in block.parts:
        record = part.record
        require(record.first_chunk == next_chunk, "R53", record.at + 40, record.first_chunk, next_chunk,
                f"first_chunk of part {part.index}")  # fmt: skip
        next_chunk += record.chunk_count
        stored = sum(block.chunk(number).stored_length for number in range(record.first_chunk, next_chunk))
        require(record.stored_length == stored, "R56", record.at + 24, record.stored_length, stored,
                f"stored_length of part {part.index}")  # fmt: skip
    record_at, count = block.record.at + 32, block.record.chunk_count
    require(next_chunk == count, "R53", record_at, next_chunk, count, f"chunks of the parts of block {block.index}")


def _check_covered(file: MoEFile, block: Block) -> None:
    """R74."""
    base, end_before = block.record.offset, 0
    read = file.file_source(block.record.file).read
    with block.told():
        for index in range(block.record.chunk_count):
            entry = block.chunk(index)
            check_padding(read, base + end_before, base + entry.offset, 64, "R74",
                          f"before chunk {index} of block {block.index}")  # fmt: skip
            end_before = entry.end
        check_padding(read, base + end_before, base + block.record.table_offset, 64, "R74",
                      f"before the chunk table of block {block.index}")  # fmt: skip
