"""Keyboard, screen reader, narrow windows, the dark: nobody is left out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.doors.browser.conftest import Opened, axe, enter, example, level, updated

NOTE = "Woman of 67, primary care. Thoracic pain for 2 months, worse at night. Breast cancer 4 years ago. ?fever. No saddle numbness."


def typed(page: Page, text: str, key: str) -> None:
    """Type into the search, wait for what is found, press a key."""
    with page.expect_response(lambda r: r.url.endswith("/page/find")):
        page.keyboard.type(text)
    page.wait_for_selector("#found li")
    updated(page, lambda: page.keyboard.press(key))


def test_the_keyboard_is_enough(opened: Opened) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    typed(page, "numb saddle", "Enter")
    assert level(page) == "EMERGENCY"
    assert page.evaluate("document.activeElement.id") == "find"
    typed(page, "fever", "Shift+Enter")
    expect(page.locator("#f-fever-absent")).to_be_checked()
    # with the arrows, to one further down
    with page.expect_response(lambda r: r.url.endswith("/page/find")):
        page.keyboard.type("leg")
    page.wait_for_selector("#found li:nth-child(2)")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.value")
    assert second.startswith("absent:")
    updated(page, lambda: page.keyboard.press("Enter"))
    expect(page.locator(f"#f-{second.removeprefix('absent:')}-absent")).to_be_checked()
    # on a finding that was answered
    page.locator("#f-fever-absent").focus()
    updated(page, lambda: page.keyboard.press("y"))
    expect(page.locator("#f-fever-present")).to_be_checked()
    assert page.evaluate("document.activeElement.id") == "f-fever-present"
    # a question: to it, answer it, and the focus is at the next
    page.keyboard.press("q")
    assert page.evaluate("document.activeElement.id") == "ask-1-present"
    updated(page, lambda: page.keyboard.press("Enter"))
    assert page.evaluate("document.activeElement.id") == "ask-1-present"
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("u")
    assert page.evaluate("document.activeElement.id") == "urgency"


def test_every_stop_of_the_keyboard_is_seen(opened: Opened) -> None:
    page = opened()
    example(page, "renal_colic")
    for _ in range(40):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => { const e = document.activeElement, near = e.nextElementSibling;
                const seen = x => { const s = getComputedStyle(x); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; };
                return seen(e) || (near !== null && seen(near)) || e.className; }"""
        )
        assert shown is True, shown


def test_a_change_of_urgency_is_announced_once(opened: Opened) -> None:
    page = opened()
    example(page, "lifting_strain")
    status = page.get_by_role("status")
    expect(status).to_contain_text("Urgency: self-care")
    updated(page, lambda: page.locator("#f-saddle_anaesthesia-present").check(force=True))
    expect(status).to_contain_text("Urgency: emergency")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(opened: Opened, dark: bool) -> None:
    page = opened(dark=dark)
    assert axe(page) == [], "empty page"
    example(page, "compressed_cauda_equina")
    page.wait_for_selector("svg.course")
    assert axe(page) == [], "example"
    page.locator("#cause-disc-herniation button").click()
    page.wait_for_selector("#panel table.steps")
    assert axe(page) == [], "panel"
    page.locator("#panel table.steps .lk").first.click()
    page.wait_for_selector("#panel h3:has-text('Without this study')")
    assert axe(page) == [], "study"
    page.keyboard.press("Escape")
    updated(page, page.get_by_role("button", name="Clear").click)
    updated(page, lambda: page.locator("#note").fill(NOTE))
    page.locator(".mk summary").first.click()
    enter(page, m_esr="much")
    assert axe(page) == [], "note, and a wrong value"


def test_axe_finds_nothing_on_other_urgencies(opened: Opened) -> None:
    page = opened(width=390, height=800)
    seen = set()
    for name in ("lifting_strain", "sciatica", "young_inflammatory", "toddler_discitis"):
        example(page, name)
        seen.add(level(page))
        assert axe(page) == [], name
    assert seen == {"SELF-CARE", "ROUTINE", "URGENT", "SAME DAY"}


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_scrolls_sideways(opened: Opened, width: int) -> None:
    """320 CSS pixels is a window of 1280 at 400 %."""
    page = opened(width=width, height=700)
    updated(page, lambda: page.locator("#note").fill(NOTE))
    example(page, "compressed_cauda_equina")
    page.wait_for_selector("svg.course")
    for details in page.locator("#answer details").all()[:12]:
        details.evaluate("d => { d.open = true; }")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    page.locator("#cause-disc-herniation button").click()
    page.wait_for_selector("#panel table.steps")
    assert (
        page.evaluate("document.getElementById('panel').scrollWidth - document.getElementById('panel').clientWidth")
        <= 0
    )


def test_a_phone_shows_the_urgency_first_and_keeps_it(opened: Opened) -> None:
    page = opened(width=390, height=800)
    example(page, "compressed_cauda_equina")
    page.evaluate("scrollTo(0, 0)")
    urgency, form = page.locator("#urgency").bounding_box(), page.locator("#case").bounding_box()
    assert urgency is not None
    assert form is not None
    assert urgency["y"] < form["y"]
    page.locator("#differential").scroll_into_view_if_needed()
    expect(page.locator("#bar")).to_be_visible()
    expect(page.locator("#bar .level")).to_have_text("EMERGENCY")
