"""Who the patient may be: virtual patients aged to today, weighed by how well each foretells the pain stated.

Candidates are drawn as worlds (the typical values, from their plausible ranges) and patients in each world. Each has lived
through the days since the pain began. So a patient whose pain is strong after two months is one of the slow healers, or of
those whose pain sustains itself, in proportion to how common each is.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from msgspec import Struct

from backspasm.cycle.model import Array, Indices, Patients, pain_of, saturation, settled
from backspasm.cycle.persistence import persistence_number
from backspasm.cycle.population import population, sensitised, uncertain
from backspasm.cycle.remembered import Remembered
from backspasm.records.cycle_types import CycleRecords

#: worlds, and candidates in each
WORLDS, EACH = 50, 30
#: steps through the days before the visit, in which activity and metabolites are taken as settled
STEPS_BEFORE = 10
#: fewest candidates that must count; where fewer would, the weights are evened out
LEAST_COUNTED = 20.0
#: halvings in the search for how far to even them out
HALVINGS = 30


class Situation(Struct, frozen=True):
    """What the cycle needs to know of a patient.

    ``pain`` 0-100 today (None: not stated); ``days`` since the pain began (None: unknown); ``classes``: share of each
    class of causes, summing to 1; ``slow``: eliminates slowly; ``adult``: False for children, None where unknown;
    ``emergency``: seen in an emergency department, where more heal quickly.
    """

    classes: Mapping[str, float]
    pain: float | None = None
    days: float | None = None
    slow: bool = False
    adult: bool | None = True
    emergency: bool = False


@dataclass(frozen=True, eq=False)
class Candidates:
    """Possible patients as they are today: ``weights`` (n,) sum to 1; ``world`` (n,); ``persistence``: their persistence numbers
    (n,); ``evidence``: mean likelihood."""

    patients: Patients
    weights: Array
    world: Indices
    persistence: Array
    evidence: float


@dataclass(frozen=True, eq=False)
class _Pool:
    """Worlds and patients before anything is known of the one who is asked about: what follows from records and seed alone.

    ``places`` (n,): evenly through the shares of classes of causes, in random order.
    """

    patients: Patients
    world: Indices
    places: Array
    #: sensitisation at the visit, by the days before it
    central: Remembered[Array]

    @cached_property
    def persistence(self) -> dict[bool, Array]:
        """With the loop and without it, (n,); no cause, treatment or day changes it."""
        p = self.patients
        return {True: persistence_number(p), False: persistence_number(p.without_loop())}

    def at_visit(self, days: float) -> Patients:
        """The patients so many days after the pain began."""
        central = self.central.get(self, days, lambda: sensitised(self.patients, days).central)
        return replace(self.patients, central=central)


_POOLS = Remembered[_Pool](most=8)
#: numbers of days for which the sensitisation at the visit is kept
VISITS = 32


def _pool(cycle: CycleRecords, seed: int, emergency: bool) -> _Pool:
    rng = np.random.default_rng(seed)
    world = np.repeat(np.arange(WORLDS), EACH)
    typical = {name: values[world] for name, values in uncertain(cycle, WORLDS, rng, even=True).items()}
    p = population(cycle, WORLDS * EACH, rng, typical=typical, even=True, emergency=emergency)
    return _Pool(p, world, shuffled(p.count, rng), Remembered(VISITS))


def shuffled(count: int, rng: np.random.Generator) -> Array:
    """(count,): the middles of as many equal shares of 0 to 1, in random order."""
    return (rng.permutation(count) + 0.5) / count


def candidates(situation: Situation, cycle: CycleRecords, seed: int, *, loop: bool = True) -> Candidates:
    """Worlds and patients, aged to today, weighed by the pain stated."""
    pool = _POOLS.get(cycle, (seed, situation.emergency), lambda: _pool(cycle, seed, situation.emergency))
    # the population is fitted as patients are at a visit some days after the start; only time beyond that ages them
    days = situation.days or 0.0
    visit = min(days, (cycle.emergency_visit_days if situation.emergency else cycle.visit_days).value)
    p = of_classes(pool.at_visit(visit), situation.classes, cycle, pool.places)
    if not loop:
        p = p.without_loop()
    today = _aged(p, days - visit)
    # in the order of healing, so that those picked evenly through the weights heal as fast as all of them do
    order = np.argsort(today.healing_days, kind="stable")
    today = today.taken(order)
    drive, _, _ = settled(today.injury, today.central, today)
    logs = _log_likelihood(pain_of(drive), situation, cycle)
    weights = _evened(logs)
    return Candidates(today, weights, pool.world[order], pool.persistence[loop][order], float(np.exp(logs).mean()))


def of_classes(p: Patients, classes: Mapping[str, float], cycle: CycleRecords, places: Array) -> Patients:
    """Each candidate gets a class of causes in proportion to its share, and what the class changes.

    Args:
        places: (n,), evenly between 0 and 1 in random order.
    """
    names = list(classes)
    which = np.minimum(np.searchsorted(np.cumsum([classes[c] for c in names]), places), len(names) - 1)
    records = [cycle.classes[c] for c in names]

    def of(values: Sequence[float]) -> Array:
        column: Array = np.array(values)[which]
        return column

    return p.but(
        healing_days=p.healing_days * of([r.healing_times for r in records]),
        lasting=p.injury * of([r.level for r in records]),
        growth=of([r.growth_per_day for r in records]),
        cox_share=np.minimum(p.cox_share * of([r.cox_share_times for r in records]), 1.0),
    )


def _aged(p: Patients, days: float) -> Patients:
    """The patients ``days`` after the injury: the injury drive exactly, sensitisation in steps that grow with time."""
    if days <= 0:
        return p
    edges = days * (np.arange(STEPS_BEFORE + 1) / STEPS_BEFORE) ** 2
    central = p.central

    def injury(day: float) -> Array:
        level = p.lasting * (1 + p.growth * (day - p.healing_days))
        healed: Array = level + (p.injury - p.lasting * (1 - p.growth * p.healing_days)) * np.exp(-day / p.healing_days)
        return healed

    def goal(day: float, c: Array) -> Array:
        drive, _, _ = settled(injury(day), c, p)
        return saturation(drive, p)

    for start, end in itertools.pairwise(edges.tolist()):
        h, middle = end - start, (start + end) / 2
        half = np.exp(-h / 2 / p.sensitisation_days)
        at_middle = central * half + goal(start, central) * (1 - half)
        central = central * half * half + goal(middle, at_middle) * (1 - half * half)
    return replace(
        p, injury=injury(days), central=central, lasting=p.lasting * (1 + p.growth * days), growth=_later(p, days)
    )


def _later(p: Patients, days: float) -> Array:
    """Growth relative to the level of ``days`` later."""
    later: Array = p.growth / (1 + p.growth * days)
    return later


def _log_likelihood(pain: Array, situation: Situation, cycle: CycleRecords) -> Array:
    """Log density of the pain stated, around each candidate's; where none is stated, of being a patient at a visit."""
    noise = cycle.parameters["pain_noise"].value
    stated, sd = situation.pain, noise
    if stated is None:
        visit = cycle.visit_pain
        stated, sd = visit.value, float(np.hypot(noise, visit.sd or 0.0))
    logs: Array = -0.5 * ((pain - stated) / sd) ** 2
    return logs


def _evened(logs: Array) -> Array:
    """Weights from log likelihoods, raised to the largest power up to 1 at which enough candidates count."""

    def at(power: float) -> Array:
        w = np.exp(power * (logs - logs.max()))
        shares: Array = w / w.sum()
        return shares

    def counted(w: Array) -> float:
        return float(1 / (w @ w))

    low, high = 0.0, 1.0
    if counted(at(1.0)) >= LEAST_COUNTED:
        return at(1.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if counted(at(middle)) >= LEAST_COUNTED else (low, middle)
    return at(low)


def systematic(weights: Array, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Indices of ``count`` candidates in proportion to their weights, evenly through them."""
    picked = np.searchsorted(np.cumsum(weights), (np.arange(count) + 0.5) / count)
    return np.minimum(picked, len(weights) - 1).astype(np.intp)
