"""The description of the service: true to the routes, with examples that work, and a page that needs nothing else."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from backspasm import Knowledge
from backspasm.service import fhir, rest
from backspasm.service.rest.openapi.document import EVERY
from backspasm.service.rest.openapi.schemas import case_schema
from tests.doors.service.conftest import BASE_URL

Client = TestClient[Litestar]
#: described by themselves
UNDESCRIBED = {"/openapi.json", "/docs", "/docs/{name}"}


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    with TestClient(app, base_url=BASE_URL) as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
        return found


def test_every_route_is_described_and_every_description_has_a_route(document: dict[str, Any]) -> None:
    own = Litestar(route_handlers=[*rest.ROUTES, *fhir.ROUTES], openapi_config=None)
    routes = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in own.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in {"OPTIONS", "HEAD"}
    }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    service = {("/health", "get"), ("/ready", "get")}
    assert described == {r for r in routes if r[0] not in UNDESCRIBED} | service


def test_every_reference_in_the_document_resolves(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', msgspec.json.encode(document).decode()))
    assert named
    assert named <= set(document["components"]["schemas"])


def test_the_schema_of_a_case_knows_the_knowledge(knowledge: Knowledge) -> None:
    check = Draft202012Validator(case_schema(knowledge))
    assert check.is_valid({"age_years": None})
    assert check.is_valid({"age_years": 4, "present": ["fever"], "measured": {"crp": 20}, "days_ago": None})
    for wrong in (
        {},
        {"age_years": 400},
        {"age_years": 4, "present": ["feverr"]},
        {"age_years": 4, "measured": {"crp": "high"}},
        {"age_years": 4, "surplus": 1},
    ):
        assert not check.is_valid(wrong)


@pytest.mark.parametrize("operation", [o for o in EVERY if o.body], ids=lambda o: o.name)
def test_every_example_is_answered(operation: Any, document: dict[str, Any], client: Client) -> None:
    content = document["paths"][operation.path][operation.method]["requestBody"]["content"]
    for kind, body in content.items():
        example = body["example"]
        data = example.encode() if isinstance(example, str) else msgspec.json.encode(example)
        answer = client.post(operation.path, content=data, headers={"content-type": kind})
        assert answer.status_code == 200, (kind, answer.text[:300])


@pytest.mark.parametrize("operation", [o for o in EVERY if o.method == "get"], ids=lambda o: o.name)
def test_every_example_of_a_parameter_is_found(operation: Any, client: Client) -> None:
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    assert client.get(path).status_code == 200


def test_the_page_needs_no_script_no_inline_style_and_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page.text)
    loaded = re.findall(r'(?:src|href)="([^"#]+)', page.text)
    assert set(loaded) == {"/openapi.json", next(a for a in loaded if a.startswith("/docs/style-"))}
    style = client.get(next(a for a in loaded if a.startswith("/docs/style-")))
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert client.get("/docs/other.css").status_code == 404


def test_every_anchor_of_the_page_is_there(client: Client) -> None:
    text = client.get("/docs").text
    ids = set(re.findall(r' id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids
    assert {o.name for o in EVERY} <= ids
