"""JSON within the limits of SPEC.md §9 (R20)."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from ..errors import MoEFormatError, require


def parse_json(raw: bytes, at: int, depth: int, what: str) -> Any:
    """One JSON value, without duplicate keys, numbers that are not finite, lone surrogates or deeper nesting."""

    def refuse(found: object, expected: str) -> NoReturn:
        raise MoEFormatError("R20", at, found, expected, what)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                refuse(f"key {key!r} twice", "unique keys")
            result[key] = value
        return result

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            refuse(text[:40], "a number that binary64 can hold")
        return value

    def integer(text: str) -> int | float:
        return int(text) if len(text) <= 20 else number(text)

    found_depth = _depth(raw)
    require(found_depth <= depth, "R20", at, found_depth, f"at most {depth}", f"depth of {what}")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=number,
            parse_int=integer,
            parse_constant=lambda text: refuse(text, "a finite number"),
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise MoEFormatError("R20", at + error.start, "bytes that are not UTF-8", "UTF-8", what) from None
    except UnicodeEncodeError:
        refuse("a lone surrogate", "Unicode text")
    except ValueError as error:
        refuse(str(error), "JSON")
    return value


def _depth(raw: bytes) -> int:
    """How deep brackets nest outside strings; the outermost value is at depth 1."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest
