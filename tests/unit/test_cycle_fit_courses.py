"""What a course is called, when it has recovered, whether pain came back; and what the cohorts of the fit show."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from backspasm import Knowledge
from backspasm.cycle.fit.cohorts import simulated
from backspasm.cycle.fit.courses import kinds, recovery_day, recurred
from backspasm.cycle.fit.space import box, natural, place, world


@pytest.mark.parametrize(
    ("ratings", "name"),
    [
        ([60, 30, 5, 0, 0], "rapid"),
        ([60, 50, 40, 20, 5], "recovery"),
        ([60, 55, 50, 40, 35], "incomplete"),
        ([60, 10, 5, 0, 40], "fluctuating"),
        ([60, 70, 65, 60, 80], "persistent_high"),
    ],
)
def test_each_course_has_its_name(knowledge: Knowledge, ratings: list[float], name: str) -> None:
    found = kinds(np.array(ratings, dtype=np.float64)[:, None], knowledge.cycle_plan.definitions)
    assert [kind for kind, here in found.items() if here[0]] == [name]


def test_every_course_is_of_one_kind(knowledge: Knowledge) -> None:
    ratings = np.random.default_rng(1).uniform(0, 100, (5, 500))
    assert np.all(sum(here.astype(int) for here in kinds(ratings, knowledge.cycle_plan.definitions).values()) == 1)


def test_recovery_must_last() -> None:
    pain = np.array([[50.0, 50], [10, 10], [30, 10], [10, 10], [10, 10], [10, 10]])
    assert recovery_day(pain, 15, 3).tolist() == [3.0, 1.0]
    assert recovery_day(pain, 15, 6).tolist() == [np.inf, np.inf]


def test_pain_comes_back_only_after_recovery_and_within_its_time() -> None:
    pain = np.array([[50.0, 50, 0], [5, 5, 0], [40, 5, 0], [5, 5, 0], [5, 40, 0]])
    assert recurred(pain, np.array([1.0, 1.0, 0.0]), 20, 2).tolist() == [True, False, False]
    assert recurred(pain, np.array([2.0, 1.0, 0.0]), 20, 9).tolist() == [False, True, False]


def test_places_and_values_are_inverse(knowledge: Knowledge) -> None:
    plan = knowledge.cycle_plan
    for f in plan.unknowns:
        assert float(natural(f, 0.0)) == pytest.approx(f.low)
        assert float(natural(f, 1.0)) == pytest.approx(f.high)
        assert place(f, float(natural(f, 0.3))) == pytest.approx(0.3)
    rival = next(s for s in plan.structures if s.id == "no_loop")
    low, high = box(plan, rival)
    fixed = [f.id for f, a, b in zip(plan.unknowns, low, high, strict=True) if a == b]
    assert fixed == ["return_gain", "sensitisation"]


def test_the_cohorts_answer_to_the_unknowns(knowledge: Knowledge) -> None:
    """Slower healing, more pain at six weeks; more flares, more recurrence; a larger reach of NSAIDs, more relief."""
    plan, cycle = knowledge.cycle_plan, knowledge.cycle
    middle = np.full(len(plan.unknowns), 0.5)

    def shown(**places: float) -> dict[str, float]:
        point = middle.copy()
        for i, f in enumerate(plan.unknowns):
            point[i] = places.get(f.id, point[i])
        found = simulated(world(plan, point), plan, cycle, 300, seed=1)
        assert list(found) == [t.id for t in plan.targets]
        assert np.all(np.isfinite(list(found.values())))
        return found

    base = shown()
    courses = ("rapid_course", "recovery_course", "incomplete_course", "fluctuating_course", "persistent_high_course")
    assert sum(base[name] for name in courses) == pytest.approx(1)
    assert shown() == base
    assert shown(healing_days=0.9)["pain_week_6"] > base["pain_week_6"] + 2
    assert shown(flares_per_day=0.9)["recurrence_any"] > base["recurrence_any"] + 0.05
    assert shown(cox_share=0.9)["relief_by_nsaid"] > base["relief_by_nsaid"] + 1
    assert shown(cox_share=0.9)["pain_week_6"] == base["pain_week_6"]
    assert shown(emergency_quick=0.9)["emergency_improvement"] > base["emergency_improvement"]
    none = replace(plan, targets=tuple(t for t in plan.targets if t.measure != "relief"))
    assert "relief_by_nsaid" not in simulated(world(plan, middle), none, cycle, 50, seed=1)
