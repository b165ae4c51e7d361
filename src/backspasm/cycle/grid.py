"""Where the steps of a run lie: short while drugs act, long where only the slow states move."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array
from backspasm.cycle.treatment import Treatment

#: first step in days after a dose; error and speed of other lengths: `benchmarks/cycle.py`
FINE = 0.25 / 24
#: a step is at most this share of the time since the start or the last flare ...
SHARE = 0.1
#: ... but needs not be shorter than this many first steps after a dose: the muscle sets the pace
UNDRUGGED = 16
#: the longest step in days: beyond it the muscle loop, which a long step follows by iteration, is followed too coarsely
LONGEST = 1.0
#: days nearer to each other than this are one
SAME = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """``nodes`` (m,) in days, rising from 0; ``outputs`` (t,) are the indices of the nodes asked for."""

    nodes: Array
    outputs: np.ndarray[tuple[int, ...], np.dtype[np.intp]]


def grid_of(
    days: Array,
    treatment: Treatment,
    flare_days: Array,
    fine: float = FINE,
    share: float = SHARE,
    longest: float = LONGEST,
) -> Grid:
    """A grid that holds day 0, every output, dose and flare, with steps that grow with the time since the last event.

    What moves fast is set going by a dose, a flare or the start, and dies away from there. After a dose the first step is
    ``fine`` and steps double; after the start and after flares a step is ``share`` of the time since, and at most
    ``longest``. (Steps of one length would have to be as short as the shortest throughout.) Steps are ``fine`` times
    1, 2, 3, 4, 6, 8, 12 ..., but the last before an event that lies elsewhere; so there are few lengths, and what depends
    on the length is worked out once.

    Args:
        days: output times (t,), rising, 0 or later.
        treatment: its doses.
        flare_days: days of flares in any shape; infinite ones don't matter.
        fine: first step after a dose, days.
        share, longest: see above; ``longest`` in days.

    Raises:
        ValueError: where days fall or are negative.
    """
    if len(days) == 0 or days[0] < 0 or np.any(np.diff(days) < 0):
        raise ValueError("days must be given, rise, and start at 0 or later")
    doses = set(treatment.dose_days.tolist())
    flares = set(flare_days[np.isfinite(flare_days)].tolist())
    breaks = [b for b in sorted({0.0, *days.tolist(), *doses, *flares}) if 0 <= b <= days[-1]]
    nodes = [0.0]
    injured, dosed = 0.0, -np.inf
    for left, right in itertools.pairwise(breaks):
        if right - left < SAME:
            continue
        injured = left if left in flares else injured
        dosed = left if left in doses else dosed
        day = left
        while day < right:
            allowed = min(max(fine * UNDRUGGED, share * (day - injured)), longest, max(fine, day - dosed))
            step = _round_length(min(allowed, right - day) / fine) * fine
            day = right if right - day <= max(step, fine) + SAME else day + step
            nodes.append(day)
    joined = np.array(nodes)
    return Grid(joined, np.searchsorted(joined, days - SAME).astype(np.intp))


def lengths_of(grid: Grid) -> list[float]:
    """The steps' lengths in days, rounded so that equal ones are equal."""
    return [round(h, 12) for h in np.diff(grid.nodes).tolist()]


def _round_length(most: float) -> float:
    """The largest of 1, 2, 3, 4, 6, 8, 12, 16 ... that is at most ``most`` (which is 1 or more)."""
    power = 2.0 ** math.floor(math.log2(max(most, 1.0) + SAME))
    return power * THREE_HALVES if power >= 2 and power * THREE_HALVES <= most + SAME else power


THREE_HALVES = 1.5
