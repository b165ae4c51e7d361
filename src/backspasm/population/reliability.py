"""Do things that are given a probability of 30 % happen in 30 of 100?"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.inference.logit_normal import Array

#: edges of the bins, finer where most probabilities lie
EDGES = (0.0, 0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1.0)


class Bin(Struct, frozen=True):
    """Probabilities between ``low`` and ``high``: how many, their mean, and the share that came true, with a 95 % interval."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float
    observed_low: float
    observed_high: float


def reliability(probability: Array, truth: Array) -> tuple[Bin, ...]:
    """Bins of probabilities against what was true (1 or 0), arrays of one shape; empty bins are left out."""
    p, y = probability.ravel(), truth.ravel()
    place = np.clip(np.searchsorted(EDGES, p, side="right") - 1, 0, len(EDGES) - 2)
    out = []
    for b in range(len(EDGES) - 1):
        inside = place == b
        n = int(inside.sum())
        if n:
            hits = float(y[inside].sum())
            low, high = wilson(hits, n)
            out.append(Bin(EDGES[b], EDGES[b + 1], n, float(p[inside].mean()), hits / n, low, high))
    return tuple(out)


def wilson(hits: float, of: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Interval of a share (Wilson EB, J Am Stat Assoc 1927;22:209-12); ``z``: normal quantile, by default of 95 %."""
    share = hits / of
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)
