"""Drugs that are taken by the clock: what they do depends on no pain, so it is known before anybody is in pain.

For the usual options it follows from the records alone. So it is worked out once and kept, and one patient's course costs the
steps of its states only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.grid import Grid, lengths_of
from backspasm.cycle.model import Array
from backspasm.cycle.on_the_way import Drugs
from backspasm.cycle.treatment import ALWAYS, Treatment

#: arms whose effects take more than this are not worked out ahead, bytes
MOST_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Foreseen:
    """Effects of several arms side by side in the middle and at the end of every step, (2 steps, arms x draws): that of NSAIDs, and
    how many times the drive must be larger under relaxants for the same reflex; and drowsiness at the outputs, (outputs, arms x
    draws)."""

    grid: Grid
    arms: int
    nsaid: Array
    slack: Array
    drowsiness: Array


def foresee(arms: Sequence[Treatment], grid: Grid, draws: int) -> Foreseen | None:
    """What arms of ``draws`` patients each do on a grid; None where doses wait for pain, or where it would take much memory."""
    moments, columns = 2 * (len(grid.nodes) - 1), len(arms) * draws
    large = 2 * moments * columns * np.dtype(np.float64).itemsize > MOST_BYTES
    if large or any(np.any(d.pain_at_least != ALWAYS) for arm in arms for d in arm.drugs):
        return None
    nsaid, relaxant = np.zeros((2, moments, columns))
    drowsiness = np.zeros((len(grid.outputs), columns))
    outputs = {int(k): i for i, k in enumerate(grid.outputs)}
    lengths, whoever = lengths_of(grid), np.zeros(draws)
    for a, arm in enumerate(arms):
        own, drugs = slice(a * draws, (a + 1) * draws), Drugs(arm)
        for k, day in enumerate(grid.nodes.tolist()):
            if drugs.offered(day):
                drugs.swallow(day, whoever)
            if k in outputs:
                drowsiness[outputs[k], own] = drugs.drowsiness()
            for moment in (2 * k, 2 * k + 1) if k < len(lengths) else ():
                drugs.wait(lengths[k] / 2)
                for kind, effect in zip((nsaid, relaxant), drugs.effects(), strict=True):
                    if effect is not None:
                        kind[moment, own] = effect
    return Foreseen(grid, len(arms), nsaid, 1 / (1 - relaxant), drowsiness)
