"""SPEC.md §9.1: a root-mean-square norm inside a layer."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields


@dataclass(frozen=True, slots=True)
class Norm:
    epsilon: float
    offset: float

    @classmethod
    def parse(cls, fields: Fields | None) -> Norm | None:
        return None if fields is None else cls(fields.number("epsilon"), fields.number("offset", 0))
