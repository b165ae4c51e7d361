"""REST: the bytes of the command line, and refusals that name field and mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm import Model, assess, from_case
from backspasm.presentation.as_json import to_data
from backspasm.service.rest.openapi.contract import Assessment, Next, Reading
from backspasm.service.rest.openapi.course import Course
from tests.conftest import random_patients
from tests.doors.conftest import Run

Client = TestClient[Litestar]
EXAMPLES = Path(__file__).parents[3] / "examples"
CASE = {"age_years": 46, "present": ["saddle_anaesthesia"], "absent": ["fever"]}
NOTE = b"46M, 3/7 LBP after lifting, numb between the legs, no fever."
JSON, FHIR, TEXT = "application/json", "application/fhir+json", "text/plain"


def post(client: Client, path: str, body: Any, kind: str = JSON, accept: str = "*/*") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=data, headers={"content-type": kind, "accept": accept})


# --- answers -------------------------------------------------------------------------------------------------------


def test_a_case_is_answered_with_the_bytes_of_the_command(client: Client, run: Run) -> None:
    body = json.dumps(CASE).encode()
    answer = post(client, "/assess", body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert answer.text == run("assess", "-", "--format", "json", stdin=body).out


def test_a_bundle_and_a_note_too(client: Client, run: Run) -> None:
    record = (EXAMPLES / "fhir_child_clinic.json").read_bytes()
    assert post(client, "/assess", record, FHIR).text == run("assess", "-", "--format", "json", stdin=record).out
    answer = post(client, "/assess", NOTE, f"{TEXT}; charset=utf-8")
    assert answer.text == run("assess", "-", "--from", "note", "--format", "json", stdin=NOTE).out


@pytest.mark.parametrize(
    ("accept", "form", "option"),
    [
        ("text/html", "text/html; charset=utf-8", "html"),
        ("text/markdown", "text/markdown; charset=utf-8", "markdown"),
        (FHIR, FHIR, "fhir"),
        ("text/html;q=0.1, application/json", JSON, "json"),
    ],
)
def test_the_form_is_the_one_accepted(accept: str, form: str, option: str, client: Client, run: Run) -> None:
    answer = post(client, "/assess", CASE, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, form)
    assert answer.text == run("assess", "-", "--format", option, stdin=json.dumps(CASE).encode()).out


def test_next_is_the_part_of_the_assessment(client: Client, model: Model) -> None:
    found = post(client, "/next", CASE).json()
    assert found == json.loads(
        msgspec.json.encode(to_data(assess(from_case(CASE, model.knowledge), model, 20), model.knowledge)["next"])
    )


def test_a_note_is_read_as_by_the_command(client: Client, run: Run) -> None:
    answer = post(client, "/read", NOTE, TEXT)
    assert answer.text == run("read", "-", "--format", "json", stdin=NOTE).out
    page = post(client, "/read", NOTE, TEXT, accept="text/html")
    assert page.text == run("read", "-", "--format", "html", stdin=NOTE).out


def test_a_course_is_simulated_as_by_the_command(client: Client, run: Run) -> None:
    case = {"age_years": 34, "measured": {"pain_intensity": 7, "duration_days": 2}}
    asked = {"case": case, "options": ["nsaid"], "days": 20, "draws": 40, "seed": 3}
    wanted = run(
        "simulate", "-", "-o", "nsaid", "--days", "20", "--draws", "40", "--seed", "3", "--format", "json",
        stdin=json.dumps(case).encode(),
    )  # fmt: skip
    assert post(client, "/simulate", asked).text == wanted.out


def test_evidence_and_knowledge_are_those_of_the_commands(client: Client, run: Run, model: Model) -> None:
    assert client.get("/evidence").text == run("evidence", "--format", "json").out
    assert client.get("/evidence/deyo1988").text == run("evidence", "deyo1988", "--format", "json").out
    fact = run("evidence", "deyo1988/history_of_cancer", "--format", "json").out
    assert client.get("/evidence/deyo1988/history_of_cancer").text == fact
    rate = run("evidence", "discitis/fever", "--age", "young_child", "--format", "json").out
    assert client.get("/evidence/discitis/fever?age=young_child").text == rate
    whole = client.get("/knowledge").json()
    assert (whole["version"], whole["digest"]) == (model.knowledge.version, model.knowledge.digest)
    assert whole["coverage"] == json.loads(run("knowledge", "coverage", "--no-effects", "--format", "json").out)
    for kind, count in whole["counts"].items():
        ids = client.get(f"/knowledge/{kind}").json()["ids"]
        assert len(ids) == count > 0
        assert client.get(f"/knowledge/{kind}/{ids[0]}").json()["id"] == ids[0]


# --- the types of the document are true ----------------------------------------------------------------------------


def test_every_answer_has_the_type_that_is_described(client: Client, model: Model) -> None:
    for patient in random_patients(4, 11, model.knowledge):
        data = json.loads(msgspec.json.encode(to_data(assess(patient, model, 20), model.knowledge)))
        found = msgspec.convert(data, Assessment)
        if found.course != {"assessed": False}:
            msgspec.convert(data["course"], Course)
        msgspec.convert(data["next"], Next)
    msgspec.json.decode(post(client, "/assess", CASE).content, type=Assessment)
    msgspec.json.decode(post(client, "/read", NOTE, TEXT).content, type=Reading)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "status", "field"),
    [
        (b"", JSON, 400, "body"),
        (b"{", JSON, 400, "input"),
        (b"[1]", JSON, 400, "input"),
        (b"age_years: 5", JSON, 400, "input"),
        (b'{"age_years": 5, "age_years": 6}', JSON, 400, "age_years"),
        (b"\xff\xfe{}", JSON, 400, "input"),
        (b'{"a":' * 50_000, JSON, 400, "input"),
        ({"age_years": 46, "presnt": []}, JSON, 400, "presnt"),
        ({"age_years": "old"}, JSON, 400, "age_years"),
        ({"present": []}, JSON, 400, "age_years"),
        ({"age_years": 5, "present": ["feverr"]}, JSON, 400, "present"),
        ({"age_years": 5, "measured": {"crp": -4}}, JSON, 400, "measured.crp"),
        ({"age_years": 5, "present": ["severe_motor_weakness"], "absent": ["motor_weakness"]}, JSON, 400, "absent"),
        ({"resourceType": "Bundle"}, JSON, 400, "resourceType"),
        ({"resourceType": "Patient"}, FHIR, 400, "resourceType"),
        (b"   ", TEXT, 400, "body"),
    ],
)
def test_bad_input_is_refused_with_field_and_mend(
    body: Any, kind: str, status: int, field: str, client: Client
) -> None:
    answer = post(client, "/assess", body, kind)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["problems"][0]["field"] == field
    assert all(p["mend"] and "Mend: " in p["problem"] for p in problem["problems"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"case": {"age_years": 40}, "draws": 1}, "draws"),
        ({"case": {"age_years": 40}, "days": 4.5}, "days"),
        ({"case": {"age_years": 40}, "option": ["nsaid"]}, "body"),
        ({"case": []}, "case"),
        ({"case": {"age_years": 40}, "options": ["nsaidd"]}, "option"),
        ({"case": {"age_years": 40, "absent": ["x"]}}, "absent"),
        ([], "body"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(body: Any, field: str, client: Client) -> None:
    answer = post(client, "/simulate", body)
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["field"] == field


@pytest.mark.parametrize(
    ("path", "kind", "accept", "status"),
    [
        ("/assess", "application/xml", "*/*", 415),
        ("/assess", "", "*/*", 415),
        ("/assess", "text/plain; charset=latin-1", "*/*", 415),
        ("/assess", JSON, "image/png", 406),
        ("/read", JSON, "*/*", 415),
        ("/next", JSON, "text/html", 406),
        ("/simulate", TEXT, "*/*", 415),
    ],
)
def test_other_media_types_are_refused(path: str, kind: str, accept: str, status: int, client: Client) -> None:
    answer = post(client, path, b"{}", kind, accept)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "Mend: " in answer.json()["title"]


@pytest.mark.parametrize(
    "path", ["/evidence/deyo198", "/evidence/deyo1988/nothing", "/knowledge/causs", "/knowledge/causes/discits"]
)
def test_an_unknown_id_is_answered_with_a_mend(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Mend: " in answer.json()["title"]


def test_an_unknown_age_group_is_refused(client: Client) -> None:
    answer = client.get("/evidence/fever?age=baby")
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (400, "age")


@pytest.mark.parametrize("path", ["/assess", "/simulate", "/evidence", "/knowledge/causes"])
def test_a_method_that_is_not_offered_is_named(path: str, client: Client) -> None:
    answer = client.put(path)
    assert answer.status_code == 405
    assert answer.headers["allow"]


def test_no_word_of_a_refused_note_comes_back(client: Client) -> None:
    secret = "Zaphod Beeblebrox"
    for kind in (JSON, FHIR):
        assert secret not in post(client, "/assess", f"{secret} has back pain and no fever".encode(), kind).text
