"""The persistence number, fixed points, and the injury that it takes: whether pain can outlive its cause.

Once the injury has healed, the painful states that sustain themselves are the fixed points of::

    F(D) = L0 (1 + kC H(D)) D / (1 + rho D) + h_C H(D),      H(D) = D^n / (D^n + theta^n)

The **persistence number** is the largest gain of a round, ``Pi = sup_{D > 0} F(D) / D`` (as the reproduction number is for
an epidemic). Pi < 1: freedom from pain is the only state. L0 < 1 < Pi: two stable states, and a threshold between them.
L0 > 1: freedom from pain is unstable. In closed form: without sensitisation Pi = L0; without the muscle loop
``Pi = h_C (n - 1)^((n - 1) / n) / (n theta)``, reached at ``D = theta (n - 1)^(1/n)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backspasm.cycle.engine import simulate
from backspasm.cycle.model import Array, Patients, pain_of, saturation
from backspasm.cycle.treatment import NONE

#: the grid of D / theta on which the maximum is looked for, and the rounds of golden section that follow
LOWEST, HIGHEST, POINTS = 1e-2, 1e2, 48
ROUNDS = 18
FINER = 8
GOLDEN = 0.6180339887498949
#: halvings of an interval, enough for the precision of a double
HALVINGS = 60


def round_trip(drive: Array, p: Patients, nsaid: ArrayLike = 0.0, relaxant: ArrayLike = 0.0) -> Array:
    """``F(D)``: the drive that a drive ``D`` (..., n) sustains without an injury, under constant drug effects."""
    h = saturation(drive, p)
    awake = 1 - np.asarray(relaxant)
    reach = 1 - p.cox_on_metabolites * p.cox_share * np.asarray(nsaid)
    muscle = p.return_gain * awake * reach * (1 + p.central_gain * h) / (1 + p.reflex_gain * awake * drive)
    sustained: Array = muscle * drive + p.sensitisation * h
    return sustained


def persistence_number(p: Patients, nsaid: ArrayLike = 0.0, relaxant: ArrayLike = 0.0) -> Array:
    """``Pi`` (n,): a grid over D, then golden section around its best point; and the limit at D -> 0."""

    def gain(log_drive: Array) -> Array:
        drive = np.exp(log_drive) * p.sensitisation_threshold
        return round_trip(drive, p, nsaid, relaxant) / drive

    grid = np.linspace(np.log(LOWEST), np.log(HIGHEST), POINTS)
    gains = gain(grid[:, None])
    best = gains.argmax(axis=0)
    left, right = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, POINTS - 1)]
    for _ in range(ROUNDS):
        one, other = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
        higher = gain(one) > gain(other)
        left, right = np.where(higher, left, one), np.where(higher, other, right)
    awake, reach = 1 - np.asarray(relaxant), 1 - p.cox_on_metabolites * p.cox_share * np.asarray(nsaid)
    found: Array = np.maximum(gain((left + right) / 2), p.return_gain * awake * reach)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoints:
    """Self-sustained states without an injury, each (n,): nan where there is none.

    ``threshold``: the drive between the two stable states (0 where freedom from pain is unstable); ``painful``: the drive
    of the stable painful state. Either as pain by ``cycle.model.pain_of``.
    """

    threshold: Array
    painful: Array


def fixed_points(p: Patients) -> FixedPoints:
    """The outer two solutions of ``F(D) = D``, by bracketing on a grid and halving."""
    grid = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), FINER * POINTS))[:, None] * p.sensitisation_threshold
    above = round_trip(grid, p) > grid
    rising = above.any(axis=0)
    first, last = above.argmax(axis=0), len(grid) - 1 - above[::-1].argmax(axis=0)
    at = np.arange(p.count)
    threshold = _root(grid[np.maximum(first - 1, 0), at], grid[first, at], p, above=True)
    painful = _root(grid[last, at], grid[np.minimum(last + 1, len(grid) - 1), at], p, above=False)
    threshold = np.where(p.return_gain > 1, 0.0, threshold)
    return FixedPoints(np.where(rising, threshold, np.nan), np.where(rising, painful, np.nan))


def _root(left: Array, right: Array, p: Patients, *, above: bool) -> Array:
    """Where ``F(D) - D`` changes sign between ``left`` and ``right``; ``above``: it is positive on the right."""
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        go_right = (round_trip(middle, p) > middle) != above
        left, right = np.where(go_right, middle, left), np.where(go_right, right, middle)
    root: Array = (left + right) / 2
    return root


def injury_threshold(
    p: Patients, days: float = 600.0, most: float = 30.0, halvings: int = 24, compiled: bool | None = False
) -> Array:
    """The smallest injury drive at day 0 after which pain persists once it has healed, (n,); inf where none up to ``most``.

    By bisection over whole runs of ``days`` (some healing times): pain persists where it ends above the threshold state.
    """
    between = fixed_points(p).threshold
    level = np.where(np.isfinite(between), pain_of(np.nan_to_num(between)), np.inf)

    def latched(injury: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        run = simulate(p.but(injury=injury, central=0.0), NONE, np.array([0.0, days]), compiled=compiled)
        ended: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = run.pain[-1] > level
        return ended

    low, high = np.zeros(p.count), np.full(p.count, most)
    ever = latched(high)
    for _ in range(halvings):
        middle = (low + high) / 2
        over = latched(middle)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.where(ever, high, np.inf)
