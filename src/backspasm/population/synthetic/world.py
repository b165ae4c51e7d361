"""What all virtual stories share: knowledge, codes, named assumptions, and the random numbers of each patient."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from backspasm.advice.prescribing import patient_facts
from backspasm.advice.rule_arrays import named
from backspasm.advice.taken_medicines import taken_verdicts
from backspasm.inference.strata import Ages
from backspasm.patients.answers import answers_of
from backspasm.patients.patient import Patient
from backspasm.population.synthetic.codes import CodeBook, code_book
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Condition, RedFlag

#: what may be prescribed for the pain at the encounter
PRESCRIBED = ("naproxen", "ibuprofen", "paracetamol", "diclofenac", "cyclobenzaprine", "tramadol")


@dataclass(frozen=True, eq=False)
class World:
    """What all stories share."""

    knowledge: Knowledge
    book: CodeBook
    seed: int

    @cached_property
    def practice(self) -> dict[str, float]:
        return self.knowledge.table("virtual_practice")

    @cached_property
    def history(self) -> dict[str, float]:
        return self.knowledge.table("virtual_history")

    @cached_property
    def shares(self) -> dict[str, dict[str, dict[str, float]]]:
        """The two-level tables of what is invented."""
        names = ("virtual_medicines", "virtual_comorbidities", "virtual_days_ago")
        return {name: self.knowledge.tables(name) for name in names}

    @cached_property
    def allergies(self) -> dict[str, float]:
        return self.knowledge.table("virtual_allergies")

    @cached_property
    def rules(self) -> tuple[tuple[RedFlag, ...], dict[str, tuple[str, ...]]]:
        """Safety rules that may hold without any finding; and the ids of those that each finding may set off."""
        free = tuple(r for r in self.knowledge.red_flags.values() if not _needs_finding(r.condition))
        by: dict[str, tuple[str, ...]] = {}
        for rule in self.knowledge.red_flags.values():
            for name in dict.fromkeys(named(rule.condition)):
                by[name] = (*by.get(name, ()), rule.id)
        return free, by

    @cached_property
    def ages(self) -> Ages:
        return Ages.of(self.knowledge)

    @cached_property
    def risks(self) -> tuple[tuple[str, str, str], ...]:
        """Medicine, comorbidity and rule, where the comorbidity alone bars the medicine for an adult."""
        return tuple(_risks(self.knowledge))

    @cached_property
    def skew(self) -> tuple[float, ...]:
        """How far each site departs from the rest, -1 to 1: most not at all."""
        rng = random.Random(f"{self.seed} sites")
        share = self.practice["skewed_sites"]
        return tuple(
            2 * rng.random() - 1 if rng.random() < share else 0.0 for _ in range(round(self.practice["sites"]))
        )


def world_of(knowledge: Knowledge, seed: int) -> World:
    return World(knowledge, code_book(knowledge), seed)


def coins(seed: int, number: int) -> random.Random:
    """The patient's own random numbers: they depend on the seed and the number only."""
    return random.Random(f"{seed} {number}")


def whole(rng: random.Random, low: float, high: float) -> int:
    return int(low + rng.random() * (high - low + 1))


def _needs_finding(condition: Condition) -> bool:
    """Whether the condition cannot hold where nothing but age and comorbidities is known."""
    if condition.finding is not None or condition.measured is not None:
        return True
    if condition.all_of:
        return any(map(_needs_finding, condition.all_of))
    parts = condition.any_of or condition.count_of
    return bool(parts) and all(map(_needs_finding, parts))


def _risks(knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    grown = knowledge.number("child_age")
    names = list(knowledge.tables("virtual_comorbidities"))
    for medicine in PRESCRIBED:
        for comorbidity in names:
            patient = Patient(age_years=grown, medications=(medicine,), comorbidities=(comorbidity,))
            facts = patient_facts(patient, answers_of(patient, knowledge), knowledge)
            for taken in taken_verdicts(facts, knowledge):
                if taken.verdict.verdict == "avoid":
                    yield medicine, comorbidity, taken.verdict.reasons[0].rule
