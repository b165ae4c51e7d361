"""What acts on patients from outside while they go from node to node: the injury, its flares, and drugs carried on exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from backspasm.cycle.grid import Grid, lengths_of
from backspasm.cycle.model import Array, Patients, lasting_level
from backspasm.cycle.stepping import Moment, arriving
from backspasm.cycle.treatment import Dosing, Treatment

if TYPE_CHECKING:
    from backspasm.cycle.engine import Course


class OnTheWay:
    """Worked out as the patients go, since doses as needed wait for pain. Taken doses are counted in ``doses`` (drugs, n)."""

    def __init__(self, p: Patients, treatment: Treatment, grid: Grid, doses: Array) -> None:
        self._p, self._doses = p, doses
        self._days, self._lengths = grid.nodes.tolist(), lengths_of(grid)
        self._drugs = Drugs(treatment)
        self._flares = _Flares(p)
        self._healing = p.injury - lasting_level(p, 0.0)  # the part of the injury that heals; the rest is lasting_level
        self._flare: Array | None = None  # J
        self._effects = self._drugs.effects()
        self._kept: dict[float, tuple[Array, Array]] = {}
        self._now = self._moment(0.0)

    def arrive(self, node: int, pain: Callable[[Moment], Array]) -> Moment:
        day = self._days[node]
        if day in self._flares.days:
            self._flare = self._flares.after(day, np.zeros(self._p.count) if self._flare is None else self._flare)
            self._now = self._moment(day)
        if self._drugs.offered(day):
            self._doses += self._drugs.swallow(day, pain(self._now))
        return self._now

    def show(self, node: int, output: int, out: Course) -> None:
        nsaid, relaxant = self._effects
        out.nsaid[output] = 0.0 if nsaid is None else nsaid
        out.relaxant[output] = 0.0 if relaxant is None else relaxant
        out.drowsiness[output] = self._drugs.drowsiness()

    def leave(self, node: int) -> tuple[Moment, Moment]:
        h, day = self._lengths[node], self._days[node]
        if h not in self._kept:
            p = self._p
            self._kept[h] = np.exp(-h / 2 / p.healing_days), np.exp(-h / 2 / p.healing_of_flares)
        middle, self._now = self._further(h / 2, day + h / 2, h), self._further(h / 2, day + h, h)
        return middle, self._now

    def _further(self, half: float, day: float, length: float) -> Moment:
        heal, calm = self._kept[length]
        self._healing = self._healing * heal
        if self._flare is not None:
            self._flare = self._flare * calm
        self._drugs.wait(half)
        self._effects = self._drugs.effects()
        return self._moment(day)

    def _moment(self, day: float) -> Moment:
        injury = self._healing if self._flare is None else self._healing + self._flare
        if not self._p.all_heal:
            injury = injury + lasting_level(self._p, day)
        return arriving(self._p, injury, *self._effects)


class Drugs:
    """All drugs of a treatment on their way through its patients."""

    def __init__(self, treatment: Treatment) -> None:
        self._pills = [_Pills(d) for d in treatment.drugs]

    def offered(self, day: float) -> bool:
        return any(pill.offers(day) for pill in self._pills)

    def swallow(self, day: float, pain: Array) -> Array:
        """Take what is offered until now. Returns the doses taken, (drugs, n)."""
        return np.stack([np.broadcast_to(pill.swallow(day, pain), pain.shape) for pill in self._pills])

    def wait(self, days: float) -> None:
        for pill in self._pills:
            pill.wait(days)

    def effects(self) -> tuple[Array | None, Array | None]:
        """The joint effect of NSAIDs and of relaxants, each (n,), or None where there is no such drug yet."""
        left: dict[str, Array] = {}
        for pill in self._pills:
            if pill.acting:
                acts, spared = pill.dosing.acts, 1 - pill.effect()
                left[acts] = left[acts] * spared if acts in left else spared
        nsaid, relaxant = (1 - left[acts] if acts in left else None for acts in ("nsaid", "relaxant"))
        return nsaid, relaxant

    def drowsiness(self) -> Array | float:
        if not self._pills:
            return 0.0
        awake: Array = np.prod([1 - pill.drowsiness() for pill in self._pills], axis=0)
        return 1 - awake


class _Pills:
    """One drug on its way through the patients: each exponential is carried on exactly."""

    def __init__(self, dosing: Dosing) -> None:
        self.dosing = dosing
        self.left = np.zeros_like(dosing.answer.rates)  # (J, n): dose times exp(-rate * time since)
        self.next = 0
        self.kept: dict[float, Array] = {}
        # tolerance is a further exponential that the effect does not need
        self.terms = int(np.any(dosing.answer.site != 0, axis=1).sum())

    @property
    def acting(self) -> bool:
        """Whether some of it may be left or come."""
        return self.next > 0

    def wait(self, length: float) -> None:
        if not self.acting:
            return
        if length not in self.kept:
            self.kept[length] = np.exp(-self.dosing.answer.rates * length)
        self.left *= self.kept[length]

    def swallow(self, day: float, pain: Array) -> Array | float:
        """Take what is offered until now; returns the number of doses taken by each patient."""
        d = self.dosing
        count: Array | float = 0.0
        while self.next < len(d.days) and d.days[self.next] <= day + SAME_DAY:
            takes = d.takes[self.next] & (pain >= d.pain_at_least[self.next])
            self.left += d.amounts[self.next] * takes
            count = count + takes
            self.next += 1
        return count

    def offers(self, day: float) -> bool:
        return self.next < len(self.dosing.days) and bool(self.dosing.days[self.next] <= day + SAME_DAY)

    def site(self) -> Array:
        total: Array = np.einsum("jn,jn->n", self.dosing.answer.site[: self.terms], self.left[: self.terms])
        return total

    def effect(self) -> Array:
        return self.dosing.effect(self.site())

    def drowsiness(self) -> Array:
        if not np.any(np.isfinite(self.dosing.sedation_ec50)):
            return np.zeros(self.left.shape[1])
        return self.dosing.drowsiness(self.site(), np.einsum("jn,jn->n", self.dosing.answer.tolerance, self.left))


#: a dose is given at a node that lies within this many days of it
SAME_DAY = 1e-9


class _Flares:
    """New injuries on given days."""

    def __init__(self, p: Patients) -> None:
        self.p = p
        self.days = set(p.flare_days[np.isfinite(p.flare_days)].tolist())

    def after(self, day: float, flare: Array) -> Array:
        if day not in self.days:
            return flare
        struck: Array = flare + (self.p.flare_sizes * (self.p.flare_days == day)).sum(axis=1)
        return struck
