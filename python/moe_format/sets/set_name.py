"""SPEC.md §13.1: all names follow from the head's."""

from __future__ import annotations

from dataclasses import dataclass

_EXTENSION = ".moe"


def _split(path: str) -> tuple[str, str]:
    """What is in front of the extension `.moe`, and the extension as it is written."""
    end = path[-len(_EXTENSION) :]
    return (path[: -len(_EXTENSION)], end) if end.lower() == _EXTENSION else (path, "")


@dataclass(frozen=True, slots=True)
class SetName:
    head: str

    @classmethod
    def of_member(cls, path: str, number: int, count: int) -> SetName | None:
        """The name that a member's path follows from; None for a path that is no member's."""
        stem, extension = _split(path)
        ending = f"-{number:05}-of-{count:05}"
        return cls(stem.removesuffix(ending) + extension) if extension and stem.endswith(ending) else None

    def member(self, number: int, count: int) -> str:
        stem, extension = _split(self.head)
        return f"{stem}-{number:05}-of-{count:05}{extension or _EXTENSION}"
