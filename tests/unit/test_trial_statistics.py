"""Intervals and sizes of virtual trials agree with SciPy, with printed examples, and with counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from backspasm.cycle.trial.statistics import (
    correction,
    mean_difference,
    moments,
    named_rightly,
    patients_needed,
    share_difference,
    standardised,
    wilson,
)


@pytest.mark.parametrize(("n", "m"), [(5, 9), (20, 20), (107, 108)])
def test_the_difference_of_means_is_scipys(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(3, 2, n), rng.normal(2, 5, m)
    ours = mean_difference(moments(a), moments(b))
    theirs = stats.ttest_ind(a, b, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    assert float(ours.p) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (float(ours.low), float(ours.high)) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_many_trials_at_once_are_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, (7, 12)), rng.normal(1, 2, (7, 15))
    together = mean_difference(moments(a), moments(b))
    for i in range(7):
        alone = mean_difference(moments(a[i]), moments(b[i]))
        assert together.low[i] == pytest.approx(float(alone.low))
        assert together.p[i] == pytest.approx(float(alone.p))


def test_groups_without_spread_give_a_certain_difference_and_no_warning() -> None:
    same = mean_difference(moments(np.ones(4)), moments(np.ones(5)))
    assert (float(same.value), float(same.low), float(same.high), float(same.p)) == (0, 0, 0, 1)
    other = mean_difference(moments(np.ones(4)), moments(np.zeros(5)))
    assert float(other.p) == 0
    assert float(standardised(moments(np.ones(4)), moments(np.zeros(5))).value) == 0


def test_the_standardised_difference_is_corrected_for_small_groups() -> None:
    """Hedges' factor is about 1 - 3 / (4 v - 1); and the mean over many small trials is the true difference."""
    assert correction(10) == pytest.approx(1 - 3 / (4 * 10 - 1), abs=5e-4)
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 1, (20_000, 8)), rng.normal(0, 1, (20_000, 8))
    d = standardised(moments(a), moments(b))
    assert d.value.mean() == pytest.approx(0.5, abs=0.012)
    assert np.mean((d.low <= 0.5) & (d.high >= 0.5)) == pytest.approx(0.95, abs=0.01)


def test_the_difference_of_shares_is_newcombes_example() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 by method 10 (Stat Med 1998;17:873-90, table II)."""
    d = share_difference(moments(_answers(56, 70)), moments(_answers(48, 80)))
    assert float(d.value) == pytest.approx(0.2)
    assert (float(d.low), float(d.high)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 20), (20, 20)])
def test_the_interval_of_a_share_is_scipys(hits: int, n: int) -> None:
    theirs = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    low, high = wilson(np.array(hits / n), n)
    assert (float(low), float(high)) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_the_p_of_shares_is_that_of_the_chi_square_test() -> None:
    d = share_difference(moments(_answers(12, 40)), moments(_answers(22, 50)))
    table = np.array([[12, 28], [22, 28]])
    assert float(d.p) == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_patients_needed_give_the_power_asked_for() -> None:
    """Half a standard deviation takes 63 an arm (by the normal distribution, as tables have it)."""
    assert patients_needed(0.5, 1, 1) == pytest.approx(62.8, abs=0.1)
    assert patients_needed(0, 1, 1) == float("inf")
    rng = np.random.default_rng(3)
    n = round(patients_needed(2, 4, 6))
    found = mean_difference(moments(rng.normal(2, 4, (4000, n))), moments(rng.normal(0, 6, (4000, n))))
    assert np.mean(found.p < 0.05) == pytest.approx(0.8, abs=0.03)


def test_naming_the_right_one_is_as_frequent_as_counting_says() -> None:
    assert named_rightly(1, 2, 1, 2) == 0.5
    assert named_rightly(0, 0, 1, 0) == 1.0
    rng = np.random.default_rng(4)
    one, other = rng.normal(0, 2, 50_000), rng.normal(3, 2, 50_000)
    counted = (np.mean(one < 1.5) + np.mean(other > 1.5)) / 2
    assert named_rightly(0, 2, 3, 2) == pytest.approx(counted, abs=0.005)


def _answers(yes: int, of: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.repeat([1.0, 0.0], [yes, of - yes])
