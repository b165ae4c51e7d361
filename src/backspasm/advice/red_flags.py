"""Safety rules: a condition over findings demands at least an urgency. Rules hold no negation, so more findings never lower it."""

from __future__ import annotations

from msgspec import Struct

from backspasm.patients.answers import Answers
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Condition, RedFlag


class Fired(Struct, frozen=True):
    """A rule that holds for this patient, with the findings that made it hold."""

    rule: RedFlag
    findings: tuple[str, ...]


def fired_rules(patient: Patient, answers: Answers, knowledge: Knowledge) -> tuple[Fired, ...]:
    """All rules that hold, the most urgent first, then in order of their ids."""
    order = knowledge.index.urgency.index
    found = []
    for rule in knowledge.red_flags.values():
        findings = holds(rule.condition, patient, answers, knowledge)
        if findings is not None:
            found.append(Fired(rule, findings))
    return tuple(sorted(found, key=lambda f: (order(f.rule.urgency), f.rule.id)))


def holds(condition: Condition, patient: Patient, answers: Answers, knowledge: Knowledge) -> tuple[str, ...] | None:
    """The findings that make the condition hold, or None. What was not asked makes nothing hold."""
    if condition.finding is not None:
        return (condition.finding,) if condition.finding in answers.present else None
    if condition.measured is not None:
        return _measured(condition, answers, knowledge)
    if condition.age_under is not None:
        young = patient.age_years is not None and patient.age_years < knowledge.number(condition.age_under)
        return () if young else None
    if condition.age_from is not None:
        old = patient.age_years is not None and patient.age_years >= knowledge.number(condition.age_from)
        return () if old else None
    if condition.comorbidity is not None:
        return () if condition.comorbidity in patient.comorbidities else None
    parts = condition.all_of or condition.any_of or condition.count_of
    found = [holds(part, patient, answers, knowledge) for part in parts]
    met = [f for f in found if f is not None]
    wanted = len(parts) if condition.all_of else 1
    if condition.count is not None:
        wanted = round(knowledge.number(condition.count))
    if len(met) < wanted:
        return None
    return tuple(dict.fromkeys(name for f in met for name in f))


def _measured(condition: Condition, answers: Answers, knowledge: Knowledge) -> tuple[str, ...] | None:
    value = answers.measured.get(condition.measured or "")
    if value is None:
        return None
    enough = condition.at_least is None or value >= knowledge.number(condition.at_least)
    little = condition.at_most is None or value <= knowledge.number(condition.at_most)
    return (condition.measured or "",) if enough and little else None


def floor(fired: tuple[Fired, ...], knowledge: Knowledge) -> str:
    """The most urgent level that a rule demands; the least urgent of all where no rule holds."""
    levels = knowledge.index.urgency
    return min((f.rule.urgency for f in fired), key=levels.index, default=levels[-1])
