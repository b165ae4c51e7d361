"""A measured value as a person types it: a number, with or without a unit that the finding's record knows."""

from __future__ import annotations

import re

from backspasm.patients.from_case import impossible
from backspasm.patients.patient import InputError, InputProblem
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit

#: decimals kept after a conversion, so that factors leave no trail of binary fractions
DECIMALS = 6

_VALUE = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?)\s*(.*?)\s*", re.DOTALL)


def typed_value(text: str, finding: str, knowledge: Knowledge) -> float:
    """The value in the finding's own unit; a bare number is in that unit already.

    Raises:
        InputError: for what is no number, an unknown unit, or an impossible value.
    """
    record = knowledge.findings[finding]
    own = plain_unit(record.unit)
    found = _VALUE.fullmatch(text)
    if found is None:
        raise InputError.one(finding, text, "is not a number", f"give a number {f'in {own}' if own else ''}".strip())
    value, unit = float(found[1].replace(",", ".")), found[2]
    if unit and unit not in {own, record.unit}:
        known = {_spelling(code): u for u in reversed(record.units) for code in u.codes}
        conversion = known.get(_spelling(unit))
        if conversion is None:
            some = ", ".join(u.codes[0] for u in record.units)
            mend = f"give it in {own}" + (f", or in one of {some}" if some else "")
            raise InputError.one(finding, text, f"the unit {unit!r} is not known here", mend)
        value = round(value * conversion.factor + conversion.offset, DECIMALS)
    problem: InputProblem | None = impossible(finding, value, knowledge)
    if problem is not None:
        raise InputError([problem])
    return value


def _spelling(unit: str) -> str:
    return unit.strip().lower().removeprefix("°")
