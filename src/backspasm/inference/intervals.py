"""Intervals over joint draws of the parameters, each draw weighing as much as it foretold this patient's answers.

A patient's answers are likelier in worlds that make them so, and the worlds that the parameters' distributions allow
differ widely. Weighing each draw by the probability that it gave to all answers together (importance weights: Rubin DB,
in Bayesian Statistics 3, 1988, 395-402) makes the interval that of the posterior. `docs/validation.md` has the coverage
with and without the weights.
"""

from __future__ import annotations

import numpy as np

from backspasm.inference.logit_normal import Array
from backspasm.inference.posterior import Posterior
from backspasm.inference.special import logsumexp

#: ends of the 90 % interval
INTERVAL = (0.05, 0.95)


#: halvings in the search for a power
BISECTIONS = 30
#: draws that an interval must rest on in effect (Kish L, Survey Sampling, 1965), so that its ends are no chance of one or two
LEAST_EFFECTIVE = 100


def weights_of(drawn: Posterior) -> Array:
    """Weight of each draw, (K,), summing to 1: proportional to the probability of all answers in it.

    Where a strange patient would leave the weight on a few draws, and so an interval that only looks certain, all weights
    are evened out (raised to a power below 1) until enough draws count.
    """
    log_weights = logsumexp(drawn.log_joint, axis=-1)
    least = min(LEAST_EFFECTIVE, len(log_weights) / 2)
    power, low, high = 1.0, 0.0, 1.0
    weights = _normalised(log_weights)
    if effective(weights) < least:
        for _ in range(BISECTIONS):
            power = (low + high) / 2
            low, high = (power, high) if effective(_normalised(power * log_weights)) >= least else (low, power)
        weights = _normalised(low * log_weights)
    return weights


def effective(weights: Array) -> float:
    """How many equal draws these weights are worth."""
    return float(1 / (weights**2).sum())


def _normalised(log_weights: Array) -> Array:
    weights = np.exp(log_weights - log_weights.max())
    out: Array = weights / weights.sum()
    return out


def interval(values: Array, weights: Array) -> tuple[Array, Array]:
    """Ends of the 90 % interval of values (K, ...) with weights (K,), shape (...) each."""
    rows = np.ascontiguousarray(values.reshape(len(values), -1).T)  # each quantity's draws side by side
    order = np.argsort(rows, axis=1)
    w = weights[order]
    middle = np.cumsum(w, axis=1) - w / 2  # each draw stands for the middle of its share
    ranked = np.take_along_axis(rows, order, axis=1)
    found = np.empty((len(INTERVAL), len(rows)))
    for c in range(len(rows)):
        found[:, c] = np.interp(INTERVAL, middle[c], ranked[c])
    low, high = found.reshape(len(INTERVAL), *values.shape[1:])
    return low, high


def rank(value: float, values: Array, weights: Array) -> float:
    """Share of the weight on draws below a value."""
    return float(weights[values < value].sum())
