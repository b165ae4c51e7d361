"""The plain facts of a note (person, medicines, comorbidities), with what the words around them say."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from backspasm.patients.from_note.assertion import Scopes
from backspasm.patients.from_note.document import Document
from backspasm.patients.from_note.kinds import Match, Rule
from backspasm.patients.from_note.spans import Fact
from backspasm.patients.from_note.values import Values
from backspasm.patients.patient import Sex

_NAMED = Rule("finding", "fact", "facts")


class Facts(Struct, frozen=True):
    age_years: float | None = None
    sex: Sex = "unknown"
    setting: str | None = None
    pregnant: bool | None = None
    pregnancy_weeks: float | None = None
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    comorbidities: tuple[str, ...] = ()


def facts_of(doc: Document, values: Values, scopes: Sequence[Scopes]) -> Facts:
    """Facts that hold for the patient now: denied, past, planned ones and those of other people are left out."""
    first: dict[str, Any] = {}
    lasts = [s.last for s in doc.sentences]
    lists: dict[str, list[str]] = {"medications": [], "allergies": [], "comorbidities": []}
    for fact in values.facts:
        if fact.field in lists:
            if fact.field == "allergies" or _holds(doc, fact, lasts, scopes):
                name = str(fact.value)
                if name not in lists[fact.field]:
                    lists[fact.field].append(name)
        elif fact.field == "pregnant" and fact.value is True and not _holds(doc, fact, lasts, scopes):
            continue  # "Pregnant: [ ] Yes [x] No"
        else:
            first.setdefault(fact.field, fact.value)
    medications = tuple(m for m in lists["medications"] if m not in lists["allergies"])
    sex: Sex = first["sex"] if first.get("sex") in ("male", "female") else "unknown"
    pregnant, weeks = first.get("pregnant"), first.get("pregnancy_weeks")
    if sex == "male":
        pregnant, weeks = (False if pregnant is False else None), None
    if weeks and pregnant is False:
        weeks = None
    return Facts(
        age_years=first.get("age_years"),
        sex=sex,
        setting=first.get("setting"),
        pregnant=pregnant,
        pregnancy_weeks=weeks,
        medications=medications,
        allergies=tuple(lists["allergies"]),
        comorbidities=tuple(lists["comorbidities"]),
    )


def _holds(doc: Document, fact: Fact, lasts: list[int], scopes: Sequence[Scopes]) -> bool:
    """Whether ConText leaves the fact to the patient and to now."""
    i = bisect_left(doc.starts, fact.span.start)
    j = bisect_left(doc.starts, fact.span.end)
    if i >= len(doc.starts) or j <= i:
        return True
    k = bisect_right(lasts, i)
    first = doc.sentences[k].first  # cues count the words of their sentence
    start = max(i - first, 0)
    match = Match(_NAMED, start, min(j, lasts[k]) - first, ((start, j - first),))
    said = scopes[k].verdict(match).assertion
    if fact.field == "medications":
        return said in ("present", "uncertain")
    return said in ("present", "past")
