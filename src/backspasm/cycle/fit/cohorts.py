"""The published cohorts simulated: every target of the plan from one world, with the same chance in all worlds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backspasm.cycle.drugs import treatment_of
from backspasm.cycle.engine import simulate
from backspasm.cycle.fit.courses import kinds, recovery_day, recurred
from backspasm.cycle.fit.space import World
from backspasm.cycle.model import Array, Patients
from backspasm.cycle.outputs import MOST_DISABILITY, rated
from backspasm.cycle.population import population
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.treatment import NONE
from backspasm.records.cycle_fit_types import FitPlan, Target
from backspasm.records.cycle_types import CycleRecords

#: first step after a dose, and after an injury a sixteenth of a day and a day: means err by some thousandths of a point
FINE_DOSES, FINE = 1 / 24, 1 / 16
#: patients of a cohort with drugs, whose runs are dearer, per patient of the untreated cohort
DRUGGED = 0.5


def simulated(world: World, plan: FitPlan, cycle: CycleRecords, patients: int, seed: int) -> dict[str, float]:
    """What the world shows for each target, by its id. ``patients`` of the untreated cohort; the same seed is the same chance."""
    primary = Primary(world, plan, cycle, patients, seed)
    few = max(int(patients * DRUGGED), 1)
    emergency = Emergency(world, plan, cycle, few, seed)
    relief = _relief(world, plan, cycle, few, seed)
    return {t.id: relief[t.day] if t.measure == "relief" else (emergency if t.cohort == "emergency" else primary)(t)
            for t in plan.targets}  # fmt: skip


def _drawn(
    world: World, cycle: CycleRecords, count: int, seed: int, days: float, horizon: float, ward: bool
) -> Patients:
    return population(
        cycle, count, np.random.default_rng(seed), typical=world.typical, spread=world.spread, days_before=days,
        horizon=horizon, even=True, emergency=ward,
    )  # fmt: skip


class Primary:
    """Primary care, untreated, followed by the day."""

    def __init__(self, world: World, plan: FitPlan, cycle: CycleRecords, count: int, seed: int) -> None:
        self.plan, d = plan, plan.definitions
        self.since = int(d.persistent_from.value)
        last = max(
            [d.visits[-1]]
            + [t.day + self.since * (t.cohort == "persistent") for t in plan.targets if t.cohort != "emergency"]
            + [2 * t.day for t in plan.targets if t.measure == "recurred"]
        )
        p = _drawn(world, cycle, count, seed, d.primary_care_days.value, last, False)
        self.pain = simulate(p, NONE, np.arange(last + 1), fine=FINE, compiled=None).pain
        rng = np.random.default_rng([seed, 1])
        visits = self.pain[[int(v) for v in d.visits]]
        self.ratings = rated(visits, cycle.parameters["pain_noise"].value, rng)
        self.persistent = self.ratings[d.visits.index(self.since)] >= d.persistent_pain.value

    def __call__(self, t: Target) -> float:
        d = self.plan.definitions
        lenient = (d.recovered_pain.value, int(d.recovered_days.value))
        strict = (d.painless_pain.value, int(d.painless_days.value))
        if t.measure == "mean_pain":
            if t.cohort == "persistent":
                return (
                    float(self.pain[self.since + int(t.day), self.persistent].mean()) if self.persistent.any() else 0.0
                )
            return float(self.pain[int(t.day)].mean())
        if t.measure == "pain_spread":
            return float(self.ratings[d.visits.index(t.day)].std())
        if t.measure == "course_share":
            return float(kinds(self.ratings, d)[t.course or "rapid"].mean())
        if t.measure == "days_to_recovery":
            rule = strict if t.day else lenient  # a day of 0: the short rule
            return float(min(np.median(recovery_day(self.pain, *rule)), len(self.pain)))
        if t.measure == "recovered":
            return float((recovery_day(self.pain, *strict) <= t.day).mean())
        if t.measure == "recurred":
            day = recovery_day(self.pain, *lenient)
            well = day <= self.since
            again = recurred(self.pain[:, well], day[well] + lenient[1], d.recurrence_pain.value, t.day)
            return float(again.mean()) if well.any() else 0.0
        raise ValueError(f"{t.id}: {t.measure} is not of this cohort")


class Emergency:
    """The emergency department: severe pain of three days, an NSAID for a week."""

    def __init__(self, world: World, plan: FitPlan, cycle: CycleRecords, count: int, seed: int) -> None:
        self.plan, d = plan, plan.definitions
        self.days = sorted({0.0} | {t.day for t in plan.targets if t.cohort == "emergency"})
        p = _drawn(world, cycle, count, seed + 1, d.emergency_days.value, self.days[-1], True)
        text = read_prescriptions(d.emergency_prescription, cycle.drugs, cycle.as_needed_pain.value)
        run = simulate(p, treatment_of(text, cycle, count, seed), np.array(self.days), fine=FINE_DOSES, compiled=None)
        rng = np.random.default_rng([seed, 2])
        points = cycle.parameters["disability_per_pain"].value * run.pain
        points = points + d.disability_scatter.value * rng.standard_normal(points.shape)
        disability = np.clip(points, 0, MOST_DISABILITY)
        entered = disability[0] >= d.entry_disability.value
        self.pain, self.disability = run.pain[:, entered], disability[:, entered]

    def __call__(self, t: Target) -> float:
        d, at = self.plan.definitions, self.days.index(t.day)
        change = self.disability[0] - self.disability[at]
        measures: dict[str, Callable[[], Array]] = {
            "disability_improvement": lambda: change.mean(),
            "improvement_spread": lambda: change.std(),
            "at_least_moderate": lambda: (self.pain[at] >= d.moderate_pain.value).mean(),
            "entry_disability": lambda: (self.disability[at] >= d.severe_disability.value).mean(),
        }
        return float(measures[t.measure]())


def _relief(world: World, plan: FitPlan, cycle: CycleRecords, count: int, seed: int) -> dict[float, float]:
    """Mean pain untreated less that under the NSAID, the same patients, by day."""
    days = sorted({t.day for t in plan.targets if t.measure == "relief"})
    if not days:
        return {}
    d = plan.definitions
    p = _drawn(world, cycle, count, seed, d.primary_care_days.value, days[-1], False)
    text = read_prescriptions(d.relief_prescription, cycle.drugs, cycle.as_needed_pain.value)
    at = np.array(days)
    treated = simulate(p, treatment_of(text, cycle, count, seed), at, fine=FINE_DOSES, compiled=None).pain
    untreated = simulate(p, NONE, at, fine=FINE, compiled=None).pain
    return dict(zip(days, (untreated - treated).mean(axis=1).tolist(), strict=True))
