"""What the package finds in a note."""

from __future__ import annotations

from msgspec import Struct

from backspasm.patients.from_note.spans import Fact, Quantity, Span, Time


class PowerGrade(Struct, frozen=True):
    """Muscle power of a group, 0 to 5. Half steps as written: ``4+`` is 4.25, ``4-`` is 3.75 (the order is what counts)."""

    grade: float
    span: Span


class Pressure(Struct, frozen=True):
    """Systolic blood pressure in mmHg. Whether it is low depends on the age: see ``vitals.hypotensive``."""

    systolic: float
    span: Span


class WeightChange(Struct, frozen=True):
    """Body weight now and before, in kilogrammes (where no unit is written, both in the same unknown unit)."""

    now: float
    before: float
    span: Span


class Values(Struct, frozen=True):
    """Values, times and plain facts of one note, each with the words that carry it.

    ``quantities``  measured values in the units of the findings' records, in order of the text
    ``times``       lengths of time and moments, in days; no ages, doses, frequencies or plans
    ``duration``    those of them that say how long the present pain has lasted, best first
    ``facts``       age, sex, setting, pregnancy, medicines, allergies, comorbidities; what is denied or over is the
                    caller's to tell, the ``cue`` holds the word that says so where one stands close by
    """

    quantities: tuple[Quantity, ...] = ()
    times: tuple[Time, ...] = ()
    duration: tuple[Time, ...] = ()
    facts: tuple[Fact, ...] = ()
    power: tuple[PowerGrade, ...] = ()
    pressures: tuple[Pressure, ...] = ()
    weights: tuple[WeightChange, ...] = ()
