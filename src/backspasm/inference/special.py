"""The few special functions that an assessment needs, in NumPy alone: importing SciPy would take longer than the assessment.

Each is compared with SciPy's over the whole range in ``tests/unit/test_special.py``.
"""

from __future__ import annotations

import math
from functools import cache, reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: rows up to this length, in arrays of more than so many values, are summed the other way round
SHORT, MANY = 8, 4_096
#: the exponential of this is still a number
LARGEST_EXPONENT = 700.0


def expit(x: ArrayLike) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    x = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(x))
    out: Array = np.where(x < 0, small, 1.0) / (1.0 + small)
    return out


def expit_of_many(x: Array) -> Array:
    """The same in fewer operations; the last digit may be another."""
    out: Array = np.minimum(-x, LARGEST_EXPONENT)
    np.exp(out, out)
    out += 1
    return np.divide(1, out, out)


def logit(p: ArrayLike) -> Array:
    """log(p / (1 - p)); -inf and inf at the ends."""
    p = np.asarray(p, dtype=np.float64)
    with np.errstate(divide="ignore"):
        out: Array = np.log(p) - np.log1p(-p)
    return out


def log_complement(p: Array) -> Array:
    """log(1 - p), with an absolute error of some 1e-16 of what p determines.

    Of many values by the plain logarithm, which takes a third of the time and has no more digits to lose than p has.
    """
    if p.size <= MANY:
        return np.log1p(-p)
    out = 1 - p
    return np.log(out, out)


def log_not(log_odds: Array) -> Array:
    """log(1 - p) from the log odds of p, without overflow; of many values directly: -log(1 + exp(x))."""
    x = log_odds
    if x.size <= MANY:
        return np.log1p(-expit(x))
    out = np.abs(x)
    np.negative(out, out)
    np.exp(out, out)
    out += 1
    np.log(out, out)
    out += np.maximum(x, 0)
    return np.negative(out, out)


def logsumexp(x: Array, axis: int = -1) -> Array:
    """log(sum(exp(x))) along an axis, without overflow; -inf where all are -inf."""
    return lse_and_softmax(x, axis)[0]


def lse_and_softmax(x: Array, axis: int = -1) -> tuple[Array, Array]:
    """Log of the sum of exponentials along an axis, and the shares exp(x) / sum, from one pass of exponentials.

    Where all are -inf the first is -inf and the shares are 0. Of many short rows the shares are a view with the axis moved.
    """
    if axis in {-1, x.ndim - 1} and 1 < x.shape[-1] <= SHORT and x.size > MANY:
        return _of_short_rows(x)
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    shares = np.exp(x - top)
    total = shares.sum(axis=axis, keepdims=True)
    shares /= np.where(total > 0, total, 1.0)
    with np.errstate(divide="ignore"):
        log_total: Array = (top + np.log(total)).squeeze(axis)
    return log_total, shares


def _of_short_rows(x: Array) -> tuple[Array, Array]:
    """``lse_and_softmax`` over a short last axis: a few operations on long arrays instead of many on short ones."""
    shares = np.ascontiguousarray(np.moveaxis(x, -1, 0))
    top = reduce(np.maximum, shares)
    top = np.where(np.isfinite(top), top, 0.0)
    shares -= top
    np.exp(shares, shares)
    total = _sum(shares)
    shares /= np.where(total > 0, total, 1.0)
    with np.errstate(divide="ignore"):
        log_total: Array = top + np.log(total)
    return log_total, np.moveaxis(shares, 0, -1)


def _sum(rows: Array) -> Array:
    """Sum over the first axis, in the order in which NumPy sums a row, so that the last digit does not depend on the way."""
    if len(rows) == SHORT:
        rows = rows[::2] + rows[1::2]
        rows = rows[::2] + rows[1::2]
    out: Array = reduce(np.add, rows)
    return out


def ndtr(x: ArrayLike) -> Array:
    """Standard normal distribution function, from the C library's complementary error function."""
    x = np.asarray(x, dtype=np.float64)
    values = np.fromiter(map(math.erfc, (x.ravel() * -math.sqrt(0.5)).tolist()), np.float64, x.size)
    return values.reshape(x.shape) / 2


def chi_square_above(value: float, degrees: int) -> float:
    """Probability that a chi-square variable of whole degrees of freedom exceeds a value (Abramowitz and Stegun 26.4.4-5)."""
    half = value / 2
    if degrees % 2 == 0:
        term = total = math.exp(-half)
        steps = [float(k) for k in range(1, degrees // 2)]
    else:
        total = math.erfc(math.sqrt(half))
        term = math.exp(-half) / math.sqrt(math.pi * half) if half > 0 else 0.0
        steps = [k + 1 / 2 for k in range(degrees // 2)]
    for step in steps:
        term *= half / step
        total += term
    return total


#: beyond this many standard deviations, a normal distribution has less than a rounding error of 1 left
END = 8.3


def normal_between(low: Array, high: Array) -> Array:
    """Probability that a standard normal lies between two values, with an absolute error of some 1e-16."""
    return _ndtr_where_it_matters(high) - _ndtr_where_it_matters(low)


def _ndtr_where_it_matters(x: Array) -> Array:
    if x.size > MANY:
        rows = np.array(x).reshape(-1)
        for start in range(0, x.size, MANY):  # in pieces that stay in the cache
            rows[start : start + MANY] = _ndtr_of_many(rows[start : start + MANY])
        return rows.reshape(x.shape)
    out = (x > 0).astype(np.float64)
    inside = np.abs(x) < END
    out[inside] = ndtr(x[inside])
    return out


#: nodes on a unit at which the distribution function is known, and terms of the series from the nearest one: the next term
#: is below the precision of a double
NODES, TERMS = 256, 5


def _ndtr_of_many(x: Array) -> Array:
    """The distribution function by its Taylor series from the nearest node."""
    x = np.clip(x, -END, END)
    near = np.rint(x * NODES)
    d = x - near / NODES
    place = near.astype(np.intp) + math.ceil(END * NODES)
    below, *terms = (table[place] for table in _nodes())
    total = terms[-1]
    for term in terms[-2::-1]:
        total *= d
        total += term
    total *= d
    total += below
    return total


@cache
def _nodes() -> tuple[Array, ...]:
    """At the nodes the distribution function and its derivatives over factorials: ``(-1)^n He_n(x) phi(x) / (n + 1)!``."""
    most = math.ceil(END * NODES)
    at = np.arange(-most, most + 1) / NODES
    before, derivative = np.zeros_like(at), np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)
    out = [ndtr(at)]
    for n in range(TERMS):
        out.append(derivative / math.factorial(n + 1))
        before, derivative = derivative, -at * derivative - n * before
    return tuple(out)
