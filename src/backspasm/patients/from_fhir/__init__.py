"""Reads a patient from a FHIR R4 Bundle, as the patient was known at the encounter that is about back pain."""

from __future__ import annotations

from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.bundle import Found, Opened, open_bundle
from backspasm.patients.from_fhir.compose import compose
from backspasm.patients.from_fhir.dates import latest_news
from backspasm.patients.from_fhir.identity import Owner, address, addresses_of, find_owner
from backspasm.patients.from_fhir.intake import answered_person
from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.person import age_at
from backspasm.patients.from_fhir.read import read_all
from backspasm.patients.from_fhir.structs import Condition, Encounter, Resource
from backspasm.patients.from_fhir.terms import Terms, codes, is_family_history
from backspasm.patients.from_fhir.visit import Candidate, Visit, choose, references_of
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

__all__ = ["from_fhir"]


def from_fhir(data: bytes, knowledge: Knowledge) -> Patient:
    """The patient of a Bundle.

    Args:
        data: a FHIR R4 Bundle as JSON, holding one Patient and what is known about that patient.

    Returns:
        The patient at the latest encounter about back pain (else at the latest encounter, else at the latest date of
        the record). Ages in years, times in days before that encounter, measurements in the units of the findings. What
        was not used is listed in ``unread``; ``sources`` maps every answer to the resources that gave it.

    Raises:
        InputError: not JSON, not a Bundle, no Patient, or several. One bad resource never stops the reading.
    """
    opened = open_bundle(data)
    owner = find_owner(opened.found)
    ledger = Ledger()
    ledger.unread += opened.unread
    found = _own(opened, owner, ledger)
    terms = Terms(knowledge)
    back = BackPain(knowledge, terms)
    visit = _visit(found, opened, back, knowledge, ledger)
    person = answered_person(found, visit, knowledge)
    if person is not None and person.age_years is not None and not owner.resource.birth_date:
        ledger.note(f"age as answered in {person.reference}")
        age: float | None = person.age_years
    else:
        age = age_at(owner, visit, knowledge, ledger)
    context = Context(knowledge, terms, back, visit, age, person)
    read_all(found, owner, context, ledger)
    return compose(owner, context, ledger)


def _own(opened: Opened, owner: Owner, ledger: Ledger) -> list[Found]:
    """The resources about this patient; those about others are listed and never used."""
    own: list[Found] = []
    for item in opened.found:
        if not isinstance(item.resource, Resource) or owner.owns(item.resource):
            own.append(item)
        else:
            ledger.leave(item.reference, "is about another patient or subject; not used")
    return own


def _visit(found: list[Found], opened: Opened, back: BackPain, knowledge: Knowledge, ledger: Ledger) -> Visit:
    linked = _linked_to_back_pain(found, back)
    candidates = []
    for item in found:
        if isinstance(item.resource, Encounter):
            addresses = addresses_of(item)
            concerned = bool(addresses & linked) or bool(references_of(item.resource) & linked)
            candidates.append(Candidate(item.resource, item.reference, addresses, concerned))
    span, longest = knowledge.number("encounter_day_span"), knowledge.number("encounter_longest")
    visit = choose(candidates, back, latest_news(found, opened.timestamp), span, longest)
    if visit.reference is None:
        ledger.note("the record has no encounter; read as of its latest date")
    else:
        about = "the latest about back pain" if visit.about_back else "the latest; none is about back pain"
        ledger.note(f"read as of {visit.reference}, {about}")
    return visit


def _linked_to_back_pain(found: list[Found], back: BackPain) -> frozenset[str]:
    """Addresses of the patient's back pain conditions, and of the encounters that they name as theirs."""
    out: set[str] = set()
    for item in found:
        condition = item.resource
        if not isinstance(condition, Condition) or not back.concerns(condition.code):
            continue
        if is_family_history(condition.code) or codes(condition.verification_status) & {"entered-in-error", "refuted"}:
            continue
        out |= addresses_of(item)
        if condition.encounter and condition.encounter.reference:
            out.add(address(condition.encounter.reference))
    return frozenset(out)
