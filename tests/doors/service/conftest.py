"""The service as its callers meet it: in the process for most tests, as a real server where bytes and time matter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.settings import Settings


@pytest.fixture(scope="session")
def app(model: Model) -> Litestar:
    return create_app(Settings(), model)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
