"""Encounters to assess, as arrays: patients as known then, and what goes into their rows as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from backspasm.advice.many.people import Lists, People, people_of
from backspasm.advice.many.ragged import Positions
from backspasm.inference.columns import Columns
from backspasm.inference.model import Model
from backspasm.patients.patient import Patient
from backspasm.population.screen.case_digest import case_digest
from backspasm.population.screen.records import Encountered
from backspasm.population.screened import SCHEMA


@dataclass(frozen=True)
class Seen:
    """n encounters. All but ``people`` are Arrow arrays of length n, of the types that the columns of ``screened`` have."""

    people: People
    patient: pa.Array
    encounter: pa.Array
    start: pa.Array
    site: pa.Array
    clinician_group: pa.Array
    input_digest: pa.Array
    imaged_days: pa.Array
    imaged_with: pa.Array
    imaged_before_days: pa.Array
    workup_days: pa.Array
    followed_days: pa.Array

    def __len__(self) -> int:
        return len(self.people)

    def as_it_is(self) -> dict[str, pa.Array]:
        """The columns that go into the rows unchanged."""
        return {name: getattr(self, name) for name in CARRIED}


#: names of the columns that are carried along
CARRIED = tuple(f.name for f in fields(Seen) if f.name != "people")


def seen_of(encounters: Sequence[Encountered], model: Model) -> Seen:
    """Arrays of encounters that were read one by one."""

    def column(name: str, values: Iterable[object]) -> pa.Array:
        return pa.array(list(values), SCHEMA.field(name).type)

    return Seen(
        people=people_of([e.patient for e in encounters], model),
        patient=column("patient", (e.patient_id for e in encounters)),
        encounter=column("encounter", (e.encounter for e in encounters)),
        start=column("start", (e.start for e in encounters)),
        site=column("site", (e.site for e in encounters)),
        clinician_group=column("clinician_group", (e.clinician_group for e in encounters)),
        input_digest=column("input_digest", (case_digest(e.patient) for e in encounters)),
        imaged_days=column("imaged_days", (e.later.imaged_days for e in encounters)),
        imaged_with=column("imaged_with", (e.later.imaged_with for e in encounters)),
        imaged_before_days=column("imaged_before_days", (e.later.imaged_before_days for e in encounters)),
        workup_days=column("workup_days", (e.later.workup_days for e in encounters)),
        followed_days=column("followed_days", (e.followed_days for e in encounters)),
    )


def joined(parts: Sequence[Seen]) -> Seen:
    """Several, one after the other; at least one."""
    if len(parts) == 1:
        return parts[0]
    people = [p.people for p in parts]
    carried = {name: pa.concat_arrays([getattr(p, name) for p in parts]) for name in CARRIED}
    return Seen(
        people=People(
            columns=_joined_columns([p.columns for p in people]),
            age=np.concatenate([p.age for p in people]),
            medications=_joined_lists([p.medications for p in people]),
            allergies=_joined_lists([p.allergies for p in people]),
            comorbidities=_joined_lists([p.comorbidities for p in people]),
            weeks=np.concatenate([p.weeks for p in people]),
            patient_at=_one_of(people),
        ),
        **carried,
    )


def take(seen: Seen, rows: Positions) -> Seen:
    """Some of the encounters, in the order of their places."""
    people, columns = seen.people, seen.people.columns
    places = pa.array(rows)
    some = Columns(
        columns.answers.T.take(rows, axis=1).T,
        columns.measured.T.take(rows, axis=1).T,
        columns.setting[rows],
        columns.band[rows],
        columns.sex[rows],
    )

    def of(lists: Lists) -> Lists:
        return Lists(lists.kept, lists.place[rows])

    return Seen(
        people=People(
            columns=some,
            age=people.age[rows],
            medications=of(people.medications),
            allergies=of(people.allergies),
            comorbidities=of(people.comorbidities),
            weeks=people.weeks[rows],
            patient_at=lambda i: people.patient_at(int(rows[i])),
        ),
        **{name: column.take(places) for name, column in seen.as_it_is().items()},
    )


def _one_of(parts: Sequence[People]) -> Callable[[int], Patient]:
    """The patient at a place of several parts, one after the other."""
    ends = np.cumsum([len(p) for p in parts])

    def at(i: int) -> Patient:
        part = int(np.searchsorted(ends, i, side="right"))
        return parts[part].patient_at(i - int(ends[part]) + len(parts[part]))

    return at


def _joined_columns(parts: Sequence[Columns]) -> Columns:
    return Columns(
        np.concatenate([c.answers.T for c in parts], axis=1).T,
        np.concatenate([c.measured.T for c in parts], axis=1).T,
        np.concatenate([c.setting for c in parts]),
        np.concatenate([c.band for c in parts]),
        np.concatenate([c.sex for c in parts]),
    )


def _joined_lists(parts: Sequence[Lists]) -> Lists:
    known: dict[tuple[str, ...], int] = {}
    place = []
    for lists in parts:
        new = np.array([known.setdefault(words, len(known)) for words in lists.kept], dtype=np.intp)
        place.append(new[lists.place])
    return Lists(tuple(known), np.concatenate(place))
