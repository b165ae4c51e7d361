"""Leaving out each answer at once gives what leaving it out alone gives, and draws laid out in pieces what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest

from backspasm import Model, from_case
from backspasm.inference.posterior import evidence, log_priors, posterior, prepared, summed, terms_of, without_each
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of

CASES = (
    {"age_years": 47, "sex": "male", "setting": "emergency", "present": ["fever", "saddle_anaesthesia"],
     "absent": ["urinary_retention", "motor_weakness", "weight_loss"], "measured": {"crp": 182, "pain_intensity": 7}},
    {"age_years": None, "sex": "female", "present": ["severe_motor_weakness"], "absent": ["refusal_to_walk"]},
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_all_at_once_equals_one_after_the_other(case: dict[str, object], model: Model) -> None:
    patient = from_case(case, model.knowledge)
    items, strata = answers_of(patient, model.knowledge).items, strata_of(patient, model.knowledge)
    found = without_each(items, strata, model.means, model.layout, model.knowledge)
    for i in range(len(items)):
        alone = posterior(items[:i] + items[i + 1 :], strata, model.means, model.layout, model.knowledge)
        assert found.causes[i] == pytest.approx(alone.causes, rel=1e-11)
        for many, one in zip(found.configurations, alone.configurations, strict=True):
            assert many[i] == pytest.approx(one, rel=1e-11)


@pytest.mark.parametrize("case", CASES[:1])
def test_items_added_up_before_they_are_laid_out_equal_those_laid_out(case: dict[str, object], model: Model) -> None:
    patient = from_case(case, model.knowledge)
    items, strata = answers_of(patient, model.knowledge).items, strata_of(patient, model.knowledge)
    for numbers in (model.means, model.draws(230)):
        ready = prepared(items, numbers, model.knowledge)
        ((setting, age),) = log_priors(strata, numbers)
        total, given = summed(ready, numbers, model.layout, setting, age, model.knowledge)
        whole, laid_out = evidence(terms_of(ready, numbers, model.layout, setting, age, model.knowledge))
        assert total == pytest.approx(whole, rel=1e-12)
        for one, other in zip(given, laid_out, strict=True):
            assert one == pytest.approx(other, rel=1e-10, abs=1e-300)
            assert np.asarray(one).sum(axis=-1) == pytest.approx(1)
