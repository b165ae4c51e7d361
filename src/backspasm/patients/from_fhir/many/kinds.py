"""How each type of resource is taken apart into columns: its dates, its encounter and its number, in the order of the readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from msgspec import Struct

from backspasm.patients.from_fhir.many.lean import Lean, lean_of
from backspasm.patients.from_fhir.many.moments import MISSING, Dates, Flags, Ints
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    Element,
    FamilyMemberHistory,
    MedicationUse,
    Observation,
    Period,
    Procedure,
    Reference,
)

#: fields that few resources have: where none of some hundred has any, classes are told by less
RARE = frozenset(
    {
        "contained", "focus", "component", "value_string", "value_integer", "data_absent_reason", "interpretation",
        "reference_range", "effective_instant", "abatement_string", "abatement_age", "onset_period", "abatement_period",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Dates of resources as places in the table of dates.

    ``when``: the date of what is said; ``age``: the one whose days before the encounter count; ``news``, ``also``: what must
    not lie in the future; ``end``: of what is over. ``encounter``: place of the reference among the references.
    """

    when: Ints
    age: Ints
    news: Ints
    also: Ints
    end: Ints
    encounter: Ints


@dataclass
class Reading:
    """What is collected while a batch is read. ``dated``: every column of dates with the patients whose they are;
    ``news``: the columns that tell when something was recorded."""

    slow: Flags
    dates: Dates = field(default_factory=Dates)
    dated: list[tuple[Ints, Ints]] = field(default_factory=list)
    news: list[tuple[Ints, Ints]] = field(default_factory=list)
    references: defaultdict[str | None, int] = field(default_factory=lambda: defaultdict(count().__next__))

    def __post_init__(self) -> None:
        assert self.references[None] == MISSING

    def date(self, texts: list[str | None], patient: Ints, news: bool = False) -> Ints:
        """A column of dates."""
        out = self.dates.codes(texts)
        self.dated.append((patient, out))
        if news:
            self.news.append((patient, out))
        return out

    def period(self, periods: list[Period | None], patient: Ints, news: bool = False) -> tuple[Ints, Ints]:
        """Starts and ends of a column of periods; of news the ends count."""
        if not any(periods):
            nothing = np.zeros(len(patient), dtype=np.int64)
            return nothing, nothing
        starts = self.date([None if p is None else p.start for p in periods], patient)
        return starts, self.date([None if p is None else p.end for p in periods], patient, news)

    def encounter(self, objects: list[Any]) -> Ints:
        """The encounters that resources refer to, each text of a reference as one number."""
        texts = [None if (r := o.encounter) is None else r.reference for o in objects]
        return np.fromiter(map(self.references.__getitem__, texts), dtype=np.int64, count=len(texts))


def first(*columns: Ints) -> Ints:
    """Of each row the first date that is there."""
    out, *rest = columns
    for column in rest:
        out = np.where(out == MISSING, column, out)
    return out


def _nothing(patient: Ints) -> Ints:
    return np.zeros(len(patient), dtype=np.int64)


