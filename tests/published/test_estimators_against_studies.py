"""What the estimators said before any study was pooled agrees with what studies report."""

from __future__ import annotations

import numpy as np
import pytest

from backspasm import Knowledge
from backspasm.inference.estimators import Agreement, against_studies


@pytest.fixture(scope="module")
def agreement(knowledge: Knowledge) -> Agreement:
    return against_studies(knowledge)


def test_hundreds_of_results_are_compared(agreement: Agreement) -> None:
    assert agreement.said.shape[1] > 300


def test_estimators_are_neither_timid_nor_bold(agreement: Agreement) -> None:
    """Differences between causes are as large as studies find them."""
    assert np.all((agreement.slope() > 0.9) & (agreement.slope() < 1.1)), agreement.slope()


def test_ranges_hold_about_nine_results_of_ten(agreement: Agreement) -> None:
    assert np.all((agreement.coverage() > 0.85) & (agreement.coverage() < 0.97)), agreement.coverage()


def test_no_estimator_is_far_off_and_none_is_much_worse(agreement: Agreement) -> None:
    errors = agreement.root_mean_square()
    assert errors.max() < 1.2
    assert errors.max() / errors.min() < 1.2


def test_an_estimator_that_repeats_the_studies_has_no_error() -> None:
    seen = np.array([0.5, -1.0, 2.0])
    perfect = Agreement(seen[None], np.full((1, 3), 0.1), np.zeros((1, 3)), seen, np.ones(3))
    assert perfect.root_mean_square() == pytest.approx([0])
    assert perfect.slope() == pytest.approx([1])
    timid = Agreement(seen[None] / 2, np.full((1, 3), 0.1), np.zeros((1, 3)), seen, np.ones(3))
    assert timid.slope() == pytest.approx([2])
