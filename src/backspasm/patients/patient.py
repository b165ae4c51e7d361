"""What is known about one patient, and the error that says what is wrong with an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Sex = Literal["male", "female", "unknown"]
#: why a finding that a note names is in no list
LEFT_OPEN = "the note leaves it uncertain or contradicts itself"


class InputProblem(Struct, frozen=True):
    """One fault of an input: the field, the value as given, and how to mend it."""

    field: str
    value: str
    what: str
    mend: str

    def __str__(self) -> str:
        shown = f" ({self.value})" if self.value else ""
        return f"{self.field}{shown}: {self.what}. Mend: {self.mend}"


class InputError(Exception):
    """The input cannot be assessed; carries every fault found."""

    def __init__(self, problems: Sequence[InputProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in problems))

    @classmethod
    def one(cls, field: str, value: object, what: str, mend: str) -> InputError:
        """An error of a single fault; the value is shortened, since it may be long."""
        return cls([InputProblem(field, shortened(value), what, mend)])


def shortened(value: object, limit: int = 80) -> str:
    """A value as shown in a message: one line, at most ``limit`` characters, none that could steer a terminal.

    True, false and null stand as YAML and JSON write them.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        text = " ".join((value if isinstance(value, str) else repr(value)).split())
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        return "…"
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class Unread(Struct, frozen=True):
    """Something in the input that was not understood or not used, and why."""

    what: str
    why: str


class Patient(Struct, frozen=True):
    """One patient. A finding that is in neither ``present`` nor ``absent`` nor ``measured`` was not asked.

    Ages are in years, times in days, measurements in the units of the findings' records.
    ``stated`` names the lists that were asked for even where they are empty: ``allergies`` there means that there are none.
    ``sources`` maps a finding to references of the resources (or words) that said it; ``patient`` there is the record's own.
    """

    age_years: float | None
    sex: Sex = "unknown"
    setting: str | None = None
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    measured: dict[str, float] = {}
    days_ago: dict[str, float] = {}
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    comorbidities: tuple[str, ...] = ()
    pregnant: bool | None = None
    pregnancy_weeks: float | None = None
    stated: tuple[str, ...] = ()
    sources: dict[str, tuple[str, ...]] = {}
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
