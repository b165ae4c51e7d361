"""Profile likelihoods: how much worse the best fit becomes with one unknown held at a value (Raue et al., Bioinformatics
2009;25:1923-9). A profile that stays flat belongs to an unknown that the data do not tell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backspasm.cycle.model import Array

#: points of a profile
POINTS = 13
#: rise of the misfit at the ends of a 90 % interval: the quantile of chi-squared with one degree of freedom
RISE = 2.705543454095404
#: a step for slopes, in units of the box
STEP = 1e-4


def best(misfit: Callable[[Array], Array], starts: Array, low: Array, high: Array) -> tuple[float, Array]:
    """The smallest misfit within the box, from the best of several starts (s, d), and where it is."""
    from scipy.optimize import minimize

    free = np.flatnonzero(high > low)

    def value_and_slope(x: Array, whole: Array) -> tuple[float, Array]:
        at = np.tile(whole, (len(free) + 1, 1))
        at[:, free] = x
        forward = np.where(x + STEP <= high[free], STEP, -STEP)
        at[np.arange(1, len(free) + 1), free] += forward
        values = misfit(at)
        return float(values[0]), (values[1:] - values[0]) / forward

    found, where = np.inf, starts[0]
    for start in starts:
        whole = np.clip(start, low, high)
        done = minimize(
            value_and_slope, whole[free], args=(whole,), jac=True, method="L-BFGS-B",
            bounds=list(zip(low[free], high[free], strict=True)),
        )  # fmt: skip
        if done.fun < found:
            found, where = float(done.fun), whole.copy()
            where[free] = done.x
    return found, where


def profile(
    misfit: Callable[[Array], Array], which: int, starts: Array, low: Array, high: Array
) -> tuple[Array, Array]:
    """Points (k,) of the unknown in the unit cube, and the smallest misfit at each.

    It is walked up and down from the best start, each point beginning where its neighbour ended and at the starts.
    """
    points = np.linspace(low[which], high[which], POINTS)
    values = np.full(POINTS, np.inf)
    for order in (range(POINTS), range(POINTS - 1, -1, -1)):
        neighbour = starts[0]
        for k in order:
            bottom, top = low.copy(), high.copy()
            bottom[which] = top[which] = points[k]
            found, neighbour = best(misfit, np.stack([neighbour, *starts]), bottom, top)
            values[k] = min(values[k], found)
    return points, values


def ends(points: Array, above: Array) -> tuple[float | None, float | None]:
    """Where a profile crosses the rise of a 90 % interval on either side of its lowest point; None where it does not."""
    lowest = int(above.argmin())

    def crossing(indices: range) -> float | None:
        for i, j in zip(indices, list(indices)[1:], strict=False):
            if above[j] >= RISE > above[i]:
                share = (RISE - above[i]) / (above[j] - above[i])
                return float(points[i] + share * (points[j] - points[i]))
        return None

    return crossing(range(lowest, -1, -1)), crossing(range(lowest, len(points)))
