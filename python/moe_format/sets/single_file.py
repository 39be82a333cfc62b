"""One file as it is opened, whether it is a model by itself or one of a set."""

from __future__ import annotations

from ..byte_source import ByteSource
from ..directory.directory import Directory
from ..envelope.envelope import Envelope, read_envelope
from ..envelope.section_kind import SectionKind
from ..errors import MoEFormatError, require
from .set_record import SetRecord

MEMBER_MODEL = b'{"schema":1}'


class SingleFile:
    """Envelope and directory, checked by the rules at open but for those of banks and model; R93, R94."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.envelope: Envelope = read_envelope(source)
        self.directory = Directory(source, self.envelope)
        self.set_record: SetRecord | None = self._own_record()
        if self.set_record is not None and not self.set_record.is_head:
            self._check_member()

    def _own_record(self) -> SetRecord | None:
        """R93, as far as it speaks of the file itself."""
        section = self.envelope.section(SectionKind.SET)
        if section is None:
            return None
        require(section.count > 0, "R93", section.at + 32, section.count, "at least 1", "number of set records")
        record = SetRecord.parse(self.directory, 0)
        require(record.member_count >= 1, "R93", record.at + 34, record.member_count, "at least 1", "member_count")
        require(record.file <= record.member_count, "R93", record.at + 32, record.file,
                f"at most {record.member_count}", "number of the file in its set")  # fmt: skip
        count = record.member_count + 1 if record.is_head else 1
        require(section.count == count, "R93", section.at + 32, section.count, count, "number of set records")
        footer = self.envelope.footer
        require(record.file_length == footer.file_length, "R93", record.at + 16, record.file_length,
                footer.file_length, "file_length of the file's own set record")  # fmt: skip
        require(record.directory_offset == footer.directory_offset, "R93", record.at + 24, record.directory_offset,
                footer.directory_offset, "directory_offset of the file's own set record")  # fmt: skip
        return record

    def _check_member(self) -> None:
        """R94."""
        for entry in self.envelope.directory_sections:
            if entry.kind <= SectionKind.NAMES:
                require(entry.count == 0, "R94", entry.at + 32, entry.count, 0, f"records of {entry.name} in a member")
            elif entry.kind in (SectionKind.CONFIG, SectionKind.SOURCE):
                raise MoEFormatError("R94", entry.at, entry.name, "none", "section of a member")
        model = self.envelope.required(SectionKind.MODEL)
        require(self.envelope.model == MEMBER_MODEL, "R94", model.at, "another", MEMBER_MODEL.decode(),
                "model of a member")  # fmt: skip
