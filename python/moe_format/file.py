"""A .moe file: what opening one gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
from .envelope.envelope import read_envelope
from .envelope.section_kind import SectionKind
from .errors import MoEFormatError, require
from .limits import CONFIG_BYTES
from .model.model import Model
from .model.model_rules import check_model
from .source.source import Source, parse_source


class MoEFile:
    """Open rules are checked when it is made, use rules when a thing is asked for; `verify` checks everything.

    Things are made once and kept. One thread at a time.
    """

    def __init__(self, source: ByteSource) -> None:
        """Takes over `source`: it is closed with the file, or at once if the file is refused."""
        self.source_bytes = source
        self._blocks: dict[int, Block] = {}
        self._parts: dict[int, Part] = {}
        self._tensors: dict[int, Tensor] = {}
        self._banks: dict[int, Bank] = {}
        try:
            self.envelope = read_envelope(source)
            self.directory = Directory(source, self.envelope)
            self.name_index = NameIndex(self.directory, self._name_of)
            expert_counts = self._expert_counts()
            self.model = Model.parse(self.envelope.model, self.envelope.required(SectionKind.MODEL).offset)
            check_model(self.model, expert_counts)
        except BaseException:
            source.close()
            raise

    def _expert_counts(self) -> list[int]:
        """R80, and R17 for the pages of the banks."""
        counts = []
        for index in range(self.directory.count(SectionKind.BANKS)):
            record = BankRecord.parse(*self.directory.record(SectionKind.BANKS, index))
            record.check_blocks(self.directory.count(SectionKind.BLOCKS))
            counts.append(record.expert_count)
        return counts

    def close(self) -> None:
        self.source_bytes.close()

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
    """Opens a file. Raises `OSError`, or `MoEFormatError` for what breaks an open rule."""
    return MoEFile(FileSource(path))


def open_bytes(data: Buffer) -> MoEFile:
    """Opens a file that is in memory."""
    return MoEFile(MemorySource(data))