def _condition(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    onset = r.date([o.onset_date_time for o in objects], patient, True)
    since = r.period([o.onset_period for o in objects], patient)[0]
    if since.any():  # which of the two counts is another thing for the encounter than for the pain
        r.slow[patient[(since != MISSING) & (onset == MISSING)]] = True
    recorded = r.date([o.recorded_date for o in objects], patient, True)
    end = r.date([o.abatement_date_time for o in objects], patient)
    end = first(end, r.period([o.abatement_period for o in objects], patient)[1])
    encounter = r.encounter(objects)
    return Columns(first(recorded, onset), first(onset, recorded), recorded, onset, end, encounter)


def _observation(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    texts, issues = [o.effective_date_time for o in objects], [o.issued for o in objects]
    when = r.date(texts, patient, True)
    issued = when if texts == issues else r.date(issues, patient, True)  # many laboratories write the same time twice
    if not when.all():
        instant = r.date([o.effective_instant for o in objects], patient, True)
        start, end = r.period([o.effective_period for o in objects], patient, True)
        when = first(when, instant, end, start, issued)
    else:
        twice = [o.effective_instant is not None or o.effective_period is not None for o in objects]
        if any(twice):  # dated in two ways
            r.slow[patient[twice]] = True
    encounter = r.encounter(objects)
    return Columns(when, when, when, issued, _nothing(patient), encounter)


class _Context(Struct, frozen=True):
    """The encounter of an administration, which R4 calls its context."""

    encounter: Reference | None


def _medication(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    start, end = r.period([o.effective_period for o in objects], patient)
    asserted = r.date([o.date_asserted for o in objects], patient, True)
    effective = r.date([o.effective_date_time for o in objects], patient, True)
    authored = r.date([o.authored_on for o in objects], patient, True)
    when = first(authored, effective, start, asserted)
    referred = [o.medication_reference is not None for o in objects]
    if any(referred):
        r.slow[patient[referred]] = True
    encounter = r.encounter([o if o.context is None else _Context(o.encounter or o.context) for o in objects])
    nothing = _nothing(patient)
    return Columns(nothing, first(end, when), when, nothing, nothing, encounter)


def _allergy(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    recorded = r.date([o.recorded_date for o in objects], patient, True)
    onset = r.date([o.onset_date_time for o in objects], patient)
    nothing = _nothing(patient)
    return Columns(nothing, nothing, recorded, onset, nothing, r.encounter(objects))


def _procedure(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    start, end = r.period([o.performed_period for o in objects], patient, True)
    when = first(r.date([o.performed_date_time for o in objects], patient, True), end, start)
    nothing = _nothing(patient)
    return Columns(when, when, when, nothing, nothing, r.encounter(objects))


def _report(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    issued = r.date([o.issued for o in objects], patient, True)
    effective = r.date([o.effective_date_time for o in objects], patient, True)
    when = first(effective, r.period([o.effective_period for o in objects], patient)[1], issued)
    return Columns(when, when, when, issued, _nothing(patient), r.encounter(objects))


def _family(objects: list[Any], patient: Ints, r: Reading) -> Columns:
    when = r.date([o.date for o in objects], patient, True)
    nothing = _nothing(patient)
    return Columns(when, when, when, nothing, nothing, nothing)  # no encounter: as its reader


@dataclass(frozen=True)
class Kind:
    """A type of resource: its struct, its lean readings (that of the usual resources first), and how its columns are made.

    ``of_visit``: without a date it is of the day of the encounter that it belongs to; ``dated``: else it says nothing.
    """

    struct: type[Element]
    leans: tuple[Lean, ...]
    columns: Callable[[list[Any], Ints, Reading], Columns]
    of_visit: bool = False
    dated: bool = False


def kinds() -> dict[str, Kind]:
    """Every type whose resources say something about findings, lists or medicines."""
    made: dict[str, tuple[type[Element], Callable[[list[Any], Ints, Reading], Columns]]] = {
        "Condition": (Condition, _condition),
        "Observation": (Observation, _observation),
        "MedicationRequest": (MedicationUse, _medication),
        "MedicationStatement": (MedicationUse, _medication),
        "MedicationAdministration": (MedicationUse, _medication),
        "AllergyIntolerance": (AllergyIntolerance, _allergy),
        "Procedure": (Procedure, _procedure),
        "DiagnosticReport": (DiagnosticReport, _report),
        "FamilyMemberHistory": (FamilyMemberHistory, _family),
    }
    return {
        name: Kind(
            struct,
            (lean_of(struct, without=RARE), lean_of(struct)),
            columns,
            of_visit=name in {"Observation", "Procedure"},
            dated=name == "Observation",
        )
        for name, (struct, columns) in made.items()
    }
