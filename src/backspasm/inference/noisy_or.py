"""How complications produce findings: noisy-OR with a leak that is solved so that the marginal keeps the reported rate.

Pearl J, Probabilistic Reasoning in Intelligent Systems, 1988, section 4.3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Array
from backspasm.inference.special import MANY, log_complement


def marginal_of(leak: float, shares: Array, strengths: Array) -> float:
    """Rate among all patients, from the rate without complications and the complications' shares and strengths."""
    return float(1 - (1 - leak) * np.prod(1 - shares * strengths))


def leak_of(
    rate: Array, marginal: NDArray[np.bool_], shares: Array, strengths: Array, floor: float
) -> tuple[Array, Array | None]:
    """The leak, and the factor by which the strengths must shrink for the marginal to keep the rate.

    Args:
        rate: rate of the finding, shape (..., C): of all patients where ``marginal``, else of those without complications.
        marginal: which of the two, shape broadcastable to ``rate``.
        shares: share of patients with each driving complication, (D, ..., C).
        strengths: share in whom the complication by itself produces the finding, (D, ..., C).
        floor: least share of the rate that arises without complications.

    Returns:
        leak (..., C) and shrink (..., C), the latter 1 wherever rate and strengths can be reconciled; None: everywhere.
    """
    products = shares * strengths
    spared = _spared(products)
    least = rate * floor
    wanted = (1 - rate) / (1 - least)
    tight = marginal & (spared < wanted)
    shrink: Array | None = None
    if tight.any():
        shrink = np.ones(tight.shape)
        shrink[tight] = _shrink(wanted[tight], products[:, tight], LEAST_STEP if rate.size <= MANY else LEAST_OF_MANY)
        spared = _spared(products * shrink)
    solved = 1 - (1 - rate) / spared
    leak = np.where(marginal, np.maximum(solved, least), rate)
    return leak, shrink


def _spared(products: Array) -> Array:
    """Product of 1 - p over the first axis."""
    out: Array = 1 - products[0]
    for product in products[1:]:
        out *= 1 - product
    return out


#: Newton's steps end below this; many values need not be followed to the last digit, since each step squares the error
LEAST_STEP, LEAST_OF_MANY = 1e-15, 1e-11


def _shrink(wanted: Array, products: Array, least_step: float) -> Array:
    """Factor t in 0..1 with prod(1 - t * products) = wanted, (n,), from products (D, n).

    The left side falls and is convex in t, so Newton's steps from t = 0 rise to the root and never pass it.
    """
    t = np.zeros_like(wanted)
    for _ in range(60):
        factors = 1 - t * products
        value = np.prod(factors, axis=0)
        step = (value - wanted) / (value * (products / factors).sum(axis=0))
        t = np.minimum(t + step, 1.0)
        if np.abs(step).max() < least_step:
            break
    return t


def log_spared(leak: Array, strengths: Array) -> Array:
    """Log probability that the finding is NOT there, for each set of the driving complications.

    Shapes: leak (..., C), strengths (D, ..., C); returns (2**D, ..., C), the sets in the order of ``layout.sets_of``.
    """
    return added(log_complement(strengths), log_complement(leak))


def added(terms: Array, start: Array) -> Array:
    """``start`` (...) plus, for each set of the D ``terms`` (D, ...), those that are in it: (2**D, ...), as ``layout.sets_of``."""
    out = np.empty((2 ** len(terms), *start.shape))
    out[0] = start
    for d, term in enumerate(terms):  # the last one changes fastest, the first is added first
        step = 2 ** (len(terms) - d)
        np.add(out[::step], term, out[step // 2 :: step])
    return out
