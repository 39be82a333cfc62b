"""SPEC.md §9.5: how codes become values."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields

ELEMENTS = ("f8_e4m3", "f8_e5m2", "mxfp4", "i8", "u8")


@dataclass(frozen=True, slots=True)
class QuantizationScheme:
    path: str
    required: bool
    element: str
    block: tuple[int, int]
    scale: str
    nibbles: str | None
    unknown: tuple[str, ...]

    @classmethod
    def parse(cls, fields: Fields) -> QuantizationScheme:
        """R21 for types, R27 for what is missing."""
        for key in ("element", "block", "scale"):
            if key not in fields:
                fields.refuse("R27", "nothing", "a complete scheme", key)
        element = fields.choice("element", ELEMENTS)
        if element == "mxfp4" and "nibbles" not in fields:
            fields.refuse("R27", "nothing", "a complete scheme", "nibbles")
        block = fields.array("block")
        if len(block) != 2 or any(type(size) is not int for size in block):
            fields.refuse("R21", repr(block), "[rows, columns]", "block")
        if any(size < 1 for size in block):
            fields.refuse("R27", repr(block), "positive sizes", "block")
        if element == "mxfp4" and block != [1, 32]:
            fields.refuse("R27", repr(block), "[1, 32] for mxfp4", "block")
        return cls(
            path=fields.path,
            required=fields.boolean("required", True),
            element=element,
            block=(block[0], block[1]),
            scale=fields.choice("scale", ("multiply", "inverse")),
            nibbles=fields.choice("nibbles", ("low_first", "high_first")) if "nibbles" in fields else None,
            unknown=tuple(fields.unknown),
        )
