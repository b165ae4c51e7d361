"""A polynomial that stands for the simulator: what a world shows, in microseconds instead of half a second.

Ridge regression on all products of up to three unknowns (Hoerl & Kennard, Technometrics 1970;12:55-67), the penalty of each
output by generalised cross-validation (Golub, Heath & Wahba, Technometrics 1979;21:215-23).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from backspasm.cycle.model import Array, Indices
from backspasm.records.cycle_fit_types import Scale

#: penalties tried, relative to the mean square of the features
PENALTIES = tuple(10.0**e for e in range(-8, 3))
#: shares are emulated on the logit scale, no nearer to 0 and 1 than this
LEAST_SHARE = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Emulator:
    """``coefficients`` (features, t); ``scales`` of the outputs; ``error`` (t,) is the root mean square error of points left
    out, on the natural scale."""

    coefficients: Array
    centre: Array
    scales: tuple[Scale, ...]
    error: Array
    pairs: Indices
    triples: Indices

    def __call__(self, points: Array) -> Array:
        """What worlds at ``points`` (n, d) of the unit cube show, (n, t)."""
        return _back(features(points, self.pairs, self.triples) @ self.coefficients + self.centre, self.scales)

    def of(self, which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Emulator:
        """The emulator of some of the outputs, (t,) truth values: it is faster."""
        scales = tuple(scale for scale, here in zip(self.scales, which, strict=True) if here)
        return replace(
            self,
            coefficients=self.coefficients[:, which],
            centre=self.centre[which],
            scales=scales,
            error=self.error[which],
        )


def _forth(shown: Array, scales: tuple[Scale, ...]) -> Array:
    y = shown.astype(np.float64).copy()
    for j, scale in enumerate(scales):
        if scale == "logit":
            p = np.clip(y[:, j], LEAST_SHARE, 1 - LEAST_SHARE)
            y[:, j] = np.log(p / (1 - p))
        elif scale == "log":
            y[:, j] = np.log1p(y[:, j])
    return y


def _back(y: Array, scales: tuple[Scale, ...]) -> Array:
    y = y.copy()
    for j, scale in enumerate(scales):
        if scale == "logit":
            y[:, j] = 1 / (1 + np.exp(-np.clip(y[:, j], -FAR, FAR)))
        elif scale == "log":
            y[:, j] = np.expm1(np.clip(y[:, j], -FAR, FAR))
    return y


#: beyond this a logit is as good as 0 or 1, and a logarithm as good as infinite
FAR = 30.0


def features(points: Array, pairs: Indices, triples: Indices) -> Array:
    """The unknowns on -1 to 1, their products of two and of three, (n, features)."""
    x = 2 * points - 1
    two = x[:, pairs[0]] * x[:, pairs[1]]
    three = two[:, triples[0]] * x[:, triples[1]]
    return np.concatenate([np.ones((len(x), 1)), x, two, three], axis=1)


def _products(unknowns: int, cubic: bool) -> tuple[Indices, Indices]:
    pairs = list(combinations_with_replacement(range(unknowns), 2))
    triples = [(i, k) for i, (_, b) in enumerate(pairs) for k in range(b, unknowns)] if cubic else []
    return np.array(pairs, dtype=np.intp).T, np.array(triples, dtype=np.intp).reshape(-1, 2).T


def emulator_of(points: Array, shown: Array, scales: tuple[Scale, ...], weight: Array) -> Emulator:
    """Fit to runs of the simulator.

    Args:
        points: (n, d) in the unit cube.
        shown: (n, t) what the simulator showed there.
        scales: of the outputs (log: of one more than the value, which may be 0).
        weight: (n,) how much each run counts; the error is that of the runs that count most.
    """
    y = _forth(shown, scales)
    # products of three only where there are runs enough to tell them
    pairs, triples = _products(points.shape[1], cubic=True)
    if len(points) < 1 + points.shape[1] + pairs.shape[1] + triples.shape[1] / 2:
        pairs, triples = _products(points.shape[1], cubic=False)
    x = features(points, pairs, triples)
    root = np.sqrt(weight / weight.mean())[:, None]
    centre = np.average(y, axis=0, weights=weight)
    left, values, right = np.linalg.svd(x * root, full_matrices=False)
    goal = (y - centre) * root
    turned = left.T @ goal
    best_score, coefficients = np.full(y.shape[1], np.inf), np.zeros((x.shape[1], y.shape[1]))
    missed = np.zeros_like(goal)
    for penalty in PENALTIES:
        shrink = values**2 / (values**2 + penalty * len(x))
        residual = goal - left @ (shrink[:, None] * turned)
        leverage = ((left**2) * shrink).sum(axis=1)
        score = (residual**2).mean(axis=0) / (1 - leverage.mean()) ** 2
        better = score < best_score
        best_score = np.where(better, score, best_score)
        found = right.T @ ((shrink / values)[:, None] * turned)
        coefficients[:, better] = found[:, better]
        missed[:, better] = (residual / np.maximum(1 - leverage, LEAST_LEFT)[:, None])[:, better]
    left_out = y - missed / root
    fitted = _back(left_out, scales)
    near = weight >= np.quantile(weight, 1 - NEAREST)
    error = np.sqrt(((fitted - shown)[near] ** 2).mean(axis=0))
    return Emulator(coefficients, centre, scales, error, pairs, triples)


#: share of the runs by which the error is judged, and the least that a run leaves to others
NEAREST, LEAST_LEFT = 0.25, 0.05
