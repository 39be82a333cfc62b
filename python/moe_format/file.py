"""A .moe file: what opening one gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from .byte_source import Buffer, ByteSource, FileSource, MemorySource
from .data.bank import Bank
from .data.block import Block
from .data.part import Part
from .data.tensor import Tensor
from .directory.alias_record import AliasRecord
from .directory.bank_record import BankRecord
from .directory.directory import Directory
from .directory.name_index import NameIndex
from .directory.name_index_entry import TENSOR, NameIndexEntry
from .directory.names import read_name
from .envelope.section_kind import SectionKind
from .errors import MoEFormatError, require
from .limits import CONFIG_BYTES
from .model.model import Model
from .model.model_rules import check_model
from .sets.file_set import FileSet
from .sets.set_name import SetName
from .sets.set_record import SetRecord
from .sets.single_file import SingleFile
from .source.source import Source, parse_source


class MoEFile:
    """Open rules are checked when it is made, use rules when a thing is asked for; `verify` checks everything.

    Things are made once and kept. One thread at a time.
    """

    def __init__(self, file: SingleFile, files: FileSet | None = None) -> None:
        """Takes over the file: it is closed with this one, or at once if it is refused."""
        self.source_bytes = file.source
        self.set = files
        """The files that the model spans; None when it is this one alone."""
        self._blocks: dict[int, Block] = {}
        self._parts: dict[int, Part] = {}
        self._tensors: dict[int, Tensor] = {}
        self._banks: dict[int, Bank] = {}
        try:
            self.envelope = file.envelope
            self.directory: Directory = file.directory
            self.name_index = NameIndex(self.directory, self._name_of)
            expert_counts = self._expert_counts()
            self.model = Model.parse(self.envelope.model, self.envelope.required(SectionKind.MODEL).offset, len(expert_counts))
            check_model(self.model, expert_counts)
        except BaseException:
            self.close()
            raise

    def _expert_counts(self) -> list[int]:
        """R80, and R17 for the pages of the banks."""
        counts, named, blocks = [], 0, self.directory.count(SectionKind.BLOCKS)
        for index in range(self.directory.count(SectionKind.BANKS)):
            record = BankRecord.parse(*self.directory.record(SectionKind.BANKS, index))
            record.check_blocks(blocks)
            named += record.block_count
            require(named <= blocks, "R80", record.at, named, f"at most {blocks}", "number of blocks of all banks")
            counts.append(record.expert_count)
        return counts

    def close(self) -> None:
        self.source_bytes.close()
        if self.set:
            self.set.close()

    def __enter__(self) -> MoEFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Tensors

    @property
    def tensor_count(self) -> int:
        return self.directory.count(SectionKind.TENSORS)

    def tensors(self) -> Iterator[Tensor]:
        """All tensors, in the file's order."""
        return (self.tensor_at(index) for index in range(self.tensor_count))

    def tensor(self, name: str) -> Tensor:
        """The tensor of a name or alias. Raises `KeyError` if there is none."""
        entry = self.name_index.find(name)
        if entry is None:
            raise KeyError(name)
        if entry.kind == TENSOR:
            return self.tensor_at(entry.id)
        return self.alias_target(entry.id)

    def __contains__(self, name: str) -> bool:
        return self.name_index.find(name) is not None

    @property
    def alias_count(self) -> int:
        return self.directory.count(SectionKind.ALIASES)

    def names(self) -> Iterator[str]:
        """The names of all tensors, then all aliases."""
        for tensor in self.tensors():
            yield tensor.name
        for index in range(self.alias_count):
            yield self.alias_name(index)

    def aliases(self) -> dict[str, str]:
        """From alias to the name of its tensor."""
        return {self.alias_name(index): self.alias_target(index).name for index in range(self.alias_count)}

    # Banks

    @property
    def bank_count(self) -> int:
        return self.directory.count(SectionKind.BANKS)

    def banks(self) -> Iterator[Bank]:
        return (self.bank(index) for index in range(self.bank_count))

    def bank(self, index: int) -> Bank:
        """A layer's set of experts. Raises `IndexError` if there is none of that number."""
        if index not in self._banks:
            self._banks[index] = Bank(self, index)
        return self._banks[index]

    # Configuration and source

    @property
    def config(self) -> bytes | None:
        """The source's configuration file, byte for byte. R91."""
        entry = self.directory.section(SectionKind.CONFIG)
        if entry is None:
            return None
        require(entry.length <= CONFIG_BYTES, "R91", entry.at + 16, entry.length, f"at most {CONFIG_BYTES}", "config")
        return self.directory.read(entry.offset, entry.length)

    @property
    def source(self) -> Source | None:
        """What the file was made from, parsed. R90."""
        entry = self.directory.section(SectionKind.SOURCE)
        if entry is None:
            return None
        return parse_source(self.directory.read(entry.offset, entry.length), entry.offset, self.tensor_count)

    # Verification

    def findings(self) -> list[MoEFormatError]:
        """Everything that breaks a rule, each thing once. Reads the whole file."""
        from .verify.verify import findings

        return findings(self)

    def verify(self) -> None:
        """Reads the whole file and raises the first finding."""
        for finding in self.findings():
            raise finding

    # Files of a set

    def file_source(self, number: int) -> ByteSource:
        """The bytes of a file of the set; 0 is this one. Raises `OSError` for a member that is not there. R95."""
        return self.set.member(number).source if self.set and number else self.source_bytes

    def blocks_end(self, number: int) -> int:
        """Where the blocks of a file of the set end."""
        return self.set.record(number).directory_offset if self.set else self.envelope.footer.directory_offset

    def told(self, error: MoEFormatError, number: int) -> MoEFormatError:
        """An error in a file of the set, which it then names."""
        return error.in_file(self.set.name(number)) if self.set and number else error

    # By number

    def block(self, index: int) -> Block:
        if index not in self._blocks:
            self._blocks[index] = Block(self, index)
        return self._blocks[index]

    def part(self, index: int) -> Part:
        if index not in self._parts:
            self._parts[index] = Part(self, index)
        return self._parts[index]

    def tensor_at(self, index: int) -> Tensor:
        if index not in self._tensors:
            self._tensors[index] = Tensor(self, index)
        return self._tensors[index]

    def alias_name(self, index: int) -> str:
        record = AliasRecord.parse(*self.directory.record(SectionKind.ALIASES, index))
        return read_name(self.directory, record.name_offset, record.name_length, record.at, f"name of alias {index}")

    def alias_target(self, index: int) -> Tensor:
        """R85."""
        record = AliasRecord.parse(*self.directory.record(SectionKind.ALIASES, index))
        require(record.tensor < self.tensor_count, "R85", record.at + 12, record.tensor,
                f"less than {self.tensor_count}", f"tensor of alias {index}")  # fmt: skip
        return self.tensor_at(record.tensor)

    def _name_of(self, entry: NameIndexEntry) -> str:
        return self.tensor_at(entry.id).name if entry.kind == TENSOR else self.alias_name(entry.id)


