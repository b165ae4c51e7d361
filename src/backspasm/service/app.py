"""The application: settings and a model in, an ASGI application out. Each part brings its own routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.service import cds_hooks, fhir, health, page, rest, smart
from backspasm.service.cds_hooks.answer import desk_of
from backspasm.service.cds_hooks.cors import add_headers
from backspasm.service.fhir.outcomes import refused_by_path
from backspasm.service.kept import Kept
from backspasm.service.problems import bad_input, fault, store_fails
from backspasm.service.security import metrics, sign_in
from backspasm.service.security.cookies import cookie_name, derived, is_secure
from backspasm.service.security.logs import silence_quoting_libraries
from backspasm.service.security.paths import API_PATTERNS
from backspasm.service.security.shield import Shield
from backspasm.service.settings import Settings
from backspasm.service.store.database import Store, StoreError, connect, migrate
from backspasm.service.tokens.keys import KeyCache

#: about what one entry of `Kept` takes
BYTES_OF_ONE = 64_000


def create_app(settings: Settings, model: Model) -> Litestar:
    """The whole service over one model. Two applications of one process share nothing but the model.

    Raises:
        InputError: where the store's address or secret cannot be used.
    """
    silence_quoting_libraries()
    store, instruments = connect(settings.store), metrics.Metrics()
    app = Litestar(
        route_handlers=[
            *health.ROUTES,
            *metrics.ROUTES,
            *sign_in.ROUTES,
            *rest.ROUTES,
            *fhir.ROUTES,
            *cds_hooks.ROUTES,
            *smart.ROUTES,
            *page.ROUTES,
        ],
        state=State(
            {
                "settings": settings,
                "model": model,
                "store": store,
                "metrics": instruments,
                "token_keys": KeyCache(),
                "kept": kept_by(settings),
            }
        ),
        exception_handlers={
            InputError: bad_input,
            StoreError: store_fails,
            HTTPException: refused_by_path,
            Exception: fault,
        },
        before_send=[add_headers],
        openapi_config=None,
        logging_config=None,  # how to log is the operator's choice, not the framework's
        csrf_config=csrf_of(settings, store),
        request_max_body_size=None,  # the shield holds the limit, for every route alike
        lifespan=[_keeping_store],
    )
    shield(app, settings, store, instruments, model.knowledge.digest)
    return app


def kept_by(settings: Settings) -> Kept[Any]:
    """Room for what was worked out of a call's data, under the same limits as answers that are given again."""
    return Kept(settings.limits.repeat_bytes // BYTES_OF_ONE, settings.limits.repeat_seconds)


def shield(app: Litestar, settings: Settings, store: Store, instruments: metrics.Metrics, knowledge: str) -> None:
    """Put the shield around an application."""
    around = Shield(app.asgi_handler, settings, store, instruments, knowledge, repeatable_paths(app))
    app.asgi_handler = around
    app.on_startup.append(around.reset)


def repeatable_paths(app: Litestar) -> frozenset[str]:
    """Paths of routes that say ``opt={"repeatable": True}``: the same question has the same answer there."""
    routes = (route for route in app.routes if isinstance(route, HTTPRoute))
    return frozenset(r.path for r in routes for handler in r.route_handlers if handler.opt.get("repeatable"))


def csrf_of(settings: Settings, store: Store) -> CSRFConfig:
    """A token against forged forms on every route of the page: cookie and header (or hidden field) must agree."""
    return CSRFConfig(
        secret=derived(store.secret, "forms").hex(),
        cookie_name=cookie_name(settings, "forms"),
        header_name="x-csrf-token",
        cookie_httponly=True,
        cookie_secure=is_secure(settings),
        cookie_samesite="lax",
        exclude=[*API_PATTERNS, "^/health$", "^/ready$", "^/assets/"],
    )


@asynccontextmanager
async def _keeping_store(app: Litestar) -> AsyncIterator[None]:
    store: Store = app.state.store
    await asyncio.to_thread(migrate, store)
    app.state.desk = desk_of(store)  # belongs to the event loop of this start
    try:
        yield
    finally:
        await asyncio.to_thread(store.close)
