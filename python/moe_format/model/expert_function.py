"""SPEC.md §9.3: what an expert computes."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields

KINDS = ("linear", "mlp", "gated")
ACTIVATIONS = ("identity", "relu", "relu_squared", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "quick_gelu")
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class ExpertFunction:
    path: str
    kind: str
    required: bool
    activation: str
    alpha: float
    gate_clamp: Bounds | None
    up_clamp: Bounds | None
    activated_clamp: Bounds | None
    gate_softcap: float | None
    up_softcap: float | None
    up_offset: float
    unknown: tuple[str, ...]

    @classmethod
    def parse(cls, fields: Fields) -> ExpertFunction:
        return cls(
            path=fields.path,
            kind=fields.choice("kind", KINDS),
            required=fields.boolean("required", True),
            activation=fields.choice("activation", ACTIVATIONS, "identity"),
            alpha=fields.number("alpha", 1),
            gate_clamp=fields.clamp("gate_clamp"),
            up_clamp=fields.clamp("up_clamp"),
            activated_clamp=fields.clamp("activated_clamp"),
            gate_softcap=fields.number("gate_softcap", None),
            up_softcap=fields.number("up_softcap", None),
            up_offset=fields.number("up_offset", 0),
            unknown=tuple(fields.unknown),
        )

    @property
    def clamps(self) -> list[Bounds]:
        return [clamp for clamp in (self.gate_clamp, self.up_clamp, self.activated_clamp) if clamp is not None]
