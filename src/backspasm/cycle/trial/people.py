"""Who is screened and who may enter: patients drawn as the protocol says, the same chance with the loop and without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from backspasm.cycle.candidates import of_classes, shuffled
from backspasm.cycle.model import NEEDED, Array, Indices, Patients, drive_from_pain, pain_of, patients_of, settled
from backspasm.cycle.outputs import MOST_DISABILITY
from backspasm.cycle.population import MOST_FLARES, population, sensitised, uncertain
from backspasm.cycle.treatment import Bools
from backspasm.cycle.trial.plan import Plan
from backspasm.patients.patient import InputError
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.trial_types import Range

#: patients screened at a time, and at most
BATCH, MOST_SCREENED = 2_000, 100_000
#: streams of chance: who comes, and which worlds there are
PEOPLE, WORLDS = 1, 2
#: the criteria, in the order in which they are looked at
CRITERIA = ("days", "pain", "spasm", "disability")


@dataclass(frozen=True, eq=False)
class Screened:
    """Everybody who was asked, in order (n,): as they are, and as measured at entry.

    ``world``: the set of typical values that each belongs to; ``failed``: the first criterion that kept each out, an index
    of ``CRITERIA``, or -1.
    """

    patients: Patients
    days: Array
    slow: Bools
    world: Indices
    pain: Array
    spasm: Array
    disability: Array
    failed: Indices

    @property
    def eligible(self) -> Indices:
        """Who may enter, in the order in which they came."""
        return np.flatnonzero(self.failed < 0)


class Pools(NamedTuple):
    """The same people, with the loop and without it."""

    loop: Screened
    rival: Screened


def screen(plan: Plan, wanted: int, seed: int, worlds: int = 0) -> Pools:
    """Ask patients until so many may enter in the model, and in its rival.

    Args:
        plan: the protocol.
        wanted: eligible patients.
        seed: of the chance.
        worlds: 0: everybody has the records' typical values; else each belongs to one of so many sets drawn from their
            plausible ranges.

    Raises:
        InputError: where too few of those who come are eligible.
    """
    kept: tuple[list[Screened], list[Screened]] = ([], [])
    counts = [0, 0]
    asked = 0
    sets = uncertain(plan.cycle, worlds, np.random.default_rng([seed, WORLDS]), even=True) if worlds else {}
    while min(counts) < wanted:
        if asked >= MOST_SCREENED:
            raise _too_few(plan, min(counts), asked)
        for i, loop in enumerate((True, False)):
            batch = _batch(plan, asked // BATCH, seed, loop, sets)
            kept[i].append(batch)
            counts[i] += len(batch.eligible)
        asked += BATCH
    return Pools(_joined(kept[0]), _joined(kept[1]))


def _batch(plan: Plan, number: int, seed: int, loop: bool, sets: Mapping[str, Array]) -> Screened:
    """The next patients who come: the random numbers depend on ``number`` and ``seed`` only."""
    who, cycle = plan.protocol.population, plan.cycle
    rng = np.random.default_rng([seed, PEOPLE, number])
    days = rng.uniform(who.days_since_onset.start, who.days_since_onset.end, BATCH)
    slow = rng.random(BATCH) < who.slow_elimination
    errors = rng.standard_normal((2, BATCH))
    world = rng.integers(0, max(len(next(iter(sets.values()), ())), 1), BATCH)
    typical: dict[str, Array | float] = {name: values[world] for name, values in sets.items()} | dict(who.typical)
    spread = dict(who.spread)
    pain = _typical_pain(typical, days, cycle) if who.pain is None else np.full(BATCH, who.pain.median)
    if who.pain is not None and who.pain.spread is not None:
        spread["injury"] = who.pain.spread
    if not loop:
        typical["return_gain"] = NO_LOOP  # so that sensitisation builds up without it too
    if who.pain is not None or not loop:  # the rival's patients are as ill: what the loop made, a larger injury makes
        typical["injury"] = _injury(pain, typical, days, cycle)
    if who.pain is not None:
        typical["emergency_injury"] = 1.0  # an injury that makes this pain is already as strong as it is there
    drawn = population(
        cycle, BATCH, rng, typical=typical, spread=spread, days_before=days, horizon=plan.last,
        emergency=who.setting == "emergency",
    )  # fmt: skip
    patients = of_classes(drawn, who.causes, cycle, shuffled(drawn.count, rng))
    if not loop:
        patients = patients.without_loop()
    drive, activity, _ = settled(patients.injury, patients.central, patients)
    o = plan.observation
    rated = np.clip(pain_of(drive) + o.pain_noise * errors[0], 0, 100)
    spasm = activity + plan.protocol.errors.get("spasm", 0.0) * errors[1]
    disability = np.minimum(o.disability_per_pain * rated, MOST_DISABILITY)
    failed = np.full(BATCH, -1, dtype=np.intp)
    bounds = plan.protocol.eligibility
    for i, (bound, value) in enumerate(
        ((bounds.days, days), (bounds.pain, rated), (bounds.spasm, spasm), (bounds.disability, disability))
    ):
        failed[(failed < 0) & ~_within(value, bound)] = i
    return Screened(_padded(patients), days, slow, world.astype(np.intp), rated, spasm, disability, failed)


def _typical_pain(typical: Mapping[str, Array | float], days: Array, cycle: CycleRecords) -> Array:
    """Pain of the typical patient of the records, (n,), ``days`` after it began."""
    values = {name: typical.get(name, cycle.parameters[name].value) for name in NEEDED}
    patients = sensitised(patients_of(len(days), values), days)
    drive, _, _ = settled(patients.injury, patients.central, patients)
    return pain_of(drive)


def _injury(pain: Array, typical: Mapping[str, Array | float], days: Array, cycle: CycleRecords) -> Array:
    """The typical patient's injury that makes this pain, ``days`` after it began: the model's algebra solved for I."""

    def of(name: str) -> Array | float:
        return typical.get(name, cycle.parameters[name].value)

    drive = drive_from_pain(pain)
    steep = (drive / of("sensitisation_threshold")) ** of("steepness")
    central = steep / (1 + steep) * (1 - np.exp(-days / of("sensitisation_days")))
    up = 1 + of("central_gain") * central
    from_muscle = of("return_gain") * drive / (1 + of("reflex_gain") * drive)
    injury = (drive - of("sensitisation") * central) / up - from_muscle
    # a world whose loop and sensitisation alone make more than this pain has an injury of next to nothing
    least: Array = np.maximum(injury, LEAST * drive)
    return least


#: a return gain of nothing, on whose scale (logit) 0 itself lies at infinity
NO_LOOP = 1e-12
#: smallest share of the drive that is left to the injury
LEAST = 0.01


def _within(value: Array, bound: Range | None) -> Bools:
    inside = np.ones(len(value), dtype=np.bool_)
    if bound is not None and bound.at_least is not None:
        inside &= value >= bound.at_least
    if bound is not None and bound.at_most is not None:
        inside &= value <= bound.at_most
    return inside


def _padded(p: Patients) -> Patients:
    """The same with as many columns of flares as there can be, so that batches can be joined."""
    missing = MOST_FLARES - p.flare_days.shape[1]
    if missing <= 0:
        return p
    fill = np.full((p.count, missing), np.inf)
    return replace(
        p,
        flare_days=np.hstack([p.flare_days, fill]),
        flare_sizes=np.hstack([p.flare_sizes, np.zeros_like(fill)]),
    )


def _joined(batches: list[Screened]) -> Screened:
    patients = batches[0].patients
    for batch in batches[1:]:
        patients = patients.joined(batch.patients)
    names = ("days", "slow", "world", "pain", "spasm", "disability", "failed")
    return Screened(patients, *(np.concatenate([getattr(b, name) for b in batches]) for name in names))


def _too_few(plan: Plan, found: int, asked: int) -> InputError:
    return InputError.one(
        "eligibility", plan.protocol.id, f"only {found} of {asked:,} patients asked may enter",
        "ask for less, or change population so that such patients come",
    )  # fmt: skip
