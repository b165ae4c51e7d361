"""The intake as a Questionnaire, answers to it, and the adaptive interview: what goes out comes back as the same patient."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backspasm import InputError, Knowledge, Model, Patient, assess, from_case, from_fhir
from backspasm.advice.interview import State, next_question
from backspasm.patients.from_fhir.own import AGE, CONTAINED, GENDER, SEX
from backspasm.presentation.as_json import to_data
from backspasm.presentation.fhir.adaptive import next_question as ask_next
from backspasm.presentation.fhir.answers import response
from backspasm.presentation.fhir.names import ENDED, URGENT
from backspasm.presentation.fhir.questionnaire import intake
from tests.conftest import random_patients

Json = dict[str, Any]
DRAWS = 20
#: what depends on the words of the input, not on its facts
WORDS = ("notes", "said_by", "input_digest", "not_assessed", "derived")


def items(part: Json) -> dict[str, Json]:
    """Every item by its linkId."""
    out = {}
    for item in part.get("item", ()):
        out[item["linkId"]] = item
        out |= items(item)
    return out


def facts(patient: Patient, model: Model) -> Json:
    data = to_data(assess(patient, model, DRAWS), model.knowledge)
    return {k: v for k, v in data.items() if k not in WORDS}


def record(patient: Patient, knowledge: Knowledge) -> bytes:
    """A bundle of a Patient without any facts, and the response."""
    answered = response(patient, knowledge, "2026-03-02T09:00:00Z") | {"subject": {"reference": "Patient/p"}}
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": {"id": "r"} | answered}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


# --- the questionnaire ---------------------------------------------------------------------------------------------


def test_every_finding_is_asked_with_its_codes(knowledge: Knowledge) -> None:
    asked = items(intake(knowledge))
    for finding in knowledge.findings.values():
        item = asked[finding.id]
        assert item["type"] == ("boolean" if finding.kind == "boolean" else "quantity")
        exact = {c.code for c in finding.codes if c.match == "exact"}
        assert {c["code"] for c in item["code"]} == exact | {finding.id}


def test_measured_findings_have_units_and_bounds(knowledge: Knowledge) -> None:
    item = items(intake(knowledge))["crp"]
    urls = [e["url"].rsplit("/", 1)[-1] for e in item["extension"]]
    assert urls.count("questionnaire-unitOption") >= 2
    assert {"sdc-questionnaire-minQuantity", "sdc-questionnaire-maxQuantity"} <= set(urls)
    units = [e["valueCoding"]["code"] for e in item["extension"] if e["url"].endswith("unitOption")]
    assert units[0] == knowledge.findings["crp"].unit
    assert "mg/dL" in units


def test_a_scale_is_asked_for_in_its_own_numbers_alone(knowledge: Knowledge) -> None:
    item = items(intake(knowledge))["pain_intensity"]
    units = [e["valueCoding"] for e in item["extension"] if e["url"].endswith("unitOption")]
    assert [(u["code"], u["display"]) for u in units] == [("1", "of 10")]


def test_conditions_never_leave_out_somebody_of_unknown_age_or_sex(knowledge: Knowledge) -> None:
    asked = items(intake(knowledge))
    pregnancy = asked["pregnancy"]["enableWhen"]
    assert pregnancy == [{"question": SEX, "operator": "!=", "answerCoding": {"system": GENDER, "code": "male"}}]
    walk = asked["refusal_to_walk"]
    assert walk["enableBehavior"] == "any"
    assert {"question": AGE, "operator": "exists", "answerBoolean": False} in walk["enableWhen"]
    assert asked["severe_motor_weakness"]["enableWhen"] == [
        {"question": "motor_weakness", "operator": "!=", "answerBoolean": False}
    ]


def test_conditions_ask_about_questions_that_exist(knowledge: Knowledge) -> None:
    asked = items(intake(knowledge))
    named = [c["question"] for item in asked.values() for c in item.get("enableWhen", ())]
    assert named
    assert set(named) <= set(asked)
    assert len(asked) == len(set(asked))


# --- answers to it -------------------------------------------------------------------------------------------------


def test_a_response_gives_the_same_assessment_as_the_case(model: Model) -> None:
    for patient in random_patients(5, 7, model.knowledge):
        back = from_fhir(record(patient, model.knowledge), model.knowledge)
        assert back.unread == ()
        assert facts(back, model) == facts(patient, model)


def test_every_field_of_a_case_survives(model: Model) -> None:
    case = {
        "age_years": 1.5,
        "sex": "female",
        "setting": "paediatric_clinic",
        "present": ["fever", "limp"],
        "absent": ["weight_loss"],
        "measured": {"crp": 18.2, "duration_days": 9},
        "days_ago": {"significant_trauma": 40, "recent_infection": 12},
        "medications": ["paracetamol"],
        "allergies": [],
        "comorbidities": ["asthma"],
    }
    patient = from_case(case, model.knowledge)
    back = from_fhir(record(patient, model.knowledge), model.knowledge)
    for name in ("age_years", "sex", "setting", "measured", "days_ago", "medications", "allergies", "comorbidities"):
        assert getattr(back, name) == getattr(patient, name), name
    assert set(back.present) == set(patient.present)
    assert set(back.absent) == set(patient.absent)
    assert set(back.stated) == set(patient.stated)
    assert back.sources["age_years"] == back.sources["fever"] == ("QuestionnaireResponse/r",)


def test_pregnancy_and_its_week_survive(model: Model) -> None:
    case = {"age_years": 30, "sex": "female", "pregnant": True, "pregnancy_weeks": 31}
    back = from_fhir(record(from_case(case, model.knowledge), model.knowledge), model.knowledge)
    assert (back.pregnant, back.pregnancy_weeks) == (True, 31)


def test_what_the_record_knows_of_the_person_goes_before_the_answer(model: Model) -> None:
    answered = response(from_case({"age_years": 9, "sex": "male"}, model.knowledge), model.knowledge, "2026-03-02")
    person = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-03-02"}
    entries = [{"resource": person}, {"resource": {"id": "r"} | answered}]
    data = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    back = from_fhir(data, model.knowledge)
    assert (back.age_years, back.sex) == (46, "female")


def test_an_impossible_answer_is_listed_and_the_others_are_used(model: Model) -> None:
    answered = response(
        from_case({"age_years": 30, "present": ["fever"]}, model.knowledge), model.knowledge, "2026-03-02"
    )
    answered["item"].append({"linkId": "pregnancy_weeks", "answer": [{"valueDecimal": 80}]})
    answered["item"].append({"linkId": "setting", "answer": [{"valueString": "the moon"}]})
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": {"id": "r"} | answered}]
    data = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    back = from_fhir(data, model.knowledge)
    assert back.present == ("fever",)
    assert back.pregnancy_weeks is None
    assert back.setting is None
    assert {u.what for u in back.unread} == {"QuestionnaireResponse/r"}
    assert len(back.unread) == 2


# --- the adaptive interview ----------------------------------------------------------------------------------------


def answered(response: Json, patient: Patient) -> Json:
    """The response after this patient has answered the questions put last."""
    group = next(c for c in response["contained"] if c["resourceType"] == "Questionnaire")["item"][-1]
    out = []
    for item in group["item"]:
        link = item["linkId"]
        given: Json | None = None
        if link == AGE and patient.age_years is not None:
            given = {"valueDecimal": patient.age_years}
        elif link == SEX:
            given = {"valueCoding": {"system": GENDER, "code": patient.sex}}
        elif link == "setting" and patient.setting:
            given = {"valueCoding": {"system": "urn:backspasm:setting", "code": patient.setting}}
        elif link in patient.present or link in patient.absent:
            given = {"valueBoolean": link in patient.present}
        elif link in patient.measured:
            given = {"valueDecimal": patient.measured[link]}
        out.append({"linkId": link} | ({"answer": [given]} if given else {}))
    return response | {"item": [*response.get("item", []), {"linkId": group["linkId"], "item": out}]}


def begin() -> Json:
    return {"resourceType": "QuestionnaireResponse", "status": "in-progress", "subject": {"reference": "Patient/p"}}


def interviewed(patient: Patient, model: Model) -> tuple[Json, Patient]:
    """The completed response, and the patient as far as the questions went."""
    state = ask_next(begin(), model)
    for _ in range(60):
        if state["status"] == "completed":
            break
        state = ask_next(answered(state, patient), model)
    assert state["status"] == "completed"
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}]
    entries.append({"resource": {"id": "r", "authored": "2026-03-02T09:00:00Z"} | state})
    data = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    return state, from_fhir(data, model.knowledge)


def test_a_virtual_patient_who_answers_is_assessed_as_the_case_of_the_answers(model: Model) -> None:
    for patient in random_patients(2, 21, model.knowledge):
        state, back = interviewed(patient, model)
        asked = set(items(next(c for c in state["contained"] if c["resourceType"] == "Questionnaire")))
        case = {
            "age_years": patient.age_years,
            "sex": patient.sex,
            "setting": patient.setting,
            "present": [f for f in patient.present if f in asked],
            "absent": [f for f in patient.absent if f in asked],
            "measured": {f: v for f, v in patient.measured.items() if f in asked},
        }
        assert facts(back, model) == facts(from_case(case, model.knowledge), model)


def test_its_questions_are_those_of_the_interview(model: Model) -> None:
    case = {"age_years": 47, "sex": "male", "setting": "primary_care"}
    patient = from_case(case, model.knowledge)
    state = ask_next(answered(ask_next(begin(), model), patient), model)
    group = state["contained"][0]["item"][-1]
    expected = next_question(State(patient), model)
    assert [i["linkId"] for i in group["item"]] == [q.finding for q in expected.questions]


def test_what_was_left_unanswered_is_not_asked_again(model: Model) -> None:
    silent = from_case({"age_years": 47}, model.knowledge)
    state, _ = interviewed(silent, model)
    asked = [link for link in items(state["contained"][0]) if link in model.knowledge.findings]
    assert asked
    assert len(asked) == len(set(asked))


def test_an_emergency_shows_at_once_and_ends_with_its_reason(model: Model) -> None:
    numb = from_case({"age_years": 46, "sex": "male", "present": ["saddle_anaesthesia"]}, model.knowledge)
    state, _ = interviewed(numb, model)
    (urgent,) = (e["extension"] for e in state["extension"] if e["url"] == URGENT)
    assert urgent[0]["valueCoding"]["code"] == "emergency"
    assert any(e["url"] == ENDED and "emergency" in e["valueString"] for e in state["extension"])


def test_the_caller_s_own_parts_come_back(model: Model) -> None:
    own = begin() | {
        "id": "mine",
        "identifier": {"value": "7"},
        "extension": [{"url": "http://x.test/e", "valueCode": "a"}],
    }
    own["contained"] = [{"resourceType": "Patient", "id": "inner"}]
    back = ask_next(own, model)
    assert (back["id"], back["identifier"], back["subject"]) == ("mine", {"value": "7"}, {"reference": "Patient/p"})
    assert back["extension"] == own["extension"]
    assert back["contained"][0] == own["contained"][0]
    assert back["questionnaire"] == CONTAINED
    assert ask_next(back | {"status": "completed"}, model) == back | {"status": "completed"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resourceType": "Patient"}, "resourceType"),
        ({"questionnaire": "http://elsewhere.test/q"}, "questionnaire"),
        ({"status": "stopped"}, "status"),
        ({"item": [{"linkId": "feverr", "answer": [{"valueBoolean": True}]}]}, "item.linkId"),
        ({"item": [{"linkId": "fever", "answer": [{"valueDecimal": 39.5}]}]}, "fever"),
        ({"item": [{"linkId": "crp", "answer": [{"valueQuantity": {"value": 4, "code": "furlong"}}]}]}, "crp"),
        ({"item": [{"linkId": AGE, "answer": [{"valueDecimal": 900}]}]}, AGE),
        ({"item": "no list"}, "QuestionnaireResponse"),
        ({"extension": 7}, "extension"),
        ({"contained": [{"resourceType": "Questionnaire", "id": "backspasm-interview", "item": [1]}]}, "contained"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field(change: Json, field: str, model: Model) -> None:
    with pytest.raises(InputError) as caught:
        ask_next(begin() | change, model)
    assert [p.field for p in caught.value.problems] == [field]
    assert all(p.mend for p in caught.value.problems)


def test_answers_that_contradict_each_other_are_refused(model: Model) -> None:
    answers = [("severe_motor_weakness", True), ("motor_weakness", False), (AGE, None)]
    listed = [
        {"linkId": link, "answer": [{"valueDecimal": 40} if value is None else {"valueBoolean": value}]}
        for link, value in answers
    ]
    with pytest.raises(InputError):
        ask_next(begin() | {"item": listed}, model)
