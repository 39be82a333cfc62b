"""SPEC.md §9: the model description as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..limits import MODEL_DEPTH
from .expert_function import ExpertFunction
from .fields import Fields
from .layer import Layer
from .quantization import QuantizationScheme
from .router import Router
from .strict_json import parse_json

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Model:
    at: int
    """Where in the file the JSON begins."""
    json: Any
    family: str
    routers: tuple[Router, ...]
    expert_functions: tuple[ExpertFunction, ...]
    layers: tuple[Layer, ...]
    quantization: tuple[QuantizationScheme, ...]

    @classmethod
    def parse(cls, raw: bytes, at: int, banks: int) -> Model:
        """R20, R21, and R27 for schemes that lack a key. `banks` are those of the file."""
        value = parse_json(raw, at, MODEL_DEPTH, "model")
        fields = Fields(value, "", at)
        schema = fields.integer("schema")
        if schema != SCHEMA:
            fields.refuse("R21", str(schema), str(SCHEMA), "schema")
        return cls(
            at=at,
            json=value,
            family=fields.string("family", ""),
            routers=tuple(Router.parse(router) for router in fields.objects("routers")),
            expert_functions=tuple(ExpertFunction.parse(function) for function in fields.objects("expert_functions")),
            layers=_layers(fields, banks),
            quantization=tuple(QuantizationScheme.parse(scheme) for scheme in fields.objects("quantization")),
        )


def _layers(fields: Fields, banks: int) -> tuple[Layer, ...]:
    """One a bank. Where objects describe more than there are, only so many that R22 notices."""
    layers: list[Layer] = []
    for item in fields.objects("layers"):
        layer = Layer.parse(item)
        count = max(1, min(layer.banks, banks + 1 - len(layers)))
        layers += [replace(layer, bank=layer.bank + number) for number in range(count)]
    return tuple(layers)
