"""Lengths of time and moments in all the ways in which notes write them."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.values import find_values

ROWS: tuple[tuple[str, tuple[tuple[float, str], ...]], ...] = (
    ("3/7", ((3, "length"),)),
    ("for 2/52", ((14, "length"),)),
    ("6/12 hx", ((180, "length"),)),
    ("10/7 ago", ((10, "ago"),)),
    ("2-3/52 of this", ((17.5, "length"),)),
    ("unwell 5d", ((5, "length"),)),
    ("x3d", ((3, "length"),)),
    ("x 2 days", ((2, "length"),)),
    ("3 wks hx", ((21, "length"),)),
    ("18 mths", ((540, "length"),)),
    ("2 yrs hx", ((730, "length"),)),
    ("six months ago", ((180, "ago"),)),
    ("3 weeks earlier", ((21, "ago"),)),
    ("2 days prior to admission", ((2, "ago"),)),
    ("since Monday", ((3.5, "since"),)),
    ("since last Monday", ((6, "since"),)),
    ("last Tuesday", ((6, "ago"),)),
    ("on Friday", ((3.5, "ago"),)),
    ("since yesterday", ((1, "since"),)),
    ("yesterday evening", ((1, "ago"),)),
    ("since this morning", ((0.25, "since"),)),
    ("overnight", ((0.5, "ago"),)),
    ("last night", ((1, "ago"),)),
    ("the day before yesterday", ((2, "ago"),)),
    ("a couple of weeks ago", ((14, "ago"),)),
    ("a couple of days", ((2, "length"),)),
    ("a few days ago", ((3, "ago"),)),
    ("several weeks", ((28, "length"),)),
    ("half an hour", ((1 / 48, "length"),)),
    ("for half a year", ((182.5, "length"),)),
    ("one and a half years", ((547.5, "length"),)),
    ("a year and a half ago", ((547.5, "ago"),)),
    ("2.5 weeks", ((17.5, "length"),)),
    ("2,5 weeks", ((17.5, "length"),)),
    ("2 1/2 months", ((75, "length"),)),
    ("3-4 weeks", ((24.5, "length"),)),
    ("two to three days", ((2.5, "length"),)),
    ("2 or 3 days", ((2.5, "length"),)),
    ("10-day history", ((10, "length"),)),
    ("for the past fortnight", ((14, "length"),)),
    ("for a fortnight", ((14, "length"),)),
    ("over the last month", ((30, "length"),)),
    ("over the last 3 months", ((90, "length"),)),
    ("in the past week", ((7, "length"),)),
    ("last year", ((365, "ago"),)),
    ("last week", ((7, "ago"),)),
    ("an hour ago", ((1 / 24, "ago"),)),
    ("a week ago", ((7, "ago"),)),
    ("twenty-one days", ((21, "length"),)),
    ("6+ weeks", ((42, "length"),)),
    ("about 3 weeks or so ago", ((21, "ago"),)),
    ("3 nights", ((3, "length"),)),
    ("36 hours", ((1.5, "length"),)),
    ("day 3 of antibiotics", ((3, "length"),)),
    # neither plans nor frequencies, ages, doses and weeks of pregnancy
    ("review in 2 weeks", ()),
    ("r/v 2/52", ()),
    ("every 6 hours", ()),
    ("twice a week", ()),
    ("20 cigarettes a day", ()),
    ("3 times a day", ()),
    ("once a month", ()),
    ("a 7-year-old", ()),
    ("an 18 month old girl", ()),
    ("aged 47 years", ()),
    ("20 weeks pregnant", ()),
    ("at 32/40", ()),
    ("VA 6/12 both eyes", ()),
    ("seen on 3/7", ()),
    ("MRI 12/03/2024", ()),
    ("L4/5 disc", ()),
    ("T 38.9 HR 116", ()),
    ("follow-up in six weeks", ()),
    ("within 3 days", ()),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_which_times_a_note_names(text: str, expected: tuple[tuple[float, str], ...], knowledge: Knowledge) -> None:
    found = find_values(text, [], [], knowledge).times
    assert [t.form for t in found] == [form for _, form in expected]
    assert [t.days for t in found] == pytest.approx([days for days, _ in expected], rel=0.02)


def test_a_year_by_name_is_counted_back_from_the_latest_year_of_the_note(knowledge: Knowledge) -> None:
    (time,) = [t for t in find_values("Seen 12/03/2024. Discectomy in 2019.", [], [], knowledge).times if t.days > 30]
    assert (time.days, time.form) == (5 * 365, "ago")
