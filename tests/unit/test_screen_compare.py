"""Whose urgency changes under another knowledge base, and because of which study or rule."""

from __future__ import annotations

import msgspec
import pytest

from backspasm import Model, Patient, from_case
from backspasm.advice.many.crowd import crowd_of
from backspasm.advice.many.triage import triage
from backspasm.inference.refitting import Refitter
from backspasm.population.screen.compare import Comparison, changes
from tests.conftest import random_patients

STUDY = "deyo1988"


def compared(patients: list[Patient], model: Model, other: Model) -> tuple[Comparison, list[dict[str, object] | None]]:
    comparison = Comparison(model, other)
    crowd = crowd_of(patients, model)
    return comparison, changes(crowd, triage(crowd), comparison)


def without(model: Model, *studies: str) -> Model:
    """Knowledge that lacks the studies, and the parameters that it would give."""
    knowledge = model.knowledge
    left = {s: study for s, study in knowledge.studies.items() if s not in studies}
    parameters = Refitter(model).without(set(studies)).parameters
    return Model(msgspec.structs.replace(knowledge, studies=left, digest="other"), parameters)


def test_the_study_that_the_other_lacks_is_the_reason(model: Model) -> None:
    # of patients with a history of cancer many stand near a threshold
    patients = [
        msgspec.structs.replace(
            p, present=tuple({*p.present, "history_of_cancer"} - set(p.absent)), setting="primary_care"
        )
        for p in random_patients(150, 8, model.knowledge)
        if "history_of_cancer" not in p.absent and "minor_skin_cancer_only" not in p.present
    ]
    comparison, found = compared(patients, model, without(model, STUDY))
    assert comparison.studies == (STUDY,)
    changed = [c for c in found if c is not None]
    assert changed
    assert all(c["because"] == [f"study {STUDY}"] for c in changed)


def test_a_rule_that_asks_for_less_is_the_reason(model: Model) -> None:
    rules = dict(model.knowledge.red_flags)
    milder = msgspec.structs.replace(rules["saddle_anaesthesia"], urgency="routine")
    knowledge = msgspec.structs.replace(model.knowledge, red_flags=rules | {milder.id: milder}, digest="milder")
    calm = {"age_years": 30, "sex": "male", "setting": "community", "present": ["saddle_anaesthesia"]}
    patient = from_case(calm, model.knowledge)
    _, found = compared([patient], model, Model(knowledge, model.parameters))
    if found[0] is None:  # the expected loss alone asks for as much
        pytest.fail("the patient should depend on the rule")
    assert found[0]["because"] == ["rule saddle_anaesthesia"]


def test_the_same_knowledge_changes_nothing(model: Model) -> None:
    patients = list(random_patients(20, 3, model.knowledge))
    comparison, found = compared(patients, model, model)
    assert comparison.studies == ()
    assert found == [None] * 20
