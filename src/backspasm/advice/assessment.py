"""One immutable value that holds the whole assessment with its reasons; everything shown anywhere is read off it."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.advice import course, must_not_miss
from backspasm.advice.must_not_miss import LedgerEntry
from backspasm.advice.next_step import NextStep, next_step
from backspasm.advice.plan import Plan, plan
from backspasm.advice.red_flags import Fired
from backspasm.advice.situation import situation
from backspasm.advice.treatments import TreatmentAdvice, treatment_advice
from backspasm.advice.triage import triage
from backspasm.advice.urgency import ExpectedLoss, least_losses
from backspasm.cycle.one_patient import Expected, Persistence, persistence_of
from backspasm.inference.explain import Step, base_facts, steps
from backspasm.inference.intervals import interval, weights_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import DRAWS
from backspasm.inference.posterior import Posterior, posterior, without_each
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.patient import Patient, Unread
from backspasm.probability import Estimate


class Hypothesis(Struct, frozen=True):
    """One cause: probability with interval, its base rate and what stands behind it, and the steps from one to the other."""

    cause: str
    estimate: Estimate
    base_rate: float
    base_facts: tuple[str, ...]
    steps: tuple[Step, ...]


class ComplicationEstimate(Struct, frozen=True):
    id: str
    estimate: Estimate


class Urgency(Struct, frozen=True):
    """``level`` is the more urgent of the rules' floor and the level of least expected loss."""

    level: str
    floor: str
    expected: ExpectedLoss
    lowered_by: tuple[str, ...]


class Assessment(Struct, frozen=True):
    """The assessment of one patient."""

    patient: Patient
    answers: Answers
    strata: tuple[Stratum, ...]
    urgency: Urgency
    red_flags: tuple[Fired, ...]
    must_not_miss: tuple[LedgerEntry, ...]
    differential: tuple[Hypothesis, ...]
    complications: tuple[ComplicationEstimate, ...]
    next: NextStep
    plan: Plan
    treatments: TreatmentAdvice
    course: Expected | None
    not_assessed: tuple[Unread, ...]
    knowledge_version: str
    knowledge_digest: str
    input_digest: str
    draws: int


NO_COURSE = Unread(
    "course", "the pain probably comes from elsewhere than the back, of which the simulated cycle says nothing"
)


def assess(
    patient: Patient, model: Model, draws: int = DRAWS, with_course: bool = True, unknown: tuple[str, ...] = ()
) -> Assessment:
    """Assess one patient.

    Args:
        patient: what is known.
        model: knowledge with fitted parameters.
        draws: joint parameter draws behind the intervals.
        with_course: whether the course to expect is simulated; without it ``course`` is None and all else the same.
        unknown: findings that were asked and answered with "don't know": they are not proposed again.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    first = triage(patient, model)
    answers, strata, found = first.answers, first.strata, first.found
    drawn = posterior(answers.items, strata, model.draws(draws), model.layout, model.knowledge)
    weights = weights_of(drawn)
    causes = dict(zip(model.parameters.causes, found.causes.tolist(), strict=True))
    expected: Expected | None = None
    if with_course:
        expected = course.course_of(patient, causes, model.knowledge, draws=min(draws, course.MOST_DRAWS))
        persistence = expected.persistence if expected else None
    else:
        persistence = persistence_of(course.situation_of(patient, causes, model.knowledge), model.knowledge.cycle)
    return Assessment(
        patient=patient,
        answers=answers,
        strata=strata,
        urgency=Urgency(first.level, first.floor, first.expected, _lowered_by(answers, strata, first.expected, model)),
        red_flags=first.red_flags,
        must_not_miss=first.must_not_miss,
        differential=_differential(answers, strata, found, drawn, weights, model),
        complications=_complications(
            must_not_miss.complication_table(found, model),
            must_not_miss.complication_table(drawn, model),
            weights,
            persistence,
            model,
        ),
        next=next_step(situation(patient, answers, strata, first.floor, model), unknown),
        plan=plan(patient, answers, first.level, first.red_flags, found, first.must_not_miss, model),
        treatments=treatment_advice(
            patient, answers, must_not_miss.chances(found, model), first.level, model.knowledge
        ),
        course=expected,
        not_assessed=(*answers.unread, *(() if persistence else (NO_COURSE,))),
        knowledge_version=model.knowledge.version,
        knowledge_digest=model.knowledge.digest,
        input_digest=first.input_digest,
        draws=draws,
    )


def differential_of(patient: Patient, model: Model) -> dict[str, float]:
    """The probability of each cause alone, without intervals and reasons.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    answers = answers_of(patient, model.knowledge)
    found = posterior(answers.items, strata_of(patient, model.knowledge), model.means, model.layout, model.knowledge)
    return dict(zip(model.parameters.causes, found.causes.tolist(), strict=True))


def _differential(
    answers: Answers,
    strata: tuple[Stratum, ...],
    found: Posterior,
    drawn: Posterior,
    weights: Array,
    model: Model,
) -> tuple[Hypothesis, ...]:
    causes = found.causes
    low, high = interval(drawn.causes, weights)
    why = steps(answers.items, strata, model)
    names = model.parameters.causes
    base = np.sum([s.weight * np.exp(model.means.log_base(s)) for s in strata], axis=0)
    order = np.argsort(-causes, kind="stable")
    return tuple(
        Hypothesis(
            names[c],
            Estimate(float(causes[c]), float(low[c]), float(high[c])),
            float(base[c]),
            tuple(dict.fromkeys(f for s in strata for f in base_facts(s, names[c], model))),
            why[names[c]],
        )
        for c in order
    )


def _complications(
    values: Array, drawn: Array, weights: Array, persistence: Persistence | None, model: Model
) -> tuple[ComplicationEstimate, ...]:
    low, high = interval(drawn, weights)
    found = [
        ComplicationEstimate(name, Estimate(float(values[k]), float(low[k]), float(high[k])))
        for k, name in enumerate(model.parameters.complications)
    ]
    if persistence is not None:  # the cycle's own probability, which no finding of the differential moves
        p = persistence
        estimate = Estimate(p.probability_above_1, p.probability_low, p.probability_high)
        found.append(ComplicationEstimate(course.COMPLICATION, estimate))
    return tuple(sorted(found, key=lambda c: -c.estimate.value))


def _lowered_by(answers: Answers, strata: tuple[Stratum, ...], loss: ExpectedLoss, model: Model) -> tuple[str, ...]:
    """Findings without which the expected loss alone would ask for more urgency: a better explanation was found."""
    levels = model.knowledge.index.urgency.index
    if not levels(loss.level):
        return ()  # nothing is more urgent
    told = [i for i, item in enumerate(answers.items) if item.kind != "absent"]
    without = without_each(answers.items, strata, model.means, model.layout, model.knowledge, told)
    best = least_losses(without, model).tolist()
    return tuple(answers.items[i].finding for i, level in zip(told, best, strict=True) if level < levels(loss.level))
