"""What is told of a request: an audit entry before the answer, metrics without labels of a patient, and one line in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, get, post
from litestar.params import FromPath
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service import health
from backspasm.service.app import create_app
from backspasm.service.problems import store_fails
from backspasm.service.security import metrics
from backspasm.service.security.audited import assessed
from backspasm.service.security.logs import UtcLine
from backspasm.service.settings import Access, Settings, StoreSettings
from backspasm.service.store.audit import latest
from backspasm.service.store.database import Store, StoreError
from tests.doors.service.conftest import IN_MEMORY
from tests.doors.service.small import WARD, WITH_KEY, calling, guarded, settings_of

#: what must be seen nowhere: as a name, an identifier and a note would be
SECRETS = ("Xaverl", "zz-4711-mrn", "NOTE-OF-A-PATIENT")


@post("/assess", sync_to_thread=False, status_code=200)
def assess(request: Request[Any, Any, Any]) -> str:
    assessed(request, "d" * 64, "emergency", note="NOTE-OF-A-PATIENT")
    return "the assessment"


@post("/feedback/{card:str}", sync_to_thread=False, status_code=200)
def feedback(card: FromPath[str]) -> str:
    return card


@get("/evidence", sync_to_thread=False)
def evidence() -> str:
    return "studies"


def break_store(store: Store) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE audit")


# --- audit ----------------------------------------------------------------------------------------------------------------


def test_whatever_sends_data_is_entered_with_the_template_of_its_route() -> None:
    app, store = guarded([assess, feedback, evidence], settings_of())
    with calling(app) as client:
        client.post("/assess")
        client.post("/feedback/zz-4711-mrn")
        client.get("/evidence")
        client.post("/nowhere")
        client.get("/assess")
        entries = latest(store, 9)
    assert [(e.route, e.urgency, e.input_digest, e.caller, e.note) for e in reversed(entries)] == [
        ("/assess", "emergency", "d" * 64, "local", None),
        ("/feedback/{card}", None, None, "local", None),
    ]


def test_a_note_is_entered_where_that_is_switched_on() -> None:
    app, store = guarded([assess], settings_of(store=StoreSettings(url="memory", keep_note_text=True)))
    with calling(app) as client:
        client.post("/assess")
        assert latest(store, 1)[0].note == "NOTE-OF-A-PATIENT"


def test_an_answer_that_cannot_be_entered_is_held_back() -> None:
    app, store = guarded([assess, metrics.metrics], settings_of())
    with calling(app) as client:
        break_store(store)
        answer = client.post("/assess")
        counted = client.get("/metrics").text
    assert answer.status_code == 503
    assert "the assessment" not in answer.text
    assert "audit trail" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "10"
    assert "backspasm_store_failures_total 1.0" in counted
    assert 'backspasm_refused_total{reason="audit"} 1.0' in counted


def test_an_operator_may_choose_to_answer_without_the_audit_trail() -> None:
    app, store = guarded([assess], settings_of(store=StoreSettings(url="memory", audit_required=False)))
    with calling(app) as client:
        break_store(store)
        assert client.post("/assess").text == "the assessment"


def test_a_service_whose_store_fails_is_alive_and_not_ready() -> None:
    app, store = guarded(health.ROUTES, settings_of())
    app.exception_handlers[StoreError] = store_fails
    with calling(app) as client:
        assert client.get("/health").status_code == 200
        store.engine.dispose()
        store.engine.pool = type("Gone", (), {"connect": _gone, "dispose": lambda *_: None})()
        answer = client.get("/ready")
    assert answer.status_code >= 500
    assert "ready" not in answer.text


def _gone(*_: object) -> Any:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("SELECT 1", {}, Exception("gone"))


# --- metrics --------------------------------------------------------------------------------------------------------------


def test_metrics_count_by_route_and_urgency_and_name_nobody() -> None:
    app, _ = guarded([assess, feedback, metrics.metrics], settings_of())
    with calling(app) as client:
        client.post("/assess?patient=zz-4711-mrn")
        client.post("/feedback/zz-4711-mrn")
        client.post("/Xaverl")
        client.request("XAVERL", "/assess")
        client.post("/assess", headers={"Origin": "https://xaverl.example"})
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'backspasm_requests_total{method="POST",route="/assess",status="200"} 1.0' in answer.text
    assert 'backspasm_requests_total{method="POST",route="/feedback/{card}",status="200"} 1.0' in answer.text
    assert 'backspasm_assessments_total{urgency="emergency"} 1.0' in answer.text
    assert 'backspasm_refused_total{reason="origin"} 1.0' in answer.text
    assert 'backspasm_request_seconds_count{route="/assess"} 1.0' in answer.text
    for secret in SECRETS:
        assert secret.lower() not in answer.text.lower()


def test_metrics_ask_for_a_key_where_callers_are_configured() -> None:
    app, _ = guarded([metrics.metrics], settings_of(access=Access(api_keys=(WARD,))))
    with calling(app) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers=WITH_KEY).status_code == 200


# --- logs -----------------------------------------------------------------------------------------------------------------


def test_a_line_names_method_template_status_and_time(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = guarded([feedback], settings_of())
    with caplog.at_level(logging.INFO, "backspasm.access"), calling(app) as client:
        client.post("/feedback/zz-4711-mrn?q=Xaverl")
    lines = [r.getMessage() for r in caplog.records if r.name == "backspasm.access"]
    assert len(lines) == 1
    assert lines[0].startswith("POST /feedback/{card} 200 ")
    assert lines[0].endswith(" ms")


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All loggers there are, at DEBUG, with their exceptions and arguments."""
    names = [None, *logging.root.manager.loggerDict]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    yield caplog
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{r.getMessage()} {r.__dict__} {r.exc_text}" for r in caplog.records) + caplog.text


