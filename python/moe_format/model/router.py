"""SPEC.md §9.2: how experts are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from .capacity import Capacity
from .fields import REQUIRED, Fields

KINDS = ("top_k", "all", "hash", "hierarchical", "expert_choice", "unsupported")
SCORES = (
    "softmax",
    "sigmoid",
    "sqrt_softplus",
    "softmax_of_chosen",
    "sigmoid_of_chosen",
    "sparsemixer",
    "log_sigmoid_normalized",
)
CHOOSES_TOP_K = ("top_k", "hash", "hierarchical")


@dataclass(frozen=True, slots=True)
class Groups:
    count: int
    kept: int
    score: str
    fill: str

    @classmethod
    def parse(cls, fields: Fields | None) -> Groups | None:
        if fields is None:
            return None
        return cls(
            count=fields.integer("count"),
            kept=fields.integer("kept"),
            score=fields.choice("score", ("max", "sum_of_top_2")),
            fill=fields.choice("fill", ("negative_infinity", "zero"), "negative_infinity"),
        )


@dataclass(frozen=True, slots=True)
class Normalization:
    kind: str
    epsilon: float
    p: float

    @classmethod
    def parse(cls, fields: Fields | None) -> Normalization | None:
        if fields is None:
            return None
        return cls(
            kind=fields.choice("kind", ("sum", "sum_clamped")),
            epsilon=fields.number("epsilon", 0),
            p=fields.number("p", 1),
        )


@dataclass(frozen=True, slots=True)
class InputNorm:
    epsilon: float
    scale: float

    @classmethod
    def parse(cls, fields: Fields | None) -> InputNorm | None:
        return None if fields is None else cls(fields.number("epsilon"), fields.number("scale", 1))


@dataclass(frozen=True, slots=True)
class Router:
    path: str
    kind: str
    reason: str
    required: bool
    top_k: int | None
    logit_scale: float
    logit_softcap: float | None
    score: str
    selection_bias: str
    groups: Groups | None
    normalize: Normalization | None
    scale: float
    per_expert_scale: bool
    weight_on: str
    identity_experts: int
    input_norm: InputNorm | None
    jitter: float
    shared_in_router: int
    noise: str | None
    capacity: Capacity | None
    group_size: int | None
    group_top_k: int | None
    unknown: tuple[str, ...]
    """Values that version 1.0 does not know."""

    def gate_parts(self, experts: int) -> int:
        """Parts that a role of a hierarchical router's second gate may lie in instead of one; 1 for other routers."""
        size = self.group_size or 0
        if self.kind != "hierarchical" or size < 1 or self.identity_experts or self.shared_in_router:
            return 1
        return max(1, experts // size)

    @classmethod
    def parse(cls, fields: Fields) -> Router:
        kind = fields.choice("kind", KINDS)
        is_computed = kind in KINDS and kind != "unsupported"
        noise = fields.object("noise")
        if kind == "expert_choice" and "capacity" not in fields:
            fields.refuse("R21", "nothing", "an object", "capacity")
        return cls(
            path=fields.path,
            kind=kind,
            reason=fields.string("reason", REQUIRED if kind == "unsupported" else ""),
            required=fields.boolean("required", True),
            top_k=fields.integer("top_k", REQUIRED if kind in CHOOSES_TOP_K else None),
            logit_scale=fields.number("logit_scale", 1),
            logit_softcap=fields.number("logit_softcap", None),
            score=fields.choice("score", SCORES, REQUIRED if is_computed else ""),
            selection_bias=fields.choice("selection_bias", ("none", "score", "logit"), "none"),
            groups=Groups.parse(fields.object("groups")),
            normalize=Normalization.parse(fields.object("normalize")),
            scale=fields.number("scale", 1),
            per_expert_scale=fields.boolean("per_expert_scale", False),
            weight_on=fields.choice("weight_on", ("output", "input"), "output"),
            identity_experts=fields.integer("identity_experts", 0),
            input_norm=InputNorm.parse(fields.object("input_norm")),
            jitter=fields.number("jitter", 0.01),
            shared_in_router=fields.integer("shared_in_router", 0),
            noise=noise.choice("kind", ("softplus",)) if noise else None,
            capacity=Capacity.parse(fields.object("capacity")),
            group_size=fields.integer("group_size", REQUIRED if kind == "hierarchical" else None),
            group_top_k=fields.integer("group_top_k", REQUIRED if kind == "hierarchical" else None),
            unknown=tuple(fields.unknown),
        )
