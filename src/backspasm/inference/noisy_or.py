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
    spared = np.prod(1 - shares * strengths, axis=-1)
    least = np.broadcast_to(rate * floor, shrink.shape)
    wanted = np.broadcast_to((1 - rate), shrink.shape) / (1 - least)
    tight = np.broadcast_to(marginal, shrink.shape) & (spared < wanted)
    if tight.any():
        shrink[tight] = _shrink(
            wanted[tight], np.broadcast_to(shares * strengths, (*shrink.shape, shares.shape[-1]))[tight]
        )
        spared = np.prod(1 - shares * strengths * shrink[..., None], axis=-1)
    solved = 1 - (1 - rate) / spared
    leak = np.where(marginal, np.maximum(solved, least), rate)
    return leak, shrink


def _shrink(wanted: Array, products: Array) -> Array:
    """Factor t in 0..1 with prod(1 - t * products) = wanted, by bisection."""
    low, high = np.zeros_like(wanted), np.ones_like(wanted)
    for _ in range(60):
        middle = (low + high) / 2
        too_much = np.prod(1 - middle[..., None] * products, axis=-1) < wanted
        high = np.where(too_much, middle, high)
        low = np.where(too_much, low, middle)
    out: Array = (low + high) / 2
    return out


def log_spared(leak: Array, strengths: Array, configurations: Array) -> Array:
    """Log probability that the finding is NOT there, for each configuration of the driving complications.

    Shapes: leak (..., C), strengths (..., C, D), configurations (N, D) of 0 and 1; returns (..., C, N).
    """
    out: Array = np.log1p(-leak)[..., None] + np.log1p(-strengths) @ configurations.T
    return out