NOTE = "NOTE-OF-A-PATIENT Xaverl, zz-4711-mrn: back pain for 3 days, numb saddle."
BODIES: tuple[tuple[str, str], ...] = (
    ("text/plain", NOTE),
    ("application/json", '{"age_years": 46, "medications": ["Xaverl"], "present": ["saddle_anaesthesia"]}'),
    ("application/json", '{"age_years": 46, "present": ["NOTE-OF-A-PATIENT"]}'),
    ("application/json", '{"case": {"age_years": 46, "medications": ["Xaverl"]}, "options": ["NOTE-OF-A-PATIENT"]}'),
    ("application/json", '{"note": "NOTE-OF-A-PATIENT", "Xaverl": '),
    (
        "application/fhir+json",
        '{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient", '
        '"id": "zz-4711-mrn", "name": [{"family": "Xaverl"}], "birthDate": "1980-01-01", "gender": "male"}}]}',
    ),
    (
        "application/json",
        '{"hook": "patient-view", "hookInstance": "zz-4711-mrn", "context": {"patientId": "zz-4711-mrn"}}',
    ),
    ("application/x-www-form-urlencoded", "note=NOTE-OF-A-PATIENT&key=Xaverl&age_years=zz-4711-mrn"),
    ("application/octet-stream", "\x00Xaverl"),
)


def test_no_log_at_any_level_holds_a_name_an_identifier_or_a_note(
    app: Litestar, everything: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every route that there is, with everything that it can be sent, whether it succeeds or fails."""
    statuses = set()
    with calling(app) as client:
        client.get("/sign-in")
        token = client.cookies["backspasm-forms"]
        for route in sorted({r.path for r in app.routes}):
            path = "/".join("zz-4711-mrn" if part.startswith("{") else part for part in route.split("/"))
            query = "?patient=Xaverl&url=zz-4711-mrn"
            statuses.add(client.get(path + query, headers=headed("text/plain", token)).status_code)
            for kind, body in BODIES:
                statuses.add(client.post(path, content=body.encode(), headers=headed(kind, token)).status_code)
    assert {200, 400, 404, 405} <= statuses
    assert 403 not in statuses  # every form was let in, so that every route has seen what it was sent
    written = said(everything) + "".join(capfd.readouterr())
    assert "backspasm.access" in written
    for secret in SECRETS:
        assert secret not in written


def headed(kind: str, token: str) -> dict[str, str]:
    return {
        "X-CSRF-Token": token,
        "Content-Type": kind,
        "X-Patient": "Xaverl",
        "Cookie": f"patient=zz-4711-mrn; backspasm-session=Xaverl.zz; backspasm-forms={token}",
        "User-Agent": "NOTE-OF-A-PATIENT",
        "Referer": "https://ehr.example/zz-4711-mrn",
    }


@pytest.mark.parametrize("where", ["backspasm.advice.triage.answers_of", "backspasm.service.store.audit.Store.writing"])
def test_a_fault_that_quotes_the_patient_is_not_quoted(
    where: str,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    everything: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError(NOTE)

    app = create_app(Settings(store=IN_MEMORY), model)
    with calling(app) as client:
        monkeypatch.setattr(where, broken)
        answer = client.post("/assess", json={"age_years": 46})
    assert answer.status_code == 500
    written = said(everything) + answer.text + "".join(capfd.readouterr())
    for secret in SECRETS:
        assert secret not in written


@pytest.mark.usefixtures("app")
def test_libraries_that_log_addresses_are_silent(everything: pytest.LogCaptureFixture) -> None:
    """An outgoing request for a record names the patient in its address."""
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).warning("GET https://ehr.example/Patient/zz-4711-mrn")
    assert "zz-4711-mrn" not in said(everything)
    assert "zz-4711-mrn" not in said(everything)
    logging.getLogger("another").warning("Patient/zz-4711-mrn")  # what would have been seen
    assert "zz-4711-mrn" in said(everything)


@pytest.mark.parametrize(
    "path", ["/x%0a2026-01-01T00:00:00 INFO forged", "/x%0d%0aforged", "/x%1b[2Jforged", "/x%e2%80%a8forged"]
)
def test_a_line_of_the_log_cannot_be_forged(
    path: str, client: TestClient[Litestar], everything: pytest.LogCaptureFixture
) -> None:
    client.get(path, headers={"User-Agent": "forged"})
    client.request("FORGED", "/health")
    assert "forged" not in said(everything).lower()


def test_a_message_with_line_ends_stays_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "a\nb\r\x1b[31m\u2028c", None, None)
    line = UtcLine().format(record)
    assert line.isprintable()
    assert "a\\nb\\r\\x1b[31m\\u2028c" in line
