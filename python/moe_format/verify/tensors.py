"""R40 … R44: tensors, their parts and their content."""

from __future__ import annotations

import struct

import xxhash

from ..data.tensor import Tensor
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from ..file import MoEFile
from .report import Report


def check_tensors(file: MoEFile, report: Report) -> None:
    _check_each_part_once(file, report)
    for index in range(file.tensor_count):
        with report.checking():
            _check_content(file.tensor_at(index))


def _check_each_part_once(file: MoEFile, report: Report) -> None:
    """R43."""
    directory = file.directory
    parts, listed = directory.count(SectionKind.PARTS), directory.count(SectionKind.TENSOR_PARTS)
    seen: set[int] = set()
    for index in range(listed):
        raw, at = directory.record(SectionKind.TENSOR_PARTS, index)
        (number,) = struct.unpack("<I", raw)
        if number in seen:
            report.refuse("R43", at, f"part {number} again", "each part once", "tensor part")
        elif number >= parts:
            report.refuse("R43", at, number, f"less than {parts}", "tensor part")
        seen.add(number)
    section = directory.section(SectionKind.TENSOR_PARTS)
    if listed != parts:
        report.refuse("R43", section.at + 32 if section else 0, listed, parts, "number of tensor parts")
    _check_runs(file, report)


def _check_runs(file: MoEFile, report: Report) -> None:
    """R43: each part stands in the run of the tensor that it names."""
    in_a_run: set[int] = set()
    unreadable: set[int] = set()
    for index in range(file.tensor_count):
        try:
            in_a_run.update(part.index for part in file.tensor_at(index).parts)
        except MoEFormatError as error:
            report.add(error)
            unreadable.add(index)
    for number in range(file.directory.count(SectionKind.PARTS)):
        with report.checking():
            record = file.part(number).record
            require(number in in_a_run or record.tensor in unreadable, "R43", record.at + 32, "in no tensor's run",
                    f"in that of tensor {record.tensor}", f"part {number}")  # fmt: skip


def _check_content(tensor: Tensor) -> None:
    """R44."""
    digest = xxhash.xxh3_128()
    for chunk in tensor.decoded_chunks():
        digest.update(chunk)
    found = digest.hexdigest()
    require(found == tensor.content_hash, "R44", tensor.record.at + 8, tensor.content_hash, found,
            f"content_hash of {tensor.name!r}")  # fmt: skip
