"""What is known of many patients at their encounters, read at once where the record is plain.

A patient with anything that is not plain (a malformed line, several versions of a resource, a partial date, ...) is left to be
read alone by ``records``; what is known is the same either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backspasm.inference.model import Model
from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.many.ages import ages
from backspasm.patients.from_fhir.many.book import ODD, Book, book_of
from backspasm.patients.from_fhir.many.decide import Decided, decided
from backspasm.patients.from_fhir.many.kinds import Kind, Reading, first, kinds
from backspasm.patients.from_fhir.many.lean import Lean, lean_of
from backspasm.patients.from_fhir.many.moments import DAY, DateTable, Flags, Ints, Times
from backspasm.patients.from_fhir.many.resources import (
    Encounters,
    Lines,
    People,
    Resources,
    Responses,
    decoded,
    encounter_of,
    named_conditions,
    read_encounters,
    read_medicines,
    read_people,
    read_resources,
    read_responses,
)
from backspasm.patients.from_fhir.many.responses import take_responses
from backspasm.patients.from_fhir.many.statements import Collector, conditions_at, pairs_of
from backspasm.patients.from_fhir.many.visits import Visits, linked_encounters, visits_of_all
from backspasm.patients.from_fhir.moments import Moment
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.from_fhir.structs import Reference
from backspasm.population.follow_up import TYPES, Later
from backspasm.population.screen.later_news import NOTHING, FollowUps, LaterNews, follow_ups, told_by
from backspasm.population.screen.lines import KINDS
from backspasm.population.screen.records import Asked


@dataclass(frozen=True)
class Read:
    """Everything that was read of a batch.

    ``later``: what classes tell, whose, when (place of the date) and the place of the reference to the encounter.
    ``encounter`` maps the places of references to those of encounters; ``latest``: day of the latest news of each patient.
    """

    people: People
    encounters: Encounters
    responses: Responses
    resources: dict[str, Resources]
    later: list[tuple[Ints, Ints, Ints, Ints]]
    table: DateTable
    encounter: Ints
    latest: Ints
    slow: Flags


@dataclass(frozen=True)
class Plain:
    """What is known of the patients whose records are plain. ``slow``: who is to be read alone."""

    visits: Visits
    decided: Decided
    follow_ups: FollowUps
    age: np.typing.NDArray[np.float64]
    sex: list[str]
    setting: list[str | None]
    encounter: list[str]
    site: list[str | None]
    clinician_group: list[str | None]
    followed_days: np.typing.NDArray[np.float64]
    slow: Flags


@lru_cache(maxsize=1)
def _kinds() -> dict[str, Kind]:
    return kinds()


@lru_cache(maxsize=1)
def _later() -> Lean:
    return lean_of(Later)


def read_plain(
    names: Sequence[str],
    data: Sequence[bytes],
    kind: Ints,
    patient: Ints,
    slow: Flags,
    asked: Asked,
    model: Model,
) -> Plain:
    """Read the lines of many patients.

    Args:
        names: ids of the patients by which their lines were brought together.
        data: all lines, patient after patient; ``kind``: the place of the type of each in ``lines.KINDS``; ``patient``: whose
            each is, as a place among the names.
        slow: who is not read in any case; changed in place to who must be read alone.
    """
    book = book_of(reader_of(model.knowledge))
    as_of = _one(asked.moment)
    read = _read(names, data, kind, patient, slow, book)
    visits, named = _visits(read, asked, as_of, book)
    age = ages(read.table.times.take(read.people.born[visits.patient]), visits.start, model.knowledge)
    sex = [s if s in ("male", "female") else "unknown" for s in read.people.sex]
    p = model.parameters
    order = {f: i for i, f in enumerate(p.booleans)}
    collector = Collector(book, order)
    adult = age >= model.knowledge.number("child_age")
    for name, found in read.resources.items():
        silent = book.marked("silent")[found.place]
        encounter = read.encounter[found.columns.encounter]
        pairs = pairs_of(found, ~silent, _kinds()[name], encounter, visits, read.table)
        of = conditions_at(found, pairs, named, visits, read.table, book) if name == "Condition" else None
        collector.take(found, pairs, of, adult, visits, read.table)
    settings = take_responses(read.responses, read.encounter[read.responses.encounter], visits, read.table, collector)
    male = np.array([s == "male" for s in sex], dtype=bool)[visits.patient]
    known = decided(collector.out, visits, age, male, p.booleans, p.measured, book)
    own = [read.encounters.objects[i] for i in visits.encounter.tolist()]
    places = read.encounters.place[visits.encounter].tolist()
    return Plain(
        visits=visits,
        decided=known,
        follow_ups=follow_ups(_news(read), visits),
        age=age,
        sex=[sex[i] for i in visits.patient.tolist()],
        setting=[settings.get(v) or book.meanings[i].setting for v, i in enumerate(places)],
        encounter=[o.id for o in own],
        site=[_named(o.service_provider) for o in own],
        clinician_group=[_named(next((x.individual for x in o.participant if x.individual), None)) for o in own],
        followed_days=_followed(read, visits, as_of),
        slow=read.slow,
    )


def _one(moment: Moment | None) -> Times | None:
    """A day as one moment; others than whole days are not for many at once."""
    if moment is None:
        return None
    assert moment.instant is None
    assert not moment.partial
    day = np.array(moment.first.toordinal(), dtype=np.int64)
    return Times(np.array(True), day, np.zeros_like(day), day * DAY, np.array(False))


def _read(names: Sequence[str], data: Sequence[bytes], kinds_of: Ints, patient: Ints, slow: Flags, book: Book) -> Read:
    reading = Reading(slow)
    of_type: dict[str, Lines] = {}
    for code, name in enumerate(KINDS):
        rows = np.flatnonzero(kinds_of == code)
        of_type[name] = Lines([data[i] for i in rows.tolist()], patient[rows], rows)
    nothing = np.zeros(0, dtype=np.int64)
    none = Lines([], nothing, nothing)
    people = read_people(of_type.get("Patient", none), names, reading)
    encounters = read_encounters(of_type.get("Encounter", none), book, reading)
    responses = read_responses(of_type.get("QuestionnaireResponse", none), book, reading)
    read_medicines(of_type.get("Medication", none), reading)
    resources: dict[str, Resources] = {}
    later = [(nothing, nothing, nothing, nothing)]
    for name, kind in _kinds().items():
        if name in of_type and len(of_type[name]):
            resources[name] = read_resources(name, kind, of_type[name], book, reading)
    for name in sorted(TYPES & set(of_type)):
        later.append(_read_later(name, of_type[name], book, reading))
    table = reading.dates.table()
    for rows, column in reading.dated if table.odd.any() else ():
        slow[rows[table.odd[column]]] = True
    encounter, urn = encounter_of(list(reading.references), encounters)
    _same_ids(encounters, resources.get("Condition"), slow)
    for rows, _, _, references in later:
        slow[rows[urn[references]]] = True  # as follow_up: a URN is not told to be the encounter
    incomplete = (people.born == 0) | np.array([s not in ("male", "female") for s in people.sex], dtype=bool)
    slow[responses.patient[incomplete[responses.patient]]] = True  # the response may say who they are
    columns = [(responses.patient, responses.encounter)]
    columns += [(found.patient, found.columns.encounter) for found in resources.values()]
    for rows, references in columns if encounters.ids else ():
        own = encounter[references]
        slow[rows[(own >= 0) & (encounters.patient[own] != rows)]] = True
    return Read(
        people, encounters, responses, resources, later, table, encounter, _latest(reading, table, len(names)), slow
    )


def _read_later(name: str, lines: Lines, book: Book, reading: Reading) -> tuple[Ints, Ints, Ints, Ints]:
    """What resources tell of pictures and referrals: what, of whom, when, and in which encounter."""
    lean, patient = _later(), lines.patient
    objects = decoded(lean.decode, lines, lean.decode(b"{}"), reading.slow)
    place = np.array(book.classes(name, lean, Later, lean.keys(objects)), dtype=np.int64)
    reading.slow[patient[place == ODD]] = True
    unique, inverse = np.unique(place, return_inverse=True)
    resources = [book.meanings[i].resource for i in unique.tolist()]
    told = np.array([told_by(r) if isinstance(r, Later) else NOTHING for r in resources], dtype=np.int64)[inverse]
    rows = np.flatnonzero(told)
    own, of = [objects[i] for i in rows.tolist()], patient[rows]

    def date(texts: list[str | None]) -> Ints:
        return reading.date(texts, of)

    when = first(
        date([o.authored_on for o in own]), date([o.started for o in own]), date([o.effective_date_time for o in own]),
        reading.period([o.effective_period for o in own], of)[0], date([o.performed_date_time for o in own]),
        reading.period([o.performed_period for o in own], of)[0], date([o.issued for o in own]),
    )  # fmt: skip
    return told[rows], of, when, reading.encounter(own)


def _latest(reading: Reading, table: DateTable, patients: int) -> Ints:
    out = np.zeros(patients, dtype=np.int64)
    if reading.news:
        patient, column = (np.concatenate(c) for c in zip(*reading.news, strict=True))
        np.maximum.at(out, patient, table.times.day[column])
    return out


def _same_ids(encounters: Encounters, conditions: Resources | None, slow: Flags) -> None:
    """A condition and an encounter of one id share a URN, and several conditions of one id share everything."""
    if conditions is None:
        return
    named = {name.lower() for name in encounters.ids}
    ids = [(name or "").lower() for name in conditions.ids]
    if not named.isdisjoint(ids):
        slow[conditions.patient[[name in named for name in ids]]] = True
    given = [name for name in ids if name]
    if len(set(given)) < len(given):
        counted = Counter(given)
        slow[conditions.patient[[counted[name] > 1 for name in ids]]] = True
    if len(named) < len(encounters.ids):
        counted = Counter(name.lower() for name in encounters.ids)
        slow[encounters.patient[[counted[name.lower()] > 1 for name in encounters.ids]]] = True


def _visits(read: Read, asked: Asked, as_of: Times | None, book: Book) -> tuple[Visits, list[tuple[int, int]]]:
    """The encounters to assess; and pairs of an encounter and a condition that it names."""
    conditions = read.resources.get("Condition")
    named = [] if conditions is None else named_conditions(read.encounters, conditions, read.slow)
    encounter = read.encounter if conditions is None else read.encounter[conditions.columns.encounter]
    linked = linked_encounters(conditions, encounter, named, len(read.encounters.ids), as_of, read.table, book)
    return visits_of_all(read.encounters, linked, asked.which, as_of, read.table, book, read.slow), named


def _news(read: Read) -> LaterNews:
    told, patient, when, reference = (np.concatenate(c) for c in zip(*read.later, strict=True))
    return LaterNews(told, patient, read.table.times.take(when), read.encounter[reference])


def _followed(read: Read, visits: Visits, as_of: Times | None) -> np.typing.NDArray[np.float64]:
    """Days from each visit to the latest news of the record, or to the last day that counts."""
    latest = read.latest[visits.patient]
    last = latest if as_of is None else np.minimum(latest, as_of.day)
    return np.where(latest > 0, np.maximum(last - visits.start.day, 0), np.nan)


def _named(reference: Reference | None) -> str | None:
    return address(reference.reference) if reference is not None and reference.reference else None
