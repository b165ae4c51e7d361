"""What must hold of rules over many possible patients, of values, and of every interview."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest

from backspasm import InputError, Knowledge, Model, Patient
from backspasm.advice.interview import Reply, State, answer, ask, next_question, patient_of, unknown_of
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.advice.rule_arrays import Facts, facts_of, floors
from backspasm.advice.situation import situation_of
from backspasm.advice.worth import askable, fits, safety_findings, worths
from backspasm.patients.answers import answers_of
from tests.conftest import random_patients


def test_rules_over_arrays_mean_what_rules_mean(model: Model, knowledge: Knowledge) -> None:
    """Thirty patients of one age at once: each gets the floor that it gets alone."""
    rules = tuple(knowledge.red_flags.values())
    least = len(knowledge.index.urgency) - 1
    for age in (6.0, 15.0, 40.0, 80.0):
        many = [
            msgspec.structs.replace(p, age_years=age, comorbidities=())
            for p in random_patients(30, int(age), knowledge)
        ]
        answers = [answers_of(p, knowledge) for p in many]
        present = {f: np.array([f in a.present for a in answers]) for f in model.parameters.booleans}
        measured = {m: np.array([a.measured.get(m, np.nan) for a in answers]) for m in model.parameters.measured}
        together = floors(Facts(age, (), present, measured), rules, least, model, (len(many),))
        for i, (patient, own) in enumerate(zip(many, answers, strict=True)):
            alone = knowledge.index.urgency.index(floor(fired_rules(patient, own, knowledge), knowledge))
            assert together[i] == alone
            assert floors(facts_of(patient, own), rules, least, model) == alone


def test_the_decision_before_the_question_is_that_of_the_assessment(model: Model, knowledge: Knowledge) -> None:
    from backspasm.advice.assessment import assess

    for patient in random_patients(6, 5, knowledge):
        if patient.age_years is None or patient.setting is None:
            continue
        result = assess(patient, model, draws=2)
        s = situation_of(patient, model)
        assert knowledge.index.urgency[s.level] == result.urgency.level
        assert s.loss_now == pytest.approx(result.urgency.expected.loss[result.urgency.level], abs=1e-9)


def test_values_are_never_negative_and_answers_add_up(model: Model, knowledge: Knowledge) -> None:
    for patient in random_patients(8, 17, knowledge):
        if patient.setting is None or patient.age_years is None:
            continue
        s = situation_of(patient, model)
        found = worths(s)
        for name, worth in (found.questions | found.tests).items():
            assert worth.value >= 0, name
            assert worth.changes <= 1 + 1e-9, name
            assert sum(b.probability for b in worth.branches) == pytest.approx(1, abs=1e-6), name
        assert not set(found.questions) & {*s.answers.present, *s.answers.absent, *s.answers.measured}


def test_what_follows_from_known_answers_is_not_asked(model: Model) -> None:
    known = Patient(
        age_years=40,
        sex="male",
        setting="emergency",
        present=("severe_motor_weakness", "sudden_onset", "mri_normal"),
        measured={"post_void_residual": 30.0, "duration_days": 3.0, "temperature": 39.0},
    )
    found = worths(situation_of(known, model))
    implied = {
        "motor_weakness",
        "insidious_onset",
        "urinary_retention",
        "no_improvement_after_4_weeks",
        "fever",
        "mri_tumour",
    }
    assert not implied & set(found.questions)
    assert not {"mri_lumbar", "mri_whole_spine", "sacroiliac_mri", "post_void_residual_scan"} & set(found.tests)


@pytest.mark.parametrize("seed", range(6))
def test_no_interview_stops_before_the_safety_questions(seed: int, model: Model, knowledge: Knowledge) -> None:
    """Whoever answers whatever, also nothing: all safety questions were put, nothing was put twice, and it ends."""
    rng = random.Random(seed)
    age = [4.0, 12.0, 30.0, 75.0, 50.0, None][seed]
    state = State(
        Patient(
            age_years=age, sex="female", setting="primary_care", present=("fever", "iv_drug_use") if seed == 4 else ()
        )
    )
    most = len(askable(model))
    for _ in range(most):
        step = next_question(state, model)
        if step.stop:
            break
        replies: dict[str, Reply] = {}
        for q in step.questions:
            measured = knowledge.findings[q.finding].kind == "measured"
            said: list[Reply] = ["unknown"] if measured else ["yes", "no", "no", "no", "no", "no", "unknown"]
            replies[q.finding] = rng.choice(said)
        try:
            state = answer(state, replies, model)
        except InputError:
            state = answer(state, dict.fromkeys(replies, "unknown"), model)
    assert next_question(state, model).stop
    asked = [f for e in state.exchanges for f in e.replies]
    assert len(asked) == len(set(asked))
    answers = answers_of(patient_of(state), knowledge)
    for finding in safety_findings(state.start, knowledge):
        assert answers.asked(finding) or finding in unknown_of(state), finding


def test_an_emergency_by_rule_asks_the_safety_questions_and_nothing_else(model: Model, knowledge: Knowledge) -> None:
    start = Patient(age_years=50, sex="male", setting="emergency", present=("urinary_retention", "saddle_anaesthesia"))
    step = ask(situation_of(start, model))
    assert step.reason == "safety_open"
    assert {q.finding for q in step.questions} <= set(safety_findings(start, knowledge))


def test_questions_fit_the_person(model: Model, knowledge: Knowledge) -> None:
    child, man = Patient(age_years=5, sex="female"), Patient(age_years=50, sex="male")
    assert not fits("sexual_dysfunction", child, knowledge)
    assert fits("refusal_to_walk", child, knowledge)
    assert not fits("refusal_to_walk", man, knowledge)
    assert not fits("pregnancy", man, knowledge)
    assert {"refusal_to_walk", "weight_loss", "pallor", "saddle_anaesthesia"} <= set(safety_findings(child, knowledge))
    assert "refusal_to_walk" not in safety_findings(man, knowledge)
    assert "refusal_to_walk" in safety_findings(Patient(age_years=None), knowledge)
