"""SPEC.md §9.1, §9.4: a layer and its shared experts."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields
from .norm import Norm


@dataclass(frozen=True, slots=True)
class SharedExperts:
    expert_function: int
    expert_size: int
    gate: str
    combine: str
    scale: float
    bank: int | None
    """The bank whose shared experts these are; None for the layer's own."""

    @classmethod
    def parse(cls, fields: Fields | None) -> SharedExperts | None:
        if fields is None:
            return None
        return cls(
            expert_function=fields.integer("expert_function"),
            expert_size=fields.integer("expert_size"),
            gate=fields.choice("gate", ("none", "sigmoid", "router"), "none"),
            combine=fields.choice("combine", ("add", "average"), "add"),
            scale=fields.number("scale", 1),
            bank=fields.integer("bank") if "bank" in fields else None,
        )


@dataclass(frozen=True, slots=True)
class Layer:
    path: str
    bank: int
    banks: int
    """How many alike the object describes, of which this is one."""
    hidden_size: int
    output_size: int
    expert_size: int
    router: int
    expert_function: int
    shared: SharedExperts | None
    routed_scale: float
    output_scale: float
    latent_norm: Norm | None
    expert_norm: Norm | None
    output_norm: Norm | None
    unknown: tuple[str, ...]

    @classmethod
    def parse(cls, fields: Fields) -> Layer:
        hidden_size = fields.integer("hidden_size")
        return cls(
            path=fields.path,
            bank=fields.integer("bank"),
            banks=fields.integer("banks", 1),
            hidden_size=hidden_size,
            output_size=fields.integer("output_size", hidden_size),
            expert_size=fields.integer("expert_size"),
            router=fields.integer("router"),
            expert_function=fields.integer("expert_function"),
            shared=SharedExperts.parse(fields.object("shared")),
            routed_scale=fields.number("routed_scale", 1),
            output_scale=fields.number("output_scale", 1),
            latent_norm=Norm.parse(fields.object("latent_norm")),
            expert_norm=Norm.parse(fields.object("expert_norm")),
            output_norm=Norm.parse(fields.object("output_norm")),
            unknown=tuple(fields.unknown),
        )

    @property
    def norms(self) -> dict[str, Norm]:
        """Those there are, by key."""
        norms = {"latent_norm": self.latent_norm, "expert_norm": self.expert_norm, "output_norm": self.output_norm}
        return {key: norm for key, norm in norms.items() if norm is not None}
