"""Several opinions become one: the mean, moved away from what is known without knowing the cause."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backspasm.inference.elicited import away_from_average, extremising_factor


@pytest.mark.parametrize(
    ("estimators", "factor"), [(1, 1.0), (2, 2 * (math.sqrt(7) - 2)), (3, 1.41534), (10_000, math.sqrt(3))]
)
def test_factor_of_neyman_and_roughgarden(estimators: int, factor: float) -> None:
    assert extremising_factor(estimators) == pytest.approx(factor, abs=2e-4)


def test_average_over_causes_stays_and_differences_grow() -> None:
    pooled = np.array([[-2.0, 0.0, 1.0, 3.0], [0.5, 0.5, 0.5, 0.5]])
    moved = away_from_average(pooled, 3, axis=1)
    np.testing.assert_allclose(moved.mean(axis=1), pooled.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(np.diff(moved, axis=1), np.diff(pooled, axis=1) * extremising_factor(3), atol=1e-12)


def test_a_single_opinion_is_taken_as_it_is() -> None:
    pooled = np.array([[-4.0, 0.3, 2.0]])
    np.testing.assert_allclose(away_from_average(pooled, 1, axis=1), pooled)
