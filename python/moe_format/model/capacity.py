"""SPEC.md §9.2.1."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import REQUIRED, Fields


@dataclass(frozen=True, slots=True)
class Capacity:
    rule: str
    factor: float | None
    tokens: int | None
    minimum: int
    order: str
    renormalize: str

    @classmethod
    def parse(cls, fields: Fields | None) -> Capacity | None:
        if fields is None:
            return None
        rule = fields.choice("rule", ("factor", "fixed", "nllb"))
        return cls(
            rule=rule,
            factor=fields.number("factor", REQUIRED if rule in ("factor", "nllb") else None),
            tokens=fields.integer("tokens", REQUIRED if rule == "fixed" else None),
            minimum=fields.integer("minimum", 1),
            order=fields.choice("order", ("token", "rank"), "token"),
            renormalize=fields.choice("renormalize", ("before", "after"), "before"),
        )
