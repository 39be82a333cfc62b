"""R64, R81, R82: banks."""

from __future__ import annotations

from ..data.bank import Bank
from ..data.block import BlockKind
from ..errors import require
from ..file import MoEFile
from .report import Report


def check_banks(file: MoEFile, report: Report) -> None:
    paths: set[str] = set()
    for index in range(file.bank_count):
        with report.checking():
            bank = file.bank(index)
            for number, kind in bank.block_numbers:
                with report.checking():
                    bank.block(number, kind)
            _check_sums(bank)
            path = bank.path
            require(path not in paths, "R82", bank.record.at, f"a second {path!r}", "one", "path of a bank")
            paths.add(path)


def _check_sums(bank: Bank) -> None:
    """R81."""
    blocks = [(bank.block(number, kind).record, kind) for number, kind in bank.block_numbers]
    record, what = bank.record, f"of bank {bank.index}"
    stored = sum(block.length for block, _ in blocks)
    require(record.stored_length == stored, "R81", record.at + 32, record.stored_length, stored,
            f"stored_length {what}")  # fmt: skip
    decoded = sum(block.decoded_length for block, _ in blocks)
    require(record.decoded_length == decoded, "R81", record.at + 40, record.decoded_length, decoded,
            f"decoded_length {what}")  # fmt: skip
    largest = max(block.decoded_length for block, kind in blocks if kind is BlockKind.EXPERT)
    require(record.largest_expert == largest, "R81", record.at + 48, record.largest_expert, largest,
            f"largest_expert {what}")  # fmt: skip
