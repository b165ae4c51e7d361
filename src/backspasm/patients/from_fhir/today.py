"""Reads a record as of a given moment: the patient who is in the room now, at the encounter that runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.bundle import Found, open_bundle
from backspasm.patients.from_fhir.compose import compose
from backspasm.patients.from_fhir.conditions import DENIED, OVER
from backspasm.patients.from_fhir.identity import address, addresses_of
from backspasm.patients.from_fhir.intake import answered_person
from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.moments import first_of, moment_of
from backspasm.patients.from_fhir.read import read_all
from backspasm.patients.from_fhir.record import known_age, linked_to_back_pain, reader_of, record_of
from backspasm.patients.from_fhir.structs import Coding, Concept, Condition, Encounter, Period, Reference
from backspasm.patients.from_fhir.terms import codes, is_family_history
from backspasm.patients.from_fhir.visit import Visit, references_of
from backspasm.patients.patient import InputError, Patient
from backspasm.records.knowledge import Knowledge


class Ordered(Struct, frozen=True):
    """Why something is ordered: the concepts and references that an order gives as its reason."""

    order: str
    concepts: tuple[Concept, ...] = ()
    references: tuple[Reference, ...] = ()


class Today(Struct, frozen=True):
    """The patient as of now.

    ``about_back``: the encounter, an open problem, an order's reason or an answer is about a painful back. ``serious``: causes
    and complications that must not be missed and that somebody has diagnosed or suspects (they are no findings, but a card
    should not argue against them).
    """

    patient: Patient
    reference: str
    about_back: bool
    serious: tuple[str, ...]


def read_today(
    data: bytes, now: str, knowledge: Knowledge, encounter: str | None = None, ordered: Sequence[Ordered] = ()
) -> Today:
    """The patient of a Bundle as of a moment.

    Args:
        data: a FHIR R4 Bundle with one Patient and what is known of the patient.
        now: the moment, as a FHIR instant; ages and times count from it.
        encounter: reference of the encounter that runs, where there is one; other encounters are not read.
        ordered: reasons of orders, read as diagnoses of this moment.

    Raises:
        InputError: not a Bundle, no Patient or several, or no moment.
    """
    moment = moment_of(now)
    if moment is None:
        raise InputError.one("now", now, "is no instant", "give an ISO 8601 date and time")
    opened = open_bundle(data)
    record = record_of(opened.found, opened.timestamp, opened.unread)
    owner = record.owner
    ledger = Ledger()
    ledger.unread += record.unread
    found = [f for f in record.found if not isinstance(f.resource, Encounter) or _is(f, encounter)]
    found += [_reason(concept, o, i, now) for o in ordered for i, concept in enumerate(o.concepts)]
    reader = reader_of(knowledge)
    terms, back = reader.terms, reader.back
    running = _running(found, encounter, now, ordered)
    addresses = frozenset({address(encounter)} if encounter else ())
    until = moment.plus(knowledge.number("encounter_day_span"))
    linked = linked_to_back_pain(found, back)
    at_visit = _concerned(running, back) or bool(addresses & linked) or bool(references_of(running) & linked)
    visit = Visit(moment, until, running, encounter, addresses, at_visit)
    person = answered_person(found, visit, knowledge)
    context = Context(knowledge, terms, back, visit, known_age(owner, visit, person, knowledge, ledger), person)
    read_all(found, owner, context, ledger)
    patient = compose(owner, context, ledger)
    about = at_visit or _open_back_pain(found, context) or _pain_answered(patient, knowledge)
    return Today(patient, owner.reference, about, _serious(found, context))


def _is(found: Found, encounter: str | None) -> bool:
    return encounter is not None and address(encounter) in addresses_of(found)


def _reason(concept: Concept, ordered: Ordered, place: int, now: str) -> Found:
    """The reason of an order, as the diagnosis that it is."""
    active = Concept(coding=(Coding(code="active"),))
    condition = Condition(clinical_status=active, code=concept, recorded_date=now)
    return Found("Condition", f"{ordered.order}#reason-{place + 1}", None, condition)


def _running(found: list[Found], encounter: str | None, now: str, ordered: Sequence[Ordered]) -> Encounter:
    """The encounter that runs, as begun now, with what the orders give as their reason."""
    known = next((f.resource for f in found if isinstance(f.resource, Encounter) and _is(f, encounter)), Encounter())
    reasons = (*known.reason_reference, *(r for o in ordered for r in o.references))
    return msgspec.structs.replace(known, status="in-progress", period=Period(start=now), reason_reference=reasons)


def _concerned(encounter: Encounter, back: BackPain) -> bool:
    return any(back.concerns(concept) for concept in (*encounter.reason_code, *encounter.type))


def _standing(found: Iterable[Found], context: Context) -> Iterable[tuple[Condition, float | None]]:
    """Conditions of the patient that are neither over nor denied, with the days since they began."""
    for item in found:
        condition = item.resource
        if not isinstance(condition, Condition) or is_family_history(condition.code):
            continue
        if codes(condition.verification_status) & DENIED or codes(condition.clinical_status) & OVER:
            continue
        if condition.abatement_date_time or condition.abatement_period or condition.abatement_string:
            continue
        period = condition.onset_period
        began = first_of(condition.onset_date_time, period.start if period else None, condition.recorded_date)
        yield condition, context.visit.days_before(began)


def _open_back_pain(found: list[Found], context: Context) -> bool:
    """Back pain on the problem list; or a disease of the back that is new, since an old one may not hurt today."""
    window = context.number("observation_window_general")
    return any(
        context.back.is_symptom(condition.code)
        or (context.back.concerns(condition.code) and days is not None and days <= window)
        for condition, days in _standing(found, context)
    )


def _pain_answered(patient: Patient, knowledge: Knowledge) -> bool:
    """Whether somebody was asked about the pain: then there is one."""
    pain = set(knowledge.index.findings.get("pain", ()))
    return bool(pain.intersection((*patient.present, *patient.absent))) or "duration_days" in patient.measured


def _serious(found: list[Found], context: Context) -> tuple[str, ...]:
    """Causes and complications that must not be missed among the standing diagnoses, sure or suspected."""
    knowledge = context.knowledge
    out: dict[str, None] = {}
    for condition, _ in _standing(found, context):
        for match in context.terms.of(condition.code):
            cause = knowledge.causes.get(match.id) if match.kind == "cause" else None
            if match.kind == "complication" or (cause is not None and cause.must_not_miss):
                out[match.id] = None
    return tuple(out)


__all__ = ["Ordered", "Today", "read_today"]
