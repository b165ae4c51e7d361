"""The page as its addresses answer: the same as every other door, nothing kept, nothing forged, nothing inline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Request, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.testing import TestClient
from sqlalchemy import text

from backspasm import Model, assess
from backspasm.patients.reading import read_patient
from backspasm.presentation import words
from backspasm.service.page import ROUTES
from backspasm.service.page.intake import intake_page
from backspasm.service.settings import Settings
from tests.doors.service.conftest import BASE_URL

EXAMPLES = Path(__file__).parents[3] / "examples"
LIVE = {"HX-Request": "true"}
Client = TestClient[Litestar]


@pytest.fixture(scope="module")
def guarded(model: Model) -> Iterator[Client]:
    """The page behind a check for forged requests."""
    app = Litestar(
        route_handlers=[*ROUTES],
        state=State({"settings": Settings(), "model": model}),
        csrf_config=CSRFConfig(secret="of this test"),
        openapi_config=None,
    )
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def plain(model: Model) -> Iterator[Client]:
    """The page by itself."""
    app = Litestar(route_handlers=[*ROUTES], state=State({"settings": Settings(), "model": model}), openapi_config=None)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def urgency(page: str) -> str:
    found = re.search(r'id="urgency-h" data-level="([^"]+)"', page)
    assert found
    return found[1]


def test_a_forged_request_is_refused_and_the_form_of_the_page_is_not(guarded: Client) -> None:
    page = guarded.get("/").text
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert token
    assert f'<meta name="csrf-token" content="{token[1]}" data-header="x-csrftoken">' in page
    assert guarded.post("/", data={"do": "example:sciatica"}).status_code == 403
    by_form = guarded.post("/", data={"do": "example:sciatica", "_csrf_token": token[1]})
    assert urgency(by_form.text) == "ROUTINE"
    assert token[1] in by_form.text  # and the next form can be sent too
    by_header = guarded.post("/", data={"do": "example:sciatica"}, headers=LIVE | {"x-csrftoken": token[1]})
    assert urgency(by_header.text) == "ROUTINE"


@pytest.mark.parametrize("name", ["cauda_equina.yaml", "child_refuses_to_walk.yaml", "fhir_adult_emergency.json"])
def test_a_file_gives_the_urgency_that_every_other_door_gives(name: str, plain: Client, model: Model) -> None:
    data = (EXAMPLES / name).read_bytes()
    expected = assess(read_patient(data, model.knowledge), model)
    page = plain.post("/page/record", files={"record": (name, data)}).text
    assert urgency(page) == words.URGENCY[expected.urgency.level][0]
    for u in expected.not_assessed:  # what could not be read of it is said here too
        assert words.lower_first(u.what)[1:20] in page


def test_the_case_that_is_handed_out_assesses_alike(plain: Client, model: Model) -> None:
    form = {"age": "46", "sex": "male", "f-saddle_anaesthesia": "present", "m-crp": "12", "medications": "naproxen"}
    answer = plain.post("/page/case", data=form)
    assert "attachment" in answer.headers["content-disposition"]
    again = assess(read_patient(answer.content, model.knowledge), model)
    assert urgency(plain.post("/", data=form).text) == words.URGENCY[again.urgency.level][0]
    assert again.patient.medications == ("naproxen",)


def test_a_bundle_pasted_as_a_note_fills_the_form(plain: Client) -> None:
    text = (EXAMPLES / "fhir_adult_emergency.json").read_text(encoding="utf-8")
    page = plain.post("/", data={"note": text}).text
    assert urgency(page) not in {"NOT ASSESSED", "NOTHING ENTERED YET"}
    assert "resourceType" not in page


def test_braces_that_are_no_record_are_refused_at_the_note(plain: Client) -> None:
    page = plain.post("/", data={"note": '{"resourceType": "Bundle", '}, headers=LIVE).text
    assert urgency(page) == "not assessed"
    assert 'id="s-note"' in page


def test_nothing_is_kept_and_nothing_is_inline(plain: Client) -> None:
    for answer in (
        plain.get("/"),
        plain.post("/", data={"do": "example:compressed_cauda_equina"}),
        plain.post("/", data={"do": "example:numb_when_wiping"}, headers=LIVE),
        plain.post("/page/panel", data={"age": "40", "f-fever": "present", "open": "cause:discitis"}, headers=LIVE),
        plain.post("/page/course", data={"age": "40", "f-fever": "present"}, headers=LIVE),
        plain.post("/page/leaflet", data={"age": "40", "f-fever": "present"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", answer.text)


def test_words_of_a_patient_are_escaped(plain: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    form = {"note": f"No fever {hostile} back pain", "age": hostile, "medications": hostile, "find": hostile}
    page = plain.post("/", data=form).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    panel = plain.post("/page/panel", data={"open": hostile}, headers=LIVE)
    assert panel.status_code == 404
    assert "alert" not in panel.text


@pytest.mark.parametrize(
    "address",
    [
        "study:deyo1988",
        "study:deyo1988/history_of_cancer",
        "assumption:loss",
        "cause:disc_herniation",
        "complication:cauda_equina_syndrome",
        "complication:self_sustaining_spasm",
        "disputes",
        "trials",
    ],
)
def test_every_kind_of_panel_opens(address: str, plain: Client) -> None:
    form = {"age": "50", "sex": "male", "f-history_of_cancer": "present", "f-radicular_leg_pain": "present"}
    answer = plain.post("/page/panel", data=form | {"open": address}, headers=LIVE)
    assert answer.status_code == 200
    assert 'id="panel-title"' in answer.text


def test_every_source_named_by_an_answer_opens(plain: Client) -> None:
    page = plain.post("/", data={"do": "example:compressed_cauda_equina"}).text
    addresses = sorted(set(re.findall(r'name="open" value="((?:study|assumption):[^"]+)"', page)))
    assert len(addresses) > 20
    for address in addresses[::8]:
        assert plain.post("/page/panel", data={"open": address}, headers=LIVE).status_code == 200, address


def test_a_treatment_opens_with_its_trials(plain: Client) -> None:
    page = plain.post("/", data={"do": "example:lifting_strain"}).text
    address = re.search(r'value="(treatment:[^"]+)"', page)
    assert address
    form = {"age": "34", "f-improper_lifting": "present", "f-muscle_spasm": "present", "open": address[1]}
    answer = plain.post("/page/panel", data=form, headers=LIVE)
    assert answer.status_code == 200
    assert "Effects" in answer.text


def test_a_patient_of_an_ehr_is_the_intake(model: Model) -> None:
    patient = read_patient((EXAMPLES / "fhir_adult_emergency.json").read_bytes(), model.knowledge)

    @get("/launched", sync_to_thread=True)
    def launched(request: Request[Any, Any, State]) -> Response[bytes]:
        return intake_page(request, patient)

    app = Litestar(
        [*ROUTES, launched],
        state=State({"settings": Settings(), "model": model}),
        csrf_config=CSRFConfig(secret="of this test"),
        openapi_config=None,
    )
    with TestClient(app) as client:
        page = client.get("/launched").text
        assert urgency(page) == words.URGENCY[assess(patient, model).urgency.level][0]
        token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
        assert token
        going_on = client.post("/", data={"age": "40", "f-fever": "present", "_csrf_token": token[1]})
        assert going_on.status_code == 200


def test_the_audit_trail_knows_the_answer_and_not_the_note(client: Client, app: Litestar, model: Model) -> None:
    page = client.get("/").text
    token = re.search(r'name="csrf-token" content="([0-9a-f]+)" data-header="([^"]+)"', page)
    assert token
    form = {"note": "50 year old man. Numb in the saddle area."}
    answer = client.post("/", data=form, headers=LIVE | {token[2]: token[1], "Origin": BASE_URL})
    assert urgency(answer.text) == "EMERGENCY"
    with app.state.store.engine.connect() as connection:
        rows = connection.execute(text("select * from audit")).mappings().all()
    last = [row for row in rows if row["route"] == "/" and row["urgency"]][-1]
    assert last["urgency"] == "emergency"
    assert "saddle" not in str(dict(last))


def test_an_empty_form_gives_no_urgency(plain: Client) -> None:
    assert urgency(plain.get("/").text) == "nothing entered"
    refused = plain.post("/page/report", data={})
    assert refused.status_code == 400
    assert "nothing was entered" in refused.text


def test_what_cannot_be_used_leaves_no_answer_standing(plain: Client) -> None:
    page = plain.post("/", data={"age": "40", "f-fever": "present", "m-crp": "x"}, headers=LIVE).text
    assert urgency(page) == "not assessed"
    assert "Differential" not in page


def test_a_message_goes_when_its_cause_goes(plain: Client) -> None:
    page = plain.post("/", data={"age": "40", "m-crp": "5", "had": "m-crp"}, headers=LIVE).text
    slot = re.search(r'<div class="slot" id="s-m-crp"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert slot
    assert "error" not in slot[1]


def test_assets_are_kept_for_good_under_their_digest_alone(plain: Client) -> None:
    page = plain.get("/").text
    for address in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page):
        answer = plain.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert plain.get("/assets/000000000000/page.css").status_code == 404
    assert plain.get("/assets/000000000000/..%2F__init__.py").status_code == 404


def test_a_fault_says_nothing_of_the_patient(
    plain: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("prostate cancer")

    monkeypatch.setattr("backspasm.service.page.screen.patient_of", broken)
    answer = plain.post("/", data={"note": "prostate cancer"}, headers=LIVE)
    assert answer.status_code == 500
    assert "prostate" not in answer.text + caplog.text


def test_the_script_asks_for_no_other_host(plain: Client) -> None:
    page = plain.get("/").text
    script = plain.get(next(a for a in re.findall(r'src="([^"]+)"', page) if a.endswith("page.js"))).text
    assert "http" not in script
    assert "eval(" not in script
    config = re.search(r"name=\"htmx-config\" content='([^']+)'", page)
    assert config
    assert json.loads(config[1])["selfRequestsOnly"] is True
