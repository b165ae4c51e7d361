"""Frozen records of treatments: what they are considered for, what they do and harm, and who must not be given them."""

from __future__ import annotations

from typing import Literal

from backspasm.records.types import AgeGroup, Record

Verdict = Literal["avoid", "caution"]
#: where a treatment stands among those for the same patient; ``meanwhile``: safe before the cause is known
Role = Literal["first", "second", "last", "meanwhile", "not_advised"]
Stage = Literal["acute", "chronic"]
#: how firmly a source speaks; the first two make a verdict ``avoid``, the others ``caution``
Strength = Literal["contraindicated", "advised_against", "caution", "lower_dose"]
#: what must be known for a rule to be checked
Hazard = Literal[
    "age", "allergy", "kidney", "pregnancy", "breastfeeding", "contraception", "medicines", "comorbidities", "findings"
]


class Use(Record, frozen=True, kw_only=True):
    """One reason to consider (or not to consider) a treatment; without causes it holds whatever the cause."""

    causes: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    ages: tuple[AgeGroup, ...] = ()
    role: Role
    because: str
    effects: tuple[str, ...] = ()
    sources: tuple[str, ...]


class Treatment(Record, frozen=True, kw_only=True):
    """One drug or measure. Effects, harms and advice are addresses of facts; the record itself holds no number."""

    id: str
    name: str
    kind: Literal["drug", "measure"]
    plain: str
    studied: str
    uses: tuple[Use, ...]
    harms: tuple[str, ...]
    medicines: tuple[str, ...] = ()
    dose: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    authorised: tuple[str, ...] = ()
    held_back: str | None = None


class Side(Record, frozen=True, kw_only=True):
    """One side of a disputed question, with the facts that speak for it."""

    says: str
    facts: tuple[str, ...]


class TreatmentDispute(Record, frozen=True, kw_only=True):
    """A question on which studies disagree: every side with its trials, and how it is read here."""

    id: str
    question: str
    treatments: tuple[str, ...]
    sides: tuple[Side, ...]
    why_they_differ: str
    reading: str


class PatientCondition(Record, frozen=True, kw_only=True):
    """A condition over what is known of a patient, without negation. Numbers are ``study/fact`` or ids of assumptions.

    ``medicine`` and ``allergy`` name a medicine, a class of medicines or ``itself``: the treatment that the rule is about.
    A class never matches the treatment itself, so that a drug does not interact with its own earlier prescription.
    """

    finding: str | None = None
    measured: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    egfr_below: str | None = None
    age_under: str | None = None
    age_from: str | None = None
    comorbidity: str | None = None
    medicine: str | None = None
    other_than: tuple[str, ...] = ()
    allergy: str | None = None
    pregnant: bool = False
    pregnant_from_week: str | None = None
    all_of: tuple[PatientCondition, ...] = ()
    any_of: tuple[PatientCondition, ...] = ()


class PrescribingRule(Record, frozen=True, kw_only=True):
    """For these treatments (or every treatment that is a medicine of these classes) a condition makes a verdict."""

    id: str
    treatments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    except_treatments: tuple[str, ...] = ()
    hazard: Hazard
    when: PatientCondition
    strength: Strength
    because: str
    sources: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        return "avoid" if self.strength in {"contraindicated", "advised_against"} else "caution"


class Allergen(Record, frozen=True, kw_only=True):
    """A word for an allergy that is not one medicine: the classes it stands for; none means unrelated to any treatment."""

    id: str
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
