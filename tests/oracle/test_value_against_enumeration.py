"""The value of information equals plain enumeration with the slow engine; measured values equal fine quadrature."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from itertools import product

import msgspec
import numpy as np
import pytest

from backspasm import InputError, Model, Patient, from_case
from backspasm.advice.look_ahead import two_step_values
from backspasm.advice.outcomes import linked
from backspasm.advice.panels import test_worths as panel_worths
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.advice.situation import Situation, situation_of
from backspasm.advice.value import NODES, boolean_worths, measured_worth
from backspasm.inference.likelihood import scale_ends
from backspasm.inference.oracle import log_joint
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from tests.conftest import random_patients

TOLERANCE = 1e-9

States = dict[tuple[str, frozenset[str]], float]


def plus(
    patient: Patient,
    present: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    measured: dict[str, float] | None = None,
) -> Patient:
    return msgspec.structs.replace(
        patient,
        present=(*patient.present, *present),
        absent=(*patient.absent, *absent),
        measured=patient.measured | (measured or {}),
    )


class Plain:
    """Expected losses by enumeration of all states with the oracle, for a patient with setting, age and sex known."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.levels = model.knowledge.index.urgency
        self.loss = model.knowledge.tables("loss")
        self.joint = lru_cache(maxsize=4000)(self._joint)

    def weights(self, patient: Patient) -> States | None:
        """p(state, answers), or None where the answers contradict each other."""
        try:
            items = answers_of(patient, self.model.knowledge).items
        except InputError:
            return None
        return self.joint(items, strata_of(patient, self.model.knowledge))

    def _joint(self, items: tuple[object, ...], strata: tuple[object, ...]) -> States:
        found = log_joint(items, strata, self.model.means, self.model.knowledge)  # type: ignore[arg-type]
        return {(c, k): math.fsum(math.exp(x) for x in logs) for c, sets in found.items() for k, logs in sets.items()}

    def need(self, state: tuple[str, frozenset[str]]) -> str:
        knowledge = self.model.knowledge
        urgencies = [knowledge.causes[state[0]].urgency, *(knowledge.complications[k].urgency for k in state[1])]
        return min(urgencies, key=self.levels.index)

    def expected(self, level: str, weights: States) -> float:
        return math.fsum(p * self.loss[level][self.need(s)] for s, p in weights.items())

    def decision(self, patient: Patient, weights: States) -> str:
        best = min(self.levels, key=lambda level: (self.expected(level, weights), self.levels.index(level)))
        answers = answers_of(patient, self.model.knowledge)
        lowest = floor(fired_rules(patient, answers, self.model.knowledge), self.model.knowledge)
        return min(best, lowest, key=self.levels.index)

    def value(self, patient: Patient, outcomes: list[Patient]) -> float:
        """Expected drop in loss of learning which of the outcomes is so."""
        before = self.weights(patient)
        assert before is not None
        mass = math.fsum(before.values())
        found = [(o, w) for o in outcomes if (w := self.weights(o)) is not None]
        now = self.expected(self.decision(patient, before), before) / mass
        after = 0.0
        for outcome, weights in found:
            # each state's own probability of the outcome, which adds up to 1 over the outcomes
            believed = {
                s: before[s] * p / total for s, p in weights.items() if (total := math.fsum(w[s] for _, w in found)) > 0
            }
            after += self.expected(self.decision(outcome, weights), believed) / mass
        return max(now - after, 0.0)


@pytest.fixture(scope="module")
def plain(model: Model) -> Plain:
    return Plain(model)


def placed(count: int, seed: int, model: Model) -> list[Patient]:
    """Patients whose setting, age and sex are known."""
    found = (p for p in random_patients(10 * count, seed, model.knowledge))
    return [p for p in found if p.setting and p.age_years is not None and p.sex != "unknown"][:count]


@pytest.mark.parametrize("part", range(2))
def test_a_yes_or_no_question_equals_enumeration(part: int, model: Model, plain: Plain) -> None:
    rng = random.Random(part)
    for patient in placed(2, 300 + part, model):
        s = situation_of(patient, model)
        unasked = [f for f in model.parameters.booleans if not s.answers.asked(f)]
        ties = [f for f in unasked if linked(s, f)]
        chosen = tuple(dict.fromkeys([*rng.sample(unasked, 3), *rng.sample(ties, min(3, len(ties)))]))
        for finding, worth in boolean_worths(s, chosen).items():
            slow = plain.value(patient, [plus(patient, (finding,)), plus(patient, (), (finding,))])
            assert worth.value == pytest.approx(slow, abs=TOLERANCE), finding
            assert sum(b.probability for b in worth.branches) == pytest.approx(1, abs=TOLERANCE), finding


