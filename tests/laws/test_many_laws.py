"""What is worked out for many patients at once is what ``assess`` says of each alone."""

from __future__ import annotations

import random

import numpy as np
import pytest

from backspasm import InputError, Model, Patient
from backspasm.advice import must_not_miss
from backspasm.advice.assessment import assess
from backspasm.advice.many.crowd import Crowd, crowd_of
from backspasm.advice.many.investigations import advised_tests
from backspasm.advice.many.ledger import ledger_of
from backspasm.advice.many.triage import Triage, triage
from backspasm.inference.columns import columns_of, evidence_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.posteriors import posteriors
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from tests.conftest import random_patients

COUNT = 60
#: how many of them are also assessed alone: the whole assessment takes its time
ASSESSED = 14


@pytest.fixture(scope="module")
def patients(model: Model) -> list[Patient]:
    """Random patients, some with medicines, comorbidities and allergies."""
    import msgspec

    rng = random.Random(11)
    out = []
    for patient in random_patients(COUNT, 5, model.knowledge):
        taken = tuple(rng.sample(sorted(model.knowledge.medicines), rng.choice([0, 0, 1, 4])))
        diseases = tuple(rng.sample(model.knowledge.index.comorbidities, rng.choice([0, 0, 1, 3])))
        changed = msgspec.structs.replace(patient, medications=taken, comorbidities=diseases)
        try:
            answers_of(changed, model.knowledge)
        except InputError:
            changed = patient
        out.append(changed)
    return out


@pytest.fixture(scope="module")
def crowd(patients: list[Patient], model: Model) -> Crowd:
    return crowd_of(patients, model)


@pytest.fixture(scope="module")
def found(crowd: Crowd) -> Triage:
    return triage(crowd)


def test_the_posterior_is_that_of_one_patient(patients: list[Patient], model: Model) -> None:
    columns = columns_of(patients, model.parameters, model.knowledge)
    evidence = evidence_of(columns, model.parameters, model.knowledge)

    def everything(_causes: Array, shares: list[Array]) -> Array:
        return np.concatenate([s.reshape(s.shape[0] * s.shape[1], s.shape[2]) for s in shares])

    causes, found = posteriors(columns, evidence, model, everything)
    sizes = [len(g.configurations) * len(causes) for g in model.layout.groups]
    assert len(found) == sum(sizes)
    for i, patient in enumerate(patients):
        answers = answers_of(patient, model.knowledge)
        strata = strata_of(patient, model.knowledge)
        one = posterior(answers.items, strata, model.means, model.layout, model.knowledge)
        assert np.abs(one.causes - causes[:, i]).max() < 1e-9
        likely = one.causes > 1e-6  # of the rest the shares of complications are quotients of almost nothing
        by_group = np.split(found[:, i], np.cumsum(sizes)[:-1])
        for group, many in zip(one.configurations, by_group, strict=True):
            assert np.abs(group[likely] - many.reshape(-1, len(causes)).T[likely]).max() < 1e-7


def test_urgency_flags_ledger_and_tests_are_those_of_assess(
    patients: list[Patient], crowd: Crowd, found: Triage, model: Model
) -> None:
    levels = model.knowledge.index.urgency
    tests, ledger = advised_tests(crowd, found), ledger_of(crowd, found)
    needs = crowd.sums.needed
    for i, patient in enumerate(patients[:ASSESSED]):
        one = assess(patient, model, draws=2)
        assert levels[found.level[i]] == one.urgency.level
        assert levels[found.floor[i]] == one.urgency.floor
        assert np.abs(needs[i] - list(one.urgency.expected.needed.values())).max() < 1e-9
        assert [r for r, fires in found.rules.items() if fires[i]] == [f.rule.id for f in one.red_flags]
        listed = {g for g, who in found.listed.items() if who[i]}
        assert listed == {e.group for e in one.must_not_miss}
        start = ledger.groups.starts[i]
        assert [must_not_miss.GROUPS[g] for g in ledger.groups[i]] == [e.group for e in one.must_not_miss]
        for place, entry in enumerate(one.must_not_miss, start):
            assert abs(found.groups[entry.group][i] - entry.probability) < 1e-9
            assert [ledger.findings[f] for f in ledger.asked[place]] == list(entry.asked)
            assert [ledger.findings[f] for f in ledger.not_asked[place]] == list(entry.not_asked)
        assert [(t.test, t.verdict, t.when, t.part_of) for t in tests[i]] == [
            (a.test, a.verdict, a.when, a.part_of) for a in one.plan.investigations
        ]


def test_something_happens_in_the_sample(found: Triage, crowd: Crowd, model: Model) -> None:
    """The comparison above would say nothing if all were calm."""
    assert len(set(found.level.tolist())) >= 3
    assert sum(bool(fires.any()) for fires in found.rules.values()) > 20
    verdicts = {t.verdict for tests in advised_tests(crowd, found).kept for t in tests}
    assert verdicts == {"indicated", "consider", "not_indicated"}
    assert (crowd.columns.setting < 0).any()
    assert (crowd.columns.band < 0).any()
    assert set(found.groups) == set(must_not_miss.GROUPS)
