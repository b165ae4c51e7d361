"""The fast engine and the slow plain one agree on generated patients."""

from __future__ import annotations

import os

import pytest

from backspasm import Knowledge, Model, from_case
from backspasm.advice.must_not_miss import complication_table
from backspasm.inference.explain import cumulative, log_odds, steps
from backspasm.inference.oracle import complications, differential
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from backspasm.patients.patient import Patient
from tests.conftest import random_patients

PATIENTS = int(os.environ.get("BACKSPASM_ORACLE_PATIENTS", "2000"))
PARTS = 8
TOLERANCE = 1e-9


def disagreement(patient: Patient, model: Model) -> float:
    answers = answers_of(patient, model.knowledge)
    strata = strata_of(patient, model.knowledge)
    fast = posterior(answers.items, strata, model.means, model.layout, model.knowledge)
    slow = differential(answers.items, strata, model.means, model.knowledge)
    gaps = [abs(slow[c] - p) for c, p in zip(model.parameters.causes, fast.causes, strict=True)]
    return float(max(gaps))


@pytest.mark.parametrize("part", range(PARTS))
def test_differential_equals_the_oracle(part: int, model: Model) -> None:
    worst = 0.0
    for patient in random_patients(PATIENTS // PARTS, 1000 + part, model.knowledge):
        worst = max(worst, disagreement(patient, model))
    assert worst < TOLERANCE


def test_unknown_age_setting_and_sex_equal_the_oracle(model: Model) -> None:
    patient = Patient(age_years=None, present=("fever", "saddle_anaesthesia"), measured={"crp": 80.0})
    assert len(strata_of(patient, model.knowledge)) > 100
    assert disagreement(patient, model) < TOLERANCE


def test_complications_equal_the_oracle(model: Model) -> None:
    for patient in random_patients(60, 7, model.knowledge):
        answers = answers_of(patient, model.knowledge)
        strata = strata_of(patient, model.knowledge)
        found = posterior(answers.items, strata, model.means, model.layout, model.knowledge)
        fast = complication_table(found, model)
        slow = complications(answers.items, strata, model.means, model.knowledge)
        for name, p in zip(model.parameters.complications, fast, strict=True):
            assert abs(slow[name] - p) < TOLERANCE, name


@pytest.mark.parametrize("finding", ["painful_scoliosis", "severe_motor_weakness", "crossed_straight_leg_raise"])
def test_a_form_of_a_finding_that_complications_drive(finding: str, model: Model, knowledge: Knowledge) -> None:
    """The contained finding is bounded by the one that contains it in every state, even where only that one is driven."""
    case = {"age_years": 30, "sex": "female", "setting": "primary_care", "present": [finding]}
    assert disagreement(from_case(case, knowledge), model) < TOLERANCE


def test_steps_multiply_to_the_posterior(model: Model) -> None:
    for patient in random_patients(200, 11, model.knowledge):
        answers = answers_of(patient, model.knowledge)
        strata = strata_of(patient, model.knowledge)
        odds = log_odds(cumulative(answers.items, strata, model))
        found = posterior(answers.items, strata, model.means, model.layout, model.knowledge).causes
        for c, (cause, path) in enumerate(steps(answers.items, strata, model).items()):
            product = 1.0
            before = path[0].before if path else float(found[c])
            for step in path:
                product *= step.likelihood_ratio
            after = before / (1 - before) * product
            assert after / (1 + after) == pytest.approx(float(found[c]), abs=TOLERANCE), cause
            assert odds[-1, c] == pytest.approx(odds[0, c] + sum(odds[1:, c] - odds[:-1, c]), abs=1e-9)
