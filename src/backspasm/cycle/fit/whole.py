"""The whole fit: runs of the simulator, every model refitted, profiles, correlations; and its record."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec
import numpy as np

from backspasm.cycle.fit.cohorts import simulated
from backspasm.cycle.fit.emulator import Emulator
from backspasm.cycle.fit.likelihood import Likelihood, standard_deviation
from backspasm.cycle.fit.profiles import ends, profile
from backspasm.cycle.fit.space import box, natural, world
from backspasm.cycle.fit.structures import Refit, posteriors, predictions, refit, starts
from backspasm.cycle.fit.waves import Effort, Simulator, Told, emulated, fitted_of, run_waves
from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import (
    Correlated,
    FitPlan,
    FitRecord,
    Profile,
    ProfilePoint,
    StructureFit,
)
from backspasm.records.cycle_types import CycleRecords

#: a fit for a first look, and for tests: coarse, some ten seconds
QUICK = Effort(waves=(128, 48), patients=200, warm=2_000, steps=4_000, refit_steps=500, predictive=8, chains=4)
FULL = Effort()
#: correlations weaker than this are not told
TOLD_FROM = 0.4
#: significant digits of the record
DIGITS = 4


def simulator_of(plan: FitPlan, cycle: CycleRecords, patients: int, seed: int) -> Simulator:
    """The published cohorts as a function of the unknowns."""

    def run(point: Array) -> Array:
        shown = simulated(world(plan, point), plan, cycle, patients, seed)
        return np.array([shown[t.id] for t in plan.targets])

    return run


def fit(
    plan: FitPlan,
    simulator: Simulator,
    effort: Effort,
    seed: int,
    date: str,
    told: Told,
    cycle: CycleRecords | None = None,
) -> FitRecord:
    """Fit every model of the plan.

    Args:
        plan: unknowns, models, targets.
        simulator: what worlds show.
        effort: how much is computed.
        seed: of all chance; the same seed gives the same record.
        date: of the fit, for the record.
        told: of progress.
        cycle: the records, from which the share of self-sustaining pain is worked out; None: it is not.
    """
    rng = np.random.default_rng(seed)
    runs = run_waves(plan, simulator, effort, rng, told)
    made, likelihood = emulated(plan, runs)
    refits = [refit(plan, s, made, likelihood, simulator, effort, rng, told, cycle) for s in plan.structures]
    main = next(r for r in refits if r.structure.id == plan.main)
    sums = [float(r.left_out.sum()) for r in refits]
    leader = refits[int(np.argmax(sums))]
    fits = tuple(
        StructureFit(
            structure=r.structure.id,
            misfit=r.misfit,
            elpd=total,
            elpd_se=_error(r.left_out),
            worse=sums[refits.index(leader)] - total,
            worse_se=_error(leader.left_out - r.left_out),
            self_sustaining=r.self_sustaining,
            unknowns=posteriors(plan, r),
            predicted=predictions(plan, r.simulated),
        )
        for r, total in zip(refits, sums, strict=True)
    )
    record = FitRecord(
        date=date,
        digest=digest(plan),
        seed=seed,
        runs=len(runs.points),
        patients=effort.patients,
        draws=main.chains.pooled.shape[0],
        emulator_error=_emulator_error(plan, made),
        main=plan.main,
        fits=fits,
        correlations=_correlations(plan, main),
        profiles=_profiles(plan, main, made, likelihood, rng, told),
    )
    return msgspec.convert(_rounded(msgspec.to_builtins(record)), FitRecord)


def digest(plan: FitPlan) -> str:
    """Identity of what is fitted to what: words that explain do not count."""

    def bare(x: Any) -> Any:
        if isinstance(x, dict):
            return {k: bare(v) for k, v in sorted(x.items()) if k not in {"why", "says", "name", "who"}}
        return [bare(v) for v in x] if isinstance(x, list | tuple) else x

    return hashlib.sha256(msgspec.json.encode(bare(msgspec.to_builtins(plan)))).hexdigest()[:DIGEST]


#: characters of a digest
DIGEST = 16


def _error(logs: Array) -> float:
    """Standard error of a sum of so many parts."""
    return float(math.sqrt(len(logs)) * logs.std(ddof=1)) if len(logs) > 1 else 0.0


def _emulator_error(plan: FitPlan, made: Emulator) -> float:
    sd = np.array([standard_deviation(t) for t in plan.targets])
    return float((made.error / sd)[fitted_of(plan)].max())


def _correlations(plan: FitPlan, main: Refit) -> tuple[Correlated, ...]:
    pool = main.chains.pooled
    free = np.flatnonzero(pool.std(axis=0) > 0)
    matrix = np.atleast_2d(np.corrcoef(pool[:, free], rowvar=False))
    found = [
        Correlated(one=plan.unknowns[free[i]].id, other=plan.unknowns[free[j]].id, value=float(matrix[i, j]))
        for i in range(len(free))
        for j in range(i)
        if abs(matrix[i, j]) >= TOLD_FROM
    ]
    return tuple(sorted(found, key=lambda c: -abs(c.value)))


def _profiles(
    plan: FitPlan, main: Refit, made: Emulator, likelihood: Likelihood, rng: np.random.Generator, told: Told
) -> tuple[Profile, ...]:
    few = made.of(fitted_of(plan))
    low, high = box(plan, main.structure)
    begin = starts(main.chains.pooled, rng)
    # the profile of what a model limits is followed over the whole prior: there the other models are
    raw = {}
    for i, f in enumerate(plan.unknowns):
        bottom, top = low.copy(), high.copy()
        bottom[i], top[i] = 0.0, 1.0
        raw[f.id] = profile(lambda x: likelihood.misfit(few(x)), i, begin, bottom, top)
        told("profiles", i + 1, len(plan.unknowns))
    least = min(float(values.min()) for _, values in raw.values())
    out = []
    for f in plan.unknowns:
        points, values = raw[f.id]
        above = values - least
        left, right = ends(points, above - above.min())
        out.append(
            Profile(
                id=f.id,
                points=tuple(
                    ProfilePoint(value=float(natural(f, x)), above=float(y)) for x, y in zip(points, above, strict=True)
                ),
                low=None if left is None else float(natural(f, left)),
                high=None if right is None else float(natural(f, right)),
            )
        )
    return tuple(out)


def _rounded(x: Any) -> Any:
    if isinstance(x, float):
        return float(f"{x:.{DIGITS}g}") if math.isfinite(x) else x
    if isinstance(x, dict):
        return {k: _rounded(v) for k, v in x.items()}
    return [_rounded(v) for v in x] if isinstance(x, list | tuple) else x
