"""How two groups differ: means (Welch), standardised means (Hedges), shares (Newcombe), each with its 95 % interval.

Groups come as moments, of one trial or of thousands at once: arrays of one shape, a number per trial.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtr, ndtri, stdtr, stdtrit

from backspasm.cycle.model import Array

#: an interval of 95 % leaves this much out on each side
SIDE = 0.025
#: the chance with which a trial is usually meant to show what is there
POWER = 0.8


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and variance (divided by n - 1) of groups of ``n``."""

    mean: Array
    variance: Array
    n: int


@dataclass(frozen=True, eq=False)
class Difference:
    """A difference with its 95 % interval and two-sided p, arrays of one shape."""

    value: Array
    low: Array
    high: Array
    p: Array


def moments(values: ArrayLike) -> Moments:
    """Of groups (..., n): along the last axis."""
    x = np.asarray(values, dtype=np.float64)
    return Moments(np.asarray(x.mean(axis=-1)), np.asarray(x.var(axis=-1, ddof=1)), x.shape[-1])


def mean_difference(one: Moments, other: Moments) -> Difference:
    """Difference of means of unequal variance (Welch BL, Biometrika 1947;34:28-35)."""
    va, vb = one.variance / one.n, other.variance / other.n
    value = one.mean - other.mean
    error = np.sqrt(va + vb)
    certain = error == 0  # two groups without any spread
    below = np.where(certain, 1.0, va**2 / (one.n - 1) + vb**2 / (other.n - 1))
    freedom = np.where(certain, 1.0, (va + vb) ** 2 / below)
    reach = stdtrit(freedom, 1 - SIDE) * error
    t = np.where(certain, np.where(value == 0, 0.0, np.inf), np.abs(value) / np.where(certain, 1.0, error))
    return Difference(value, value - reach, value + reach, 2 * stdtr(freedom, -t))


def standardised(one: Moments, other: Moments) -> Difference:
    """Difference in standard deviations, corrected for small groups (Hedges LV, J Educ Stat 1981;6:107-28).

    The interval is the usual one from the large-sample variance (Hedges and Olkin 1985). Groups without spread: 0.
    """
    n, m = one.n, other.n
    pooled = np.sqrt(((n - 1) * one.variance + (m - 1) * other.variance) / (n + m - 2))
    d = np.where(pooled > 0, (one.mean - other.mean) / np.where(pooled > 0, pooled, 1.0), 0.0) * correction(n + m - 2)
    error = np.sqrt((n + m) / (n * m) + d**2 / (2 * (n + m)))
    reach = ndtri(1 - SIDE) * error
    return Difference(d, d - reach, d + reach, 2 * ndtr(-np.abs(d) / error))


def correction(freedom: float) -> float:
    """The factor that makes a standardised difference unbiased (Hedges 1981, exact form)."""
    half = freedom / 2
    return float(np.exp(gammaln(half) - gammaln((freedom - 1) / 2)) / np.sqrt(half))


def share_difference(one: Moments, other: Moments) -> Difference:
    """Difference of shares, the means of yes (1) and no (0).

    The interval is that of two Wilson intervals (Newcombe RG, Stat Med 1998;17:873-90, method 10); p is that of the
    pooled z test.
    """
    n, m = one.n, other.n
    value = one.mean - other.mean
    (la, ha), (lb, hb) = wilson(one.mean, n), wilson(other.mean, m)
    low = value - np.sqrt((one.mean - la) ** 2 + (hb - other.mean) ** 2)
    high = value + np.sqrt((ha - one.mean) ** 2 + (other.mean - lb) ** 2)
    pooled = (one.mean * n + other.mean * m) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = np.where(error > 0, np.abs(value) / np.where(error > 0, error, 1.0), 0.0)
    return Difference(value, low, high, 2 * ndtr(-z))


def wilson(share: Array, n: int) -> tuple[Array, Array]:
    """95 % interval of a share (Wilson EB, J Am Stat Assoc 1927;22:209-12)."""
    z = float(ndtri(1 - SIDE))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) * z / (1 + z * z / n)
    return middle - reach, middle + reach


def patients_needed(difference: float, spread_one: float, spread_other: float) -> float:
    """Patients an arm with whom a difference shows at p < 0.05 with a chance of 80 %; infinite where there is none.

    Args:
        difference: of the means.
        spread_one, spread_other: standard deviations of the two groups.
    """
    if difference == 0:
        return float("inf")
    reach = float(ndtri(1 - SIDE) + ndtri(POWER))
    return reach**2 * (spread_one**2 + spread_other**2) / difference**2


def named_rightly(one: float, spread_one: float, other: float, spread_other: float) -> float:
    """Chance that whoever knows two normal distributions names the one that a value came from (0.5: a coin).

    Each distribution is as likely as the other; exact where their spreads are alike.
    """
    both = spread_one + spread_other
    if both == 0:
        return 1.0 if one != other else 0.5
    return float(ndtr(abs(one - other) / both))
