"""Many chains of random-walk Metropolis at once, inside a box, the step learnt while warming up.

Haario, Saksman & Tamminen, Bernoulli 2001;7:223-42 (the covariance of the past as that of the steps); here it is pooled over
the chains, and frozen before anything is kept. Steps of 2.38 / sqrt(d) standard deviations after Roberts, Gelman & Gilks,
Ann Appl Probab 1997;7:110-20.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array

#: best acceptance in many dimensions, and the scale of steps that goes with it
ACCEPTANCE, SCALE = 0.234, 2.38
#: rounds of learning, and how fast the scale follows the acceptance
ROUNDS, PACE = 20, 1.0
#: keeps a step possible in a direction in which the chains have not yet moved, in units of the box
LEAST_STEP = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """``draws`` (chains, kept, d) and the share of steps accepted."""

    draws: Array
    accepted: float

    @property
    def pooled(self) -> Array:
        """(chains * kept, d)."""
        return self.draws.reshape(-1, self.draws.shape[-1])


def sample(
    log_density: Callable[[Array], Array],
    low: Array,
    high: Array,
    rng: np.random.Generator,
    *,
    start: Array | None = None,
    chains: int = 12,
    warm: int = 6_000,
    steps: int = 20_000,
    thin: int = 10,
) -> Chains:
    """Draw from a density on a box; unknowns whose limits are equal stay there.

    Args:
        log_density: of points (n, d), up to a constant, (n,).
        low, high: the box, (d,).
        rng: where chance comes from.
        start: where chains begin, (chains, d); default at random in the box.
        chains, warm, steps, thin: how many chains, steps thrown away, steps, and of how many steps one is kept.
    """
    free = np.flatnonzero(high > low)
    at = np.clip(rng.uniform(low, high, (chains, len(low))) if start is None else start, low, high)
    now = log_density(at)
    width = (high - low)[free]
    root: Array = np.diag(width / len(STARTING))
    scale = SCALE / np.sqrt(max(len(free), 1))
    for number in range(ROUNDS):
        seen, at, now, taken = _walk(log_density, at, now, scale * root, free, low, high, rng, max(warm // ROUNDS, 1))
        scale *= np.exp(PACE * (taken - ACCEPTANCE))
        if number >= 2:  # the first rounds run downhill
            past = seen[:, :, free].reshape(-1, len(free))
            covariance: Array = np.cov(past, rowvar=False).reshape(len(free), -1).astype(np.float64)
            root = np.asarray(np.linalg.cholesky(covariance + np.diag((LEAST_STEP * width) ** 2)), dtype=np.float64)
    seen, _, _, taken = _walk(log_density, at, now, scale * root, free, low, high, rng, steps)
    return Chains(np.ascontiguousarray(seen[::thin].swapaxes(0, 1)), taken)


#: the first steps: this many lengths to a side of the box
STARTING = range(20)


def _walk(
    log_density: Callable[[Array], Array],
    at: Array,
    now: Array,
    root: Array,
    free: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    low: Array,
    high: Array,
    rng: np.random.Generator,
    steps: int,
) -> tuple[Array, Array, Array, float]:
    at, now, accepted = at.copy(), now.copy(), 0
    seen = np.empty((steps, *at.shape))
    for k in range(steps):
        to = at.copy()
        to[:, free] += rng.standard_normal((len(at), len(free))) @ root.T
        inside = np.all((to >= low) & (to <= high), axis=1)
        there = np.where(inside, log_density(np.clip(to, low, high)), -np.inf)
        moved = np.log(rng.random(len(at))) < there - now
        at[moved], now[moved] = to[moved], there[moved]
        accepted += int(moved.sum())
        seen[k] = at
    return seen, at, now, accepted / (steps * len(at))
