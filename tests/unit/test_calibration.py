"""Does the simulation-based calibration see what it should see?"""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from backspasm import Model, Patient
from backspasm.inference.intervals import INTERVAL, effective, interval, weights_of
from backspasm.inference.numbers import JointDraws
from backspasm.inference.posterior import Posterior, posterior
from backspasm.inference.single_draw import SingleDraw
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.population.calibration import QUANTITIES, calibrate, z_of_shares
from backspasm.population.cohort import Cohort, Wanted

FEW = Wanted(setting="emergency", age_from=20, age_to=60, answered=0.05)


def test_a_small_run_reports_every_quantity_and_repeats_itself(model: Model) -> None:
    first, again = (calibrate(model, 6, 3, 60, FEW, draws=60) for _ in range(2))
    assert first == again
    assert [c.quantity for c in first.coverage] == list(QUANTITIES)
    for c in first.coverage:
        assert c.covered + c.below + c.above == pytest.approx(1)
        assert c.covered_low <= c.covered <= c.covered_high
        assert len(c.ranks) == 6
        assert 0 < c.median_width < 1
    assert first != calibrate(model, 6, 4, 60, FEW, draws=60)


def test_where_the_patient_says_nothing_of_the_world_the_ranks_are_even(model: Model) -> None:
    """With the same answers in every world, truth and draws are alike by construction: this checks the machinery."""
    cohort = Cohort(FEW, model)
    patient = from_case(next(cohort.cases(cohort.patients(7, 1))), model.knowledge)
    items, strata = answers_of(patient, model.knowledge).items, strata_of(patient, model.knowledge)
    engine = posterior(items, strata, JointDraws(model.parameters, 400), model.layout, model.knowledge).causes
    worlds = posterior(items, strata, JointDraws(model.parameters, 400, 123), model.layout, model.knowledge).causes
    leading = int(engine.mean(axis=0).argmax())
    ranks = (engine[:, leading] < worlds[:, [leading]]).mean(axis=1)
    counts = np.histogram(ranks, bins=8, range=(0, 1))[0]
    assert ((counts - 50) ** 2 / 50).sum() < 50


def test_one_draw_is_one_row_of_the_joint_draws(model: Model) -> None:
    joint = JointDraws(model.parameters, 5)
    one = SingleDraw(joint, 3)
    (stratum, *_) = Cohort(FEW, model).strata
    assert np.array_equal(one.log_base(stratum), joint.log_base(stratum)[3])
    assert np.array_equal(one.shares("emergency", 2), joint.shares("emergency", 2)[3])
    for finding in ("fever", "urinary_retention"):
        assert np.array_equal(one.rate(finding, 2), joint.rate(finding, 2)[3])
    assert np.array_equal(one.strengths("urinary_retention", 2), joint.strengths("urinary_retention", 2)[3])
    for mine, theirs in zip(one.value("crp", 2), joint.value("crp", 2), strict=True):
        assert np.array_equal(mine, theirs[3])


def test_a_share_that_is_off_is_seen() -> None:
    rng = np.random.default_rng(2)
    p = np.full((4000, 2), [0.3, 0.7])
    first = rng.random(4000) < 0.3
    assert np.abs(z_of_shares(p, np.stack([first, ~first], axis=1))).max() < 4
    first = rng.random(4000) < 0.35
    assert np.abs(z_of_shares(p, np.stack([first, ~first], axis=1))).max() > 4


def test_equal_weights_give_the_plain_quantiles() -> None:
    values = np.random.default_rng(3).random((1000, 4))
    low, high = interval(values, np.full(1000, 1 / 1000))
    assert np.stack([low, high]) == pytest.approx(np.quantile(values, INTERVAL, axis=0), abs=2e-3)


def test_weights_count_like_so_many_copies() -> None:
    rng = np.random.default_rng(4)
    values, copies = rng.random(300), rng.integers(1, 9, 300)
    low, high = interval(values, copies / copies.sum())
    assert [low, high] == pytest.approx(np.quantile(np.repeat(values, copies), INTERVAL), abs=0.01)


def test_a_draw_weighs_what_it_gave_to_the_answers(model: Model) -> None:
    cohort = Cohort(FEW, model)
    patient = from_case(next(cohort.cases(cohort.patients(7, 1))), model.knowledge)
    strata = strata_of(patient, model.knowledge)
    joint = JointDraws(model.parameters, 4)
    silent = posterior((), strata, joint, model.layout, model.knowledge)
    assert weights_of(silent) == pytest.approx(np.full(4, 1 / 4))
    items = answers_of(patient, model.knowledge).items
    alone = [
        np.exp(posterior(items, strata, SingleDraw(joint, i), model.layout, model.knowledge).log_joint).sum()
        for i in range(4)
    ]
    weighed = weights_of(posterior(items, strata, joint, model.layout, model.knowledge))
    assert weighed == pytest.approx(np.array(alone) / sum(alone))


def test_a_strange_patient_still_gets_an_interval_that_rests_on_many_draws(model: Model) -> None:
    """Every finding of the list present at once: no draw foretold that, and the best of them must not stand alone."""
    everything = msgspec.structs.replace(
        Patient(age_years=40.0), present=("fever", "saddle_anaesthesia", "blast_cells")
    )
    wild = posterior(
        answers_of(everything, model.knowledge).items,
        strata_of(msgspec.structs.replace(everything, sex="male", setting="emergency"), model.knowledge),
        JointDraws(model.parameters, 300),
        model.layout,
        model.knowledge,
    )
    sharp = Posterior(40 * wild.log_joint, wild.configurations)
    assert effective(weights_of(sharp)) == pytest.approx(100, abs=1)
    assert effective(weights_of(wild)) >= 99
