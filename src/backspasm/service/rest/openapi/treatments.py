"""The part `treatments` of an assessment."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from backspasm.service.rest.openapi.types import Part, Probability, Texts, Warned


class Effect(Part, frozen=True, omit_defaults=True):
    """A fact about a treatment; only effects and harms have numbers."""

    fact: str
    says: str = ""
    outcome: str | None = None
    at: str | None = None
    measure: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    direction: str | None = None
    certainty: str | None = None
    against: str | None = None
    population: str | None = None


class CauseFirst(Part, frozen=True):
    holds: bool
    because: Texts


class Considered(Part, frozen=True):
    """A treatment to consider, with its effects, how certain they are, and its harms."""

    treatment: str
    name: str
    kind: Literal["drug", "measure"]
    role: Literal["first", "second", "last", "meanwhile", "not_advised"]
    for_: Texts = field(name="for")
    probability: Probability | None
    because: str
    effects: list[Effect]
    certainty: str
    harms: list[Effect]
    studied: str
    age_studied: bool | None
    dose: list[Effect]
    advice: list[Effect]
    authorised: list[Effect]
    verdict: Literal["caution", "none"]
    cautions: Texts
    sources: Texts


class NotAdvised(Part, frozen=True):
    treatment: str
    because: str
    sources: Texts


class HeldBack(Part, frozen=True):
    treatment: str
    because: str


class VerdictReason(Part, frozen=True):
    rule: str
    verdict: Warned
    strength: Literal["contraindicated", "advised_against", "caution", "lower_dose"]
    because: str
    met: Texts
    sources: Texts


class Verdict(Part, frozen=True):
    """A treatment that this patient must not be given, or only with care."""

    treatment: str
    verdict: Warned
    because: str
    sources: Texts
    reasons: list[VerdictReason]


class Taken(Part, frozen=True):
    """A medicine that is taken, and should be stopped or watched."""

    name: str
    medicine: str
    verdict: Warned
    because: str
    sources: Texts
    reasons: list[VerdictReason]


class DisputeSide(Part, frozen=True):
    says: str
    facts: Texts


class TreatmentDispute(Part, frozen=True):
    id: str
    question: str
    sides: list[DisputeSide]
    why_they_differ: str
    reading: str


class Treatments(Part, frozen=True):
    assessed: bool
    cause_first: CauseFirst
    stage: str | None
    consider: list[Considered]
    not_advised: list[NotAdvised]
    held_back: list[HeldBack]
    avoid: list[Verdict]
    taken: list[Taken]
    not_checked: Texts
    disputes: list[TreatmentDispute]
