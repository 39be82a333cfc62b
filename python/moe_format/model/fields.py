"""Reads the keys of one JSON object, each with its type (R21)."""

from __future__ import annotations

import enum
from typing import Any, NoReturn, TypeVar

from ..errors import MoEFormatError

LARGEST_INTEGER = (1 << 53) - 1
T = TypeVar("T")


class _Missing(enum.Enum):
    REQUIRED = enum.auto()


REQUIRED = _Missing.REQUIRED


class Fields:
    """One object of the description. A key whose value is null is absent. `path` is its place, for errors."""

    def __init__(self, value: Any, path: str, at: int, unknown: list[str] | None = None) -> None:
        self.path, self.at = path, at
        if not isinstance(value, dict):
            self.refuse("R21", value, "an object")
        self._values: dict[str, Any] = {key: item for key, item in value.items() if item is not None}
        self.unknown: list[str] = [] if unknown is None else unknown
        """Values of choices that version 1.0 does not know, those of nested objects included."""

    def refuse(self, rule: str, found: object, expected: str, key: str = "") -> NoReturn:
        path = ".".join(part for part in (self.path, key) if part)
        text = found if isinstance(found, str) else repr(found)
        raise MoEFormatError(rule, self.at, text[:80], expected, f"model {path}".rstrip())

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, default: T | _Missing, expected: str) -> Any | T:
        if key in self._values:
            return self._values[key]
        if default is REQUIRED:
            self.refuse("R21", "nothing", expected, key)
        return default

    def integer(self, key: str, default: T | _Missing = REQUIRED) -> int | T:
        value = self.get(key, default, "an integer")
        if key in self._values and (type(value) is not int or abs(value) > LARGEST_INTEGER):
            self.refuse("R21", value, "an integer", key)
        return value

    def number(self, key: str, default: T | _Missing = REQUIRED) -> float | T:
        value = self.get(key, default, "a number")
        if key in self._values and type(value) not in (int, float):
            self.refuse("R21", value, "a number", key)
        return value

    def boolean(self, key: str, default: bool) -> bool:
        value = self.get(key, default, "a boolean")
        if type(value) is not bool:
            self.refuse("R21", value, "a boolean", key)
        return value

    def string(self, key: str, default: str | _Missing = REQUIRED) -> str:
        value = self.get(key, default, "a string")
        if type(value) is not str:
            self.refuse("R21", value, "a string", key)
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str | _Missing = REQUIRED) -> str:
        """A string; one that is not `allowed` is noted in `unknown`."""
        value = self.string(key, default)
        if key in self._values and value not in allowed:
            self.unknown.append(f"{key}: {value}")
        return value

    def array(self, key: str) -> list[Any]:
        """An array; empty if there is none."""
        value: Any = self.get(key, [], "an array")
        if not isinstance(value, list):
            self.refuse("R21", value, "an array", key)
        return value

    def object(self, key: str) -> Fields | None:
        """A nested object, or None if there is none."""
        if key not in self._values:
            return None
        return Fields(self._values[key], f"{self.path}.{key}", self.at, self.unknown)

    def objects(self, key: str) -> list[Fields]:
        path = f"{self.path}.{key}" if self.path else key
        return [Fields(value, f"{path}[{index}]", self.at) for index, value in enumerate(self.array(key))]

    def clamp(self, key: str) -> tuple[float | None, float | None] | None:
        """A pair of bounds, either of which may be null."""
        if key not in self._values:
            return None
        value = self._values[key]
        bounds_fit = type(value) is list and len(value) == 2
        if not bounds_fit or any(bound is not None and type(bound) not in (int, float) for bound in value):
            self.refuse("R21", value, "[min or null, max or null]", key)
        return (value[0], value[1])
