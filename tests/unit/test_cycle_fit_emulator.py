"""The emulator gives back what a polynomial can hold, says how far it errs, and keeps shares between 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from backspasm.cycle.fit.emulator import emulator_of
from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import Scale


def runs(count: int, noise: float = 0.0) -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    x = rng.random((count, 3))
    cubic = 1 + x[:, 0] - 3 * x[:, 1] * x[:, 2] + 5 * x[:, 0] ** 2 * x[:, 2]
    share = 1 / (1 + np.exp(-(6 * x[:, 0] - 4 * x[:, 1])))
    days = np.exp(3 * x[:, 2] - x[:, 0])
    return x, np.stack([cubic, share, days], axis=1) + noise * rng.standard_normal((count, 3)) * [1, 0, 0]


SCALES: tuple[Scale, ...] = ("linear", "logit", "log")


def test_a_cubic_is_given_back() -> None:
    x, y = runs(200)
    made = emulator_of(x, y, SCALES, np.ones(len(x)))
    fresh = np.random.default_rng(2).random((50, 3))
    truth = 1 + fresh[:, 0] - 3 * fresh[:, 1] * fresh[:, 2] + 5 * fresh[:, 0] ** 2 * fresh[:, 2]
    assert made(fresh)[:, 0] == pytest.approx(truth, abs=1e-3)
    assert made(fresh)[:, 1] == pytest.approx(1 / (1 + np.exp(-(6 * fresh[:, 0] - 4 * fresh[:, 1]))), abs=0.01)
    assert made.error[0] < 1e-3


def test_the_error_is_that_of_runs_left_out() -> None:
    x, y = runs(400, noise=0.3)
    made = emulator_of(x, y, SCALES, np.ones(len(x)))
    assert made.error[0] == pytest.approx(0.3, rel=0.25)


def test_far_from_the_runs_a_share_stays_a_share() -> None:
    x, y = runs(60)
    made = emulator_of(x, y, SCALES, np.ones(len(x)))
    shares = made(np.array([[9.0, -9.0, 0.0], [-9.0, 9.0, 0.0]]))[:, 1]
    assert np.all((shares >= 0) & (shares <= 1))
    assert np.all(np.isfinite(shares))
