"""Numbers that cannot be impossible: probability, odds, likelihood ratio, and an estimate with its interval.

Plain floats are used inside arrays; whatever leaves the engine passes through one of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self


class ImpossibleNumberError(ValueError):
    """A value that no probability, odds or ratio can have."""


@dataclass(frozen=True, slots=True, order=True)
class Probability:
    """A probability between 0 and 1."""

    value: float

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:  # also refuses NaN
            raise ImpossibleNumberError(f"a probability lies between 0 and 1, not {self.value!r}")

    @property
    def odds(self) -> Odds:
        """The same certainty as odds; infinite for 1."""
        return Odds(math.inf if self.value == 1 else self.value / (1 - self.value))

    def updated(self, ratio: LikelihoodRatio) -> Probability:
        """Bayes' rule in odds form."""
        return (self.odds * ratio).probability


@dataclass(frozen=True, slots=True, order=True)
class Odds:
    """Odds in favour, 0 to infinity."""

    value: float

    def __post_init__(self) -> None:
        if not self.value >= 0:
            raise ImpossibleNumberError(f"odds are 0 or more, not {self.value!r}")

    def __mul__(self, ratio: LikelihoodRatio) -> Odds:
        if {self.value, ratio.value} == {0, math.inf}:
            raise ImpossibleNumberError("certain odds and a ratio that contradicts them have no product")
        return Odds(self.value * ratio.value)

    @property
    def probability(self) -> Probability:
        return Probability(1.0 if math.isinf(self.value) else self.value / (1 + self.value))


@dataclass(frozen=True, slots=True, order=True)
class LikelihoodRatio:
    """How many times likelier an answer is with the cause than without, 0 to infinity."""

    value: float

    def __post_init__(self) -> None:
        if not self.value >= 0:
            raise ImpossibleNumberError(f"a likelihood ratio is 0 or more, not {self.value!r}")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A probability with its 90 % interval. The value may lie outside the interval only by rounding."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        Probability(self.value)
        Probability(self.low)
        Probability(self.high)
        if self.low > self.high:
            raise ImpossibleNumberError(f"an interval runs from low to high, not {self.low!r} to {self.high!r}")

    def rounded(self, places: int) -> Self:
        return type(self)(round(self.value, places), round(self.low, places), round(self.high, places))
