"""How well what a world shows agrees with the targets: independent normal errors around the published numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import Target

#: normal quantile of 97.5 %
Z975 = 1.959963984540054


def standard_deviation(t: Target) -> float:
    """Of the published number (from its interval, or as of a share of ``n``), with the slack of the model's definitions."""
    if t.low is not None and t.high is not None:
        own = (t.high - t.low) / (2 * Z975)
    else:
        own = math.sqrt(t.value * (1 - t.value) / t.n) if t.n else 0.0
    return math.hypot(own, t.slack)


def interval(t: Target) -> tuple[float, float]:
    """The published 95 % interval, without slack."""
    if t.low is not None and t.high is not None:
        return t.low, t.high
    own = math.sqrt(t.value * (1 - t.value) / t.n) if t.n else 0.0
    return max(t.value - Z975 * own, 0.0), t.value + Z975 * own


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """``value`` and ``sd`` (t,) of the targets fitted."""

    value: Array
    sd: Array

    def logs(self, shown: Array) -> Array:
        """Log density of each target (..., t) where ``shown`` (..., t) is what the model shows."""
        out: Array = -0.5 * ((shown - self.value) / self.sd) ** 2 - np.log(self.sd) - 0.5 * math.log(2 * math.pi)
        return out

    def misfit(self, shown: Array) -> Array:
        """Sum of squared standardised misses (...)."""
        out: Array = (((shown - self.value) / self.sd) ** 2).sum(axis=-1)
        return out

    def without(self, which: int) -> Likelihood:
        """Without one target: its error is made so wide that it says nothing."""
        sd = self.sd.copy()
        sd[which] = np.inf
        return Likelihood(self.value, sd)


def likelihood_of(targets: tuple[Target, ...], error: Array) -> Likelihood:
    """Of these targets, the emulator's error (t,) added to theirs."""
    sd = np.array([standard_deviation(t) for t in targets])
    return Likelihood(np.array([t.value for t in targets]), np.hypot(sd, error))
