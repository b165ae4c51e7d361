"""One patient's record, whatever it came in, read as of one encounter or of another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.compose import compose
from backspasm.patients.from_fhir.conditions import DENIED
from backspasm.patients.from_fhir.dates import latest_news
from backspasm.patients.from_fhir.identity import Owner, address, addresses_of, find_owner
from backspasm.patients.from_fhir.intake import Person, answered_person
from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.moments import Moment, first_of
from backspasm.patients.from_fhir.person import age_at
from backspasm.patients.from_fhir.read import read_all
from backspasm.patients.from_fhir.structs import Condition, Encounter, Resource
from backspasm.patients.from_fhir.terms import Terms, codes, is_family_history
from backspasm.patients.from_fhir.visit import (
    Candidate,
    Visit,
    choose,
    is_about,
    references_of,
    start_of,
    took_place,
    visit_at,
)
from backspasm.patients.patient import Patient, Unread
from backspasm.records.knowledge import Knowledge

Which = Literal["back-pain", "all", "last"]
#: knowledge bases whose tables of codes are kept: the one in use, and one that it is compared with
KEPT = 2
_READERS: dict[str, Reader] = {}


class Reader(Struct, frozen=True, dict=True):
    """The knowledge with its codes turned round: made once, used for every record."""

    knowledge: Knowledge

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.knowledge)

    @cached_property
    def back(self) -> BackPain:
        return BackPain(self.knowledge, self.terms)


def reader_of(knowledge: Knowledge) -> Reader:
    """The reader of a knowledge base."""
    reader = _READERS.get(knowledge.digest)
    if reader is None:
        while len(_READERS) >= KEPT:
            _READERS.pop(next(iter(_READERS)))
        reader = _READERS[knowledge.digest] = Reader(knowledge)
    return reader


class Record(Struct, frozen=True, dict=True):
    """What a record holds about its owner. ``unread``: what could not be read, or is about others.

    ``timestamp``: of the bundle, where it has one.
    """

    owner: Owner
    found: tuple[Found, ...]
    timestamp: str | None = None
    unread: tuple[Unread, ...] = ()

    @cached_property
    def latest(self) -> Moment | None:
        """The latest date on which anything was recorded."""
        return latest_news(self.found, self.timestamp)

    @cached_property
    def encounters(self) -> tuple[Found, ...]:
        return tuple(item for item in self.found if isinstance(item.resource, Encounter))


def record_of(found: tuple[Found, ...], timestamp: str | None = None, unread: tuple[Unread, ...] = ()) -> Record:
    """The record of the one Patient among the resources; those about others are listed and never used.

    Raises:
        InputError: no Patient, or several.
    """
    owner = find_owner(found)
    own: list[Found] = []
    left = list(unread)
    for item in found:
        if not isinstance(item.resource, Resource) or owner.owns(item.resource):
            own.append(item)
        else:
            left.append(Unread(item.reference, "is about another patient or subject; not used"))
    return Record(owner, tuple(own), timestamp, tuple(left))


def patient_at(record: Record, visit: Visit, reader: Reader) -> Patient:
    """The patient as known at the visit. Nothing that was recorded later is used."""
    knowledge, ledger = reader.knowledge, Ledger()
    ledger.unread += record.unread
    if visit.reference is None:
        ledger.note("the record has no encounter; read as of its latest date")
    else:
        about = "the latest about back pain" if visit.about_back else "the latest; none is about back pain"
        ledger.note(f"read as of {visit.reference}, {about}")
    person = answered_person(record.found, visit, knowledge)
    age = known_age(record.owner, visit, person, knowledge, ledger)
    context = Context(knowledge, reader.terms, reader.back, visit, age, person)
    read_all(record.found, record.owner, context, ledger)
    return compose(record.owner, context, ledger)


def known_age(owner: Owner, visit: Visit, person: Person | None, knowledge: Knowledge, ledger: Ledger) -> float | None:
    """Age by the date of birth, else as answered to our own intake."""
    if person is not None and person.age_years is not None and not owner.resource.birth_date:
        ledger.note(f"age as answered in {person.reference}")
        return person.age_years
    return age_at(owner, visit, knowledge, ledger)


def visit_of(record: Record, reader: Reader) -> Visit:
    """The encounter at issue: the latest for back pain, else the latest, else the latest date of the record."""
    span, longest = _spans(reader)
    return choose(_candidates(record, reader, None), reader.back, record.latest, span, longest)


def visits_of(record: Record, which: Which, as_of: Moment | None, reader: Reader) -> tuple[Visit, ...]:
    """The encounters to assess, in order of time; those that began after ``as_of`` are left out.

    ``back-pain``: all about back pain; ``all``: all that took place; ``last``: the one that ``visit_of`` chooses. An
    encounter without a date cannot be placed in time and is only taken by ``last``.
    """
    span, longest = _spans(reader)
    candidates = [c for c in _candidates(record, reader, as_of) if not _after(c, as_of)]
    if which == "last":
        latest = record.latest if as_of is None or record.latest is None or not record.latest.after(as_of) else as_of
        return (_cut(choose(candidates, reader.back, latest, span, longest), as_of),)
    dated: list[tuple[tuple[object, ...], Candidate, bool]] = []
    for candidate in candidates:
        start = start_of(candidate.encounter)
        about = is_about(candidate, reader.back)
        if start is not None and took_place(candidate) and (about or which == "all"):
            dated.append(((*start.key, candidate.reference), candidate, about))
    dated.sort(key=lambda entry: entry[0])
    return tuple(_cut(visit_at(c, about, record.latest, span, longest), as_of) for _, c, about in dated)


def _spans(reader: Reader) -> tuple[float, float]:
    return reader.knowledge.number("encounter_day_span"), reader.knowledge.number("encounter_longest")


def _after(candidate: Candidate, as_of: Moment | None) -> bool:
    start = start_of(candidate.encounter)
    return as_of is not None and start is not None and start.after(as_of)


def _cut(visit: Visit, as_of: Moment | None) -> Visit:
    """The visit as known on a day: later news of it do not count, even of an encounter that still ran."""
    if as_of is None or (visit.until is not None and visit.ended and not visit.until.after(as_of)):
        return visit
    until = as_of if visit.until is None or visit.until.after(as_of) else visit.until
    return msgspec.structs.replace(visit, until=until, ended=True)


def _candidates(record: Record, reader: Reader, as_of: Moment | None) -> list[Candidate]:
    linked = linked_to_back_pain(record.found, reader.back, as_of)
    out = []
    for item in record.encounters:
        assert isinstance(item.resource, Encounter)
        addresses = addresses_of(item)
        concerned = bool(addresses & linked) or bool(references_of(item.resource) & linked)
        out.append(Candidate(item.resource, item.reference, addresses, concerned))
    return out


def tells_of_back_pain(condition: Condition, back: BackPain) -> bool:
    """Whether a condition says that this patient has, or is suspected of, a painful back."""
    if not back.concerns(condition.code) or is_family_history(condition.code):
        return False
    return not codes(condition.verification_status) & DENIED


def linked_to_back_pain(found: Iterable[Found], back: BackPain, as_of: Moment | None = None) -> frozenset[str]:
    """Addresses of the patient's back pain conditions, and of the encounters that they name as theirs."""
    out: set[str] = set()
    for item in found:
        condition = item.resource
        if not isinstance(condition, Condition) or not tells_of_back_pain(condition, back):
            continue
        recorded = first_of(condition.recorded_date, condition.onset_date_time)
        if as_of is not None and recorded is not None and recorded.after(as_of):
            continue
        out |= addresses_of(item)
        if condition.encounter and condition.encounter.reference:
            out.add(address(condition.encounter.reference))
    return frozenset(out)
