"""Runs the model for many patients at once: arrays over patients, a loop over steps. The plain engine, in NumPy.

Pharmacokinetics are closed (each exponential of a drug is carried from node to node exactly), the injury drive is closed
between flares, the linear decay of the muscle's states is closed; what is left is stepped by ``cycle.exponential``.
``cycle.compiled`` does the same patient by patient in machine code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from backspasm.cycle.exponential import Weights, weights
from backspasm.cycle.grid import FINE, LONGEST, SHARE, Grid, grid_of
from backspasm.cycle.model import Array, Patients, drive_of, lasting_level, pain_of, saturation, settled
from backspasm.cycle.treatment import NONE, Dosing, Treatment

#: patients run together: a few arrays of this length fit into the cache of one core
CHUNK = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a run gives at ``days`` (t,): arrays (t, n).

    ``pain`` 0-100 (without error of measurement), ``activity`` S in %MVC above normal, ``metabolites``, ``central`` C,
    ``drowsiness`` 0-1 from drugs, ``nsaid`` and ``relaxant`` effects 0-1; ``doses`` (drugs, n) counts the doses taken.
    """

    days: Array
    pain: Array
    activity: Array
    metabolites: Array
    central: Array
    drowsiness: Array
    nsaid: Array
    relaxant: Array
    doses: Array

    def columns(self, which: slice) -> Course:
        """The same of some of the patients; the arrays are views."""
        return Course(self.days, *(getattr(self, f.name)[:, which] for f in fields(self)[1:]))


def empty_course(days: Array, count: int, drugs: int) -> Course:
    pain, activity, metabolites, central, drowsiness, nsaid, relaxant = np.empty((7, len(days), count))
    return Course(days, pain, activity, metabolites, central, drowsiness, nsaid, relaxant, np.zeros((drugs, count)))


def simulate(
    patients: Patients,
    treatment: Treatment = NONE,
    days: Array | None = None,
    *,
    fine: float = FINE,
    share: float = SHARE,
    longest: float = LONGEST,
    compiled: bool | None = False,
) -> Course:
    """Run every patient from day 0.

    Args:
        patients: parameters and first states (n,).
        treatment: doses of the same n patients.
        days: output times (t,), rising; default every day of four weeks.
        fine, share, longest: how short steps are (``cycle.grid``).
        compiled: machine code (needs numba; compiled once, kept on disk); None: where numba is installed.

    Raises:
        ImportError: where machine code is asked for and numba is not installed.
    """
    days = np.arange(29.0) if days is None else np.asarray(days, dtype=np.float64)
    grid = grid_of(days, treatment, patients.flare_days, fine, share, longest)
    out = empty_course(days, patients.count, len(treatment.drugs))
    run = runner(compiled)
    for which, part in patients.chunks(CHUNK):
        run(part, treatment.taken(which), grid, out.columns(which))
    return out


def runner(compiled: bool | None) -> Callable[[Patients, Treatment, Grid, Course], None]:
    """The engine asked for: ``run(patients, treatment, grid, course)`` fills the course."""
    if compiled is False:
        return run
    try:
        from backspasm.cycle.compiled import run as run_compiled
    except ImportError:
        if compiled:
            raise
        return run
    return run_compiled


