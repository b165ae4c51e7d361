"""A small application behind the real shield, with routes that a test can hold up or make fail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient

from backspasm.service.app import shield
from backspasm.service.security.metrics import Metrics
from backspasm.service.settings import Access, ApiKey, Limits, Settings, StoreSettings
from backspasm.service.store.database import Store, connect, migrate
from tests.doors.service.conftest import BASE_URL, IN_MEMORY

KEY = "a-key-of-the-ward"
WARD = ApiKey(name="ward 3", sha256=hashlib.sha256(KEY.encode()).hexdigest())
WITH_KEY = {"Authorization": f"Bearer {KEY}"}


def settings_of(
    limits: Limits | None = None, access: Access | None = None, store: StoreSettings = IN_MEMORY, **more: Any
) -> Settings:
    return Settings(limits=limits or Limits(), access=access or Access(), store=store, **more)


def guarded(handlers: Sequence[Any], settings: Settings) -> tuple[Litestar, Store]:
    """The application and its store, whose tables are made."""
    store, instruments = connect(settings.store), Metrics()
    migrate(store)
    app = Litestar(
        list(handlers),
        state=State({"settings": settings, "store": store, "metrics": instruments}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )
    shield(app, settings, store, instruments, "k" * 64)
    return app, store


def calling(app: Litestar, **more: Any) -> AbstractContextManager[TestClient[Litestar]]:
    return TestClient(app, base_url=BASE_URL, raise_server_exceptions=False, **more)
