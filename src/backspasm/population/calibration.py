"""Simulation-based calibration of the intervals (Talts S et al., arXiv:1804.06788, 2018; Cook SR et al., J Comput Graph
Stat 2006;15:675-92), and calibration of the probabilities at the fixed parameter set.

One run of the first: draw a world (all parameters, from their distributions), draw a patient in it, and work out what
the probabilities of that patient's causes are in that world: the truth. Then let the engine, which does not know the
world, give its interval for the same answers, and see whether it holds the truth, and at which rank among the engine's
draws the truth stands (by weight). The leading cause is chosen by the engine from the answers, so its ranks should be
even. The true cause is chosen by the world, which the engine cannot know: causes are drawn more often in worlds that
make them likelier, so there the truth stands high, and coverage falls short by that selection alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
from msgspec import Struct

from backspasm.inference.batch import score
from backspasm.inference.columns import columns_of
from backspasm.inference.intervals import interval, rank, weights_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import DRAWS, SEED, JointDraws
from backspasm.inference.posterior import posterior
from backspasm.inference.single_draw import SingleDraw
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.reliability import Bin, reliability, wilson

Quantity = Literal["leading cause", "true cause", "serious causes"]
QUANTITIES: tuple[Quantity, ...] = ("leading cause", "true cause", "serious causes")
#: bars of a rank histogram
BARS = 20


class Coverage(Struct, frozen=True):
    """How often the 90 % interval held the truth, with a 95 % interval of that share; the median width; ranks, 0 to 1."""

    quantity: Quantity
    covered: float
    covered_low: float
    covered_high: float
    below: float
    above: float
    median_width: float
    ranks: tuple[float, ...]


class Calibration(Struct, frozen=True):
    """``runs`` worlds with a patient each; and ``patients`` drawn at the fixed set, whose probabilities are binned."""

    runs: int
    coverage: tuple[Coverage, ...]
    patients: int
    reliability: tuple[Bin, ...]
    largest_gap: float
    gap_cause: str


def calibrate(
    model: Model,
    runs: int,
    seed: int,
    patients: int,
    wanted: Wanted | None = None,
    draws: int = DRAWS,
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """Calibrate the intervals on ``runs`` worlds and the probabilities on ``patients`` drawn at the fixed set.

    Args:
        wanted: who is drawn; by default all presenters, asked a third of all questions.
        progress: told after each run.
    """
    wanted = wanted or Wanted()
    serious = np.array([bool(model.knowledge.causes[c].must_not_miss) for c in model.parameters.causes])
    engine = JointDraws(model.parameters, draws)
    found: dict[Quantity, list[tuple[float, float, float, float]]] = {q: [] for q in QUANTITIES}
    for run in range(runs):
        for quantity, row in _run(model, engine, serious, wanted, seed, run).items():
            found[quantity].append(row)
        if progress is not None:
            progress(1)
    bins, gap, cause = _fixed(model, patients, seed, wanted)
    return Calibration(
        runs, tuple(_coverage(q, np.array(rows)) for q, rows in found.items()), patients, bins, gap, cause
    )


def _run(
    model: Model, engine: JointDraws, serious: Array, wanted: Wanted, seed: int, run: int
) -> dict[Quantity, tuple[float, float, float, float]]:
    """Truth, ends of the interval, and rank of the truth, for each quantity."""
    # a seed that the engine's own draws never use
    true_world = SingleDraw(JointDraws(model.parameters, 1, SEED + 1 + seed * 1_000_003 + run), 0)
    cohort = Cohort(wanted, model, true_world)
    drawn = cohort.patients(run, 1)
    patient = from_case(next(cohort.cases(drawn)), model.knowledge)
    items, strata = answers_of(patient, model.knowledge).items, strata_of(patient, model.knowledge)
    truth = posterior(items, strata, true_world, model.layout, model.knowledge).causes
    said = posterior(items, strata, engine, model.layout, model.knowledge)
    weights = weights_of(said)
    leading = int(posterior(items, strata, model.means, model.layout, model.knowledge).causes.argmax())
    masks: dict[Quantity, Array] = {
        "leading cause": np.eye(len(truth))[leading],
        "true cause": np.eye(len(truth))[int(drawn.drawn.cause[0])],
        "serious causes": serious.astype(float),
    }
    out: dict[Quantity, tuple[float, float, float, float]] = {}
    for quantity, mask in masks.items():
        value, draws = float(truth @ mask), said.causes @ mask
        low, high = interval(draws, weights)
        out[quantity] = value, float(low), float(high), rank(value, draws, weights)
    return out


def _coverage(quantity: Quantity, rows: Array) -> Coverage:
    truth, low, high, ranks = rows.T
    inside = (low <= truth) & (truth <= high)
    share_low, share_high = wilson(float(inside.sum()), len(rows))
    return Coverage(
        quantity,
        float(inside.mean()),
        share_low,
        share_high,
        float((truth < low).mean()),
        float((truth > high).mean()),
        float(np.median(high - low)),
        tuple(float(r) for r in ranks),
    )


def _fixed(model: Model, patients: int, seed: int, wanted: Wanted) -> tuple[tuple[Bin, ...], float, str]:
    """Reliability at the fixed set, and the cause whose mean probability and share differ most, in standard errors."""
    probability, truth = assessed(Cohort(replace(wanted, seed=seed), model), patients)
    gap = z_of_shares(probability, truth)
    worst = int(np.abs(gap).argmax())
    return reliability(probability, truth), float(gap[worst]), model.parameters.causes[worst]


def assessed(cohort: Cohort, count: int) -> tuple[Array, Array]:
    """Probability that the engine gives to every cause of drawn patients, and which is true, (n, C) each."""
    model = cohort.model
    patients_read, causes = [], []
    for patients in cohort.stretches(count):
        causes.append(patients.drawn.cause)
        for case in cohort.cases(patients):
            patients_read.append(from_case(case, model.knowledge))
    columns = columns_of(patients_read, model.parameters, model.knowledge)
    return score(columns, model).causes, np.eye(len(model.parameters.causes))[np.concatenate(causes)]


def z_of_shares(probability: Array, truth: Array) -> Array:
    """Share of each cause less its mean probability, in standard errors, (C,). Causes hardly expected count as at least one."""
    expected_variance = (probability * (1 - probability)).sum(axis=0)
    out: Array = (truth - probability).sum(axis=0) / np.sqrt(np.maximum(expected_variance, 1.0))
    return out
