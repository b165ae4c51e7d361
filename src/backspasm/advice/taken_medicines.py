"""What speaks against a medicine that the patient takes already, whether or not it is a treatment of back pain.

A rule for a class of medicines holds for every medicine of the class (ketoprofen is an anti-inflammatory drug like naproxen),
so that what is taken is judged by the same rules as what is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from backspasm.advice.prescribing import (
    ITSELF,
    PatientFacts,
    Reason,
    TreatmentVerdict,
    concerned,
    holds,
    verdict_of,
)
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import PrescribingRule

#: medicines whose rules are kept, of whatever knowledge
MOST_KEPT = 10_000
_ABOUT: dict[tuple[str, str], tuple[tuple[PrescribingRule, str], ...]] = {}


class TakenVerdict(Struct, frozen=True):
    """A medicine on the patient's list, by the name it has there, with what speaks against it."""

    name: str
    verdict: TreatmentVerdict


def taken_verdicts(facts: PatientFacts, knowledge: Knowledge) -> tuple[TakenVerdict, ...]:
    """Medicines on the list that must not be taken on, or only with care; those to avoid first, then as on the list."""
    found = []
    for medicine, name in facts.taken.items():
        reasons = tuple(_reasons(medicine, facts, knowledge))
        if reasons:
            found.append(TakenVerdict(name, verdict_of(medicine, reasons)))
    return tuple(sorted(found, key=lambda t: t.verdict.verdict != "avoid"))


def reasons_against(medicine: str, facts: PatientFacts, knowledge: Knowledge) -> tuple[Reason, ...]:
    """What speaks against a medicine that somebody is about to order, that it is taken already among it."""
    return tuple(_reasons(medicine, facts, knowledge, ordered=True))


def _reasons(medicine: str, facts: PatientFacts, knowledge: Knowledge, ordered: bool = False) -> Iterator[Reason]:
    for rule, about in rules_about(medicine, knowledge):
        if rule.when.medicine == ITSELF and not ordered:  # taken already: against proposing it, not against taking it
            continue
        met = holds(rule.when, facts, about, knowledge)
        if met is not None:
            yield Reason(rule.id, rule.verdict, rule.strength, rule.because, met, rule.sources)


def rules_about(medicine: str, knowledge: Knowledge) -> tuple[tuple[PrescribingRule, str], ...]:
    """Rules that bear on a medicine, each with the treatment (or the medicine) that it is asked about."""
    key = (knowledge.digest, medicine)
    known = _ABOUT.get(key)
    if known is None:
        if len(_ABOUT) >= MOST_KEPT:
            _ABOUT.clear()
        known = _ABOUT[key] = tuple(_found_rules(medicine, knowledge))
    return known


def _found_rules(medicine: str, knowledge: Knowledge) -> Iterator[tuple[PrescribingRule, str]]:
    treatments = {t.id for t in knowledge.treatments.values() if medicine in t.medicines}
    classes = set(knowledge.medicines[medicine].classes)
    for rule in knowledge.prescribing.values():
        own = sorted(treatments.intersection(concerned(rule, knowledge)))
        if own or (classes.intersection(rule.classes) and not treatments.intersection(rule.except_treatments)):
            yield rule, own[0] if own else medicine
