"""Runs of the simulator where they are needed: first all over the priors, then ever nearer to what fits.

Wave by wave an emulator is fitted to all runs so far, and the next runs are drawn from the posterior that it gives, flattened
less each time; this is the history matching of Vernon, Goldstein & Bower (Bayesian Analysis 2010;5:619-69) with draws
instead of a cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.fit.courses import Truths
from backspasm.cycle.fit.emulator import Emulator, emulator_of
from backspasm.cycle.fit.likelihood import Likelihood, likelihood_of
from backspasm.cycle.fit.sampler import Chains, sample
from backspasm.cycle.fit.space import box
from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import FitPlan, Scale, Structure

#: what a world at a point (d,) of the unit cube shows, (t,) in the order of the plan's targets
Simulator = Callable[[Array], Array]
#: told what is being done, how far, and of how much
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """Runs of each wave; steps of the chains, thrown away and kept; simulated draws of each model."""

    waves: tuple[int, ...] = (640, 448, 448, 448)
    patients: int = 1_200
    warm: int = 12_000
    steps: int = 60_000
    refit_steps: int = 3_000
    predictive: int = 60
    chains: int = 12


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Points (n, d) and what they showed (n, t)."""

    points: Array
    shown: Array


#: how flat the posterior is made from which the runs of each later wave are drawn; the last value serves all further waves
FLATTENED = (9.0, 3.0, 1.5)
#: a run counts half where its misfit is this much above the best
HALF = 15.0
#: steps of the chains between waves
SHORT = 3_000


def scales_of(plan: FitPlan) -> tuple[Scale, ...]:
    """On which scale each target is emulated: shares on the logit scale, times on the logarithmic."""
    scales: dict[str, Scale] = {"1": "logit", "d": "log"}
    return tuple(scales.get(t.unit, "linear") for t in plan.targets)


def fitted_of(plan: FitPlan) -> Truths:
    """Which targets are fitted, (t,)."""
    return np.array([t.role == "fitted" for t in plan.targets], dtype=np.bool_)


def emulated(plan: FitPlan, runs: Runs) -> tuple[Emulator, Likelihood]:
    """The emulator of all runs, and the likelihood of the targets fitted with its error in it."""
    fitted = fitted_of(plan)
    targets = tuple(t for t in plan.targets if t.role == "fitted")
    plain = likelihood_of(targets, np.zeros(len(targets)))
    misfit = plain.misfit(runs.shown[:, fitted])
    weight = 1 / (1 + (misfit - misfit.min()) / HALF)
    made = emulator_of(runs.points, runs.shown, scales_of(plan), weight)
    return made, likelihood_of(targets, made.error[fitted])


def posterior(
    plan: FitPlan,
    structure: Structure,
    made: Emulator,
    likelihood: Likelihood,
    rng: np.random.Generator,
    effort: Effort,
    *,
    flattened: float = 1.0,
    steps: int | None = None,
    start: Array | None = None,
) -> Chains:
    """Draws from the posterior of one model, by the emulator."""
    low, high = box(plan, structure)
    few = made.of(fitted_of(plan))

    def log_density(points: Array) -> Array:
        logs: Array = -0.5 / flattened * likelihood.misfit(few(points))
        return logs

    return sample(
        log_density, low, high, rng, start=start, chains=effort.chains, warm=effort.warm if steps is None else steps,
        steps=steps or effort.steps,
    )  # fmt: skip


def run_waves(plan: FitPlan, simulator: Simulator, effort: Effort, rng: np.random.Generator, told: Told) -> Runs:
    """All runs of the simulator."""
    from scipy.stats import qmc

    total, done = sum(effort.waves), 0
    cube = qmc.Sobol(len(plan.unknowns), rng=rng)
    points = cube.random(1 << (effort.waves[0] - 1).bit_length())[: effort.waves[0]]
    runs = Runs(np.empty((0, points.shape[1])), np.empty((0, len(plan.targets))))
    for number in range(len(effort.waves)):
        shown = []
        for point in points:
            shown.append(simulator(point))
            done += 1
            told("simulating the cohorts", done, total)
        runs = Runs(np.concatenate([runs.points, points]), np.concatenate([runs.shown, np.array(shown)]))
        if number + 1 < len(effort.waves):
            flattened = FLATTENED[min(number, len(FLATTENED) - 1)]
            points = _next(plan, runs, effort.waves[number + 1], flattened, effort, rng)
    return runs


def _next(plan: FitPlan, runs: Runs, count: int, flattened: float, effort: Effort, rng: np.random.Generator) -> Array:
    """Points of the next wave: as many of the main model as of all others together."""
    made, likelihood = emulated(plan, runs)
    others: Sequence[Structure] = [s for s in plan.structures if s.id != plan.main]
    main = next(s for s in plan.structures if s.id == plan.main)
    each = (count // 2) // max(len(others), 1) if others else 0
    parts = [(main, count - each * len(others)), *((s, each) for s in others)]
    drawn = []
    for structure, wanted in parts:
        chains = posterior(plan, structure, made, likelihood, rng, effort, flattened=flattened, steps=SHORT)
        pool = chains.pooled
        drawn.append(pool[rng.choice(len(pool), wanted, replace=False)])
    return np.concatenate(drawn)
