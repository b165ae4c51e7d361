"""The service as its callers meet it: in the process for most tests, as a real server where bytes and time matter."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.settings import Settings, StoreSettings
from tests.doors.service import postgresql

#: the tests' own address; the service answers to no other name
BASE_URL = "http://127.0.0.1:8000"
IN_MEMORY = StoreSettings(url="memory")


@pytest.fixture(scope="session")
def app(model: Model) -> Litestar:
    return create_app(Settings(store=IN_MEMORY), model)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[str]:
    with postgresql.running() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    """An empty store, in a file and in a real PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/store.sqlite"
    else:
        folder = request.getfixturevalue("postgresql_folder")
        url = postgresql.new_database(folder, f"test_{uuid.uuid4().hex}")
    return StoreSettings(url=url, secret_file=str(tmp_path / "pseudonyms.key"))
