"""How complications produce findings: noisy-OR with a leak that is solved so that the marginal keeps the reported rate.

Pearl J, Probabilistic Reasoning in Intelligent Systems, 1988, section 4.3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Array


def marginal_of(leak: float, shares: Array, strengths: Array) -> float:
    """Rate among all patients, from the rate without complications and the complications' shares and strengths."""
    return float(1 - (1 - leak) * np.prod(1 - shares * strengths))


def leak_of(
    rate: Array, marginal: NDArray[np.bool_], shares: Array, strengths: Array, floor: float
) -> tuple[Array, Array]:
    """The leak, and the factor by which the strengths must shrink for the marginal to keep the rate.

    Args:
        rate: rate of the finding, shape (..., C): of all patients where ``marginal``, else of those without complications.
        marginal: which of the two, shape broadcastable to ``rate``.
        shares: share of patients with each driving complication, (..., C, D).
        strengths: share in whom the complication by itself produces the finding, (..., C, D).
        floor: least share of the rate that arises without complications.

    Returns:
        leak (..., C) and shrink (..., C), the latter 1 wherever rate and strengths can be reconciled.
    """
    shrink = np.ones(np.broadcast_shapes(rate.shape, shares.shape[:-1]))
    products = shares * strengths
    spared = _spared(products)
    least = np.broadcast_to(rate * floor, shrink.shape)
    wanted = np.broadcast_to((1 - rate), shrink.shape) / (1 - least)
    tight = np.broadcast_to(marginal, shrink.shape) & (spared < wanted)
    if tight.any():
        shrink[tight] = _shrink(wanted[tight], np.broadcast_to(products, (*shrink.shape, shares.shape[-1]))[tight])
        spared = _spared(products * shrink[..., None])
    solved = 1 - (1 - rate) / spared
    leak = np.where(marginal, np.maximum(solved, least), rate)
    return leak, shrink


def _spared(products: Array) -> Array:
    """Product of 1 - p over the last axis, which is short: a loop over it is faster than a reduction."""
    out: Array = 1 - products[..., 0]
    for d in range(1, products.shape[-1]):
        out = out * (1 - products[..., d])
    return out


def _shrink(wanted: Array, products: Array) -> Array:
    """Factor t in 0..1 with prod(1 - t * products) = wanted.

    The left side falls and is convex in t, so Newton's steps from t = 0 rise to the root and never pass it.
    """
    t = np.zeros_like(wanted)
    for _ in range(60):
        factors = 1 - t[..., None] * products
        value = np.prod(factors, axis=-1)
        step = (value - wanted) / (value * (products / factors).sum(axis=-1))
        t = np.minimum(t + step, 1.0)
        if np.abs(step).max() < 1e-15:
            break
    return t


def log_spared(leak: Array, strengths: Array, configurations: Array) -> Array:
    """Log probability that the finding is NOT there, for each configuration of the driving complications.

    Shapes: leak (..., C), strengths (..., C, D), configurations (N, D) of 0 and 1; returns (..., C, N).
    """
    return added(np.log1p(-strengths), configurations, np.log1p(-leak))


def added(terms: Array, configurations: Array, start: Array) -> Array:
    """``start`` plus the terms of what is on in each configuration: ``start[..., None] + terms @ configurations.T``.

    The last axis of ``terms`` is short: one sum a column is several times faster than a product of tiny matrices.
    """
    out: Array = np.repeat(start[..., None], len(configurations), axis=-1)
    for d, column in enumerate(configurations.T):
        out += terms[..., d, None] * column
    return out
