"""Values with units, brought to the unit of the finding's record by UCUM code or common spelling."""

from __future__ import annotations

from backspasm.patients.from_case import impossible
from backspasm.patients.from_fhir.structs import Quantity
from backspasm.patients.patient import shortened
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Finding, UnitConversion

#: UCUM and common ways to say that a number has no unit
UNITLESS = frozenset({"", "1", "{score}", "{points}", "{ratio}", "score", "points"})
#: decimals kept after a conversion, so that factors leave no trail of binary fractions
DECIMALS = 6


class UnreadableError(Exception):
    """A value that cannot be used; the message says why, without patient text."""


def in_unit_of(finding: str, quantity: Quantity, knowledge: Knowledge) -> float:
    """A quantity in the finding's unit.

    Raises:
        UnreadableError: no number, unknown unit, or a value that no body can have.
    """
    record = knowledge.findings[finding]
    if quantity.value is None:
        raise UnreadableError("has no number")
    return checked(finding, converted(quantity.value, conversion_of(record, quantity)), knowledge)


def converted(value: float, conversion: UnitConversion) -> float:
    """A value in the unit that the conversion leads to."""
    return round(value * conversion.factor + conversion.offset, DECIMALS)


def checked(finding: str, value: float, knowledge: Knowledge) -> float:
    """The value, if it is possible. Raises UnreadableError."""
    problem = impossible(finding, value, knowledge)
    if problem is not None:
        raise UnreadableError(f"{value:g} {problem.what}")
    return value


def conversion_of(record: Finding, quantity: Quantity) -> UnitConversion:
    """How the quantity's unit becomes the finding's. Raises UnreadableError."""
    unit = (quantity.code or quantity.unit or "").strip()
    own = UnitConversion(codes=(record.unit or "",))
    for candidate in (unit, unit.casefold()):
        fold = candidate != unit
        for conversion in (own, *record.units):
            if candidate in (tuple(c.casefold() for c in conversion.codes) if fold else conversion.codes):
                return conversion
    # a score or a ratio may come without a unit; a concentration may not: mg/dL and mg/L differ tenfold
    if unit in UNITLESS and (record.unit or "") in {*UNITLESS, "0-10"}:
        return own
    known = ", ".join(dict.fromkeys(c for conversion in (own, *record.units) for c in conversion.codes))
    what = f"unit {shortened(unit)!r} is not known" if unit else "has no unit"
    raise UnreadableError(f"{what}; known are {known}")
