"""A chart that is opened again is not worked out again, and gets what it would have got; anything else is worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.cds_hooks import answer as module
from backspasm.service.settings import CdsHooksSettings
from tests.doors.service.cds.made import FLAGS, Json, answers, body, bundle, cards, low_back_pain, record, service


@pytest.fixture
def counted(model: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TestClient[Litestar], list[int]]]:
    worked: list[int] = []
    real = module._told

    def told(*arguments: Any) -> Any:
        worked.append(1)
        return real(*arguments)

    monkeypatch.setattr(module, "_told", told)
    with service(model, CdsHooksSettings(fhir_servers=("https://ehr.example/fhir",))) as client:
        yield client, worked


def call(**more: Any) -> Json:
    return body(
        "patient-view",
        record(conditions=bundle(low_back_pain()), answers=bundle(answers(saddle_anaesthesia=True))),
        **more,
    )


def without_ids(found: list[Json]) -> list[Json]:
    return [{k: v for k, v in card.items() if k not in {"uuid", "suggestions"}} for card in found]


def test_the_same_chart_is_worked_out_once_and_each_card_has_an_id_of_its_own(
    counted: tuple[TestClient[Litestar], list[int]],
) -> None:
    client, worked = counted
    first, again = cards(client, FLAGS, call()), cards(client, FLAGS, call())  # each with a hookInstance of its own
    assert first
    assert without_ids(first) == without_ids(again)
    assert first[0]["uuid"] != again[0]["uuid"]
    assert len(worked) == 1


def test_another_fact_or_patient_is_worked_out(counted: tuple[TestClient[Litestar], list[int]]) -> None:
    client, worked = counted
    cards(client, FLAGS, call())
    more = call()
    more["prefetch"]["answers"] = bundle(answers(saddle_anaesthesia=False))
    cards(client, FLAGS, more)
    assert len(worked) == 2
    other = call()
    other["context"]["patientId"] = "p2"
    assert client.post(f"/cds-services/{FLAGS}", json=other).status_code == 400  # the record is of another patient
    assert len(worked) == 3


def test_nothing_is_kept_where_a_server_may_be_asked(counted: tuple[TestClient[Litestar], list[int]]) -> None:
    """Its record may have changed meanwhile."""
    client, worked = counted
    asked = call(fhirServer="https://ehr.example/fhir", fhirAuthorization={"access_token": "t", "token_type": "Bearer"})
    for _ in range(2):
        client.post(f"/cds-services/{FLAGS}", json=asked)
    assert len(worked) == 2
