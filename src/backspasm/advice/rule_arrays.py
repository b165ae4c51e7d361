"""The rules' floor for many possible patients at once: what is not yet known is an array over outcomes.

The meaning is that of ``red_flags.holds``; a law compares the two on generated patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.model import Model
from backspasm.patients.answers import Answers
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Condition, RedFlag

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Facts:
    """What is known of a patient. Values may be arrays over outcomes; what is missing is not known."""

    age: float | None
    comorbidities: tuple[str, ...]
    present: dict[str, Any]
    measured: dict[str, Any] = field(default_factory=dict)

    def adding(self, present: dict[str, Any], measured: dict[str, Any], knowledge: Knowledge) -> Facts:
        """With further answers, and what follows from them."""
        flags = self.present | present
        for link in knowledge.links:
            if link.kind == "implies" and link.finding in present:
                flags[link.other] = np.logical_or(flags.get(link.other, False), present[link.finding])
            elif link.kind == "at_least_implies" and link.finding in measured and link.threshold:
                above = measured[link.finding] >= knowledge.number(link.threshold)
                flags[link.other] = np.logical_or(flags.get(link.other, False), above)
        return replace(self, present=flags, measured=self.measured | measured)


def facts_of(patient: Patient, answers: Answers) -> Facts:
    """The facts that rules see."""
    return Facts(patient.age_years, patient.comorbidities, dict.fromkeys(answers.present, True), dict(answers.measured))


def met(condition: Condition, facts: Facts, knowledge: Knowledge) -> Any:
    """Whether the condition holds: a truth value, or an array of them over outcomes."""
    if condition.finding is not None:
        return facts.present.get(condition.finding, False)
    if condition.measured is not None:
        value = facts.measured.get(condition.measured)
        if value is None:
            return False
        enough = condition.at_least is None or value >= knowledge.number(condition.at_least)
        little = condition.at_most is None or value <= knowledge.number(condition.at_most)
        return enough & little
    if condition.age_under is not None:
        return facts.age is not None and facts.age < knowledge.number(condition.age_under)
    if condition.age_from is not None:
        return facts.age is not None and facts.age >= knowledge.number(condition.age_from)
    if condition.comorbidity is not None:
        return condition.comorbidity in facts.comorbidities
    parts = condition.all_of or condition.any_of or condition.count_of
    wanted = len(parts) if condition.all_of else 1
    if condition.count is not None:
        wanted = round(knowledge.number(condition.count))
    total: Any = 0
    for part in parts:
        total = total + met(part, facts, knowledge)  # plain numbers stay plain, which is fast; arrays broadcast
    return total >= wanted


def floors(facts: Facts, rules: tuple[RedFlag, ...], start: int, model: Model, shape: tuple[int, ...] = ()) -> Any:
    """Position of the most urgent level that these rules demand, at most ``start``: an array over outcomes."""
    tests, order = tests_of(model), model.knowledge.index.urgency.index
    lowest: Any = np.full(shape, start) if shape else start
    for rule in rules:
        level = order(rule.urgency)
        if level < start:
            test = tests.get(rule.id)
            holds = met(rule.condition, facts, model.knowledge) if test is None else test(facts)
            if isinstance(holds, np.ndarray):
                lowest = np.where(holds, np.minimum(lowest, level), lowest)
            elif holds:
                lowest = np.minimum(lowest, level)
    return lowest


Test = Callable[[Facts], Any]


@lru_cache(maxsize=8)
def tests_of(model: Model) -> dict[str, Test]:
    """The condition of each rule as a function: ``met`` with everything but the facts looked up once."""
    return {rule.id: _test(rule.condition, model.knowledge) for rule in model.knowledge.red_flags.values()}


def _test(condition: Condition, knowledge: Knowledge) -> Test:
    parts = condition.all_of or condition.any_of or condition.count_of
    if condition.finding is not None:
        finding = condition.finding
        return lambda facts: facts.present.get(finding, False)
    if not parts:
        return lambda facts: met(condition, facts, knowledge)
    tests = [_test(part, knowledge) for part in parts]
    if condition.all_of:
        return partial(_every, tests)
    wanted = 1 if condition.count is None else round(knowledge.number(condition.count))
    return partial(_some, tests) if wanted == 1 else lambda facts: sum(test(facts) for test in tests) >= wanted


def _every(tests: list[Test], facts: Facts) -> Any:
    """Whether all hold; arrays are not looked at where a plain answer settles it."""
    held: Any = True
    for test in tests:
        one = test(facts)
        if isinstance(one, np.ndarray):
            held = one if held is True else held & one
        elif not one:
            return False
    return held


def _some(tests: list[Test], facts: Facts) -> Any:
    """Whether one holds; arrays are not looked at where a plain answer settles it."""
    held: Any = False
    for test in tests:
        one = test(facts)
        if isinstance(one, np.ndarray):
            held = one if held is False else held | one
        elif one:
            return True
    return held


@lru_cache(maxsize=4096)
def rules_about(findings: tuple[str, ...], model: Model) -> tuple[RedFlag, ...]:
    """Rules that mention one of the findings, or what follows from them."""
    wanted = set(findings)
    for link in model.knowledge.links:
        if link.kind in {"implies", "at_least_implies"} and link.finding in findings:
            wanted.add(link.other)
    by_finding = mentions(model)
    ids = {i for f in wanted for i in by_finding.get(f, ())}
    return tuple(r for r in model.knowledge.red_flags.values() if r.id in ids)


@lru_cache(maxsize=8)
def mentions(model: Model) -> dict[str, tuple[str, ...]]:
    """Ids of the rules that mention each finding."""
    out: dict[str, tuple[str, ...]] = {}
    for rule in model.knowledge.red_flags.values():
        for name in dict.fromkeys(named(rule.condition)):
            out[name] = (*out.get(name, ()), rule.id)
    return out


def named(condition: Condition) -> list[str]:
    """Findings that a condition names."""
    own = [n for n in (condition.finding, condition.measured) if n is not None]
    return own + [n for part in (*condition.all_of, *condition.any_of, *condition.count_of) for n in named(part)]


@lru_cache(maxsize=8)
def thresholds(model: Model) -> dict[str, tuple[float, ...]]:
    """Values at which a rule or a link changes its mind about a measured finding, in the finding's unit, ascending."""
    found: dict[str, set[float]] = {m: set() for m in model.parameters.measured}

    def visit(condition: Condition) -> None:
        for name in (condition.at_least, condition.at_most):
            if condition.measured is not None and name is not None:
                found[condition.measured].add(model.knowledge.number(name))
        for part in (*condition.all_of, *condition.any_of, *condition.count_of):
            visit(part)

    for rule in model.knowledge.red_flags.values():
        visit(rule.condition)
    for link in model.knowledge.links:
        if link.threshold is not None:
            found[link.finding].add(model.knowledge.number(link.threshold))
    return {m: tuple(sorted(values)) for m, values in found.items()}
