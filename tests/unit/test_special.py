"""Are the special functions equal to SciPy's, and does the store of arrays keep its bound?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special as scipys

from backspasm.inference import special
from backspasm.inference.kept import Kept
from backspasm.inference.logit_normal import Array

WIDE = np.concatenate([np.linspace(-800, 800, 4001), np.linspace(-1e-6, 1e-6, 101)])
SHARES = np.concatenate([np.linspace(1e-9, 1 - 1e-9, 4001), np.logspace(-300, -1, 300)])


@pytest.mark.parametrize(("name", "at"), [("expit", WIDE), ("logit", SHARES), ("ndtr", np.linspace(-40, 40, 4001))])
def test_function_equals_scipys(name: str, at: Array) -> None:
    assert getattr(special, name)(at) == pytest.approx(getattr(scipys, name)(at), rel=1e-12, abs=1e-15)


def test_probability_between_two_values_equals_the_difference() -> None:
    low, high = np.meshgrid(np.linspace(-20, 20, 81), np.array([-np.inf, -9.0, 0.0, 3.0, 9.0, np.inf]))
    expected = scipys.ndtr(high) - scipys.ndtr(low)
    assert np.abs(special.normal_between(low, high) - expected).max() < 1e-15


def test_ways_for_many_values_equal_those_for_few() -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(0, 6, 3 * special.MANY), [-800.0, 800.0, 0.0]])
    assert special.expit_of_many(x) == pytest.approx(special.expit(x), rel=1e-14, abs=1e-300)
    p = rng.random(3 * special.MANY)
    assert special.log_complement(p) == pytest.approx(np.log1p(-p), rel=1e-12, abs=2e-16)
    expected = scipys.ndtr(x + 1) - scipys.ndtr(x)
    assert np.abs(special.normal_between(x, x + 1) - expected).max() < 1e-15


def test_log_of_the_complement_from_log_odds_keeps_its_digits() -> None:
    x = np.linspace(-30, 700, 2 * special.MANY)
    assert special.log_not(x) == pytest.approx(-np.logaddexp(0, x), rel=1e-12, abs=1e-15)


def test_log_odds_of_certainty_are_infinite() -> None:
    assert special.logit(np.array([0.0, 1.0])).tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_log_sum_exp_equals_scipys(axis: int) -> None:
    x = np.random.default_rng(1).normal(0, 300, (50, 7, 9))
    x[3] = -np.inf
    x[:, 2, 4] = -np.inf
    assert np.array_equal(np.isinf(special.logsumexp(x, axis)), np.isinf(scipys.logsumexp(x, axis=axis)))
    finite = np.isfinite(scipys.logsumexp(x, axis=axis))
    assert special.logsumexp(x, axis)[finite] == pytest.approx(scipys.logsumexp(x, axis=axis)[finite], rel=1e-14)
    shares = special.lse_and_softmax(x, axis)[1].sum(axis=axis)
    assert shares[finite] == pytest.approx(1)
    assert shares[~finite].sum() == 0


def test_what_is_kept_stays_within_the_bound() -> None:
    made: list[int] = []

    def make(i: int) -> Array:
        made.append(i)
        return np.full(10, float(i))

    kept = Kept(most_bytes=250)
    for i in (0, 1, 2, 0, 3, 2, 1):
        assert kept.get(i, lambda i=i: make(i))[0] == i  # type: ignore[misc]
        assert kept.bytes <= 250
    assert made == [0, 1, 2, 3, 1]  # 1 was used longest ago when 3 came


def test_what_is_kept_cannot_be_changed() -> None:
    kept = Kept()
    with pytest.raises(ValueError):
        kept.get("a", lambda: np.zeros(3))[0] = 1
