"""The batch (columns, pattern tables, products) and the single patient give the same items and the same probabilities."""

from __future__ import annotations

import random

import numpy as np
import pytest

from backspasm import InputError, Model, Patient, from_case
from backspasm.inference import batch, patterns
from backspasm.inference.batch import score
from backspasm.inference.columns import Columns, columns_of, evidence_of, items_of
from backspasm.inference.likelihood import transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from tests.conftest import random_case, random_patients

TOLERANCE = 1e-9


def columns(patients: list[Patient], model: Model) -> Columns:
    return columns_of(patients, model.parameters, model.knowledge)


def alone(patients: list[Patient], model: Model) -> Array:
    rows = []
    for patient in patients:
        items = answers_of(patient, model.knowledge).items
        strata = strata_of(patient, model.knowledge)
        rows.append(posterior(items, strata, model.means, model.layout, model.knowledge).causes)
    return np.array(rows)


@pytest.fixture(scope="module")
def patients(model: Model) -> list[Patient]:
    return list(random_patients(800, 77, model.knowledge))


@pytest.fixture(scope="module")
def expected(patients: list[Patient], model: Model) -> Array:
    return alone(patients, model)


def test_batch_equals_single(model: Model, patients: list[Patient], expected: Array) -> None:
    """Also where setting, age or sex is unknown."""
    found = score(columns(patients, model), model)
    assert any(p.age_years is None for p in patients)
    assert any(p.setting is None for p in patients)
    assert not found.contradictory.any()
    assert np.abs(found.causes - expected).max() < TOLERANCE


def test_small_steps_and_many_tables_change_nothing(
    model: Model, patients: list[Patient], expected: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "CHUNK", 7)
    monkeypatch.setattr(patterns, "LEAST_PATTERNS", 3)
    monkeypatch.setattr(patterns, "PATIENTS_A_PATTERN", 1000)
    assert np.abs(score(columns(patients, model), model).causes - expected).max() < TOLERANCE


def test_sums_of_logs_equal_products(
    model: Model, patients: list[Patient], expected: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LEAST_TOTAL", np.inf)
    assert np.abs(score(columns(patients, model), model).causes - expected).max() < TOLERANCE


def test_values_far_from_all_causes_do_not_round_to_nothing(model: Model) -> None:
    """Densities of 1e-1000 under one configuration of complications, and not under another."""
    booleans, measured = model.parameters.booleans, model.parameters.measured
    n = 40
    values = np.full((n, len(measured)), np.nan)
    for i, (name, high) in enumerate(
        (m, h) for m in ("temperature", "post_void_residual", "heart_rate", "calcium", "esr") for h in range(8)
    ):
        values[i, measured.index(name)] = 10.0 ** (high - 2)
    many = Columns(
        np.zeros((n, len(booleans)), dtype=np.int8),
        values,
        *(np.full(n, k, dtype=np.int8) for k in (2, 7, 0)),
    )
    found = score(many, model).causes
    stratum = strata_of(Patient(age_years=None, setting=model.parameters.settings[2], sex="male"), model.knowledge)
    stratum = tuple(s for s in stratum if s.band == model.parameters.ages.bands[7])
    for row, said in zip(found, values, strict=True):
        (m,) = np.flatnonzero(~np.isnan(said))
        items = answers_of(Patient(age_years=None, measured={measured[m]: float(said[m])}), model.knowledge).items
        one = posterior(items, stratum, model.means, model.layout, model.knowledge).causes
        assert np.abs(row - one).max() < TOLERANCE


def test_items_equal_those_of_one_patient(model: Model) -> None:
    patients = list(random_patients(1500, 78, model.knowledge))
    forms = items_of(model.parameters, model.knowledge)
    evidence = evidence_of(columns(patients, model), model.parameters, model.knowledge)
    for i, patient in enumerate(patients):
        items = answers_of(patient, model.knowledge).items
        counted = {forms[f][k - 1] for f, k in zip(forms, evidence.items[:, i], strict=True) if k}
        assert counted == {item for item in items if item.kind != "value"}
        values = {
            m: v for m, v in zip(model.parameters.measured, evidence.values[:, i], strict=True) if not np.isnan(v)
        }
        said = {item.finding: item.value for item in items if item.value is not None}
        assert values == pytest.approx({m: transformed(m, v, model.means, model.knowledge) for m, v in said.items()})


def test_contradictions_are_found_and_have_no_probabilities(model: Model) -> None:
    rng = random.Random(9)
    patients: list[Patient] = []
    refused: list[bool] = []
    while len(patients) < 400:
        try:
            patient = from_case(random_case(rng, model.knowledge), model.knowledge)
        except InputError:
            continue
        patients.append(patient)
        try:
            answers_of(patient, model.knowledge)
            refused.append(False)
        except InputError:
            refused.append(True)
    found = score(columns(patients, model), model)
    assert any(refused)
    assert found.contradictory.tolist() == refused
    assert np.isnan(found.causes).all(axis=1).tolist() == refused


def test_a_patient_scores_the_same_in_any_company(model: Model, patients: list[Patient]) -> None:
    together = score(columns(patients, model), model).causes
    for i in range(0, len(patients), 40):
        assert np.abs(score(columns([patients[i]], model), model).causes[0] - together[i]).max() < 1e-12


def test_nobody_is_scored_as_nobody(model: Model) -> None:
    assert score(columns([], model), model).causes.shape == (0, len(model.parameters.causes))
