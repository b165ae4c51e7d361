"""The worth of every question and test that is left, in one value: what ranking, interview and stop rule read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from backspasm.advice.look_ahead import two_step_values
from backspasm.advice.outcomes import linked
from backspasm.advice.panels import test_worths
from backspasm.advice.situation import Situation
from backspasm.advice.value import Worth, boolean_worths, measured_worth
from backspasm.inference.model import Model
from backspasm.patients.childhood import is_child
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

#: sections whose findings only a test can answer
TESTED = ("laboratory", "imaging", "muscle_activity")


@lru_cache(maxsize=8)
def askable(model: Model) -> tuple[str, ...]:
    """Findings of history and examination: those that no test is needed for, in canonical order."""
    knowledge = model.knowledge
    tested = {f for section in TESTED for f in knowledge.index.findings.get(section, ())}
    tested |= {f for r in knowledge.investigations.values() for f in r.reveals if f not in r.asked_too}
    return tuple(f for f in knowledge.index.finding_ids if f not in tested)


def fits(finding: str, patient: Patient, knowledge: Knowledge) -> bool:
    """Whether the question makes sense for this person."""
    child = is_child(patient.age_years, knowledge)
    who = {
        "children": child is True,
        "adults": child is False,
        "males": patient.sex == "male",
        "females": patient.sex == "female",
    }
    return not any(who[rule.people] and finding in rule.findings for rule in knowledge.not_asked_of)


def questions_left(s: Situation) -> tuple[str, ...]:
    """Findings of history and examination that are not known, and make sense for this person."""
    outdated = {d.finding for d in s.answers.outdated}
    return tuple(
        f
        for f in askable(s.model)
        if not s.answers.asked(f) and f not in outdated and fits(f, s.patient, s.model.knowledge)
    )


def safety_findings(patient: Patient, knowledge: Knowledge) -> tuple[str, ...]:
    """Findings that are asked of this person before an interview stops; where the age is unknown, those of all ages."""
    child = is_child(patient.age_years, knowledge)
    out: dict[str, None] = {}
    for part in knowledge.safety:
        if part.of == "everyone" or child is None or (part.of == "children") is child:
            out |= dict.fromkeys(part.findings)
    return tuple(out)


@dataclass(frozen=True)
class Worths:
    """Worth of each finding that can be asked and of each test; findings whose answer could add nothing are left out.

    ``two_steps``: value of asking a finding and then the best second one, only where no single one is worth asking.
    """

    questions: dict[str, Worth]
    tests: dict[str, Worth]
    two_steps: dict[str, tuple[float, str | None]]


def question_worths(s: Situation, findings: tuple[str, ...]) -> dict[str, Worth]:
    """Worth of findings, yes-or-no and measured."""
    measured = s.model.parameters.measured
    out = boolean_worths(s, tuple(f for f in findings if f not in measured))
    for finding in findings:
        if finding in measured:
            worth = measured_worth(s, finding)
            if worth is not None:
                out[finding] = worth
    return {f: out[f] for f in findings if f in out}


def worths(s: Situation, tests: bool = True) -> Worths:
    """Everything that is left to ask, and with ``tests`` to order."""
    questions = question_worths(s, questions_left(s))
    least = s.model.knowledge.number("least_value_of_asking")
    two: dict[str, tuple[float, str | None]] = {}
    if all(w.value < least for w in questions.values()):
        free = [f for f in questions if f not in s.model.parameters.measured and not linked(s, f)]
        two = two_step_values(s, tuple(free))
    return Worths(questions, test_worths(s) if tests else {}, two)


def burden(name: str, knowledge: Knowledge) -> float:
    """Burden of asking for a finding (its own row, or that of its section), in plain questions."""
    rows = knowledge.tables("burden_of_asking")
    section = next((k for k, findings in knowledge.index.findings.items() if name in findings), "")
    return sum(rows.get(name, rows.get(section, {})).values())


@lru_cache(maxsize=8)
def burdens(model: Model) -> dict[str, float]:
    """The burden of asking for each finding."""
    return {f: burden(f, model.knowledge) for f in model.knowledge.findings}


def burden_of_test(test: str, knowledge: Knowledge) -> float:
    """Burden of an investigation, in plain questions: its row of ``investigation_burden`` by ``burden_weights``."""
    row, weights = knowledge.tables("investigation_burden")[test], knowledge.tables("burden_weights")
    band = weights["cost_band"][f"band_{row['cost_band']:g}"]
    return band + sum(weight * row[unit] for unit, weight in weights["unit"].items())
