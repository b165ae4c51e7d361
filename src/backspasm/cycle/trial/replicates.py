"""The same trial many times over: patients drawn anew from those eligible, so that one sees where such a trial may end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array
from backspasm.cycle.trial.statistics import Difference, Moments, mean_difference, share_difference

#: patients drawn at a time: memory does not grow with the number of trials
AT_ONCE = 1_000_000
#: stream of chance: who takes part
DRAWN = 3
#: p below which a result counts as shown
SHOWN = 0.05


@dataclass(frozen=True, eq=False)
class Results:
    """Results of many trials: ``differences`` and ``p`` (r,)."""

    differences: Array
    p: Array

    @property
    def shown_higher(self) -> float:
        """Share of trials that show the first group higher."""
        return float(np.mean((self.p < SHOWN) & (self.differences > 0)))

    @property
    def shown_lower(self) -> float:
        return float(np.mean((self.p < SHOWN) & (self.differences < 0)))


Key = tuple[str, int]  # outcome, visit


def group_moments(
    values: Mapping[str, Mapping[str, Array]], sizes: Mapping[str, int], count: int, seed: int
) -> dict[str, dict[Key, Moments]]:
    """Moments of every arm, outcome and visit in ``count`` trials, (count,) each.

    Args:
        values: by arm and outcome, (v, n): every eligible patient under every arm.
        sizes: patients of each arm.
        count: trials.
        seed: of the chance; the same patients take part with the loop and without it, as far as both have them.
    """
    found: dict[str, dict[Key, Moments]] = {}
    for i, (arm, outcomes) in enumerate(values.items()):
        pool = next(iter(outcomes.values())).shape[1]
        parts: dict[Key, list[tuple[Array, Array]]] = {}
        for drawn in _draws(sizes[arm], pool, count, np.random.default_rng([seed, DRAWN, i])):
            for name, x in outcomes.items():
                for visit in range(len(x)):
                    group = x[visit][drawn]
                    parts.setdefault((name, visit), []).append((group.mean(axis=1), group.var(axis=1, ddof=1)))
        found[arm] = {
            key: Moments(np.concatenate([m for m, _ in p]), np.concatenate([v for _, v in p]), sizes[arm])
            for key, p in parts.items()
        }
    return found


def _draws(
    size: int, pool: int, count: int, rng: np.random.Generator
) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    step = max(AT_ONCE // size, 1)
    for start in range(0, count, step):
        yield rng.integers(0, pool, (min(step, count - start), size))


def results(one: Moments, other: Moments, shares: bool) -> Results:
    """How the trials ended."""
    found = difference(one, other, shares)
    return Results(found.value, found.p)


def difference(one: Moments, other: Moments, shares: bool) -> Difference:
    """The analysis of a trial: of means, or of shares."""
    return share_difference(one, other) if shares else mean_difference(one, other)
