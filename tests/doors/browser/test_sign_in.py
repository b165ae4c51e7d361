"""Where callers are configured, a browser signs in before it sees the page."""

from __future__ import annotations

import hashlib

from playwright.sync_api import Browser, expect

from backspasm.inference.model import Model
from backspasm.service.settings import Access, ApiKey
from tests.doors.browser.conftest import PATIENCE, example, level, running

KEY = "a-key-that-an-operator-gave"


def test_a_browser_signs_in_and_uses_the_page(browser: Browser, model: Model) -> None:
    access = Access(api_keys=(ApiKey("ward", hashlib.sha256(KEY.encode()).hexdigest()),))
    with running(model, access=access) as address:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{address}/")
        for key, there in (("wrong", False), (KEY, True)):
            page.get_by_label("Key that your operator gave you").fill(key)
            page.get_by_role("button", name="Sign in").click()
            expect(page.locator("#urgency-h")).to_have_count(int(there))
        example(page, "sciatica")
        assert level(page) == "ROUTINE"
        context.close()
