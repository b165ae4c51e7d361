"""Places in a note and what stands there: the values that the parts of the reader hand to each other.

Offsets count characters (Python string indices) of the note as given; ``text[start:end]`` are the words themselves.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

#: parts of a note; what is written before any heading stands in ``complaint``
Part = Literal[
    "complaint", "history", "past", "medication", "allergies", "family", "social", "examination", "laboratory", "plan"
]
#: what the note says about a thing that it names
Assertion = Literal["present", "absent", "uncertain", "past", "family", "hypothetical", "other_person"]


class Span(Struct, frozen=True):
    """A stretch of the note, ``start`` inclusive, ``end`` exclusive."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether the other stretch lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end


class Quantity(Struct, frozen=True):
    """A measured value, already in the unit of its finding's record (``finding`` is an id of the vocabulary)."""

    finding: str
    value: float
    span: Span
    cue: str


class Time(Struct, frozen=True):
    """A length of time or a moment, in days before the note.

    ``length``  how long something has lasted ("for 3/52", "2 yrs hx")
    ``ago``     when something was ("six months ago", "in 2019", "since Monday" gives form ``since``)
    ``since``   from when on something has lasted
    """

    days: float
    form: Literal["length", "ago", "since"]
    span: Span


class Fact(Struct, frozen=True):
    """Something else that the note states: age, sex, setting, pregnancy, a medicine, an allergy or a comorbidity.

    ``value`` is a number of years or weeks, a word (``female``), an id (comorbidities, setting) or the name as written
    (medicines, allergies).
    """

    field: Literal[
        "age_years", "sex", "setting", "pregnant", "pregnancy_weeks", "medications", "allergies", "comorbidities"
    ]
    value: float | str | bool
    span: Span
    cue: str
