"""Laws that hold for every patient, checked on generated ones."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backspasm import InputError, Knowledge, Model, Patient, assess, from_case, load, to_json
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from tests.conftest import random_case, random_patients

MANY = settings(max_examples=150, deadline=None)
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


@cache
def the_model() -> Model:
    """Not a fixture, since a failing example would print all of it."""
    return load()


def patient_of(seed: int, knowledge: Knowledge) -> Patient:
    return next(random_patients(1, seed, knowledge))


def causes_of(patient: Patient, model: Model) -> Any:
    answers = answers_of(patient, model.knowledge)
    strata = strata_of(patient, model.knowledge)
    return posterior(answers.items, strata, model.means, model.layout, model.knowledge).causes


@MANY
@given(seed=SEEDS)
def test_the_differential_sums_to_one(seed: int) -> None:
    model = the_model()
    assert causes_of(patient_of(seed, model.knowledge), model).sum() == pytest.approx(1, abs=1e-12)


@MANY
@given(seed=SEEDS)
def test_the_order_of_findings_is_irrelevant(seed: int) -> None:
    model = the_model()
    patient = patient_of(seed, model.knowledge)
    rng = random.Random(seed)
    shuffled = msgspec.structs.replace(
        patient,
        present=tuple(rng.sample(patient.present, len(patient.present))),
        absent=tuple(rng.sample(patient.absent, len(patient.absent))),
        measured=dict(rng.sample(list(patient.measured.items()), len(patient.measured))),
    )
    assert np.array_equal(causes_of(patient, model), causes_of(shuffled, model))


@MANY
@given(seed=SEEDS)
def test_no_answer_leaves_the_base_rates(seed: int) -> None:
    """A finding that was not asked changes nothing: with none asked, what remains is the base rate."""
    model = the_model()
    patient = patient_of(seed, model.knowledge)
    silent = Patient(age_years=patient.age_years, sex=patient.sex, setting=patient.setting)
    strata = strata_of(silent, model.knowledge)
    base = np.sum([s.weight * np.exp(model.means.log_base(s)) for s in strata], axis=0)
    assert causes_of(silent, model) == pytest.approx(base, abs=1e-12)


@MANY
@given(seed=SEEDS)
def test_adding_a_red_flag_never_lowers_the_floor(seed: int) -> None:
    model = the_model()
    knowledge = model.knowledge
    patient = patient_of(seed, knowledge)
    rng = random.Random(seed)
    free = [
        f.id
        for f in knowledge.findings.values()
        if f.kind == "boolean" and f.id not in patient.present and f.id not in patient.absent
    ]
    more = msgspec.structs.replace(patient, present=(*patient.present, *rng.sample(free, 3)))
    try:
        after = answers_of(more, knowledge)
    except InputError:
        return  # the added finding contradicts an answer: refused, not assessed
    before = floor(fired_rules(patient, answers_of(patient, knowledge), knowledge), knowledge)
    raised = floor(fired_rules(more, after, knowledge), knowledge)
    assert knowledge.index.urgency.index(raised) <= knowledge.index.urgency.index(before)


@MANY
@given(seed=SEEDS)
def test_urgency_is_never_below_the_floor(seed: int) -> None:
    model = the_model()
    result = assess(patient_of(seed, model.knowledge), model, draws=2)
    levels = model.knowledge.index.urgency.index
    assert levels(result.urgency.level) <= levels(result.urgency.floor)


@MANY
@given(seed=SEEDS)
def test_saying_what_follows_anyway_changes_nothing(seed: int) -> None:
    """Derived answers are never counted twice: stating one aloud leaves every probability as it was."""
    model = the_model()
    patient = patient_of(seed, model.knowledge)
    answers = answers_of(patient, model.knowledge)
    said = msgspec.structs.replace(
        patient,
        present=tuple(
            dict.fromkeys((*patient.present, *(d.finding for d in answers.derived if d.answer == "present")))
        ),
        absent=tuple(dict.fromkeys((*patient.absent, *(d.finding for d in answers.derived if d.answer == "absent")))),
    )
    assert causes_of(said, model) == pytest.approx(causes_of(patient, model), abs=1e-12)


@MANY
@given(seed=SEEDS)
def test_each_finding_is_counted_at_most_once(seed: int) -> None:
    model = the_model()
    items = answers_of(patient_of(seed, model.knowledge), model.knowledge).items
    findings = [i.finding for i in items]
    assert len(findings) == len(set(findings))


def test_the_same_input_gives_the_same_bytes_alone_or_in_a_batch(model: Model) -> None:
    patients = list(random_patients(12, 5, model.knowledge))
    together = [to_json(assess(p, model, draws=50), model.knowledge) for p in patients]
    for patient, before in reversed(list(zip(patients, together, strict=True))):
        assert to_json(assess(patient, model, draws=50), model.knowledge) == before


def test_intervals_hold_their_probability_mostly_and_are_ordered(model: Model) -> None:
    """The fixed set lies inside the interval of the draws for nearly every cause that matters."""
    inside = total = 0
    for patient in random_patients(40, 6, model.knowledge):
        for h in assess(patient, model, draws=200).differential:
            assert 0 <= h.estimate.low <= h.estimate.high <= 1
            if h.estimate.value > 0.02:
                total += 1
                inside += h.estimate.low <= h.estimate.value <= h.estimate.high
    assert inside / total > 0.9


def test_contradictions_are_refused_and_never_assessed(knowledge: Knowledge) -> None:
    """Random answers that contradict each other raise, and always with field, value and mend."""
    rng = random.Random(3)
    refused = 0
    for _ in range(400):
        try:
            answers_of(from_case(random_case(rng, knowledge), knowledge), knowledge)
        except InputError as error:
            refused += 1
            assert all(p.field and p.what and p.mend for p in error.problems)
    assert refused > 20
