"""Shared by all tests: the shipped knowledge and its fitted model, loaded once; and generated patients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from backspasm import InputError, Knowledge, Model, Patient, from_case, load
from backspasm.patients.answers import answers_of


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped knowledge, fitted."""
    return load()


@pytest.fixture(scope="session")
def knowledge(model: Model) -> Knowledge:
    return model.knowledge


def random_case(rng: random.Random, knowledge: Knowledge) -> dict[str, Any]:
    """A case with random answers, which may contradict each other."""
    booleans = [f.id for f in knowledge.findings.values() if f.kind == "boolean"]
    measured = [f for f in knowledge.findings.values() if f.kind == "measured"]
    chosen = rng.sample(booleans, rng.randint(0, 25))
    cut = rng.randint(0, len(chosen))
    values = {}
    for finding in rng.sample(measured, rng.randint(0, 6)):
        assert finding.plausible is not None
        low, high = (knowledge.number(name) for name in finding.plausible)
        values[finding.id] = round(low + (high - low) * rng.random() ** 3, 2)
    unknown = rng.random()  # one in thirty has no age, one in thirty no setting, one in thirty no sex
    return {
        "age_years": None if unknown < 1 / 30 else rng.choice([round(rng.uniform(0, 100), 1), rng.randint(0, 17)]),
        "sex": "unknown" if 1 / 30 < unknown < 2 / 30 else rng.choice(["male", "female"]),
        "setting": None if 2 / 30 < unknown < 3 / 30 else rng.choice(knowledge.index.settings),
        "present": chosen[:cut],
        "absent": chosen[cut:],
        "measured": values,
    }


def random_patients(count: int, seed: int, knowledge: Knowledge) -> Iterator[Patient]:
    """So many patients whose answers agree with each other."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        try:
            patient = from_case(random_case(rng, knowledge), knowledge)
            answers_of(patient, knowledge)
        except InputError:
            continue
        made += 1
        yield patient
