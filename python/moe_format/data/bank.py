"""SPEC.md §6.2: a bank, the experts of one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..directory.bank_record import BankRecord
from ..directory.names import read_name
from ..envelope.section_kind import SectionKind
from ..errors import require
from ..limits import NONE
from .block import Block, BlockKind
from .block_contents import BlockContents

if TYPE_CHECKING:
    from ..file import MoEFile
    from ..model.layer import Layer


class Bank:
    """Its record is checked when it is made; each block when it is asked for."""

    def __init__(self, file: MoEFile, index: int) -> None:
        self._file = file
        self.index = index
        self.record = BankRecord.parse(*file.directory.record(SectionKind.BANKS, index))
        self.record.check_reserved()

    @property
    def path(self) -> str:
        """The dotted name of the layer's module. Raises R30."""
        record = self.record
        return read_name(self._file.directory, record.path_offset, record.path_length, record.at,
                         f"path of bank {self.index}")  # fmt: skip

    @property
    def layer_number(self) -> int | None:
        """The model's own number of the layer."""
        return None if self.record.layer < 0 else self.record.layer

    @property
    def layer(self) -> Layer:
        """What the layer computes."""
        return self._file.model.layers[self.index]

    @property
    def expert_count(self) -> int:
        return self.record.expert_count

    @property
    def shared_count(self) -> int:
        return self.record.shared_count

    def expert(self, expert: int) -> BlockContents:
        """The tensors of one expert."""
        if not 0 <= expert < self.expert_count:
            raise IndexError(f"expert {expert} of {self.expert_count}")
        return self._contents(self.record.first_expert_block + expert, BlockKind.EXPERT)

    def shared(self, index: int) -> BlockContents:
        """The tensors of one shared expert."""
        if not 0 <= index < self.shared_count:
            raise IndexError(f"shared expert {index} of {self.shared_count}")
        return self._contents(self.record.first_shared_block + index, BlockKind.SHARED)

    def router(self) -> BlockContents | None:
        """The router's tensors, if the layer has any."""
        if self.record.router_block == NONE:
            return None
        router = self._file.model.routers[self.layer.router]
        return self._contents(self.record.router_block, BlockKind.ROUTER, router.gate_parts(self.expert_count))

    @property
    def block_numbers(self) -> list[tuple[int, BlockKind]]:
        """All blocks of the bank: router, shared, experts."""
        record = self.record
        numbers = [] if record.router_block == NONE else [(record.router_block, BlockKind.ROUTER)]
        if record.shared_count:
            run = range(record.first_shared_block, record.first_shared_block + record.shared_count)
            numbers += [(number, BlockKind.SHARED) for number in run]
        run = range(record.first_expert_block, record.first_expert_block + record.expert_count)
        return numbers + [(number, BlockKind.EXPERT) for number in run]

    def block(self, number: int, kind: BlockKind) -> Block:
        """R64: a block that the bank lists, of the kind it lists it as."""
        block = self._file.block(number)
        require(block.kind is kind, "R64", block.record.at + 54, block.kind.name, kind.name,
                f"kind of block {number} of bank {self.index}")  # fmt: skip
        require(block.bank == self.index, "R64", block.record.at + 44, block.record.bank, self.index,
                f"bank of block {number}")  # fmt: skip
        block.check_owner()
        return block

    def _contents(self, number: int, kind: BlockKind, groups: int = 1) -> BlockContents:
        block = self.block(number, kind)
        block.check_decoded_length()
        return BlockContents(block, groups)

    def __repr__(self) -> str:
        return f"<Bank {self.index} {self.path!r}: {self.expert_count} experts, {self.shared_count} shared>"
