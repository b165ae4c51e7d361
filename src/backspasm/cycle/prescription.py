"""Prescriptions in words, such as ``cyclobenzaprine 5 mg three times a day as needed for 7 days``."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from msgspec import Struct

from backspasm.cycle.model import Array
from backspasm.patients.patient import InputError
from backspasm.records.problems import did_you_mean


class Prescription(Struct, frozen=True):
    """One drug as prescribed. ``as_needed``: taken when pain (0-100) is at least this; None: by the clock."""

    drug: str
    dose_mg: float
    per_day: float
    days: float
    from_day: float = 0.0
    as_needed: float | None = None

    @property
    def dose_days(self) -> Array:
        """When doses are offered, in days from day 0, evenly spaced, the first at once."""
        count = round(self.days * self.per_day)
        return self.from_day + np.arange(count) / self.per_day

    def __str__(self) -> str:
        often = OFTEN.get(self.per_day, f"{self.per_day:g} times a day")
        needed = f" as needed (pain {self.as_needed:g})" if self.as_needed is not None else ""
        start = f" from day {self.from_day:g}" if self.from_day else ""
        return f"{self.drug} {self.dose_mg:g} mg {often}{needed} for {self.days:g} days{start}"


OFTEN: dict[float, str] = {1: "once a day", 2: "twice a day", 3: "three times a day", 4: "four times a day"}
_NUMBERS = {"once": 1, "one": 1, "two": 2, "twice": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a": 1}
_SHORT = {"qd": 1, "od": 1, "daily": 1, "bid": 2, "bd": 2, "tid": 3, "tds": 3, "qid": 4, "qds": 4, "nightly": 1}
_NUMBER = r"(\d+(?:\.\d+)?)"
_DOSE = re.compile(rf"^\s*([a-z][a-z _-]*?)\s+{_NUMBER}\s*(mg|g|milligrams?|grams?)\b(.*)$", re.IGNORECASE)
_EVERY = re.compile(rf"\b(?:every|q)\s*{_NUMBER}\s*(?:h\b|hours?\b)", re.IGNORECASE)
_TIMES = re.compile(
    r"\b(\d+|one|two|three|four|five|six)\s*(?:times|x)\s*(?:a|per|/|each|every)?\s*da(?:y|ily)\b", re.IGNORECASE
)
_ONCE = re.compile(r"\b(once|twice)\b", re.IGNORECASE)
_ABBREVIATED = re.compile(rf"\b({'|'.join(_SHORT)})\b", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(\d+(?:\.\d+)?|a|one|two|three|four|five|six)\s*(days?|weeks?)\b", re.IGNORECASE)
_FROM = re.compile(rf"\bfrom\s+day\s+{_NUMBER}", re.IGNORECASE)
_NEEDED = re.compile(r"\b(?:as needed|as required|prn)\b(?:[^\d;]*\bpain\b[^\d;]*(\d+))?", re.IGNORECASE)


def read_prescriptions(text: str, drugs: Iterable[str], as_needed_pain: float) -> tuple[Prescription, ...]:
    """Read one or more prescriptions, parted by ``;`` or ``+``.

    Args:
        text: such as ``naproxen 500 mg twice a day for 10 days; cyclobenzaprine 5 mg tid as needed (pain 50) for 7 days``.
        drugs: the drugs that the model has.
        as_needed_pain: pain at which a dose as needed is taken where the text names none.

    Raises:
        InputError: with what is not understood, and how to write it.
    """
    known = sorted(drugs)
    parts = [part for part in re.split(r"[;+]", text) if part.strip()]
    if not parts:
        raise _fault(text, "no prescription", "write one such as 'naproxen 500 mg twice a day for 10 days'")
    return tuple(_read(part.strip(), known, as_needed_pain) for part in parts)


def _read(text: str, known: list[str], as_needed_pain: float) -> Prescription:
    dose = _DOSE.match(text)
    if dose is None:
        raise _fault(text, "no drug and dose in mg", "begin with the drug and its dose, such as 'naproxen 500 mg'")
    drug = dose[1].strip().lower().replace(" ", "_").replace("-", "_")
    if drug not in known:
        mend = did_you_mean(drug, known, f"the model has {', '.join(known)}")
        raise _fault(text, f"the model has no drug {drug!r}", mend)
    amount = float(dose[2]) * (1000 if dose[3].lower().startswith("g") else 1)
    rest = dose[4]
    per_day = _per_day(rest)
    if per_day is None:
        raise _fault(text, "how often is not said", "say 'three times a day', 'every 8 hours' or 'tid'")
    length = _FOR.search(rest)
    if length is None:
        raise _fault(text, "how long is not said", "say 'for 7 days' or 'for two weeks'")
    count = float(_NUMBERS.get(length[1].lower(), 0) or length[1])
    days = count * (7 if length[2].lower().startswith("week") else 1)
    start = _FROM.search(rest)
    needed = _NEEDED.search(rest)
    pain = None if needed is None else float(needed[1] or as_needed_pain)
    for value, what in ((amount, "dose"), (per_day, "number of doses a day"), (days, "number of days")):
        if value <= 0:
            raise _fault(text, f"the {what} is {value:g}", "it must be above 0")
    if days > MOST_DAYS or per_day > MOST_PER_DAY:
        raise _fault(
            text, f"{per_day:g} doses a day for {days:g} days", f"at most {MOST_PER_DAY} a day and {MOST_DAYS} days"
        )
    if pain is not None and pain > 100:
        raise _fault(text, f"a pain of {pain:g}", "pain is on a scale from 0 to 100")
    return Prescription(drug, amount, per_day, days, float(start[1]) if start else 0.0, pain)


MOST_DAYS, MOST_PER_DAY = 366, 12


def _per_day(text: str) -> float | None:
    every, times, once, short = (p.search(text) for p in (_EVERY, _TIMES, _ONCE, _ABBREVIATED))
    if every is not None:
        return HOURS / float(every[1]) if float(every[1]) else 0.0
    if times is not None:
        return float(_NUMBERS.get(times[1].lower(), 0) or times[1])
    if once is not None:
        return float(_NUMBERS[once[1].lower()])
    return None if short is None else float(_SHORT[short[1].lower()])


#: hours in a day
HOURS = 24


def _fault(text: str, what: str, mend: str) -> InputError:
    return InputError.one("prescription", text, what, mend)
