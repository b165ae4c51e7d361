"""Life and readiness."""

from __future__ import annotations

from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model


def test_a_living_service_says_so(client: TestClient[Litestar]) -> None:
    assert client.get("/health").json()["status"] == "ok"


def test_readiness_names_the_knowledge(client: TestClient[Litestar], model: Model) -> None:
    assert client.get("/ready").json() == {"status": "ready", "knowledge": model.knowledge.digest}
