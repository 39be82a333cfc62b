"""The files of a set, as its head lists them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ..byte_source import ByteSource
from ..errors import MoEFormatError, require
from .set_record import SetRecord
from .single_file import SingleFile

OPEN_LIMIT = 64
"""Members that are open at once: a process may have few descriptors."""


class FileSet:
    """Members are opened when something of them is wanted, and checked before a byte is used."""

    def __init__(
        self, head: SingleFile, record: SetRecord, open_member: Callable[[int], ByteSource], name: Callable[[int], str]
    ) -> None:
        """`open_member` and `name` take the number of a member, from 1 on."""
        self._head = head
        self._record = record
        self._open_member = open_member
        self._name = name
        self._open: OrderedDict[int, SingleFile] = OrderedDict()

    @property
    def set_id(self) -> str:
        """As SPEC.md §1 prints hashes."""
        return self._record.set_id[::-1].hex()

    @property
    def member_count(self) -> int:
        return self._record.member_count

    def name(self, file: int) -> str:
        return self._name(file)

    def record(self, file: int) -> SetRecord:
        """R93: the head's record of a file; 0 is the head."""
        record = SetRecord.parse(self._head.directory, file)
        require(record.file == file, "R93", record.at + 32, record.file, file, f"file of set record {file}")
        require(record.member_count == self.member_count, "R93", record.at + 34, record.member_count,
                self.member_count, f"member_count of set record {file}")  # fmt: skip
        require(record.set_id == self._record.set_id, "R93", record.at, record.set_id.hex(), self._record.set_id.hex(),
                f"set_id of set record {file}")  # fmt: skip
        require(record.file_length < 1 << 63, "R93", record.at + 16, record.file_length, "less than 2^63",
                f"file_length of set record {file}")  # fmt: skip
        require(record.directory_offset <= record.file_length, "R93", record.at + 24, record.directory_offset,
                f"at most {record.file_length}", f"directory_offset of set record {file}")  # fmt: skip
        return record

    def member(self, number: int) -> SingleFile:
        """R95: a member, checked. Raises `OSError` for one that is not there."""
        if number not in self._open:
            self._open[number] = self._checked(number)
            if len(self._open) > OPEN_LIMIT:
                self._open.popitem(last=False)[1].source.close()
        self._open.move_to_end(number)
        return self._open[number]

    def close(self) -> None:
        for member in self._open.values():
            member.source.close()
        self._open.clear()

    def _checked(self, number: int) -> SingleFile:
        listed = self.record(number)
        source = self._open_member(number)
        try:
            require(source.length == listed.file_length, "R95", 0, source.length, listed.file_length,
                    f"length of member {number}")  # fmt: skip
            member = SingleFile(source)
            own = member.set_record
            if own is None:
                raise MoEFormatError("R95", member.envelope.footer.at + 20, "a file of no set", f"member {number}")
            require(own.content == listed.content, "R95", own.at, own.content, listed.content,
                    f"set record of member {number}")  # fmt: skip
        except MoEFormatError as error:
            source.close()
            raise error.in_file(self.name(number)) from None
        except BaseException:
            source.close()
            raise
        return member
