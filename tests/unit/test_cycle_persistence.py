"""The persistence number against its closed forms and brute force; fixed points are fixed; thresholds part two fates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backspasm import Knowledge
from backspasm.cycle.engine import simulate
from backspasm.cycle.model import Patients, pain_of, patients_of, settled
from backspasm.cycle.persistence import fixed_points, injury_threshold, persistence_number, round_trip
from backspasm.cycle.population import population
from backspasm.cycle.treatment import NONE

TYPICAL = {
    "injury": 1.0, "healing_days": 10.0, "return_gain": 0.3, "reflex_gain": 1.0, "central_gain": 1.0, "sensitisation": 0.2,
    "sensitisation_threshold": 0.8, "steepness": 4.0, "sensitisation_days": 30.0, "reflex_days": 0.25,
    "metabolite_days": 0.5, "largest_activity": 15.0, "reference_activity": 5.0, "cox_share": 0.45,
    "cox_on_metabolites": 0.0,
}  # fmt: skip


def typical(count: int = 1, **values: object) -> Patients:
    return patients_of(count, TYPICAL | values)  # type: ignore[arg-type]


def test_without_sensitisation_it_is_the_return_gain() -> None:
    gains = np.array([0.0, 0.2, 0.9, 1.5])
    p = typical(4, return_gain=gains, sensitisation=0.0, central_gain=0.0)
    np.testing.assert_allclose(persistence_number(p), gains, rtol=1e-12)


@given(st.floats(0.1, 3), st.floats(0.2, 3), st.floats(1.5, 8))
@settings(max_examples=40, deadline=None)
def test_without_the_muscle_loop_it_has_a_closed_form(h: float, theta: float, n: float) -> None:
    p = typical(return_gain=0.0, sensitisation=h, sensitisation_threshold=theta, steepness=n)
    closed = h * (n - 1) ** ((n - 1) / n) / (n * theta)
    assert persistence_number(p)[0] == pytest.approx(closed, rel=1e-6)


def test_it_is_that_of_brute_force(knowledge: Knowledge) -> None:
    p = population(knowledge.cycle, 200, np.random.default_rng(3), typical={"sensitisation": 0.6, "return_gain": 0.5})
    drives = np.geomspace(1e-8, 1e3, 40_001)[:, None]
    for which, part in p.chunks(50):
        brute = (round_trip(drives, part) / drives).max(axis=0)
        np.testing.assert_allclose(persistence_number(part), brute, rtol=1e-6)
        assert which.stop <= 200


def test_a_relaxant_lowers_it_and_so_may_end_what_sustains_itself() -> None:
    p = typical(return_gain=0.5, sensitisation=0.95)
    assert persistence_number(p)[0] == pytest.approx(1.10, abs=0.01)
    assert persistence_number(p, relaxant=0.45)[0] == pytest.approx(0.98, abs=0.01)


def test_fixed_points_are_fixed_and_exist_where_the_number_exceeds_one(knowledge: Knowledge) -> None:
    p = population(knowledge.cycle, 500, np.random.default_rng(4), typical={"sensitisation": 0.9, "return_gain": 0.5})
    number, points = persistence_number(p), fixed_points(p)
    clear = np.abs(number - 1) > 1e-3
    np.testing.assert_array_equal(np.isfinite(points.painful)[clear], (number > 1)[clear])
    some = np.isfinite(points.painful)
    assert 50 < some.sum() < 450
    for drive in (points.threshold, points.painful):
        chosen = p.taken(np.flatnonzero(some))
        np.testing.assert_allclose(round_trip(drive[some], chosen), drive[some], rtol=1e-8)


def test_whoever_starts_beyond_the_threshold_state_stays_in_pain_and_whoever_starts_below_recovers() -> None:
    p = typical(2, return_gain=0.4, sensitisation=1.2)
    points = fixed_points(p)
    # a state with D given and the muscle at rest: sensitisation at its level for D, no injury
    start = points.threshold * np.array([0.9, 1.1])
    ratio = (start / p.sensitisation_threshold) ** 4
    run = simulate(p.but(injury=0.0, central=ratio / (1 + ratio)), NONE, np.array([0.0, 2000.0]))
    assert run.pain[-1, 0] < 1
    assert run.pain[-1, 1] == pytest.approx(pain_of(points.painful)[1], abs=0.01)


def test_an_injury_just_above_the_threshold_persists_and_one_just_below_heals() -> None:
    p = typical(3, return_gain=0.3, sensitisation=1.2, healing_days=np.array([5.0, 15.0, 40.0]))
    least = injury_threshold(p, halvings=14)
    assert np.all(np.diff(least) < 0), "the longer it heals the smaller an injury suffices"
    for factor, stays in ((0.99, False), (1.01, True)):
        run = simulate(p.but(injury=least * factor), NONE, np.array([0.0, 800.0]))
        assert bool(np.all((run.pain[-1] > 10) == stays))
    assert np.isinf(injury_threshold(typical())).all(), "with a number below one nothing persists"


def test_the_settled_muscle_loop_amplifies_by_the_loop_gain() -> None:
    p = typical(return_gain=0.4, sensitisation=0.0, central_gain=0.0)
    drive, _, _ = settled(np.array([1e-6]), np.zeros(1), p)
    assert drive[0] == pytest.approx(1e-6 / (1 - 0.4), rel=1e-4)
