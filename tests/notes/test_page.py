"""The page of a read note: what is left open comes first, and every quotation leads to its place."""

from __future__ import annotations

import re

from backspasm import Knowledge
from backspasm.presentation.note import html, left_open
from tests.notes.conftest import Reader

NOTE = (
    "PC: 58F, back pain 3/52, no fever. Feels feverish in the evenings. ?saddle numbness - not sure.\n"
    "SH: non-smoker.\nNursing note: smokes 5/day.\nBloods: adj Ca 2.71, Hb 104 g/L. <b>Power</b> 4/5 left ankle."
)


def test_a_contradiction_is_shown_with_the_words_of_both_sides(read: Reader) -> None:
    doubts = {o.finding: o for o in left_open(read(NOTE))}
    assert set(doubts) == {"fever", "smoking", "saddle_anaesthesia"}
    for finding in ("fever", "smoking"):
        assert "contradicts" in doubts[finding].why
        assert {"present", "absent"} <= {h.assertion for h in doubts[finding].hits}
    assert "in doubt" in doubts["saddle_anaesthesia"].why


def test_every_quotation_leads_to_a_mark_of_the_note(read: Reader, knowledge: Knowledge) -> None:
    page = html(read(NOTE), knowledge)
    targets = re.findall(r'href="#(m\d+)"', page)
    names = re.findall(r"<mark [^>]*id=(m\d+)", page)
    assert targets
    assert set(targets) <= set(names)
    assert len(names) == len(set(names))


def test_nothing_of_the_note_becomes_markup_and_units_are_plain(read: Reader, knowledge: Knowledge) -> None:
    page = html(read(NOTE), knowledge)
    assert "<b>Power" not in page
    assert "Calcium 2.71 mmol/L" in page
    assert "Duration of this episode 21 days" in page


def test_a_page_without_doubts_has_no_such_section(read: Reader, knowledge: Knowledge) -> None:
    assert "asked or examined again" not in html(read("No fever."), knowledge)
    assert "asked or examined again" in html(read(NOTE), knowledge)
