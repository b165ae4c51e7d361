"""The form of the page: what follows the note, what a person said, and the case that comes of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backspasm import Knowledge, Model, assess, from_case
from backspasm.advice.assessment import Assessment
from backspasm.patients.from_note import Reading, read_note
from backspasm.patients.patient import Unread
from backspasm.presentation.find import Finder, finder
from backspasm.service.page.case import names_in, patient_of
from backspasm.service.page.chart import chart_view
from backspasm.service.page.entry import Entry, entry_of, fields_of, read_entry, resolved
from backspasm.service.page.marks import pieces_of

CASE: dict[str, Any] = {
    "age_years": 46.5,
    "sex": "male",
    "setting": "emergency",
    "present": ["saddle_anaesthesia", "significant_trauma"],
    "absent": ["fever"],
    "measured": {"crp": 12.25, "duration_days": 21},
    "days_ago": {"significant_trauma": 30},
    "medications": ["naproxen", "apixaban"],
    "allergies": [],
    "comorbidities": ["heart_failure"],
    "pregnant": None,
    "pregnancy_weeks": None,
}


@pytest.fixture(scope="module")
def search(knowledge: Knowledge) -> Finder:
    return finder(knowledge)


def note(text: str, knowledge: Knowledge) -> tuple[Entry, Reading]:
    reading = read_note(text, knowledge)
    return resolved(Entry(note=text), reading), reading


def test_a_patient_goes_through_the_form_unchanged(knowledge: Knowledge) -> None:
    patient = from_case(CASE, knowledge)
    assert patient_of(entry_of(patient), None, knowledge).patient == patient


def test_the_form_of_every_example_gives_the_same_patient(knowledge: Knowledge) -> None:
    for vignette in knowledge.vignettes.values():
        patient = from_case(vignette.case, knowledge)
        made = patient_of(entry_of(patient), None, knowledge)
        assert made.faults == ()
        assert made.patient is not None
        assert msgspec.structs.replace(made.patient, stated=patient.stated) == patient


def test_what_a_browser_sends_back_is_the_same_form(knowledge: Knowledge) -> None:
    entry = msgspec.structs.replace(entry_of(from_case(CASE, knowledge)), note="a\nb", unread=(Unread("x", "y"),))
    sent = {**entry.fields, "note": "a\r\nb", "someone": "else", "m-esr": "  "}
    assert read_entry(sent, ['["x","y"]']) == entry


def test_what_was_not_understood_of_a_record_is_never_lost() -> None:
    assert read_entry({}, ["not json"]).unread != ()


def test_fields_follow_the_note_until_a_person_changes_them(knowledge: Knowledge) -> None:
    first, _ = note("58 year old man. No fever. CRP 40.", knowledge)
    assert first.says("age") == "58"
    assert first.says("f-fever") == "absent"
    corrected = first.replaced("f-fever", "present").replaced("m-crp", "")
    later = read_note("59 year old man. No fever. CRP 50. Night pain.", knowledge)
    now = resolved(corrected, later)
    assert now.says("age") == "59"
    assert now.says("f-night_pain") == "present"
    assert now.says("f-fever") == "present"
    assert now.says("m-crp") == ""
    gone = resolved(now, None)
    assert gone.fields == {"f-fever": "present"}


def test_an_uncertain_finding_counts_neither_way(knowledge: Knowledge) -> None:
    entry, reading = note("40 year old. Possible fever.", knowledge)
    assert entry.says("f-fever") == "unsure"
    made = patient_of(entry, reading, knowledge)
    assert made.case["present"] == []
    assert made.case["absent"] == []


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("age", "old", "not a number"),
        ("age", "212", "impossible"),
        ("weeks", "x", "not a number"),
        ("m-temperature", "hot", "not a number"),
        ("m-temperature", "99", "impossible"),
        ("m-crp", "12 furlongs", "unit"),
        ("f-no_such_finding", "present", "unknown finding"),
        ("m-no_such_finding", "1", "unknown finding"),
        ("setting", "moon", "unknown"),
    ],
)
def test_a_fault_stands_at_its_field(field: str, text: str, says: str, knowledge: Knowledge) -> None:
    made = patient_of(Entry({field: text}), None, knowledge)
    assert made.patient is None
    found = [f for f in made.faults if f.field == field or not f.field.startswith(field[:2])]
    assert any(says in f.text and f.mend for f in found), made.faults


def test_a_contradiction_stands_at_the_finding(knowledge: Knowledge) -> None:
    made = patient_of(Entry({"f-fever": "absent", "m-temperature": "39"}), None, knowledge)
    assert [f.field for f in made.faults] == ["f-fever"]


def test_units_and_months_are_understood(knowledge: Knowledge) -> None:
    made = patient_of(Entry({"age": "18 months", "m-temperature": "101 F"}), None, knowledge)
    assert made.case["age_years"] == 1.5
    assert made.case["measured"]["temperature"] == pytest.approx(38.33, abs=0.01)


def test_none_is_said_and_empty_is_not_asked(knowledge: Knowledge) -> None:
    assert names_in("naproxen, apixaban\nheat") == ["naproxen", "apixaban", "heat"]
    said = patient_of(Entry({"allergies": "None"}), None, knowledge).patient
    silent = patient_of(Entry({"age": "40"}), None, knowledge).patient
    assert said is not None
    assert silent is not None
    assert said.stated == ("allergies",)
    assert silent.stated == ()
    assert fields_of(said) == {"allergies": "none"}


def test_the_pieces_of_a_note_are_the_note(knowledge: Knowledge) -> None:
    text = "52 yo man.  Numb in the saddle area\n\nbut NO fever <b>. ?fever T 37.9, pain 3/52.\n"
    entry, reading = note(text, knowledge)
    pieces = pieces_of(reading, entry, knowledge)
    assert "".join(p.text for p in pieces) == text
    marked = {c.finding: p for p in pieces for c in p.choices}
    assert marked["saddle_anaesthesia"].kind == "present"
    corrected = pieces_of(reading, entry.replaced("f-saddle_anaesthesia", "absent"), knowledge)
    assert {c.finding: p for p in corrected for c in p.choices}["saddle_anaesthesia"].kind == "absent"


@pytest.mark.parametrize(
    ("typed", "finding"),
    [
        ("fever", "fever"),
        ("FEV", "fever"),
        ("night p", "night_pain"),
        ("saddle", "saddle_anaesthesia"),
        ("numb saddle", "saddle_anaesthesia"),
        ("weigt loss", "weight_loss"),
        ("crp", "crp"),
    ],
)
def test_a_finding_is_found_by_what_is_typed(typed: str, finding: str, search: Finder) -> None:
    assert search.find(typed)[0].finding == finding


def test_every_finding_is_found_by_its_own_name(search: Finder, knowledge: Knowledge) -> None:
    for finding, record in knowledge.findings.items():
        assert finding in [f.finding for f in search.find(record.name)[:3]], finding


def test_nothing_is_found_for_nothing(search: Finder) -> None:
    assert search.find("  ") == ()
    assert search.find("qqqqzzzz") == ()


@pytest.fixture(scope="module")
def whole(model: Model) -> Assessment:
    return assess(from_case(CASE, model.knowledge), model)


def test_an_assessment_without_its_course_is_else_the_same(whole: Assessment, model: Model) -> None:
    quick = assess(from_case(CASE, model.knowledge), model, with_course=False)
    assert quick.course is None
    assert whole.course is not None
    assert msgspec.structs.replace(quick, course=whole.course) == whole


def test_what_nobody_knows_is_not_asked_again(whole: Assessment, model: Model) -> None:
    first = whole.next.questions[0].finding
    again = assess(from_case(CASE, model.knowledge), model, with_course=False, unknown=(first,))
    assert first not in [q.finding for q in again.next.questions]


def test_the_chart_draws_every_option_with_and_without_the_loop(whole: Assessment, knowledge: Knowledge) -> None:
    assert whole.course is not None
    view = chart_view(whole.course, knowledge.cycle)
    assert len(view.arms) == len(whole.course.arms)
    for i in range(len(view.arms)):
        for kind in ("loop", "rival"):
            assert view.plot.count(f'class="arm arm{i} {kind}"') == 1
    assert "style" not in view.plot
    assert "NaN" not in view.plot
