"""Age and sex of the patient at the encounter."""

from __future__ import annotations

from typing import get_args

from backspasm.patients.from_fhir.identity import Owner
from backspasm.patients.from_fhir.ledger import Ledger
from backspasm.patients.from_fhir.moments import moment_of, years_between
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.patient import Sex
from backspasm.records.knowledge import Knowledge


def age_at(owner: Owner, visit: Visit, knowledge: Knowledge, ledger: Ledger) -> float | None:
    """Age in years at the start of the encounter; None where it cannot be told, which is noted."""
    text = owner.resource.birth_date
    if not text:
        ledger.note(f"age unknown: {owner.reference} has no birthDate")
        return None
    birth = moment_of(text)
    if birth is None:
        ledger.leave(owner.reference, "birthDate is not a date; age unknown")
        return None
    if visit.start is None:
        ledger.leave(owner.reference, "the record has no date at which the patient is assessed; age unknown")
        return None
    years = years_between(birth, visit.start)
    if years is None or not knowledge.number("age_years_lowest") <= years <= knowledge.number("age_years_highest"):
        ledger.leave(owner.reference, "birthDate gives an impossible age at the encounter; age unknown")
        return None
    if birth.partial:
        ledger.note(f"birthDate of {owner.reference} is only known as a month or year; its middle was taken")
    return years


def sex_of(owner: Owner) -> Sex:
    """Administrative gender as far as it says something about the body; everything else is unknown."""
    gender = owner.resource.gender
    return next((sex for sex in get_args(Sex) if sex == gender), "unknown")
