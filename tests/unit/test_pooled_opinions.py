"""Several opinions become one: the mean, moved away from what is known without knowing the cause."""

from __future__ import annotations

import numpy as np

from backspasm.inference.elicited import away_from_average


def test_average_over_causes_stays_and_differences_grow() -> None:
    pooled = np.array([[-2.0, 0.0, 1.0, 3.0], [0.5, 0.5, 0.5, 0.5]])
    moved = away_from_average(pooled, 1.4, axis=1)
    np.testing.assert_allclose(moved.mean(axis=1), pooled.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(np.diff(moved, axis=1), 1.4 * np.diff(pooled, axis=1), atol=1e-12)


def test_a_factor_of_one_takes_opinions_as_they_are() -> None:
    pooled = np.array([[-4.0, 0.3, 2.0]])
    np.testing.assert_allclose(away_from_average(pooled, 1.0, axis=1), pooled)