def run(p: Patients, treatment: Treatment, grid: Grid, out: Course) -> None:
    """Fill ``out`` for patients that fit into memory together."""
    pills = [_Pills(d) for d in treatment.drugs]
    flares = _Flares(p)
    central = p.central.copy()
    _, activity, metabolites = settled(p.injury, central, p)
    healing = p.injury - lasting_level(p, 0.0)  # the part of the injury that heals; the rest is lasting_level
    flare: Array = np.zeros(p.count)  # J
    nsaid, relaxant = _effects(pills)
    kept: dict[float, tuple[Weights, Array, Array]] = {}

    def injured(day: float) -> Array:
        now: Array = healing + flare + lasting_level(p, day)
        return now

    lengths = np.diff(grid.nodes, append=grid.nodes[-1])
    asked = {int(k): i for i, k in enumerate(grid.outputs)}
    for k, (day, h) in enumerate(zip(grid.nodes, lengths, strict=True)):
        flare = flares.after(day, flare)
        if any(pill.offers(day) for pill in pills):
            pain = pain_of(drive_of(injured(day), metabolites, central, p, nsaid))
            for i, pill in enumerate(pills):
                out.doses[i] += pill.swallow(day, pain)
        if k in asked:
            drive = drive_of(injured(day), metabolites, central, p, nsaid)
            drowsy = 1 - np.prod([1 - pill.drowsiness() for pill in pills], axis=0) if pills else 0.0
            for name, value in (
                ("pain", pain_of(drive)), ("activity", activity), ("metabolites", metabolites), ("central", central),
                ("drowsiness", drowsy), ("nsaid", 0.0 if nsaid is None else nsaid),
                ("relaxant", 0.0 if relaxant is None else relaxant),
            ):  # fmt: skip
                getattr(out, name)[asked[k]] = value
        if k == len(grid.nodes) - 1:
            break
        length = round(float(h), 12)  # equal steps share their weights
        if length not in kept:
            kept[length] = (
                weights(length, p), np.exp(-length / 2 / p.healing_days), np.exp(-length / 2 / p.healing_of_flares),
            )  # fmt: skip
        w, heal, calm = kept[length]
        first = (injured(day), nsaid, relaxant)
        healing, flare = healing * heal, flare * calm
        for pill in pills:
            pill.wait(length / 2)
        middle = (injured(day + length / 2), *_effects(pills))
        healing, flare = healing * heal, flare * calm
        for pill in pills:
            pill.wait(length / 2)
        nsaid, relaxant = _effects(pills)
        last = (injured(day + length), nsaid, relaxant)
        activity, metabolites, central = step(p, w, (activity, metabolites, central), first, middle, last)


State = tuple[Array, Array, Array]
#: injury, effect of NSAIDs, effect of relaxants at one moment; None: no such drug yet
Moment = tuple[Array, Array | None, Array | None]


def step(p: Patients, w: Weights, state: State, first: Moment, middle: Moment, last: Moment) -> State:
    """One step of activity, metabolites and sensitisation, given what acts from outside at its start, middle and end."""
    s, m, c = state
    g0, h0 = pull(m, c, p, first)
    half_s = w.half_s_keep * s
    half_m = w.half_m_keep * m + w.half_m_flow * s
    half_c = w.half_c_keep * c
    s_a = half_s + w.half_s_in * g0
    m_a = half_m + w.half_m_in * g0
    c_a = half_c + w.half_c_in * h0
    g1, h1 = pull(m_a, c_a, p, middle)
    g2, h2 = pull(half_m + w.half_m_in * g1, half_c + w.half_c_in * h1, p, middle)
    m_end = w.half_m_keep * m_a + w.half_m_flow * s_a + w.half_m_in * (2 * g2 - g0)
    c_end = w.half_c_keep * c_a + w.half_c_in * (2 * h2 - h0)
    g3, h3 = pull(m_end, c_end, p, last)
    g12, h12 = g1 + g2, h1 + h2
    return (
        w.s_keep * s + w.s_0 * g0 + w.s_1 * g12 + w.s_2 * g3,
        w.m_keep * m + w.m_flow * s + w.m_0 * g0 + w.m_1 * g12 + w.m_2 * g3,
        w.c_keep * c + w.c_0 * h0 + w.c_1 * h12 + w.c_2 * h3,
    )


def pull(metabolites: Array, central: Array, p: Patients, moment: Moment) -> tuple[Array, Array]:
    """The nonlinear terms: the reflex's drive ``R / (1 + R)`` and the level that sensitisation moves towards."""
    injury, nsaid, relaxant = moment
    drive = drive_of(injury, metabolites, central, p, nsaid)
    r = p.reflex_gain * drive if relaxant is None else p.reflex_gain * (1 - relaxant) * drive
    return r / (1 + r), saturation(drive, p)


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


def _effects(pills: list[_Pills]) -> tuple[Array | None, Array | None]:
    """The joint effect of NSAIDs and of relaxants, each (n,), or None."""
    left: dict[str, Array] = {}
    for pill in pills:
        if pill.acting:
            acts, spared = pill.dosing.acts, 1 - pill.effect()
            left[acts] = left[acts] * spared if acts in left else spared
    nsaid, relaxant = (1 - left[acts] if acts in left else None for acts in ("nsaid", "relaxant"))
    return nsaid, relaxant


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
