"""A real Chromium before a real server. A test fails on any error in the console, on any breach of the content security
policy, and on any request that leaves the machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.settings import Limits, Settings, StoreSettings
from tests.doors.browser.chromium import QUIET, chromium

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
#: milliseconds; a machine that runs other tests beside is slow
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)

Opened = Callable[..., Page]


@contextmanager
def running(model: Model, **settings: Any) -> Iterator[str]:
    """The address of a service that runs with these settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chosen = Settings(
        port=port, store=StoreSettings(url="memory"), limits=Limits(requests_per_minute=100_000), **settings
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(chosen, model), port=port, log_level="warning", access_log=False, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE / 1000
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
    yield chosen.url
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def server(model: Model) -> Iterator[str]:
    """The address of a running service."""
    with running(model) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; one for a module, since its driver keeps an event loop in this thread."""
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, server: str) -> Iterator[Opened]:
    """``opened(width=390, dark=True)``: the page in a window of its own. ``refused``: a message of the console that is wanted."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    wanted: list[str] = []

    def seen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(w in message.text for w in wanted):
            wrong.append(f"console: {message.text}")

    def left(request: Request) -> None:
        if not request.url.startswith((server, "data:", "blob:")):
            wrong.append(f"request to {request.url}")

    def call(width: int = 1280, height: int = 900, dark: bool = False, script: bool = True, refused: str = "") -> Page:
        wanted.extend([refused] if refused else [])
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", seen)
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("request", left)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{server}/")
        return page

    yield call
    for context in contexts:
        context.close()
    assert wrong == []


def updated(page: Page, act: Callable[[], Any]) -> None:
    """Do something that changes the form, and wait until the answer has followed."""
    with page.expect_response(lambda r: r.request.method == "POST" and r.url.endswith("/")):
        act()
    expect(page.locator("body:not(.is-busy)")).to_have_count(1)
    expect(page.locator("#answer.htmx-swapping, #answer.htmx-settling, #answer .htmx-added")).to_have_count(0)


def enter(page: Page, **texts: str) -> None:
    """Type into fields (``m_crp`` for ``m-crp``), leave the last one, and wait for the answer."""

    def act() -> None:
        for name, text in texts.items():
            page.locator(f"#{name.replace('_', '-')}").fill(text)
        page.keyboard.press("Tab")

    updated(page, act)


def example(page: Page, name: str) -> None:
    page.locator(".menu > summary", has_text="Examples").click()
    updated(page, page.locator(f".menu button[value='example:{name}']").click)


def level(page: Page) -> str:
    return page.locator("#urgency-h").inner_text()


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, one line a finding; transitions are over."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['help']}: " + "; ".join(f"{n['target']} {n['failureSummary']}" for n in v["nodes"][:4])
        for v in found["violations"]
    ]
