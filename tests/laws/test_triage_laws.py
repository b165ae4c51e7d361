"""The quick answer is part of the whole one: same urgency, same red flags, same ledger, for every patient."""

from __future__ import annotations

import pytest

from backspasm import InputError, Model, Patient, assess
from backspasm.advice.triage import triage
from tests.conftest import random_patients


def test_triage_says_what_the_whole_assessment_says(model: Model) -> None:
    for patient in random_patients(15, seed=11, knowledge=model.knowledge):
        quick, whole = triage(patient, model), assess(patient, model, draws=20)
        assert (quick.level, quick.floor, quick.expected) == (
            whole.urgency.level,
            whole.urgency.floor,
            whole.urgency.expected,
        )
        assert quick.red_flags == whole.red_flags
        assert quick.must_not_miss == whole.must_not_miss
        assert (quick.input_digest, quick.knowledge_digest) == (whole.input_digest, whole.knowledge_digest)
        points = dict(zip(model.parameters.causes, quick.found.causes.tolist(), strict=True))
        assert {h.cause: h.estimate.value for h in whole.differential} == points


def test_triage_does_not_depend_on_draws(model: Model) -> None:
    """The number of draws moves intervals only; the quick answer takes none, so it holds for every number."""
    patient = next(random_patients(1, seed=3, knowledge=model.knowledge))
    few, many = assess(patient, model, draws=10), assess(patient, model, draws=1000)
    assert few.urgency == many.urgency
    assert triage(patient, model).level == many.urgency.level


def test_triage_refuses_what_the_assessment_refuses(model: Model) -> None:
    contradictory = Patient(age_years=40, absent=("fever",), measured={"temperature": 39.5})
    with pytest.raises(InputError) as quick:
        triage(contradictory, model)
    with pytest.raises(InputError) as whole:
        assess(contradictory, model, draws=10)
    assert quick.value.problems == whole.value.problems
