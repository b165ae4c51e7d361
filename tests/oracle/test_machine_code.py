"""Machine code gives the probabilities that NumPy gives, whatever was answered, and whatever is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backspasm import Model, Patient
from backspasm.inference.batch import machine_code, score
from backspasm.inference.columns import Columns, columns_of
from backspasm.inference.many.leading import Leading, leading
from tests.conftest import random_patients

TOLERANCE = 1e-11

pytest.importorskip("numba")


@pytest.fixture(scope="module")
def columns(model: Model) -> Columns:
    return columns_of(list(random_patients(3000, 79, model.knowledge)), model.parameters, model.knowledge)


def with_settings_known(columns: Columns) -> Columns:
    setting = np.where(columns.setting < 0, 1, columns.setting).astype(np.int8)
    band = np.where(columns.band < 0, 4, columns.band).astype(np.int8)
    return Columns(columns.answers, columns.measured, setting, band, columns.sex)


def test_it_gives_what_numpy_gives(model: Model, columns: Columns) -> None:
    """More rows than one tile holds; setting, age and sex known or not."""
    assert (columns.setting < 0).any()
    assert (columns.band < 0).any()
    assert (columns.sex < 0).any()
    one, other = score(columns, model), score(columns, model, compiled=True)
    np.testing.assert_allclose(other.causes, one.causes, rtol=0, atol=TOLERANCE)
    assert other.contradictory.tolist() == one.contradictory.tolist()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_few_or_many_answers(model: Model, columns: Columns, share: float) -> None:
    """Also none at all, and of those given all that do not contradict each other."""
    rng = np.random.default_rng(3)
    answers = np.where(rng.random(columns.answers.shape) < share, rng.choice([-1, 1], columns.answers.shape), 0)
    measured = np.where(rng.random(columns.measured.shape) < share, columns.measured, np.nan)
    linked = [
        i
        for i, f in enumerate(model.parameters.booleans)
        if any(f in (link.finding, link.other) for link in model.knowledge.links)
    ]
    answers[:, linked] = columns.answers[:, linked]
    many = Columns(np.asfortranarray(answers.astype(np.int8)), measured, columns.setting, columns.band, columns.sex)
    one, other = score(many, model), score(many, model, compiled=True)
    np.testing.assert_allclose(other.causes, one.causes, rtol=0, atol=TOLERANCE)


def test_what_products_would_round_to_nothing_is_worked_out_with_logarithms(model: Model, columns: Columns) -> None:
    """Values so far from all causes that every density rounds to zero, and some that only one configuration explains."""
    measured = np.full_like(columns.measured, np.nan)
    for i in range(len(columns)):
        measured[i, i % measured.shape[1]] = 10.0 ** (i % 9 - 2)
    many = Columns(columns.answers, measured, columns.setting, columns.band, columns.sex)
    one, other = score(many, model), score(many, model, compiled=True)
    np.testing.assert_allclose(other.causes, one.causes, rtol=0, atol=TOLERANCE)
    assert np.nanmax(np.abs(np.nansum(other.causes, axis=1) - ~other.contradictory)) < TOLERANCE


def test_rows_in_doubt_come_back_to_their_places(
    model: Model, columns: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    code: Any = machine_code(True)
    run = code._run
    doubted = np.arange(len(columns)) % 3 == 0

    def doubting(*arguments: Any) -> None:
        run(*arguments)
        out, doubtful = arguments[-4], arguments[-1]
        out[:, doubted], doubtful[doubted] = np.nan, True

    monkeypatch.setattr(code, "_run", doubting)
    one, other = score(columns, model), score(columns, model, compiled=True)
    np.testing.assert_allclose(other.causes, one.causes, rtol=0, atol=TOLERANCE)


def test_contradictions_have_no_probabilities(model: Model, columns: Columns) -> None:
    answers = np.array(columns.answers)
    severe, any_ = (model.parameters.booleans.index(f) for f in ("severe_motor_weakness", "motor_weakness"))
    answers[::7, severe], answers[::7, any_] = 1, -1
    many = Columns(answers, columns.measured, columns.setting, columns.band, columns.sex)
    found = leading(many, model, compiled=True)
    assert found.contradictory[::7].all()
    assert np.isnan(found.causes[:, found.contradictory]).all()
    assert np.isnan(found.top[found.contradictory]).all()
    assert not np.isnan(found.causes[:, ~found.contradictory]).any()


@pytest.mark.parametrize("compiled", [False, True])
def test_the_leading_cause_and_rounded_probabilities(model: Model, columns: Columns, compiled: bool) -> None:
    known = with_settings_known(columns)
    found, exact = leading(known, model, compiled), score(known, model).causes
    sound = ~found.contradictory
    assert found.causes.dtype == np.float32
    assert np.abs(found.causes.T[sound] - exact[sound]).max() < 3.1e-8
    assert (found.best[sound] == exact[sound].argmax(axis=1)).all()
    np.testing.assert_allclose(found.top[sound], exact[sound].max(axis=1), rtol=0, atol=TOLERANCE)


def test_a_patient_in_any_company(model: Model, columns: Columns) -> None:
    together = score(columns, model, compiled=True).causes
    for first, last in ((0, 1), (5, 70), (2040, 2060), (2999, 3000)):
        some = columns.of(np.arange(first, last))
        np.testing.assert_allclose(score(some, model, compiled=True).causes, together[first:last], rtol=0, atol=1e-12)


def test_nobody(model: Model) -> None:
    empty = columns_of(list[Patient](), model.parameters, model.knowledge)
    assert score(empty, model, compiled=True).causes.shape == (0, len(model.parameters.causes))
    found: Leading = leading(empty, model, compiled=True)
    assert found.causes.shape == (len(model.parameters.causes), 0)


def test_its_exponential_is_exact_to_the_last_digit_but_one() -> None:
    code: Any = machine_code(True)
    x = np.concatenate([np.linspace(-700, 700, 20_001), [0.0, 1e-300, -1e-300, 1.0]])
    found = np.array([code.exponential(v) for v in x.tolist()])
    assert np.abs(found / np.exp(x) - 1).max() < 5e-16
    assert code.exponential(-1e5) == code.exponential(-700.0)
