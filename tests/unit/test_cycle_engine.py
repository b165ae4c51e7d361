"""The engines against a plain Runge-Kutta of every compartment, against each other, and against closed forms."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from backspasm import Knowledge
from backspasm.cycle.drugs import drawn, kinetics_of, treatment_of
from backspasm.cycle.engine import Course, simulate
from backspasm.cycle.grid import UNDRUGGED, grid_of
from backspasm.cycle.model import Array, Patients, drive_from_pain, drive_of, pain_of, settled
from backspasm.cycle.pharmacokinetics import Kinetics, concentration
from backspasm.cycle.population import population
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.reference import reference
from backspasm.cycle.treatment import NONE, Treatment

DAYS = np.array([0.0, 0.25, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 14.0, 28.0])
BOTH = "ibuprofen 400 mg three times a day for 5 days; cyclobenzaprine 10 mg three times a day for 5 days"


def made(
    knowledge: Knowledge, text: str, count: int, seed: int = 7
) -> tuple[Patients, Treatment, tuple[Kinetics, ...]]:
    """Patients, what they take, and its kinetics."""
    cycle = knowledge.cycle
    p = population(cycle, count, np.random.default_rng(seed), horizon=28)
    prescribed = read_prescriptions(text, cycle.drugs, 40) if text else ()
    treatment = treatment_of(prescribed, cycle, count, seed)
    kinetics = []
    for d in treatment.drugs:  # the same random numbers as those of the treatment
        import zlib

        rng = np.random.default_rng([seed, zlib.crc32(d.drug.encode())])
        kinetics.append(kinetics_of(cycle.drugs[d.drug], count, rng))
        np.testing.assert_array_equal(drawn(cycle.drugs[d.drug].effect.ec50, count, rng), d.ec50)
    return p, treatment, tuple(kinetics)


def arrays(course: Course) -> dict[str, Array]:
    return {f.name: getattr(course, f.name) for f in fields(course)}


def test_the_engine_agrees_with_plain_runge_kutta_within_a_twentieth_of_a_point(knowledge: Knowledge) -> None:
    p, treatment, kinetics = made(knowledge, BOTH, 60)
    pain, activity = reference(p, treatment, kinetics, DAYS, 1 / 96)
    run = simulate(p, treatment, DAYS)
    assert np.abs(run.pain - pain).max() < 0.05
    assert np.abs(run.activity - activity).max() < 0.05


def test_machine_code_gives_what_numpy_gives(knowledge: Knowledge) -> None:
    pytest.importorskip("numba")
    p, treatment, _ = made(knowledge, BOTH.replace("for 5 days", "as needed for 5 days", 1), 300)
    p = p.but(lasting=np.linspace(0, 0.5, 300), growth=0.01)
    one, other = (arrays(simulate(p, treatment, DAYS, compiled=c)) for c in (False, True))
    for name, values in one.items():
        np.testing.assert_allclose(
            other[name], values, rtol=1e-5, atol=1e-4, err_msg=name
        )  # a table stands for a power


def test_without_an_injury_there_is_no_pain(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 50)
    p = p.but(injury=0.0, flare_days=np.inf)
    assert np.abs(simulate(p, NONE, DAYS).pain).max() < 1e-9


def test_without_loop_and_sensitisation_pain_follows_the_closed_form(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 50)
    p = p.but(return_gain=0.0, sensitisation=0.0, central_gain=0.0, flare_days=np.inf)
    expected = pain_of(p.injury * np.exp(-DAYS[:, None] / p.healing_days))
    np.testing.assert_allclose(simulate(p, NONE, DAYS).pain, expected, rtol=1e-10)


def test_a_lasting_source_holds_its_level_and_a_growing_one_grows(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 20)
    p = p.but(return_gain=0.0, sensitisation=0.0, central_gain=0.0, flare_days=np.inf, lasting=0.5, healing_days=5.0)
    held = simulate(p, NONE, np.array([0.0, 200.0])).pain[-1]
    np.testing.assert_allclose(held, pain_of(np.array(0.5)), rtol=1e-9)
    grown = simulate(p.but(growth=0.01), NONE, np.array([0.0, 200.0])).pain[-1]
    np.testing.assert_allclose(grown, pain_of(np.array(0.5 * (1 + 0.01 * 195))), rtol=1e-9)


def test_a_flare_raises_pain_on_its_day(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 2)
    p = p.but(healing_days=3.0, flare_days=[[np.inf], [10.0]], flare_sizes=[[1.0], [1.0]], sensitisation=0.0)
    days = np.array([9.0, 10.0, 11.0])
    run = simulate(p, NONE, days)
    assert run.pain[1, 1] > run.pain[0, 1] + 20
    assert run.pain[1, 0] < run.pain[0, 0]


@pytest.mark.parametrize(
    "drug", ["naproxen", "ibuprofen", "diclofenac", "cyclobenzaprine", "tizanidine", "thiocolchicoside"]
)
def test_carried_exponentials_are_the_superposition_of_doses(knowledge: Knowledge, drug: str) -> None:
    _, treatment, _ = made(knowledge, f"{drug} 8 mg three times a day for 3 days", 40)
    (d,) = treatment.drugs
    days = np.linspace(0, 6, 50)
    site, tolerance = concentration(d.answer, d.amounts[:, None] * d.takes, d.days, days)
    p, _, _ = made(knowledge, "", 40)
    run = simulate(p, treatment, days)
    effect = run.nsaid if d.acts == "nsaid" else run.relaxant
    np.testing.assert_allclose(effect, d.effect(site), atol=1e-9)
    np.testing.assert_allclose(run.drowsiness, d.drowsiness(site, tolerance), atol=1e-9)
    assert np.all(site > -1e-9)


def test_doses_as_needed_are_taken_in_pain_only(knowledge: Knowledge) -> None:
    p, treatment, _ = made(knowledge, "naproxen 500 mg twice a day as needed (pain 50) for 5 days", 200)
    run = simulate(p, treatment, np.arange(0, 6.0))
    taken = run.doses[0]
    assert np.all(taken <= 10)
    never = np.all(run.pain < 45, axis=0)
    assert never.any()
    assert np.all(taken[never] <= 1)
    assert taken[np.all(run.pain > 60, axis=0)].mean() > 6


def test_the_order_of_the_integrator_is_four(knowledge: Knowledge) -> None:
    """Between events, where everything is smooth: halving every step divides the error by about sixteen."""
    p, _, _ = made(knowledge, "", 60)
    p = p.but(flare_days=np.inf, healing_days=np.maximum(p.healing_days, 4.0))
    days = np.array([8.0])

    def pain(step: float) -> Array:
        return simulate(p, NONE, days, fine=step / UNDRUGGED, share=0.0).pain

    exact = pain(1 / 64)
    errors = [np.abs(pain(h) - exact).max() for h in (1 / 2, 1 / 4, 1 / 8)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] == pytest.approx(4, abs=0.4), (errors, orders)


def test_the_error_at_the_default_step_is_below_a_twentieth_of_a_point_over_a_year(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 400)
    for days in (np.arange(0, 366.0), np.array([0, 7, 14, 28, 42, 84, 182, 364.0])):
        coarse, fine = simulate(p, NONE, days), simulate(p, NONE, days, share=0.02)
        assert np.abs(coarse.pain - fine.pain).max() < 0.05


def test_a_grid_holds_every_output_dose_and_flare(knowledge: Knowledge) -> None:
    p, treatment, _ = made(knowledge, "tizanidine 4 mg every 7 hours for 3 days", 30)
    days = np.array([0.0, 0.1, 3.3333, 40.0])
    grid = grid_of(days, treatment, p.flare_days)
    np.testing.assert_allclose(grid.nodes[grid.outputs], days, atol=1e-9)
    assert np.all(np.diff(grid.nodes) > 0)
    for day in treatment.dose_days:
        assert np.abs(grid.nodes - day).min() < 1e-9
    for day in np.unique(p.flare_days[np.isfinite(p.flare_days)]):
        assert day in grid.nodes
    with pytest.raises(ValueError, match="rise"):
        grid_of(np.array([3.0, 1.0]), NONE, p.flare_days)


def test_chunks_change_nothing(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    p, treatment, _ = made(knowledge, BOTH, 50)
    whole = simulate(p, treatment, DAYS).pain
    monkeypatch.setattr("backspasm.cycle.engine.CHUNK", 7)
    np.testing.assert_allclose(simulate(p, treatment, DAYS).pain, whole, atol=0.05)


def test_pain_and_drive_are_inverse_and_the_settled_state_is_settled(knowledge: Knowledge) -> None:
    p, _, _ = made(knowledge, "", 100)
    pain = np.linspace(0, 99, 100)
    np.testing.assert_allclose(pain_of(drive_from_pain(pain)), pain)
    drive, activity, metabolites = settled(p.injury, p.central, p)
    np.testing.assert_allclose(drive_of(p.injury, metabolites, p.central, p), drive, rtol=1e-9)
    np.testing.assert_allclose(activity, metabolites * p.reference_activity)
