"""One model refitted: posterior, what it shows, how well it foretells a target left out, how often pain sustains itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.cycle.fit.diagnostics import effective_size, rhat
from backspasm.cycle.fit.emulator import Emulator
from backspasm.cycle.fit.likelihood import Likelihood, interval, likelihood_of
from backspasm.cycle.fit.profiles import best
from backspasm.cycle.fit.sampler import Chains
from backspasm.cycle.fit.space import box, natural, scaled, world
from backspasm.cycle.fit.waves import Effort, Simulator, Told, fitted_of, posterior
from backspasm.cycle.model import Array
from backspasm.cycle.persistence import persistence_number
from backspasm.cycle.population import population
from backspasm.records.cycle_fit_types import FitPlan, Posterior, Predicted, Structure
from backspasm.records.cycle_types import CycleRecords

#: ends and middle of a 90 % interval
QUANTILES = (0.05, 0.5, 0.95)
#: a flat density between two limits has its 90 % interval this wide
FLAT = QUANTILES[2] - QUANTILES[0]
#: draws from which the share of self-sustaining pain is worked out, patients in each, starts of a search
FEW_DRAWS, FEW_PATIENTS, STARTS = 20, 1_000, 6


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """A model after the fit. ``simulated`` (draws, t): what the simulator shows at draws from the posterior."""

    structure: Structure
    chains: Chains
    simulated: Array
    misfit: float
    left_out: Array
    self_sustaining: float


def refit(
    plan: FitPlan,
    structure: Structure,
    made: Emulator,
    likelihood: Likelihood,
    simulator: Simulator,
    effort: Effort,
    rng: np.random.Generator,
    told: Told,
    cycle: CycleRecords | None,
) -> Refit:
    """Fit one model by the emulator, and run the simulator at draws of it. ``cycle`` None: no population to draw from."""
    chains = posterior(plan, structure, made, likelihood, rng, effort)
    pool, fitted = chains.pooled, fitted_of(plan)
    simulated = []
    for k, point in enumerate(pool[rng.choice(len(pool), effort.predictive, replace=False)]):
        simulated.append(simulator(point))
        told(f"predicting: {structure.name}", k + 1, effort.predictive)
    # the smallest misfit is that of the simulator, where the emulator thinks it is smallest or a draw was better
    plain = likelihood_of(tuple(t for t in plan.targets if t.role == "fitted"), np.zeros(int(fitted.sum())))
    low, high = box(plan, structure)
    few = made.of(fitted)
    _, where = best(lambda x: likelihood.misfit(few(x)), starts(pool, rng), low, high)
    misfit = min(
        float(plain.misfit(simulator(where)[fitted])), float(plain.misfit(np.array(simulated)[:, fitted]).min())
    )
    return Refit(
        structure,
        chains,
        np.array(simulated),
        misfit,
        _left_out(plan, structure, made, likelihood, effort, rng, told, pool),
        0.0 if cycle is None else _self_sustaining(plan, cycle, pool, rng),
    )


def starts(pool: Array, rng: np.random.Generator) -> Array:
    """Where a search begins: some draws."""
    return pool[rng.choice(len(pool), STARTS, replace=False)]


def _left_out(
    plan: FitPlan,
    structure: Structure,
    made: Emulator,
    likelihood: Likelihood,
    effort: Effort,
    rng: np.random.Generator,
    told: Told,
    pool: Array,
) -> Array:
    """Log predictive density of each fitted target (t,) by the model fitted to all others, refitted for each."""
    few = made.of(fitted_of(plan))
    logs = np.empty(len(few.scales))
    for k in range(len(logs)):
        start = pool[rng.choice(len(pool), effort.chains, replace=False)]
        chains = posterior(
            plan, structure, made, likelihood.without(k), rng, effort, steps=effort.refit_steps, start=start
        )
        density = likelihood.logs(few(chains.pooled))[:, k]
        logs[k] = np.logaddexp.reduce(density) - np.log(len(density))
        told(f"leaving out: {structure.name}", k + 1, len(logs))
    return logs


def _self_sustaining(plan: FitPlan, cycle: CycleRecords, pool: Array, rng: np.random.Generator) -> float:
    shares = []
    for point in pool[rng.choice(len(pool), FEW_DRAWS, replace=False)]:
        here = world(plan, point)
        p = population(
            cycle, FEW_PATIENTS, np.random.default_rng(0), typical=here.typical, spread=here.spread, even=True
        )
        shares.append((persistence_number(p) > 1).mean())
    return float(np.mean(shares))


def posteriors(plan: FitPlan, r: Refit) -> tuple[Posterior, ...]:
    """The unknowns of a model; those that it holds fixed have nan for what cannot be worked out, and are left out."""
    low, high = box(plan, r.structure)
    out = []
    for i, f in enumerate(plan.unknowns):
        if low[i] == high[i]:
            continue
        draws = r.chains.draws[:, :, i]
        at = np.quantile(draws, QUANTILES)
        left, middle, right = (float(natural(f, x)) for x in at)
        prior = scaled(f, natural(f, high[i])) - scaled(f, natural(f, low[i]))
        width = scaled(f, right) - scaled(f, left)
        narrowed = float(1 - width / (FLAT * prior))
        out.append(
            Posterior(
                id=f.id, median=middle, low=left, high=right, narrowed=narrowed, rhat=rhat(draws),
                ess=effective_size(draws),
            )
        )  # fmt: skip
    return tuple(out)


def predictions(plan: FitPlan, simulated: Array) -> tuple[Predicted, ...]:
    """What the simulator shows for every target. ``inside``: the model's median lies in the published 95 % interval."""
    out = []
    for j, t in enumerate(plan.targets):
        low, median, high = (float(v) for v in np.quantile(simulated[:, j], QUANTILES))
        left, right = interval(t)
        out.append(Predicted(target=t.id, median=median, low=low, high=high, inside=left <= median <= right))
    return tuple(out)
