"""Do things that are given a probability of 30 % happen in 30 of 100?"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.cycle.trial import statistics
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


def wilson(hits: float, of: int) -> tuple[float, float]:
    """95 % interval of the share of one count."""
    low, high = statistics.wilson(np.asarray(hits / of), of)
    return max(float(low), 0.0), min(float(high), 1.0)
