"""What became of cards: feedback, no repeat of what was overridden, and the report."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.settings import StoreSettings
from backspasm.service.store.database import connect
from backspasm.service.store.tables import cards as card_table
from backspasm.service.store.tables import feedback as feedback_table
from tests.doors.service.cds.made import (
    FLAGS,
    MEDICINES,
    Json,
    answers,
    body,
    bundle,
    cards,
    just_now,
    low_back_pain,
    medicine,
    record,
    service,
    signing,
)

SADDLE = body(
    "patient-view", record(conditions=bundle(low_back_pain()), answers=bundle(answers(saddle_anaesthesia=True)))
)


def overriding(card: Json, /, **more: object) -> Json:
    return {"feedback": [{"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": just_now()} | more]}


def test_what_was_overridden_is_not_said_again_to_the_same_person(store_settings: StoreSettings, model: Model) -> None:
    with service(model, store=store_settings) as client:
        (card,) = cards(client, FLAGS, SADDLE)
        reason = {"reason": {"code": "known-and-planned", "system": "urn:backspasm:override-reason"}}
        given = client.post(f"/cds-services/{FLAGS}/feedback", json=overriding(card, overrideReason=reason))
        assert given.status_code == 200
        assert cards(client, FLAGS, SADDLE) == []
        colleague = SADDLE | {"context": {"patientId": "p1", "userId": "Practitioner/2"}}
        assert cards(client, FLAGS, colleague)
        other = SADDLE | {"context": {"patientId": "p2", "userId": "Practitioner/1"}}
        other["prefetch"] = SADDLE["prefetch"] | {"patient": SADDLE["prefetch"]["patient"] | {"id": "p2"}}
        other["prefetch"]["conditions"] = bundle(low_back_pain(subject={"reference": "Patient/p2"}))
        other["prefetch"]["answers"] = bundle(
            answers(saddle_anaesthesia=True) | {"subject": {"reference": "Patient/p2"}}
        )
        assert cards(client, FLAGS, other)


def test_a_new_fact_is_said(client: TestClient[Litestar]) -> None:
    (card,) = cards(client, FLAGS, SADDLE)
    client.post(f"/cds-services/{FLAGS}/feedback", json=overriding(card))
    worse = bundle(answers(saddle_anaesthesia=True, severe_motor_weakness=True))
    (again,) = cards(client, FLAGS, SADDLE | {"prefetch": SADDLE["prefetch"] | {"answers": worse}})
    assert again["indicator"] == "critical"


def test_a_word_taken_back_counts(client: TestClient[Litestar]) -> None:
    call = signing(record(medications=bundle(medicine("m", "warfarin"))), medicine("d", "naproxen"))
    (card, *_) = cards(client, MEDICINES, call)
    client.post(f"/cds-services/{MEDICINES}/feedback", json=overriding(card, outcomeTimestamp="2026-01-01T00:00:00Z"))
    taken = {"acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}], "outcome": "accepted"}
    client.post(f"/cds-services/{MEDICINES}/feedback", json=overriding(card, **taken))
    assert cards(client, MEDICINES, call)


def test_feedback_on_a_stranger_to_us_is_said_to_be_so(client: TestClient[Litestar]) -> None:
    stranger = overriding({"uuid": "00000000-0000-4000-8000-000000000000"})
    answer = client.post(f"/cds-services/{FLAGS}/feedback", json=stranger)
    assert answer.status_code == 404
    assert "1 card(s) were never sent" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": "accepted"}, "feedback[0].acceptedSuggestions"),
        ({"overrideReason": {}}, "feedback[0].overrideReason"),
        ({"outcomeTimestamp": "2026-01-01T00:00:00"}, "feedback[0].outcomeTimestamp"),
        ({"outcome": "ignored"}, "feedback"),
        ({"card": ""}, "feedback[0].card"),
    ],
)
def test_bad_feedback_names_the_field(change: Json, field: str, client: TestClient[Litestar]) -> None:
    answer = client.post(f"/cds-services/{FLAGS}/feedback", json=overriding({"uuid": "x"}, **change))
    assert answer.status_code == 400
    assert [p["field"] for p in answer.json()["problems"]] == [field]


def test_no_feedback_is_fine(client: TestClient[Litestar]) -> None:
    assert client.post(f"/cds-services/{FLAGS}/feedback", json={"feedback": []}).status_code == 200
    assert client.post(f"/cds-services/{FLAGS}/feedback", json={}).status_code == 400


def test_the_report_counts_and_names_nobody(model: Model) -> None:
    with service(model) as client:
        assert "No card was sent yet" in client.get("/cds-services/report", headers={"accept": "text/html"}).text
        (first,), (second,) = cards(client, FLAGS, SADDLE), cards(client, FLAGS, SADDLE)
        reason = {"reason": {"code": "examined-not-there"}, "userComment": "felt it myself <b>"}
        client.post(f"/cds-services/{FLAGS}/feedback", json=overriding(first, overrideReason=reason))
        (row,) = client.get("/cds-services/report").json()["reception"]
        assert (row["shown"], row["overridden"], row["unanswered"]) == (2, 1, 1)
        assert row["reasons"] == {"examined-not-there": 1}
        page = client.get("/cds-services/report", headers={"accept": "text/html,*/*"})
        assert page.headers["content-type"].startswith("text/html")
        assert "Examined by me: the sign is not there: 1" in page.text
        assert "<style" not in page.text
        assert "style=" not in page.text
        assert client.get("/cds-services/report.css").headers["content-type"].startswith("text/css")
        for text in (page.text, str(row)):
            assert "p1" not in text
            assert "Practitioner" not in text
            assert second["uuid"] not in text


def test_the_store_holds_no_identifier_and_no_comment(tmp_path: object, model: Model) -> None:
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/cards.sqlite", secret_file=f"{tmp_path}/key")
    with service(model, store=settings) as client:
        (card,) = cards(client, FLAGS, SADDLE)
        told = overriding(card, overrideReason={"userComment": "Mrs Miller says no"})
        client.post(f"/cds-services/{FLAGS}/feedback", json=told)
    store = connect(settings)
    with store.reading() as connection:
        rows = [*connection.execute(card_table.select()), *connection.execute(feedback_table.select())]
    store.close()
    assert len(rows) == 2
    assert "p1" not in {str(v) for row in rows for v in row}
    assert "Miller" not in str(rows)
