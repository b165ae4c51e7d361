"""The batch (matrix products) and the single patient give the same probabilities."""

from __future__ import annotations

import numpy as np

from backspasm import Model
from backspasm.inference.batch import Evidence, score
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from tests.conftest import random_patients


def test_batch_equals_single(model: Model) -> None:
    rows, alone = [], []
    for patient in random_patients(300, 77, model.knowledge):
        strata = strata_of(patient, model.knowledge)
        if len(strata) > 1:
            continue
        items = answers_of(patient, model.knowledge).items
        rows.append(Evidence(strata[0], items))
        alone.append(posterior(items, strata, model.means, model.layout, model.knowledge).causes)
    assert len(rows) > 200
    assert np.abs(score(rows, model) - np.array(alone)).max() < 1e-9
