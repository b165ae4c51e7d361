"""The FHIR doors: operations, questionnaires, and OperationOutcomes for what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.doors.conftest import Run

Client = TestClient[Litestar]
EXAMPLES = Path(__file__).parents[3] / "examples"
FHIR = "application/fhir+json"


def post(client: Client, path: str, body: Any, kind: str = FHIR) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=data, headers={"content-type": kind})


def outcome(answer: Any, status: int) -> list[dict[str, Any]]:
    """The issues of a valid OperationOutcome."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, FHIR)
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert fhirkit.validate(answer.content) == []
    return list(answer.json()["issue"])


def test_a_bundle_is_assessed_as_by_the_command(client: Client, run: Run) -> None:
    record = (EXAMPLES / "fhir_adult_emergency.json").read_bytes()
    answer = post(client, "/fhir/$assess", record)
    assert (answer.status_code, answer.headers["content-type"]) == (200, FHIR)
    assert answer.text == run("assess", "-", "--format", "fhir", stdin=record).out


def test_parameters_with_a_record_give_the_same(client: Client) -> None:
    record = json.loads((EXAMPLES / "fhir_adult_emergency.json").read_bytes())
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "record", "resource": record}]}
    assert (
        post(client, "/fhir/$assess", wrapped).content
        == post(client, "/fhir/$assess", record, "application/json").content
    )


def test_the_answers_of_a_bundle_can_be_sent_again(client: Client) -> None:
    """What was counted stands in the bundle as a response to the intake: with a Patient it gives the same urgency."""
    record = (EXAMPLES / "fhir_adult_emergency.json").read_bytes()
    first = post(client, "/fhir/$assess", record).json()
    response = next(e["resource"] for e in first["entry"] if e["resource"]["resourceType"] == "QuestionnaireResponse")
    response["subject"] = {"reference": "Patient/p"}
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": response}]
    second = post(client, "/fhir/$assess", {"resourceType": "Bundle", "type": "collection", "entry": entries}).json()

    def leading(bundle: Any) -> Any:
        risk = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "RiskAssessment")
        return [(p["outcome"]["coding"][0]["code"], p["probabilityDecimal"]) for p in risk["prediction"][:5]]

    assert leading(second) == leading(first)


@pytest.mark.parametrize(
    ("body", "kind", "status", "text"),
    [
        (b"", FHIR, 400, "empty"),
        (b"{", FHIR, 400, "not valid JSON"),
        (b'{"resourceType":"Parameters"' + b"[" * 50_000, FHIR, 400, "not valid JSON"),
        ({"resourceType": "Patient"}, FHIR, 400, "not a FHIR Bundle"),
        ({"resourceType": "Bundle", "type": "collection"}, FHIR, 400, "holds no Patient"),
        ({"resourceType": "Parameters"}, FHIR, 400, "is no list of parameters"),
        ({"resourceType": "Parameters", "parameter": [{"name": "bundle"}]}, FHIR, 400, "unknown parameter"),
        ({"resourceType": "Parameters", "parameter": [{"name": "record"}]}, FHIR, 400, "holds no resource"),
        ({"resourceType": "Parameters", "parameter": []}, FHIR, 400, "holds 0 parameters"),
        (b"<Bundle/>", "application/fhir+xml", 415, "not read here"),
    ],
)
def test_what_cannot_be_assessed_is_an_outcome(body: Any, kind: str, status: int, text: str, client: Client) -> None:
    issues = outcome(post(client, "/fhir/$assess", body, kind), status)
    assert text in issues[0]["diagnostics"]
    assert "Mend: " in issues[0]["diagnostics"]


def test_paths_and_methods_that_are_not_there_are_outcomes_too(client: Client) -> None:
    assert outcome(client.get("/fhir/Nothing"), 404)[0]["code"] == "not-found"
    assert outcome(client.get("/fhir/Questionnaire/x"), 404)
    assert outcome(client.get("/fhir/OperationDefinition/x"), 404)
    assert outcome(client.delete("/fhir/metadata"), 405)[0]["code"] == "not-supported"
    assert outcome(client.get("/fhir/metadata", headers={"accept": "application/fhir+xml"}), 406)
    assert outcome(client.get("/fhir/metadata?_format=xml"), 406)
    assert client.get("/fhir/metadata?_format=json", headers={"accept": "text/html"}).status_code == 200


def test_metadata_names_what_is_there(client: Client) -> None:
    found = client.get("/fhir/metadata").json()
    rest = found["rest"][0]
    assert found["fhirVersion"] == "4.0.1"
    assert [o["name"] for o in rest["operation"]] == ["assess"]
    definition = client.get("/fhir/OperationDefinition/assess").json()
    assert definition["url"] == rest["operation"][0]["definition"]


def test_the_questionnaires_are_found_by_id_and_by_url(client: Client) -> None:
    intake = client.get("/fhir/Questionnaire/intake").json()
    assert fhirkit.validate(json.dumps(intake)) == []
    found = client.get("/fhir/Questionnaire", params={"url": f"{intake['url']}|{intake['version']}"}).json()
    assert [e["resource"]["id"] for e in found["entry"]] == ["intake"]
    assert client.get("/fhir/Questionnaire").json()["total"] == 2
    assert "entry" not in client.get("/fhir/Questionnaire?url=urn:other").json()
    assert fhirkit.validate(client.get("/fhir/Questionnaire").content) == []


def test_an_interview_goes_to_and_fro(client: Client) -> None:
    path = "/fhir/Questionnaire/$next-question"
    begun = post(client, path, {"resourceType": "QuestionnaireResponse", "status": "in-progress"}).json()
    assert [i["linkId"] for i in begun["contained"][0]["item"][0]["item"]] == ["age_years", "sex", "setting"]
    age = {"linkId": "group.person", "item": [{"linkId": "age_years", "answer": [{"valueDecimal": 46}]}]}
    wrapped = {"name": "questionnaire-response", "resource": begun | {"item": [age]}}
    answer = post(client, path, {"resourceType": "Parameters", "parameter": [wrapped]})
    (given,) = answer.json()["parameter"]
    assert given["name"] == "return"
    assert given["resource"]["status"] == "in-progress"
    assert len(given["resource"]["contained"][0]["item"]) == 2
    assert fhirkit.validate(answer.content) == []


def test_an_interview_that_cannot_go_on_is_an_outcome(client: Client) -> None:
    path = "/fhir/Questionnaire/$next-question"
    issues = outcome(post(client, path, {"resourceType": "Patient"}), 400)
    assert "is no QuestionnaireResponse" in issues[0]["diagnostics"]
    wrong = {"linkId": "feverr", "answer": [{"valueBoolean": True}]}
    body = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": [wrong]}
    assert "did you mean 'fever'" in outcome(post(client, path, body), 400)[0]["diagnostics"]
