"""What a client learns before it calls."""

from __future__ import annotations

import re

from litestar import Litestar
from litestar.testing import TestClient

from tests.doors.service.cds.requirements import requirement

#: what a query of a prefetch template may hold (CDS Hooks 2.0, prefetch query restrictions)
READ = re.compile(r"[A-Z][A-Za-z]+/\{\{context\.\w+\}\}")
PARAMETER = re.compile(r"patient=\{\{context\.patientId\}\}|status=\w+|_count=\d+|_sort=-?[a-z]+")


@requirement(1, 4, 5, 6, 13)
def test_discovery_is_an_object_with_an_array(client: TestClient[Litestar]) -> None:
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.json()["services"], list)
    assert answer.json()["services"]


@requirement(7, 9, 10, 16)
def test_every_service_says_hook_id_and_what_it_does(client: TestClient[Litestar]) -> None:
    for service in client.get("/cds-services").json()["services"]:
        assert service["hook"] in {"patient-view", "order-select", "order-sign"}
        assert service["description"]
        assert service["title"]
        # the address is made of the id: a bad call of it is refused as such, not as unknown
        assert client.post(f"/cds-services/{service['id']}", json={}).status_code == 400


@requirement(211)
def test_a_later_answer_of_the_same_service_replaces_the_earlier_one(client: TestClient[Litestar]) -> None:
    hooks: dict[str, set[str]] = {}
    for service in client.get("/cds-services").json()["services"]:
        hooks.setdefault(service["id"], set()).add(service["hook"])
    assert hooks["spine-imaging"] == hooks["back-pain-medicines"] == {"order-select", "order-sign"}


@requirement(29, 36, 55, 56, 57, 59)
def test_prefetch_templates_keep_to_the_simple_forms(client: TestClient[Litestar]) -> None:
    for service in client.get("/cds-services").json()["services"]:
        assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        for key, template in service["prefetch"].items():
            assert re.fullmatch(r"[a-z]+", key)
            head, _, query = template.partition("?")
            assert set(re.findall(r"\{\{(.*?)\}\}", template)) <= {"context.patientId", "context.encounterId"}
            if query:
                assert re.fullmatch(r"[A-Z][A-Za-z]+", head)
                assert all(PARAMETER.fullmatch(p) for p in query.split("&")), template
            else:
                assert READ.fullmatch(head), template


@requirement(213)
def test_what_a_service_needs_of_its_client_is_said(client: TestClient[Litestar]) -> None:
    assert all(s["usageRequirements"] for s in client.get("/cds-services").json()["services"])


def test_clients_of_the_next_version_learn_which_one_we_follow(client: TestClient[Litestar]) -> None:
    assert {s["version"] for s in client.get("/cds-services").json()["services"]} == {"2.0.0"}
