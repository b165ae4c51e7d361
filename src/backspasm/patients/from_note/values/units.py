"""From a number and the unit written behind it to the unit of the finding's record.

All factors come from the finding's record (``units`` and ``unit``), where their reason stands, and so do the bounds of
possible values. Where no unit is written the first unit of the record under which the value is possible is taken: the
record lists its own unit first and the others in order of use. Haemoglobin 119 can only be g/L, calcium 12.1 only mg/dL.
A value that is impossible in the unit written is dropped, not bent.
"""

from __future__ import annotations

import math
import re

from msgspec import Struct

from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Finding

#: decimals kept after a conversion, so that factors leave no trail of binary fractions
_DECIMALS = 6
#: further ways to write units, with the record's code that they mean
_SPELLED = {
    "bpm": "/min", "beats": "/min", "beats/min": "/min", "mm/hr": "mm/h", "mm/h": "mm/h", "mm": "mm/h",
    "mmhr": "mm/h", "mm/1sthr": "mm/h",
    "mls": "mL", "cc": "mL", "ccs": "mL", "millilitres": "mL", "milliliters": "mL", "litres": "L", "litre": "L",
    "liters": "L",
    "liter": "L", "degc": "C", "degreesc": "C", "degreescelsius": "C", "degreescentigrade": "C", "centigrade": "C",
    "celsius": "C", "°c": "C", "° c": "C",
    "degf": "F", "degreesf": "F", "degreesfahrenheit": "F", "°f": "F", "fahrenheit": "F",
    "milligramsperlitre": "mg/L", "mg/litre": "mg/L",
    "k": "K/uL", "k/ul": "K/uL", "k/mcl": "K/uL", "k/mm3": "K/uL", "thou": "K/uL", "thousand": "K/uL",
    "x109/l": "10*9/L", "109/l": "10*9/L", "x10*9/l": "10*9/L", "10*9/l": "10*9/L", "x10^9/l": "10*9/L",
    "10^9/l": "10*9/L",
    "x10e9/l": "10*9/L", "e9/l": "10*9/L", "x10^9": "10*9/L", "x109": "10*9/L", "x10*9": "10*9/L",
    "x10^9perl": "10*9/L",
    "x10^3/ul": "10*3/uL", "x103/ul": "10*3/uL", "10^3/ul": "10*3/uL", "x10*3/ul": "10*3/uL", "x10^3": "10*3/uL",
    "x103": "10*3/uL", "x10*3": "10*3/uL",
    "/cumm": "/mm3", "percumm": "/mm3", "cells/mm3": "/mm3", "cells": "/uL", "/mcl": "/uL", "permicroliter": "/uL",
    "gms/dl": "g/dL", "gm/dl": "g/dL", "gdl": "g/dL",
    "g": "g/dL", "gm": "g/dL", "mmol": "mmol/L", "mmols": "mmol/L", "umol": "umol/L", "µmol": "umol/L",
    "micromol": "umol/L", "micromoles": "umol/L",
    "ml/min": "mL/min", "mls/min": "mL/min", "mg": "mg/L", "mg%": "mg/dL",
}  # fmt: skip
#: findings of which one bare letter or word behind the number is a unit only for them
_ONLY_FOR = {
    "g": "haemoglobin",
    "gm": "haemoglobin",
    "mg": "crp",
    "cells": "leukocytes",
    "k": "counts",
    "thou": "counts",
    "thousand": "counts",
}
_UNIT = re.compile(
    r"\s{0,2}(x\s?10\s?[\^*e]?\s?\(?[93]\)?(?:\s?(?:/|per)\s?(?:l|ul|µl|mm3|mcl))?|10\s?[\^*e]\s?[93]\s?/\s?(?:l|ul|µl)"
    r"|(?:milli|micro)?grams? per (?:litre|liter|decilitre|deciliter)|degrees? ?(?:celsius|centigrade|fahrenheit|"
    r"c\b|f\b)?"
    r"|deg ?[cf]\b|° ?(?:[cf](?![a-z]))?|beats per minute|beats a minute|per minute|"
    r"[a-zµ%/][a-z0-9µ%]{0,10}(?:/[a-z0-9.µ²]{1,8}){0,2}(?:/?1\.73 ?m?[2²]?)?)"
)
_SPACES = re.compile(r"\s+")


class Scale(Struct, frozen=True):
    """The units of one finding: written form -> (factor, offset), in the record's order."""

    finding: str
    by_code: dict[str, tuple[float, float]]
    order: tuple[tuple[float, float], ...]
    low: float
    high: float

    def possible(self, value: float) -> bool:
        return self.low <= value <= self.high


def scale_of(record: Finding, knowledge: Knowledge) -> Scale:
    """The finding's units and bounds, ready for reading."""
    low, high = (-math.inf, math.inf)
    if record.plausible is not None:
        low, high = (knowledge.number(name) for name in record.plausible)
    by_code: dict[str, tuple[float, float]] = {}
    order: list[tuple[float, float]] = [(1.0, 0.0)]
    if record.unit:
        by_code[record.unit.lower()] = (1.0, 0.0)
    for unit in record.units:
        pair = (unit.factor, unit.offset)
        if pair not in order:
            order.append(pair)
        for code in unit.codes:
            by_code.setdefault(_SPACES.sub("", code.lower()).replace("μ", "µ"), pair)
    counts = any(code.startswith("10*9") for code in by_code)
    for written, code in _SPELLED.items():
        pair_of = by_code.get(code.lower())
        only = _ONLY_FOR.get(written)
        if pair_of is not None and (only is None or only == record.id or (only == "counts" and counts)):
            by_code.setdefault(_SPACES.sub("", written), pair_of)
    return Scale(record.id, by_code, tuple(order), low, high)


def unit_at(low_text: str, place: int, scale: Scale) -> tuple[tuple[float, float] | None, int]:
    """The conversion for the unit written at a place, and where that unit ends; (None, place) if none stands there."""
    match = _UNIT.match(low_text, place)
    if match is None:
        return None, place
    written = _SPACES.sub("", match.group(1))
    pair = scale.by_code.get(written)
    end = match.end()
    if pair is None:  # "c-reactive" after 38 is no unit; "x 10^9 /l" has brackets
        bare = written.replace("(", "").replace(")", "").rstrip(".")
        pair = scale.by_code.get(bare)
    if pair is None and "/" in written:
        head = written.split("/", maxsplit=1)[0]
        if head in scale.by_code and len(head) > 1:
            pair, end = scale.by_code[head], match.start(1) + match.group(1).index("/")
    return (pair, end) if pair is not None else (None, place)


def converted(value: float, pair: tuple[float, float] | None, scale: Scale, *, decimals: bool = False) -> float | None:
    """The value in the unit of the record, or None where it is impossible.

    Args:
        pair: conversion of the unit written, None where none is.
        decimals: the number is written with decimals.
    """
    if not math.isfinite(value):
        return None
    if pair is not None:
        out = round(value * pair[0] + pair[1], _DECIMALS)
        return out if scale.possible(out) else None
    # without a unit only the two customary ones come into question: our own and the one that the record names next
    order = scale.order[:2]
    if scale.finding == "creatinine" and decimals:
        # umol/L is reported in whole numbers, mg/dL with decimals
        order = order[::-1]
    for factor, offset in order:
        out = round(value * factor + offset, _DECIMALS)
        if scale.possible(out):
            return out
    return None
