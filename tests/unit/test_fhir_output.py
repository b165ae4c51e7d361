"""The assessment as a FHIR bundle: says what the assessment says, refers to what is there, and is the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backspasm import Assessment, Model, assess, from_case, from_fhir
from backspasm.patients.from_fhir.own import FINDING
from backspasm.presentation.fhir.bundle import bundle, to_fhir
from backspasm.presentation.fhir.names import INTERVAL, URGENT
from backspasm.presentation.words import DISCLAIMER

Json = dict[str, Any]
DRAWS = 40


@pytest.fixture(scope="module")
def assessment(model: Model) -> Assessment:
    case = {
        "age_years": 71,
        "sex": "female",
        "setting": "emergency",
        "present": ["saddle_anaesthesia", "urinary_retention", "night_pain"],
        "absent": ["fever"],
        "measured": {"crp": 12},
        "medications": ["naproxen", "apixaban"],
        "comorbidities": ["heart_failure"],
    }
    return assess(from_case(case, model.knowledge), model, DRAWS)


@pytest.fixture(scope="module")
def made(assessment: Assessment, model: Model) -> Json:
    return bundle(assessment, model.knowledge)


def of_type(made: Json, kind: str) -> list[Json]:
    return [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == kind]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("reference"), str) and "resourceType" not in part:
            yield part["reference"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_probabilities_are_percentages_with_their_interval(made: Json, assessment: Assessment) -> None:
    predictions = of_type(made, "RiskAssessment")[0]["prediction"]
    assert [p["outcome"]["coding"][0]["code"] for p in predictions] == [h.cause for h in assessment.differential]
    assert sum(p["probabilityDecimal"] for p in predictions) == pytest.approx(100, abs=0.01)
    for p, h in zip(predictions, assessment.differential, strict=True):
        (interval,) = (e["valueRange"] for e in p["extension"] if e["url"] == INTERVAL)
        assert p["probabilityDecimal"] == pytest.approx(100 * h.estimate.value, abs=1e-4)
        assert interval["low"]["value"] == pytest.approx(100 * h.estimate.low, abs=1e-4)
        assert interval["high"]["value"] == pytest.approx(100 * h.estimate.high, abs=1e-4)
        assert interval["low"]["code"] == interval["high"]["code"] == "%"


def test_the_urgency_stands_with_its_rules(made: Json, assessment: Assessment) -> None:
    (impression,) = of_type(made, "ClinicalImpression")
    (urgent,) = (e["extension"] for e in impression["extension"] if e["url"] == URGENT)
    level = next(e["valueCoding"]["code"] for e in urgent if e["url"] == "level")
    assert level == assessment.urgency.level == "emergency"
    rules = {r["valueCode"] for e in urgent if e["url"] == "because" for r in e["extension"] if r["url"] == "rule"}
    assert rules >= {f.rule.id for f in assessment.red_flags if f.rule.urgency == "emergency"}
    assert impression["summary"].startswith("EMERGENCY")


def test_every_verdict_is_an_issue_and_what_is_taken_comes_first(made: Json, assessment: Assessment) -> None:
    issues = of_type(made, "DetectedIssue")
    advice = assessment.treatments
    assert len(issues) == len(advice.avoid) + len(advice.taken)
    assert advice.taken
    severities = {"avoid": "high", "caution": "moderate"}
    verdicts = [*(t.verdict for t in advice.taken), *advice.avoid]
    assert [i["severity"] for i in issues] == [severities[v.verdict] for v in verdicts]
    for issue, verdict in zip(issues, verdicts, strict=True):
        assert issue["evidence"]
        assert issue["mitigation"]
        assert issue["detail"]
        said = json.dumps(issue["evidence"], ensure_ascii=False)
        assert all(met in said for r in verdict.reasons for met in r.met)


def test_proposals_order_nothing_and_leave_out_what_is_not_indicated(made: Json, assessment: Assessment) -> None:
    proposals = of_type(made, "ServiceRequest")
    assert proposals
    assert all((p["intent"], p["status"]) == ("proposal", "draft") for p in proposals)
    against = {t.test for t in assessment.plan.investigations if t.verdict == "not_indicated"}
    named = {p["code"]["coding"][0]["code"] for p in proposals}
    assert named
    assert not named & against
    now = {t.test for t in assessment.plan.investigations if t.verdict == "indicated" and t.when == "now"}
    stat = {p["code"]["coding"][0]["code"] for p in proposals if p["priority"] == "stat"}
    assert stat
    assert stat <= now


def test_guidance_asks_for_what_is_worth_asking(model: Model) -> None:
    asked = assess(from_case({"age_years": 34, "sex": "male"}, model.knowledge), model, DRAWS)
    made = bundle(asked, model.knowledge)
    (guidance,) = of_type(made, "GuidanceResponse")
    wanted = [r["codeFilter"][0]["code"][0] for r in guidance["dataRequirement"]]
    assert guidance["status"] == "data-requested"
    assert {w["system"] for w in wanted} == {FINDING}
    assert [w["code"] for w in wanted] == [q.finding for q in asked.next.questions if q.why != "little"]


def test_what_was_not_checked_is_told(made: Json) -> None:
    (left,) = of_type(made, "OperationOutcome")
    assert any("allergies were not stated" in i["diagnostics"] for i in left["issue"])
    (guidance,) = of_type(made, "GuidanceResponse")
    assert guidance["evaluationMessage"] == [{"reference": f"urn:uuid:{left['id']}", "type": "OperationOutcome"}]


def test_every_reference_resolves_inside_the_bundle(made: Json) -> None:
    there = {e["fullUrl"] for e in made["entry"]}
    assert len(there) == len(made["entry"])
    for entry in made["entry"]:
        inner = {f"#{c['id']}" for c in entry["resource"].get("contained", ())}
        assert set(references(entry["resource"])) <= there | inner


def test_the_input_s_own_resources_are_named_as_it_named_them(model: Model) -> None:
    record = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "anna", "birthDate": "1950-01-01", "gender": "female"}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": "night",
                    "status": "final",
                    "effectiveDateTime": "2024-05-20",
                    "code": {"coding": [{"system": FINDING, "code": "night_pain"}]},
                    "valueBoolean": True,
                }
            },
        ],
    }
    patient = from_fhir(json.dumps(record).encode(), model.knowledge)
    assert patient.present == ("night_pain",)
    made = bundle(assess(patient, model, DRAWS), model.knowledge)
    assert not of_type(made, "Patient")
    risk = of_type(made, "RiskAssessment")[0]
    assert risk["subject"]["reference"] == "Patient/anna"
    assert "Observation/night" in {r["reference"] for r in risk["basis"]}
    there = {e["fullUrl"] for e in made["entry"]}
    outside = {r for r in references(made) if r not in there and not r.startswith("#")}
    assert outside == {"Patient/anna", "Observation/night"}


def test_the_same_input_gives_the_same_bytes_and_another_gives_other_ids(assessment: Assessment, model: Model) -> None:
    again = assess(assessment.patient, model, DRAWS)
    assert to_fhir(assessment, model.knowledge) == to_fhir(again, model.knowledge)
    other = assess(from_case({"age_years": 70}, model.knowledge), model, DRAWS)
    ids = {e["fullUrl"] for e in bundle(assessment, model.knowledge)["entry"]}
    assert not ids & {e["fullUrl"] for e in bundle(other, model.knowledge)["entry"]}


def test_every_resource_says_that_it_is_no_certified_device(made: Json, model: Model) -> None:
    for resource in (made, *(e["resource"] for e in made["entry"])):
        assert resource["meta"]["tag"][0]["display"] == DISCLAIMER
        assert resource["meta"]["source"] == f"urn:backspasm:knowledge:{model.knowledge.digest}"


def test_text_of_a_patient_cannot_become_markup(model: Model) -> None:
    case = {"age_years": 40, "medications": ["<script>alert(1)</script> naproxen"], "allergies": ["a&b<i>"]}
    made = bundle(assess(from_case(case, model.knowledge), model, DRAWS), model.knowledge)
    narratives = [e["resource"]["text"]["div"] for e in made["entry"] if "text" in e["resource"]]
    assert narratives
    assert not any("<script" in n or "<i>" in n for n in narratives)


def test_the_subject_is_the_record_s_patient_even_where_nothing_is_known_of_the_person(model: Model) -> None:
    record = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {"resourceType": "Patient", "id": "x"}}],
    }
    made = bundle(assess(from_fhir(json.dumps(record).encode(), model.knowledge), model, DRAWS), model.knowledge)
    assert {r["subject"]["reference"] for r in of_type(made, "RiskAssessment")} == {"Patient/x"}
    assert not of_type(made, "Patient")
