"""Drugs that are taken by the clock: what they do depends on no pain, so it is known before anybody is in pain.

For the usual options it follows from the records alone. So it is worked out once and kept, and one patient's course costs the
steps of its states only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from backspasm.cycle.engine import Course, carry, empty_course
from backspasm.cycle.grid import Grid, lengths_of
from backspasm.cycle.model import Array, Patients, lasting_level
from backspasm.cycle.on_the_way import Drugs
from backspasm.cycle.stepping import Moment, arriving
from backspasm.cycle.treatment import ALWAYS, Treatment

#: arms whose effects take more than this are not worked out ahead, bytes
MOST_BYTES = 8 * 2**20
#: steps of which it is worked out together what acts in them: arrays that still fit into the cache of one core
TOGETHER = 8


@dataclass(frozen=True, slots=True, eq=False)
class Foreseen:
    """Effects of several arms side by side in the middle and at the end of every step, (2 steps, arms x draws): that of NSAIDs, and
    what relaxants leave of the reflex; and drowsiness at the outputs, (outputs, arms x draws)."""

    grid: Grid
    arms: int
    nsaid: Array
    awake: Array
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
    return Foreseen(grid, len(arms), nsaid, 1 - relaxant, drowsiness)


def simulate_foreseen(p: Patients, seen: Foreseen) -> Course:
    """``engine.simulate`` of patients without flares, all arms at once.

    Args:
        p: sets of patients, one after the other, as many in each as draws were foreseen.

    Returns:
        Columns: for each set each arm, for each arm the same draws. Doses are not counted.
    """
    sets = p.count * seen.arms // seen.nsaid.shape[1]
    draws = p.count // sets
    index = np.arange(p.count).reshape(sets, 1, draws)
    columns = p.taken(np.broadcast_to(index, (sets, seen.arms, draws)).ravel())
    out = empty_course(seen.grid.nodes[seen.grid.outputs], columns.count, 0)
    carry(columns, _Ahead(p, columns, seen, (sets, seen.arms, draws)), seen.grid, out)
    return out


class _Ahead:
    """What acts, worked out for some steps together, and the injury once for all arms."""

    def __init__(self, p: Patients, columns: Patients, seen: Foreseen, shape: tuple[int, int, int]) -> None:
        self._p, self._columns, self._seen, self._shape = p, columns, seen, shape
        self._now, self._next = arriving(columns, columns.injury), self._moments()

    def arrive(self, node: int, pain: Callable[[Moment], Array]) -> Moment:
        return self._now

    def show(self, node: int, output: int, out: Course) -> None:
        sets = self._shape[0]
        out.drowsiness[output] = np.tile(self._seen.drowsiness[output], sets)
        out.nsaid[output] = np.tile(self._seen.nsaid[2 * node - 1], sets) if node else 0.0
        out.relaxant[output] = 1 - np.tile(self._seen.awake[2 * node - 1], sets) if node else 0.0

    def leave(self, node: int) -> tuple[Moment, Moment]:
        middle, self._now = next(self._next), next(self._next)
        return middle, self._now

    def _moments(self) -> Iterator[Moment]:
        seen, columns, (sets, arms, draws) = self._seen, self._columns, self._shape
        held = columns.cox_share.reshape(sets, arms, draws)
        reflex = columns.reflex_gain.reshape(sets, arms, draws)
        threshold = 1 / columns.sensitisation_threshold
        weight = columns.metabolite_weight
        for some, injured in self._injuries():
            count = len(injured)
            effect = np.multiply(held, seen.nsaid[some].reshape(count, 1, arms, draws))
            gains = np.empty((count, 2, columns.count))
            np.multiply(reflex, seen.awake[some].reshape(count, 1, arms, draws), gains[:, 0].reshape(effect.shape))
            gains[:, 1] = threshold
            weights: Iterable[Array] = repeat(weight)
            if columns.metabolites_reached:
                reached = 1 - columns.cox_on_metabolites * effect.reshape(count, -1)
                weights = weight * reached
            np.subtract(1, effect, effect)
            np.multiply(effect, injured.reshape(count, sets, 1, draws), effect)
            yield from map(Moment, effect.reshape(count, -1), weights, gains)

    def _injuries(self) -> Iterator[tuple[slice, Array]]:
        """The injury at some moments together, (moments, n)."""
        p, nodes, lengths = self._p, self._seen.grid.nodes, lengths_of(self._seen.grid)
        heal = {h: np.exp(-h / 2 / p.healing_days) for h in dict.fromkeys(lengths)}
        days = np.stack([nodes[:-1] + np.array(lengths) / 2, nodes[:-1] + lengths], axis=1).reshape(-1, 1)
        healing = p.injury - lasting_level(p, 0.0)
        for start in range(0, len(lengths), TOGETHER):
            own = lengths[start : start + TOGETHER]
            some = slice(2 * start, 2 * (start + len(own)))
            injury = np.empty((2 * len(own), p.count))
            for k, h in enumerate(own):
                middle = np.multiply(healing, heal[h], injury[2 * k])
                healing = np.multiply(middle, heal[h], injury[2 * k + 1])
            yield some, injury if p.all_heal else injury + lasting_level(p, days[some])
