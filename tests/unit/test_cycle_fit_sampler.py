"""The sampler draws from the density asked for, and its diagnostics tell good chains from bad ones."""

from __future__ import annotations

import numpy as np
import pytest

from backspasm.cycle.fit.diagnostics import effective_size, rhat
from backspasm.cycle.fit.profiles import RISE, best, ends, profile
from backspasm.cycle.fit.sampler import sample
from backspasm.cycle.model import Array

LOW, HIGH = np.zeros(3), np.array([1.0, 1.0, 0.0])


def correlated(points: Array) -> Array:
    """Normal around (0.5, 0.4), deviations 0.05 and 0.1, correlation 0.8; the third is held fixed."""
    a, b = (points[:, 0] - 0.5) / 0.05, (points[:, 1] - 0.4) / 0.1
    out: Array = -0.5 * (a * a - 1.6 * a * b + b * b) / (1 - 0.64)
    return out


def test_draws_have_the_mean_spread_and_correlation_of_the_density() -> None:
    chains = sample(correlated, LOW, HIGH, np.random.default_rng(1), chains=8, warm=2_000, steps=8_000, thin=4)
    pool = chains.pooled
    assert chains.draws.shape == (8, 2_000, 3)
    assert 0.15 < chains.accepted < 0.4
    assert pool[:, :2].mean(axis=0) == pytest.approx([0.5, 0.4], abs=0.01)
    assert pool[:, :2].std(axis=0) == pytest.approx([0.05, 0.1], rel=0.06)
    assert np.corrcoef(pool[:, 0], pool[:, 1])[0, 1] == pytest.approx(0.8, abs=0.03)
    assert np.all(pool[:, 2] == 0)
    assert max(rhat(chains.draws[:, :, i]) for i in (0, 1)) < 1.02


def test_a_density_cut_by_the_box_stays_inside_it() -> None:
    chains = sample(lambda x: -20 * x[:, 0], np.zeros(1), np.ones(1), np.random.default_rng(2), warm=1_000, steps=4_000)
    assert chains.pooled.min() >= 0
    assert chains.pooled.mean() == pytest.approx(1 / 20, rel=0.1)


def test_the_same_seed_gives_the_same_draws() -> None:
    one, other = (
        sample(correlated, LOW, HIGH, np.random.default_rng(3), chains=2, warm=200, steps=100) for _ in range(2)
    )
    assert np.array_equal(one.draws, other.draws)


def test_r_hat_tells_chains_that_stay_apart() -> None:
    rng = np.random.default_rng(4)
    alike = rng.standard_normal((4, 1_000))
    assert rhat(alike) == pytest.approx(1, abs=0.01)
    assert rhat(alike + np.arange(4)[:, None]) > 1.5
    assert np.isnan(rhat(np.zeros((4, 100))))


def test_effective_size_is_that_of_an_autoregression() -> None:
    """With correlation r from draw to draw, n draws are worth n (1 - r) / (1 + r)."""
    rng = np.random.default_rng(5)
    chains = np.zeros((4, 20_000))
    for k in range(1, chains.shape[1]):
        chains[:, k] = 0.8 * chains[:, k - 1] + rng.standard_normal(4)
    assert effective_size(chains) == pytest.approx(80_000 * 0.2 / 1.8, rel=0.15)
    assert effective_size(rng.standard_normal((4, 1_000))) == pytest.approx(4_000, rel=0.15)
    assert np.isnan(effective_size(np.zeros((4, 100))))


def test_a_profile_of_a_known_misfit() -> None:
    """Of ((x - y) / 0.1)^2 + ((y - 0.5) / 0.1)^2, with y free, the profile of x is ((x - 0.5) / 0.1)^2 / 2."""

    def misfit(points: Array) -> Array:
        x, y = points[:, 0], points[:, 1]
        out: Array = ((x - y) / 0.1) ** 2 + ((y - 0.5) / 0.1) ** 2
        return out

    box = np.zeros(2), np.ones(2)
    found, where = best(misfit, np.array([[0.1, 0.9]]), *box)
    assert found == pytest.approx(0, abs=1e-5)
    assert where == pytest.approx([0.5, 0.5], abs=1e-3)
    points, values = profile(misfit, 0, np.array([[0.1, 0.9]]), *box)
    assert values == pytest.approx(((points - 0.5) / 0.1) ** 2 / 2, abs=0.01)
    left, right = ends(points, values)
    assert left is not None
    assert right is not None
    assert (left + right) / 2 == pytest.approx(0.5, abs=1e-3)
    assert right - left == pytest.approx(2 * 0.1 * np.sqrt(2 * RISE), rel=0.1)
    assert ends(points, np.zeros(len(points))) == (None, None)