def open_file(path: str | os.PathLike[str]) -> MoEFile:
    """Opens a file, or a set by its head or any member. Raises `OSError`, or `MoEFormatError` by an open rule."""
    name = SetName(os.fspath(path))
    file = _opened(FileSource(name.head))
    own = file.set_record
    if own is not None and not own.is_head:
        file.source.close()
        about = f"{os.path.basename(name.head)} is file {own.file} of {own.member_count} of a set"
        head_name = SetName.of_member(name.head, own.file, own.member_count)
        if head_name is None:
            raise OSError(f"{about}: open the head of the set, which has no number in its name")
        name, file = head_name, _opened(FileSource(head_name.head))
        _check_head(file, own, about)
    return _with_members(
        file,
        lambda number, count: FileSource(name.member(number, count)),
        lambda number, count: os.path.basename(name.member(number, count)),
    )


def open_bytes(data: Buffer, members: Sequence[Buffer] = ()) -> MoEFile:
    """Opens a file that is in memory, or a set: its head, and its members in order."""
    return _with_members(
        _opened(MemorySource(data)),
        lambda number, _: _memory_member(members, number),
        lambda number, _: f"member {number}",
    )


def _memory_member(members: Sequence[Buffer], number: int) -> ByteSource:
    if number > len(members):
        raise FileNotFoundError(f"member {number} of the set is not there")
    return MemorySource(members[number - 1])


def _opened(source: ByteSource) -> SingleFile:
    try:
        return SingleFile(source)
    except BaseException:
        source.close()
        raise


def _with_members(
    file: SingleFile, open_member: Callable[[int, int], ByteSource], name: Callable[[int, int], str]
) -> MoEFile:
    record = file.set_record
    if record is None:
        return MoEFile(file)
    count = record.member_count
    return MoEFile(file, FileSet(file, record, lambda i: open_member(i, count), lambda i: name(i, count)))


def _check_head(head: SingleFile, member: SetRecord, about: str) -> None:
    """R95, from the member's side."""
    record, at = head.set_record, head.envelope.footer.at
    try:
        if record is None or not record.is_head:
            raise MoEFormatError("R95", at, "no head of a set", about)
        require(record.member_count == member.member_count, "R95", record.at + 34, record.member_count,
                member.member_count, about)  # fmt: skip
        listed = SetRecord.parse(head.directory, member.file)
        require(listed.content == member.content, "R95", listed.at, listed.content, member.content, about)
    except BaseException:
        head.source.close()
        raise