CASES: list[dict[str, object]] = [
    {"age_years": 47, "sex": "male", "setting": "primary_care", "present": ["overexertion"]},
    {"age_years": 47, "sex": "male", "setting": "emergency", "present": ["fever", "night_pain"], "absent": ["rigors"]},
    {"age_years": 7, "sex": "female", "setting": "paediatric_clinic", "present": ["night_pain", "mri_tumour"]},
    {"age_years": 71, "sex": "female", "setting": "primary_care", "present": ["motor_weakness"]},
]


@pytest.mark.parametrize(
    ("test", "case"),
    [
        ("urinalysis", CASES[1]),
        ("ct_abdomen_or_angiography", CASES[3]),
        ("ct_spine", CASES[2]),
        ("radiograph", CASES[0]),
    ],
)
def test_findings_revealed_together_equal_enumeration(
    test: str, case: dict[str, object], model: Model, plain: Plain
) -> None:
    patient = from_case(case, model.knowledge)
    found = panel_worths(situation_of(patient, model)).get(test)
    assert found is not None
    names = model.knowledge.investigations[test].reveals
    outcomes = [
        plus(
            patient,
            tuple(f for f, y in zip(names, flags, strict=True) if y),
            tuple(f for f, y in zip(names, flags, strict=True) if not y),
        )
        for flags in product((True, False), repeat=len(names))
    ]
    assert found.value == pytest.approx(plain.value(patient, outcomes), abs=TOLERANCE)


def test_two_steps_equal_enumeration(model: Model, plain: Plain) -> None:
    """The better of stopping and the best second question, after each answer."""
    patient = from_case(CASES[0], model.knowledge)
    s = situation_of(patient, model)
    findings = ("fever", "motor_weakness", "saddle_anaesthesia")
    fast = two_step_values(s, findings)
    before = plain.weights(patient)
    assert before is not None
    mass = math.fsum(before.values())
    now = plain.expected(plain.decision(patient, before), before) / mass
    for first in findings:
        total = 0.0
        for outcome in (plus(patient, (first,)), plus(patient, (), (first,))):
            here = plain.weights(outcome)
            assert here is not None
            best = plain.expected(plain.decision(outcome, here), here)
            for second in findings:
                if second != first:
                    ends = [plus(outcome, (second,)), plus(outcome, (), (second,))]
                    both = [(e, plain.weights(e)) for e in ends]
                    best = min(best, sum(plain.expected(plain.decision(e, w), w) for e, w in both if w is not None))
            total += best / mass
        assert fast[first][0] == pytest.approx(max(now - total, 0.0), abs=TOLERANCE), first


# --- measured values -----------------------------------------------------------------------------------------------


def by_quadrature(s: Situation, measured: str, nodes: int) -> float:
    """Midpoint rule over the value, the engine's own assessment of every value; nothing of the fast way is used."""
    model = s.model
    low, high = scale_ends(measured, model.means, model.knowledge)
    edges = np.linspace(low, high, nodes + 1)
    log = model.parameters.lognormal[model.parameters.measured.index(measured)]
    after = mass = 0.0
    for y in (edges[1:] + edges[:-1]) / 2:
        value = float(np.exp(y)) if log else float(y)
        then = situation_of(plus(s.patient, measured={measured: value}), model)
        density = then_density(s, measured, value)
        after += density * then.loss_now
        mass += density
    return max(s.loss_now - after / mass, 0.0)


def then_density(s: Situation, measured: str, value: float) -> float:
    """Density of the value (on its scale) under what is believed now."""
    from backspasm.inference.likelihood import log_item
    from backspasm.inference.posterior import prepared
    from backspasm.patients.answers import Item

    model = s.model
    (item,) = prepared((Item("value", measured, value=value),), model.means, model.knowledge)
    total = 0.0
    for k, key in enumerate(s.belief.keys):
        group, log_p = log_item(item, model.means, model.layout, *key, model.knowledge)
        total += float((s.belief.weights[k] * np.exp(s.belief.spread(group, log_p))).sum())
    return total


@pytest.mark.parametrize("measured", ["crp", "post_void_residual", "temperature"])
def test_a_measurement_equals_quadrature_by_the_whole_engine(measured: str, model: Model) -> None:
    """The rule of quadrature is coarse here (an assessment a node), so is the tolerance."""
    s = situation_of(from_case(CASES[3], model.knowledge), model)
    found = measured_worth(s, measured)
    assert found is not None
    assert found.value == pytest.approx(by_quadrature(s, measured, 300), abs=5e-3)


@pytest.mark.parametrize("case", CASES)
def test_ten_times_the_nodes_change_a_measurement_by_less_than_a_millionth(
    case: dict[str, object], model: Model
) -> None:
    s = situation_of(from_case(case, model.knowledge), model)
    for measured in model.parameters.measured:
        coarse, fine = measured_worth(s, measured), measured_worth(s, measured, 10 * NODES)
        assert coarse is not None
        assert fine is not None
        assert coarse.value == pytest.approx(fine.value, abs=1e-6), measured
        assert sum(b.probability for b in coarse.branches) == pytest.approx(1, abs=1e-9)
