"""The course to expect for one patient, with and without the loop, untreated and under each option, with its uncertainty.

Some of the candidates (``cycle.candidates``) are carried on from today, in proportion to their weights. The same is done
without the loop: the rival is fitted to the patient just as well, and what tells the two apart is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from msgspec import Struct
from msgspec.structs import replace as replace_fields

from backspasm.cycle.candidates import WORLDS, Candidates, Situation, candidates, systematic
from backspasm.cycle.drugs import treatment_of
from backspasm.cycle.engine import simulate
from backspasm.cycle.foreseen import Foreseen, foresee
from backspasm.cycle.grid import SHARE, grid_of
from backspasm.cycle.model import Array, Patients
from backspasm.cycle.outputs import (
    Observation,
    flexion_relaxation_ratio,
    observation,
    range_of_motion,
    resting_activity,
)
from backspasm.cycle.prescription import Prescription
from backspasm.cycle.remembered import Remembered
from backspasm.cycle.side_by_side import Shown, fits, simulate_foreseen
from backspasm.cycle.treatment import Dosing, Treatment
from backspasm.records.cycle_types import CycleRecords

#: patients carried on, and the seed of their chance
DRAWS = 200
SEED = 20_260_101
#: first step after a dose, and longest step, days: what is shown errs by some hundredths of a point of pain
FINE, LONGEST = 1 / 24, 2.0
#: a cause that makes up less than this of the differential is left out of the mixture's words
WORTH_NAMING = 0.05
INTERVAL = (0.05, 0.5, 0.95)

Names = tuple[str, ...]


class Option(Struct, frozen=True):
    """A named treatment."""

    id: str
    prescriptions: tuple[Prescription, ...]


class Band(Struct, frozen=True):
    """Median and 90 % band over draws, one number per day."""

    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Arm(Struct, frozen=True):
    """One treatment: pain 0-100, spasm (reflex activity, %MVC above normal) and the EMG that it makes (at rest, %MVC;
    flexion-relaxation ratio), motion (% of the person's own), drowsiness (share of patients), and how much less pain than
    untreated (paired by draw)."""

    pain: Band
    spasm: Band
    resting_emg: Band
    flexion_ratio: Band
    motion: Band
    drowsy: tuple[float, ...]
    less_pain: Band


class Persistence(Struct, frozen=True):
    """The persistence number: median, 90 % range over draws, and the probability that it exceeds 1 with its range."""

    value: float
    low: float
    high: float
    probability_above_1: float
    probability_low: float
    probability_high: float


class Expected(Struct, frozen=True):
    """The course to expect. ``for_loop``: how many times better the loop foretells the stated pain than its rival."""

    days: tuple[float, ...]
    options: Mapping[str, str]
    arms: Mapping[str, Arm]
    rival: Mapping[str, Arm]
    persistence: Persistence
    rival_persistence: Persistence
    for_loop: float
    classes: Mapping[str, float]
    modelled: float
    remarks: Names
    draws: int


UNTREATED = "untreated"


def expected_course(
    situation: Situation,
    options: Sequence[Option],
    cycle: CycleRecords,
    days: Sequence[float],
    draws: int = DRAWS,
    seed: int = SEED,
) -> Expected | None:
    """The course of one patient; None where (nearly) all of the differential is pain from elsewhere.

    Args:
        situation: the patient.
        options: treatments beside none.
        cycle: the records.
        days: output days, rising from 0.
        draws: patients carried on; as many with the loop as without.
        seed: of the chance.
    """
    modelled = {c: p for c, p in situation.classes.items() if cycle.classes[c].healing != "elsewhere" and p > 0}
    share = sum(modelled.values())
    if share <= WORTH_NAMING:
        return None
    known = replace_classes(situation, {c: p / share for c, p in modelled.items()})
    with_loop, without = candidates(known, cycle, seed), candidates(known, cycle, seed, loop=False)
    chosen = [c.patients.taken(systematic(c.weights, draws)) for c in (with_loop, without)]
    at = np.array(days, dtype=np.float64)
    every = (Option(UNTREATED, ()), *options)
    run = _run(chosen, every, cycle, at, draws, seed, known.slow)
    arms, rival = (
        {option.id: arm for option, arm in zip(every, found, strict=True)}
        for found in _arms(run, observation(cycle), draws)
    )
    return Expected(
        days=tuple(float(d) for d in days),
        options={o.id: "; ".join(str(p) for p in o.prescriptions) for o in options},
        arms=arms,
        rival=rival,
        persistence=_persistence(with_loop),
        rival_persistence=_persistence(without),
        for_loop=with_loop.evidence / without.evidence,
        classes=dict(sorted(known.classes.items(), key=lambda item: -item[1])),
        modelled=share,
        remarks=_remarks(known, share, cycle),
        draws=draws,
    )


def persistence_of(situation: Situation, cycle: CycleRecords, seed: int = SEED) -> Persistence | None:
    """The persistence number alone."""
    modelled = {c: p for c, p in situation.classes.items() if cycle.classes[c].healing != "elsewhere" and p > 0}
    share = sum(modelled.values())
    if share <= WORTH_NAMING:
        return None
    known = replace_classes(situation, {c: p / share for c, p in modelled.items()})
    return _persistence(candidates(known, cycle, seed))


def replace_classes(situation: Situation, classes: Mapping[str, float]) -> Situation:
    return replace_fields(situation, classes=classes)


def _repeated(chosen: Sequence[Patients], times: int) -> Patients:
    """Columns: for each model (loop, rival) each arm, for each arm the same draws."""
    first, second = chosen
    index = np.concatenate(
        [np.tile(np.arange(p.count), times) + i * first.count for i, p in enumerate((first, second))]
    )
    return first.joined(second).taken(index)


def _run(
    chosen: Sequence[Patients],
    arms: Sequence[Option],
    cycle: CycleRecords,
    days: Array,
    draws: int,
    seed: int,
    slow: bool,
) -> Shown:
    """All arms at once, with the loop and without it. Columns: for each model each arm, for each arm the same draws."""
    both = chosen[0].joined(chosen[1])

    def ahead() -> Foreseen | None:
        treatments = [treatment_of(a.prescriptions, cycle, draws, seed, slow=slow) for a in arms]
        joined = Treatment(tuple(d for t in treatments for d in t.drugs))
        return foresee(treatments, grid_of(days, joined, both.flare_days, FINE, SHARE, LONGEST), draws)

    key = (tuple(a.prescriptions for a in arms), days.tobytes(), draws, seed, slow)
    seen = _FORESEEN.get(cycle, key, ahead)
    if seen is not None and fits(both):
        return simulate_foreseen(both, seen)
    course = simulate(
        _repeated(chosen, len(arms)), _joined(arms, cycle, draws, seed, slow), days, fine=FINE, longest=LONGEST
    )
    return Shown(course.pain, course.activity, course.drowsiness)


#: of the usual options there are two: of patients who eliminate slowly, and of all others
_FORESEEN = Remembered[Foreseen | None](most=6)


def _joined(options: Sequence[Option], cycle: CycleRecords, draws: int, seed: int, slow: bool) -> Treatment:
    """One treatment over all columns: each arm's doses are taken in its own columns only."""
    arms = [treatment_of(o.prescriptions, cycle, draws, seed, slow=slow) for o in options]
    columns = draws * len(options)
    joined = []
    for drug in dict.fromkeys(d.drug for arm in arms for d in arm.drugs):
        here = [(j, d) for j, arm in enumerate(arms) for d in arm.drugs if d.drug == drug]
        takes = np.zeros((sum(len(d.days) for _, d in here), columns), dtype=np.bool_)
        at = 0
        for j, d in here:
            takes[at : at + len(d.days), j * draws : (j + 1) * draws] = d.takes
            at += len(d.days)
        order = np.argsort(np.concatenate([d.days for _, d in here]), kind="stable")
        days, amounts, needed = (
            np.concatenate([getattr(d, name) for _, d in here])[order] for name in ("days", "amounts", "pain_at_least")
        )
        whole = here[0][1].taken(np.tile(np.arange(draws), 2 * len(options)))
        takes = np.tile(takes[order], (1, 2))
        joined.append(replace(whole, takes=takes, days=days, amounts=amounts, pain_at_least=needed))
    return Treatment(tuple(_merged(d) for d in joined))


def _merged(d: Dosing) -> Dosing:
    """Doses of the same moment, size and rule become one row: whoever takes either of them."""
    keys = np.stack([d.days, d.amounts, d.pain_at_least])
    distinct, row = np.unique(keys, axis=1, return_inverse=True)
    takes = np.zeros((distinct.shape[1], d.takes.shape[1]), dtype=np.bool_)
    for at, own in zip(row.ravel(), d.takes, strict=True):
        takes[at] |= own
    return replace(d, days=distinct[0], amounts=distinct[1], pain_at_least=distinct[2], takes=takes)


def _arms(run: Shown, o: Observation, draws: int) -> list[list[Arm]]:
    """With the loop and without it, each arm: pieces of ``draws`` columns, against the first arm, the untreated one."""
    shape = (len(run.pain), 2, -1, draws)
    pain = run.pain.reshape(shape)
    less = pain[:, :, :1] - pain
    kinds = [pain, run.activity.reshape(shape), range_of_motion(run.pain, run.activity, o).reshape(shape), less]
    bands = quantiles(np.stack(kinds))  # (low, median, high; kind; day; model; arm)
    drowsy = run.drowsiness.reshape(shape).mean(axis=-1)
    return [[_arm(bands[..., m, arm], drowsy[:, m, arm], o) for arm in range(pain.shape[2])] for m in range(2)]


def _arm(bands: Array, drowsy: Array, o: Observation) -> Arm:
    """From (low, median, high; pain, spasm, motion, less pain; day)."""
    pain, spasm, motion, less = (Band(*(tuple(bands[q, k].tolist()) for q in (1, 0, 2))) for k in range(len(bands[0])))
    low, middle, high = bands[:, 1]
    # EMG follows activity one to one, so its bands are those of activity; the ratio falls as activity rises
    resting = (tuple(resting_activity(a, o).tolist()) for a in (middle, low, high))
    ratio = (tuple(flexion_relaxation_ratio(a, o).tolist()) for a in (middle, high, low))
    return Arm(
        pain=pain,
        spasm=spasm,
        resting_emg=Band(*resting),
        flexion_ratio=Band(*ratio),
        motion=motion,
        drowsy=tuple(drowsy.tolist()),
        less_pain=less,
    )


def quantiles(values: Array) -> Array:
    """5 %, median and 95 % over the last axis, in front, as ``np.quantile`` gives them to the last bit.

    That function imports masked arrays, which takes half as long as importing NumPy itself.
    """
    ordered = np.sort(values, axis=-1)
    return np.stack([_between(ordered, share) for share in INTERVAL])


def _between(ordered: Array, share: float) -> Array:
    place = share * (ordered.shape[-1] - 1)
    below = int(place)
    t, a, b = place - below, ordered[..., below], ordered[..., min(below + 1, ordered.shape[-1] - 1)]
    out: Array = a + (b - a) * t if t < 1 / 2 else b - (b - a) * (1 - t)
    return out


def _persistence(c: Candidates) -> Persistence:
    number = c.persistence
    low, value, high = _quantiles(number, c.weights, INTERVAL)
    by_world: Array = np.bincount(c.world, c.weights, WORLDS).astype(np.float64)
    above = np.bincount(c.world, c.weights * (number > 1), WORLDS) / np.maximum(by_world, np.finfo(float).tiny)
    ends = _quantiles(above, by_world, (INTERVAL[0], INTERVAL[2]))
    probability = float(c.weights @ (number > 1))
    return Persistence(value, low, high, probability, min(ends[0], probability), max(ends[1], probability))


def _quantiles(values: Array, weights: Array, shares: Sequence[float]) -> list[float]:
    """The values up to which these shares of the weights lie."""
    order = np.argsort(values, kind="stable")
    at = np.searchsorted(np.cumsum(weights[order]), np.array(shares) * weights.sum())
    found: list[float] = values[order[np.minimum(at, len(order) - 1)]].tolist()
    return found


def _remarks(situation: Situation, modelled: float, cycle: CycleRecords) -> Names:
    """What the reader must know of this patient's simulation."""
    said = [
        "The courses with and without the loop are shown side by side because published data cannot tell them apart.",
        "Whether a drug suits this patient is not checked here.",
    ]
    if situation.adult is False:
        said.append("Every number comes from adults; for children none of the gains and healing times has a source.")
    if situation.pain is None:
        said.append("The strength of the pain was not stated; that of patients at a visit is taken.")
    if situation.days is None:
        said.append("How long the pain has lasted was not stated; it is taken as new.")
    if modelled < 1 - WORTH_NAMING:
        said.append(
            f"{100 * (1 - modelled):.0f} % of the differential is pain from elsewhere than the back, of which the model "
            "says nothing."
        )
    lasting = sum(p for c, p in situation.classes.items() if cycle.classes[c].healing in {"lasts", "grows"})
    if lasting >= WORTH_NAMING:
        said.append(
            f"{100 * lasting:.0f} % of what is simulated are causes that do not heal by themselves; a relaxant only masks them. "
            "Pain that does not fade is a reason to look for its cause."
        )
    return tuple(said)
