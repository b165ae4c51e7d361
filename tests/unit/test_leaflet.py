"""The leaflet: short, readable at the level of a child of twelve, urgency first, no number that frightens."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import textstat  # type: ignore[import-untyped]

from backspasm import Assessment, Knowledge, Model, assess, from_case, read_patient
from backspasm.presentation.leaflet import Leaflet, leaflet, render
from tests.conftest import random_patients

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").iterdir())
#: US school grade of the Flesch-Kincaid formula; children of twelve are in grade six
GRADE = 6.0
LONGEST, SHORTEST = 350, 230


def page_of(path: Path, model: Model) -> tuple[Assessment, Leaflet]:
    a = assess(read_patient(path.read_bytes(), model.knowledge), model, draws=5)
    return a, leaflet(a, model.knowledge)


def prose(page: Leaflet) -> str:
    return " ".join([*(line for part in page.parts for line in part.lines), page.foot])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_reads_easily_and_fits_one_page(path: Path, model: Model) -> None:
    _, page = page_of(path, model)
    assert textstat.textstat.flesch_kincaid_grade(prose(page)) <= GRADE
    assert SHORTEST <= len(render(page, "text").split()) <= LONGEST


def test_every_single_line_reads_easily(knowledge: Knowledge) -> None:
    hard = [
        (line.id, grade)
        for line in knowledge.patient_lines
        for words in (line.adult, line.child)
        if words is not None
        if (grade := textstat.textstat.flesch_kincaid_grade(words)) > GRADE + 1
    ]
    assert hard == []


def test_random_patients_get_a_page_of_bearable_length(model: Model) -> None:
    for patient in random_patients(40, 5, model.knowledge):
        page = leaflet(assess(patient, model, draws=2), model.knowledge)
        text = render(page, "text")
        assert len(text.split()) <= 420, "thirty lines of print at most"
        assert page.parts[0].heading == "What to do now"
        assert textstat.textstat.flesch_kincaid_grade(prose(page)) <= GRADE


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_no_probability_and_no_disease_that_is_not_proven(path: Path, model: Model) -> None:
    _, page = page_of(path, model)
    text = render(page, "text")
    assert not re.search(r"%|\b\d+ in \d+|\bchance\b|\brisk\b", text)
    assert not re.search(r"cancer|tumou?r|leuk|paraly|abscess|death|die\b", text, re.IGNORECASE)


def test_parents_are_spoken_to_about_their_child(model: Model) -> None:
    _, page = page_of(EXAMPLES[0].parent / "child_refuses_to_walk.yaml", model)
    assert page.title == "About your child's back pain"
    assert not re.search(r"\b(you feel|your legs|you get|you lose)\b", prose(page), re.IGNORECASE)


def test_urgency_matches_the_assessment(model: Model) -> None:
    said = {
        "emergency": "emergency department now",
        "same_day": "today",
        "urgent": "next two weeks",
        "routine": "not an emergency",
        "self_care": "at home",
    }
    for path in EXAMPLES:
        a, page = page_of(path, model)
        first = " ".join(page.parts[0].lines)
        assert said[a.urgency.level] in first or (a.urgency.level == "emergency" and "ambulance now" in first)


def test_what_not_to_take_is_said_only_where_it_is_given(model: Model) -> None:
    a, page = page_of(EXAMPLES[0], model)
    assert "Do not take" not in {p.heading for p in page.parts}
    told = leaflet(a, model.knowledge, avoid=("Do not take ibuprofen: it can hurt your kidneys.",))
    assert "Do not take ibuprofen: it can hurt your kidneys." in render(told, "text")


class _Check(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_whole_and_loads_nothing(model: Model) -> None:
    a, _ = page_of(EXAMPLES[0], model)
    html = render(leaflet(a, model.knowledge, avoid=("<script>alert(1)</script> & more",)), "html")
    check = _Check()
    check.feed(html)
    assert check.open == []
    assert check.links == []
    assert "<script" not in html
    assert 'lang="en"' in html


def test_the_same_patient_gets_the_same_page(model: Model) -> None:
    case = {"age_years": 40, "present": ["improper_lifting"], "absent": ["fever"]}
    first, second = (
        render(leaflet(assess(from_case(case, model.knowledge), model, draws=5), model.knowledge), "markdown")
        for _ in range(2)
    )
    assert first == second
    assert first.startswith("# About your back pain\n")
