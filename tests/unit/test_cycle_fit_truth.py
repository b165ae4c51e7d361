"""A fit finds the truth that made its data: over many made-up truths its intervals hold as often as they claim."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from backspasm import Knowledge
from backspasm.cycle.fit.adopt import adopted, fit_yaml
from backspasm.cycle.fit.likelihood import interval, likelihood_of, standard_deviation
from backspasm.cycle.fit.space import natural, place
from backspasm.cycle.fit.waves import Effort, emulated, posterior, run_waves
from backspasm.cycle.fit.whole import digest, fit, simulator_of
from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import FitPlan, Structure
from backspasm.records.library import knowledge_folder

SMALL = Effort(waves=(40, 20), patients=80, warm=1_000, steps=2_000, refit_steps=200, predictive=6, chains=6)


def small(plan: FitPlan, unknowns: tuple[str, ...], targets: tuple[str, ...]) -> FitPlan:
    kept = tuple(f for f in plan.unknowns if f.id in unknowns)
    chosen = tuple(replace(t, role="fitted") for t in plan.targets if t.id in targets)
    return replace(
        plan,
        unknowns=kept,
        targets=chosen,
        structures=(Structure(id="whole", name="w", says="w", limits={}),),
        main="whole",
    )


def silent(_what: str, _done: int, _total: int) -> None:
    return None


def test_intervals_hold_as_often_as_they_claim(knowledge: Knowledge) -> None:
    """Simulation-based calibration on a smooth model of two unknowns: 60 truths from the prior, 80 % intervals."""
    plan = small(knowledge.cycle_plan, ("injury", "cox_share"), ("pain_week_0", "pain_week_6", "relief_by_nsaid"))

    def model(point: Array) -> Array:
        a, b = point
        return np.array([40 + 20 * a, 15 + 10 * a * a + 6 * b, 2 + 9 * b * (0.5 + a)])

    rng = np.random.default_rng(1)
    runs = run_waves(plan, model, SMALL, rng, silent)
    made, _ = emulated(plan, runs)
    effort = Effort(warm=400, steps=1_000, chains=6)
    held = []
    for _ in range(60):
        truth = rng.random(2)
        seen = model(truth) + [standard_deviation(t) for t in plan.targets] * rng.standard_normal(3)
        shifted = tuple(
            replace(
                t, value=float(v), low=float(v) - (t.value - interval(t)[0]), high=float(v) + (interval(t)[1] - t.value)
            )
            for t, v in zip(plan.targets, seen, strict=True)
        )
        here = replace(plan, targets=shifted)
        likelihood = likelihood_of(shifted, made.error)
        pool = posterior(here, plan.structures[0], made, likelihood, rng, effort).pooled
        low, high = np.quantile(pool, [0.1, 0.9], axis=0)
        held.append((low <= truth) & (truth <= high))
    share = np.mean(held)
    assert 0.8 - 3 * np.sqrt(0.16 / 120) < share < 0.8 + 3 * np.sqrt(0.16 / 120), share


def test_the_simulators_own_truth_is_found(knowledge: Knowledge) -> None:
    """Targets made by the simulator itself from known values: the fit's intervals hold them, and the record is whole."""
    plan = small(
        knowledge.cycle_plan,
        ("injury", "healing_days", "cox_share"),
        ("pain_week_0", "pain_week_6", "pain_week_26", "relief_by_nsaid"),
    )
    truth = {"injury": 0.9, "healing_days": 30.0, "cox_share": 0.6}
    simulator = simulator_of(plan, knowledge.cycle, SMALL.patients, 1)
    seen = simulator(np.array([place(f, truth[f.id]) for f in plan.unknowns]))
    plan = replace(
        plan,
        targets=tuple(
            replace(t, value=float(v), low=float(v) - 1, high=float(v) + 1, slack=0.0)
            for t, v in zip(plan.targets, seen, strict=True)
        ),
    )
    told: list[str] = []
    record = fit(plan, simulator, SMALL, 1, "2026-11-23", lambda what, _done, _total: told.append(what))
    found = {u.id: u for u in record.of("whole").unknowns}
    for f in plan.unknowns:
        assert found[f.id].low <= truth[f.id] <= found[f.id].high, f.id
        assert found[f.id].narrowed > 0.3
    assert all(p.inside for p in record.of("whole").predicted)
    assert record.of("whole").misfit < 1
    assert {"simulating the cohorts", "profiles"} <= set(told)
    assert record.digest == digest(plan) != digest(knowledge.cycle_plan)
    narrow = {p.id: p for p in record.profiles}["cox_share"]
    assert narrow.low is not None
    assert narrow.high is not None
    assert narrow.low < truth["cox_share"] < narrow.high
    assert natural(plan.unknowns[0], 0.5) > 0
    # what is written is what the record says
    text = (knowledge_folder() / "cycle" / "parameters.yaml").read_text(encoding="utf-8")
    changed = adopted(text, plan, record)
    assert f"value: {found['injury'].median:.3g}\n" in changed
    assert len(changed.splitlines()) == len(text.splitlines())
    assert "structure: whole" in fit_yaml(record)
    with pytest.raises(KeyError):
        record.of("none")
