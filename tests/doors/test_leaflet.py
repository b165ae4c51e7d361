"""The leaflet command: its forms, and what it does with bad input."""

from __future__ import annotations

import pytest

from tests.doors.conftest import Run

CASE = b"age_years: 7\nsex: female\nsetting: primary_care\npresent: [refusal_to_walk]\n"


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("text", "ABOUT YOUR CHILD'S BACK PAIN"),
        ("markdown", "# About your child's back pain"),
        ("html", "<!doctype html>"),
    ],
)
def test_a_leaflet_in_each_form(run: Run, form: str, start: str) -> None:
    done = run("leaflet", "-", "--format", form, stdin=CASE)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(start)
    assert done.out.endswith("\n")


def test_text_is_the_form_left_unsaid(run: Run) -> None:
    assert run("leaflet", "-", stdin=CASE).out == run("leaflet", "-", "-f", "text", stdin=CASE).out


def test_bad_input_writes_no_leaflet(run: Run) -> None:
    done = run("leaflet", "-", stdin=b"age_years: 200")
    assert done.code == 2
    assert done.out == ""
    assert "age_years (200)" in done.err


def test_an_assumption_without_a_number_can_be_opened(run: Run) -> None:
    done = run("evidence", "usual_practice")
    assert done.code == 0
    assert "usual practice" in done.out
    assert "pathway" in done.out


def test_the_terminal_report_says_what_helps_and_what_not(run: Run) -> None:
    plain = run(
        "assess",
        "-",
        stdin=b"age_years: 30\nsetting: primary_care\npresent: [improper_lifting, relieved_by_rest]\nabsent: [fever]\n",
    )
    assert "Tests and imaging" in plain.out
    assert "NOT indicated" in plain.out
    assert "chou2009/no_benefit" in plain.out
    assert "Tell the patient to come back" in plain.out
    child = run("assess", "-", stdin=CASE)
    assert "Tell the parents to come back" in child.out
