"""What a client sends, in whatever form, and what is read from its FHIR server when something is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import fhirkit
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.fhir_client.allowed import allowed, normalised, within
from backspasm.service.settings import CdsHooksSettings
from tests.doors.service.cds.ehr import Reply, answered, running
from tests.doors.service.cds.made import (
    FLAGS,
    IMAGING,
    MEDICINES,
    Json,
    answers,
    body,
    bundle,
    cards,
    image,
    low_back_pain,
    medicine,
    person,
    record,
    service,
    signing,
)
from tests.doors.service.cds.requirements import requirement

TOKEN = {
    "access_token": "secret-of-the-ehr",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.rs",
    "subject": "us",
}
SADDLE = answers(saddle_anaesthesia=True)
WARFARIN = medicine("m", "warfarin 3 mg")
NAPROXEN = medicine("d", "naproxen 500 mg", status="draft")


# --- forms of prefetch ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        lambda r: r,
        lambda r: bundle(r),
        lambda r: [r],
        lambda r: [bundle(r), None],
        lambda r: {"response": {"status": "200 OK"}, "resource": r},
        lambda r: {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle(r)}]},
    ],
)
def test_a_resource_may_come_alone_in_a_bundle_or_in_a_list(
    shape: Callable[[Json], Any], client: TestClient[Litestar]
) -> None:
    prefetch = record(medications=shape(WARFARIN))
    (card, *_) = cards(client, MEDICINES, signing(prefetch, NAPROXEN))
    assert "takes warfarin" in card["summary"]


def test_items_under_other_names_are_read_but_prove_nothing(client: TestClient[Litestar]) -> None:
    """Some clients number what they send; some write the numbers beside prefetch."""
    inside = signing({"item1": person(), "item2": WARFARIN}, NAPROXEN)
    beside = signing({"item1": person()}, NAPROXEN) | {"item2": WARFARIN, "item3": None}
    for call in (inside, beside):
        (card, *_) = cards(client, MEDICINES, call)
        assert "takes warfarin" in card["summary"]
        assert "problems and diagnoses (not sent)" in card["detail"]
    silent = client.post(f"/cds-services/{MEDICINES}", json=signing({"item1": person(), "item2": None}, NAPROXEN))
    assert silent.status_code == 412


def test_a_single_draft_may_come_without_a_bundle(client: TestClient[Litestar]) -> None:
    call = body("order-sign", record(medications=bundle(WARFARIN)), context={"draftOrders": NAPROXEN})
    assert cards(client, MEDICINES, call)


def test_fields_of_later_versions_are_passed_over(client: TestClient[Litestar]) -> None:
    call = signing(record(medications=bundle(WARFARIN)), NAPROXEN) | {"hookVersion": "1.0", "extension": {"x": 1}}
    assert cards(client, MEDICINES, call)


# --- what is missing -----------------------------------------------------------------------------------------------


@requirement(54)
@pytest.mark.parametrize(
    ("prefetch", "missing"),
    [
        (None, ["prefetch.patient"]),
        ({}, ["prefetch.patient"]),
        ({"patient": None}, ["prefetch.patient"]),
        ({"patient": person()}, ["prefetch.conditions"]),
        (
            record()
            | {"conditions": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}},
            ["prefetch.conditions"],
        ),
        (
            record() | {"conditions": bundle() | {"link": [{"relation": "next", "url": "https://ehr.example/next"}]}},
            ["prefetch.conditions"],
        ),
        (record() | {"conditions": {"unheard": "of"}}, ["prefetch.conditions"]),
    ],
)
def test_silence_needs_the_whole_record(
    prefetch: Json | None, missing: list[str], client: TestClient[Litestar]
) -> None:
    if prefetch is not None and prefetch.get("patient") is None and "patient" in prefetch:
        prefetch = {"patient": {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal"}]}}
    answer = client.post(f"/cds-services/{FLAGS}", json=body("patient-view", prefetch))
    assert answer.status_code == 412
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert fhirkit.validate(answer.text) == []
    assert [e for issue in answer.json()["issue"] for e in issue["expression"]] == missing


def test_a_warning_beside_the_data_is_no_failure(client: TestClient[Litestar]) -> None:
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "x"}]}
    assert cards(client, FLAGS, body("patient-view", record(conditions=[bundle(), warning]))) == []


def test_what_was_not_seen_stands_on_the_card(client: TestClient[Litestar]) -> None:
    partial = {"patient": person(), "conditions": bundle(low_back_pain()), "answers": bundle(SADDLE)}
    (card,) = cards(client, FLAGS, body("patient-view", partial))
    assert (
        "**Not seen:** measurements and laboratory results (not sent); the medication list (not sent)."
        in card["detail"]
    )


def test_another_patients_record_is_refused(client: TestClient[Litestar]) -> None:
    answer = client.post(f"/cds-services/{FLAGS}", json=body("patient-view", record(patient=person(id="p2"))))
    assert answer.status_code == 400
    assert "another patient" in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hook": "order-sign"}, "hook"),
        ({"hook": None}, "hook"),
        ({"hookInstance": ""}, "hookInstance"),
        ({"context": {}}, "context"),
        ({"context": {"patientId": "../../admin"}}, "context.patientId"),
        ({"prefetch": [1]}, "prefetch"),
        ({"fhirAuthorization": TOKEN}, "fhirServer"),
        (
            {"fhirServer": "https://ehr.example", "fhirAuthorization": TOKEN | {"token_type": "mac"}},
            "fhirAuthorization.token_type",
        ),
    ],
)
def test_a_bad_call_names_the_field(change: Json, field: str, client: TestClient[Litestar]) -> None:
    call = {k: v for k, v in (body("patient-view", record()) | change).items() if v is not None}
    answer = client.post(f"/cds-services/{FLAGS}", json=call)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [p["field"] for p in answer.json()["problems"]] == [field]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"hook": 1}'])
def test_what_is_no_call_is_refused(data: bytes, client: TestClient[Litestar]) -> None:
    answer = client.post(f"/cds-services/{FLAGS}", content=data, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_an_unknown_service_is_not_found(client: TestClient[Litestar]) -> None:
    assert client.post("/cds-services/nothing", json=body("patient-view", record())).status_code == 404


# --- the client's FHIR server --------------------------------------------------------------------------------------


def fhir(method: str, path: str, headers: dict[str, str], sent: bytes) -> Reply:
    """A record in two pages of problems, one of which is back pain."""
    if headers.get("authorization") != "Bearer secret-of-the-ehr":
        return answered({}, 401)
    if path == "/fhir/Patient/p1":
        return answered(person())
    if path == "/fhir/Condition?patient=p1":
        return answered(bundle() | {"link": [{"relation": "next", "url": "/fhir/Condition?page=2"}]})
    if path == "/fhir/Condition?page=2":
        return answered(bundle(low_back_pain()))
    if path.startswith("/fhir/QuestionnaireResponse?"):
        return answered(bundle(SADDLE))
    return answered(bundle())


def asking(url: str, prefetch: Json | None = None) -> Json:
    return body("patient-view", prefetch, fhirServer=url, fhirAuthorization=TOKEN)


@requirement(61)
def test_what_is_missing_is_read_from_a_server_that_is_allowed(model: Model) -> None:
    with running(fhir) as ehr, service(model, CdsHooksSettings(fhir_servers=(f"{ehr.url}/fhir",))) as client:
        (card,) = cards(client, FLAGS, asking(f"{ehr.url}/fhir/", {"observations": None, "procedures": None}))
        assert card["indicator"] == "critical"
        assert "Not seen" not in card["detail"]
        assert {h["authorization"] for _, _, h, _ in ehr.asked} == {"Bearer secret-of-the-ehr"}
        assert not any(p.startswith(("/fhir/Observation", "/fhir/Procedure")) for p in ehr.paths)  # these were sent


def test_no_server_is_asked_that_is_not_allowed(model: Model) -> None:
    """A request must not make us call a stranger (server-side request forgery)."""
    with running(fhir) as ehr, service(model, CdsHooksSettings(fhir_servers=("https://ehr.example/fhir",))) as client:
        answer = client.post(f"/cds-services/{FLAGS}", json=asking(f"{ehr.url}/fhir"))
        assert answer.status_code == 412
        assert ehr.asked == []


def test_no_server_is_asked_without_a_token(model: Model) -> None:
    with running(fhir) as ehr, service(model, CdsHooksSettings(fhir_servers=(f"{ehr.url}/fhir",))) as client:
        answer = client.post(f"/cds-services/{FLAGS}", json=body("patient-view", None, fhirServer=f"{ehr.url}/fhir"))
        assert answer.status_code == 412
        assert ehr.asked == []


def elsewhere(reply: Reply) -> Callable[..., Reply]:
    """The server above, but for problems."""

    def answer(method: str, path: str, headers: dict[str, str], sent: bytes) -> Reply:
        return reply if path.startswith("/fhir/Condition") else fhir(method, path, headers, sent)

    return answer


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answered({}, 500), "status 500"),
        (answered({}, 302, Location="http://127.0.0.1:1/"), "status 302"),
        (answered(b"no json"), "the answer is no JSON"),
        (answered(bundle() | {"link": [{"relation": "next", "url": "http://127.0.0.1:1/x"}]}), "on another server"),
        (answered(bundle() | {"link": [{"relation": "next", "url": "/fhir/Condition?again"}]}), "more than 20 pages"),
        (answered(b'"' + b"x" * 10_000_001 + b'"'), "more than 10000000 bytes"),
    ],
)
def test_a_server_that_fails_is_no_empty_record(reply: Reply, why: str, model: Model) -> None:
    prefetch = {k: v for k, v in record().items() if k != "conditions"}
    with (
        running(elsewhere(reply)) as ehr,
        service(model, CdsHooksSettings(fhir_servers=(f"{ehr.url}/fhir",))) as client,
    ):
        answer = client.post(f"/cds-services/{FLAGS}", json=asking(f"{ehr.url}/fhir", prefetch))
        assert answer.status_code == 412
        assert why in answer.json()["issue"][0]["diagnostics"]
        assert "127.0.0.1" not in answer.text


def test_a_slow_server_is_not_waited_for(model: Model) -> None:
    def slow(*_: Any) -> Reply:
        time.sleep(0.6)
        return answered(bundle())

    settings = {"seconds_for_fhir": 0.2}
    with running(slow) as ehr, service(model, CdsHooksSettings(fhir_servers=(ehr.url,), **settings)) as client:  # type: ignore[arg-type]
        assert client.post(f"/cds-services/{FLAGS}", json=asking(ehr.url)).status_code == 412


@requirement(2, 168)
@pytest.mark.parametrize(
    "address",
    [
        "http://ehr.example/fhir",
        "http://169.254.169.254/",
        "http://localhost.evil.example/",
        "ftp://127.0.0.1/",
        "https://user:pass@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/a/../fhir",
        "https://ehr.example\\@127.0.0.1/",
        "https://ehr.example:99999/",
        "{{fhirServerUrl}}",
        "",
    ],
)
def test_only_plain_encrypted_addresses_can_be_allowed(address: str) -> None:
    """Unencrypted only to this machine, whatever the settings say."""
    assert normalised(address) is None
    assert allowed(address, (address, "https://ehr.example/fhir")) is None


def test_an_allowed_address_is_compared_whole() -> None:
    known = ("https://ehr.example/fhir/",)
    assert allowed("https://EHR.example:443/fhir", known) == "https://ehr.example/fhir"
    assert allowed("https://ehr.example/fhir2", known) is None
    assert allowed("https://ehr.example/fhir/other", known) is None
    assert within("https://ehr.example/fhir/Condition?page=2", known[0])
    assert not within("https://ehr.example/fhirother", known[0])


def test_imaging_reads_the_medicine_list_too(client: TestClient[Litestar]) -> None:
    """A blood thinner with a new deficit is a red flag also where an image is ordered."""
    thinned = record(
        conditions=bundle(low_back_pain()), medications=bundle(WARFARIN), answers=bundle(answers(motor_weakness=True))
    )
    (card, *_) = cards(client, IMAGING, signing(thinned, image("i", "MRI lumbar spine")))
    assert "Blood thinning" in card["detail"]
