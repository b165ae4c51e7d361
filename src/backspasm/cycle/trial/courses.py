"""Every eligible patient under every arm: what would be measured at entry and at each visit."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.drugs import treatment_of
from backspasm.cycle.engine import Course, simulate
from backspasm.cycle.model import Array, Indices
from backspasm.cycle.outputs import MOST_DISABILITY, range_of_motion
from backspasm.cycle.treatment import Treatment
from backspasm.cycle.trial.people import Screened
from backspasm.cycle.trial.plan import Plan
from backspasm.records.trial_types import TrialArm, TrialOutcome

#: first step after a dose, and longest step, days: a contrast errs by some thousandths of a point of pain
FINE, LONGEST = 1 / 24, 2.0


@dataclass(frozen=True, eq=False)
class Measured:
    """One arm: ``values`` by measure, (1 + v, n) at entry and the visits; ``pain`` and ``spasm`` mean courses (d,);
    ``doses`` mean number taken of each drug."""

    values: Mapping[str, Array]
    pain: Array
    spasm: Array
    doses: Mapping[str, float]


def under(arm: TrialArm, plan: Plan, people: Screened, which: Indices, seed: int) -> Measured:
    """The patients ``which`` of those screened, all of them under this arm.

    Errors of measurement, kinetics, sensitivity and forgotten doses are each patient's own: alike in every arm, and with the
    loop and without it.
    """
    prescribed = plan.prescriptions[arm.id]
    everybody = len(people.failed)
    treatment = Treatment()
    if prescribed:
        treatment = treatment_of(
            prescribed, plan.cycle, everybody, seed, adherence=arm.adherence, slow=people.slow
        ).taken(which)
    course = simulate(people.patients.taken(which), treatment, plan.days, fine=FINE, longest=LONGEST)
    doses = {d.drug: float(taken.mean()) for d, taken in zip(treatment.drugs, course.doses, strict=True)}
    return Measured(
        values=_values(arm, plan, people, which, seed, course),
        pain=course.pain[plan.course].mean(axis=1),
        spasm=course.activity[plan.course].mean(axis=1),
        doses=doses,
    )


def _values(arm: TrialArm, plan: Plan, people: Screened, which: Indices, seed: int, course: Course) -> dict[str, Array]:
    o, visits, everybody = plan.observation, plan.visits, len(people.failed)

    def errors(measure: str, size: float) -> Array:
        rng = np.random.default_rng([seed, zlib.crc32(measure.encode())])
        drawn: Array = size * rng.standard_normal((len(visits), everybody))[:, which]
        return drawn

    pain = np.clip(course.pain[visits] + errors("pain", o.pain_noise) - arm.expectation, 0, 100)
    pain[0] = people.pain[which]
    spasm = course.activity[visits] + errors("spasm", plan.protocol.errors.get("spasm", 0.0))
    spasm[0] = people.spasm[which]
    motion = range_of_motion(course.pain, course.activity, o)[visits] + errors(
        "motion", plan.protocol.errors.get("motion", 0.0)
    )
    return {
        "pain": pain,
        "spasm": spasm,
        "disability": np.minimum(o.disability_per_pain * pain, MOST_DISABILITY),
        "motion": motion,
        "drowsy": _drowsy(plan, course, everybody, which, seed),
    }


def _drowsy(plan: Plan, course: Course, everybody: int, which: Indices, seed: int) -> Array:
    """Whether a patient has been drowsy since entry (1 or 0): from a drug, or as some are on placebo."""
    rng = np.random.default_rng([seed, zlib.crc32(b"drowsy")])
    threshold = rng.random(everybody)[which]
    so_far = np.maximum.accumulate(course.drowsiness, axis=0)[plan.visits]
    chance = 1 - (1 - plan.cycle.placebo_drowsy.value) * (1 - so_far)
    drowsy: Array = (threshold < chance).astype(np.float64)
    drowsy[0] = 0.0
    return drowsy


def outcome_of(outcome: TrialOutcome, values: Mapping[str, Array]) -> Array:
    """An outcome at each visit, (v, n); of a share of patients: 1 or 0."""
    x = values[outcome.measure]
    if outcome.taken_as == "change":
        changed: Array = x[1:] - x[0]
        return changed
    if outcome.taken_as == "value":
        value: Array = x[1:]
        return value
    if outcome.at_least is not None:
        yes = x[1:] >= outcome.at_least
    elif outcome.at_most is not None:
        yes = x[1:] <= outcome.at_most
    else:  # nobody can fall from nothing
        yes = ((x[0] - x[1:]) * 100 >= (outcome.fall or 0.0) * x[0]) & (x[0] > 0)
    answers: Array = yes.astype(np.float64)
    return answers


def is_share(outcome: TrialOutcome) -> bool:
    """Whether the outcome is yes or no."""
    return outcome.taken_as == "share" or outcome.measure == "drowsy"


def lower_is_better(outcome: TrialOutcome) -> bool:
    """Of the number reported: less pain is better, and a larger share of patients with little pain too."""
    less = outcome.measure != "motion"
    if outcome.taken_as != "share":
        return less
    return less == (outcome.at_least is not None)
