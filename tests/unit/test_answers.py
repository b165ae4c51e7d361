"""What follows from an answer is derived once, shown as derived, and never counted twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from backspasm import InputError, Knowledge, from_case
from backspasm.patients.answers import Answers, Item, answers_of
from backspasm.patients.medicines import find_medicines, medicine_names
from tests.conftest import random_patients


def answers(knowledge: Knowledge, **fields: Any) -> Answers:
    return answers_of(from_case({"age_years": 47, **fields}, knowledge), knowledge)


def present(finding: str) -> Item:
    return Item("present", finding)


def absent(finding: str) -> Item:
    return Item("absent", finding)


def value(finding: str, number: float) -> Item:
    return Item("value", finding, value=number)


# --- derived answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "finding", "answer", "source"),
    [
        ({"measured": {"temperature": 38.7}}, "fever", "present", "temperature"),
        ({"measured": {"temperature": 38.0}}, "fever", "present", "temperature"),
        ({"measured": {"duration_days": 10}}, "no_improvement_after_4_weeks", "absent", "duration_days"),
        ({"measured": {"duration_days": 27.9}}, "no_improvement_after_4_weeks", "absent", "duration_days"),
        ({"present": ["severe_motor_weakness"]}, "motor_weakness", "present", "severe_motor_weakness"),
        ({"absent": ["motor_weakness"]}, "severe_motor_weakness", "absent", "motor_weakness"),
        ({"present": ["painful_scoliosis"]}, "spinal_deformity", "present", "painful_scoliosis"),
        ({"present": ["crossed_straight_leg_raise"]}, "straight_leg_raise", "present", "crossed_straight_leg_raise"),
        ({"present": ["sudden_onset"]}, "insidious_onset", "absent", "sudden_onset"),
        ({"present": ["insidious_onset"]}, "sudden_onset", "absent", "insidious_onset"),
        ({"present": ["history_of_cancer"]}, "minor_skin_cancer_only", "absent", "history_of_cancer"),
        ({"present": ["mri_normal"]}, "mri_tumour", "absent", "mri_normal"),
        ({"present": ["mri_tumour"]}, "mri_normal", "absent", "mri_tumour"),
        ({"present": ["radiograph_normal"]}, "radiograph_fracture", "absent", "radiograph_normal"),
        ({"medications": ["apixaban"]}, "anticoagulant_use", "present", "medications"),
        ({"medications": ["prednisolone"]}, "corticosteroid_use", "present", "medications"),
        ({"medications": ["methotrexate"]}, "immunosuppression", "present", "medications"),
        ({"medications": ["insulin"]}, "diabetes", "present", "medications"),
        ({"comorbidities": ["hypertension_uncontrolled"]}, "hypertension", "present", "comorbidities"),
        (
            {"comorbidities": ["inflammatory_bowel_disease_active"]},
            "inflammatory_bowel_disease",
            "present",
            "comorbidities",
        ),
        ({"pregnant": True}, "pregnancy", "present", "pregnant"),
        ({"pregnant": False}, "pregnancy", "absent", "pregnant"),
        ({"pregnancy_weeks": 12}, "pregnancy", "present", "pregnancy_weeks"),
    ],
)
def test_what_follows_is_derived(
    knowledge: Knowledge, fields: dict[str, Any], finding: str, answer: str, source: str
) -> None:
    found = answers(knowledge, **fields)
    derived = {d.finding: d for d in found.derived}
    assert (derived[finding].answer, derived[finding].source) == (answer, source)
    assert derived[finding].because
    assert finding in (found.present if answer == "present" else found.absent)
    assert finding not in (found.absent if answer == "present" else found.present)
    assert found.asked(finding)


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"measured": {"temperature": 37.9}}, "fever"),
        ({"measured": {"duration_days": 28}}, "no_improvement_after_4_weeks"),
        ({"present": ["motor_weakness"]}, "severe_motor_weakness"),
        ({"absent": ["severe_motor_weakness"]}, "motor_weakness"),
        ({"absent": ["sudden_onset"]}, "insidious_onset"),
        ({"absent": ["mri_normal"]}, "mri_tumour"),
        ({"measured": {"post_void_residual": 900}}, "urinary_retention"),
        ({"medications": ["paracetamol"]}, "anticoagulant_use"),
        ({"medications": ["hydrocortisone cream"]}, "corticosteroid_use"),
        ({"allergies": ["prednisolone"]}, "corticosteroid_use"),
        ({"comorbidities": ["heart_failure"]}, "hypertension"),
        ({"pregnant": None}, "pregnancy"),
        ({"pregnancy_weeks": 0}, "pregnancy"),
    ],
)
def test_what_does_not_follow_stays_unasked(knowledge: Knowledge, fields: dict[str, Any], finding: str) -> None:
    found = answers(knowledge, **fields)
    assert not found.asked(finding)
    assert finding not in {d.finding for d in found.derived}
    assert finding not in {i.finding for i in found.items}


def test_the_thresholds_are_those_of_the_knowledge(knowledge: Knowledge) -> None:
    fever, weeks = knowledge.number("fever_temperature"), knowledge.number("four_weeks")
    for temperature, asked in ((fever, True), (fever - 0.1, False)):
        assert answers(knowledge, measured={"temperature": temperature}).asked("fever") is asked
    for days, asked in ((weeks - 1, True), (weeks, False)):
        assert answers(knowledge, measured={"duration_days": days}).asked("no_improvement_after_4_weeks") is asked


def test_an_answer_that_was_given_is_not_derived(knowledge: Knowledge) -> None:
    found = answers(
        knowledge, present=["fever", "anticoagulant_use"], measured={"temperature": 39}, medications=["apixaban"]
    )
    assert found.derived == ()
    assert found.present == ("fever", "anticoagulant_use")


def test_two_medicines_of_one_kind_derive_one_answer(knowledge: Knowledge) -> None:
    found = answers(knowledge, medications=["prednisolone", "dexamethasone", "apixaban"])
    assert [d.finding for d in found.derived] == ["corticosteroid_use", "anticoagulant_use"]
    assert found.derived[0].because == "takes prednisolone"


@pytest.mark.parametrize(
    "fields",
    [
        {"absent": ["fever"], "measured": {"temperature": 38}},
        {"present": ["no_improvement_after_4_weeks"], "measured": {"duration_days": 27}},
        {"present": ["severe_motor_weakness"], "absent": ["motor_weakness"]},
        {"present": ["sudden_onset", "insidious_onset"]},
        {"present": ["mri_normal", "mri_tumour"]},
        {"present": ["dramatic_nsaid_response", "not_relieved_by_conservative_care"]},
        {"absent": ["anticoagulant_use"], "medications": ["warfarin"]},
        {"absent": ["hypertension"], "comorbidities": ["hypertension_uncontrolled"]},
        {"absent": ["pregnancy"], "pregnant": True},
        {"present": ["pregnancy"], "pregnant": False},
        {"absent": ["pregnancy"], "pregnancy_weeks": 3},
    ],
    ids=str,
)
def test_a_contradiction_is_refused(knowledge: Knowledge, fields: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        answers(knowledge, **fields)
    for problem in error.value.problems:
        assert problem.field in {"present", "absent"}
        assert problem.value in fields[problem.field]
        assert "contradicts" in problem.what
        assert problem.mend


def test_every_contradiction_is_named(knowledge: Knowledge) -> None:
    with pytest.raises(InputError) as error:
        answers(
            knowledge, absent=["fever", "anticoagulant_use"], measured={"temperature": 39}, medications=["apixaban"]
        )
    assert {p.value for p in error.value.problems} == {"fever", "anticoagulant_use"}


# --- time ----------------------------------------------------------------------------------------------------------

TIMED = ("significant_trauma", "recent_infection", "recent_spinal_procedure")


def window(knowledge: Knowledge, finding: str, onset_known: bool) -> float:
    time = knowledge.findings[finding].time
    assert time is not None
    name = time.within_days_before_onset if onset_known else time.within_days_when_onset_unknown
    assert name is not None
    return knowledge.number(name)


@pytest.mark.parametrize("finding", TIMED)
@pytest.mark.parametrize("onset", [None, 20], ids=["onset unknown", "onset known"])
@pytest.mark.parametrize("late", [0, 1], ids=["in time", "too old"])
def test_an_old_event_is_set_aside(knowledge: Knowledge, finding: str, onset: int | None, late: int) -> None:
    days = (onset or 0) + window(knowledge, finding, onset is not None) + late
    measured = {} if onset is None else {"duration_days": onset}
    found = answers(knowledge, present=[finding], days_ago={finding: days}, measured=measured)
    assert (finding in found.present) is not bool(late)
    assert [d.finding for d in found.outdated] == [finding] * late
    assert (finding in {i.finding for i in found.items}) is not bool(late)
    if late:
        assert f"{days:g} days ago" in found.outdated[0].because
        assert not found.asked(finding)


@pytest.mark.parametrize(
    ("finding", "days", "counts"),
    [
        ("recent_spinal_procedure", 19, False),
        ("significant_trauma", 5, True),
        ("recent_spinal_procedure", 20, True),
        ("recent_spinal_procedure", 5, False),
        ("recent_infection", 20, True),
        ("recent_infection", 5, True),
    ],
)
def test_a_procedure_after_the_pain_began_did_not_bring_it_but_a_crash_may_add_to_it(
    knowledge: Knowledge, finding: str, days: int, counts: bool
) -> None:
    found = answers(knowledge, present=[finding], days_ago={finding: days}, measured={"duration_days": 20})
    assert (finding in found.present) is counts
    if not counts:
        assert "after the pain began 20 days ago" in found.outdated[0].because


def test_an_event_without_a_date_counts(knowledge: Knowledge) -> None:
    found = answers(knowledge, present=[*TIMED], measured={"duration_days": 3000})
    assert set(TIMED) <= set(found.present)
    assert found.outdated == ()


def test_what_did_not_happen_is_never_set_aside(knowledge: Knowledge) -> None:
    found = answers(knowledge, absent=["significant_trauma"], days_ago={"significant_trauma": 4000})
    assert found.absent == ("significant_trauma",)
    assert found.outdated == ()


def test_a_finding_without_a_window_has_no_age(knowledge: Knowledge) -> None:
    found = answers(knowledge, present=["history_of_cancer"], days_ago={"history_of_cancer": 9000})
    assert "history_of_cancer" in found.present


# --- items of evidence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "items"),
    [
        ({}, []),
        ({"present": ["rigors"], "absent": ["vomiting"]}, [present("rigors"), absent("vomiting")]),
        ({"measured": {"crp": 182}}, [value("crp", 182)]),
        # a severe form says all; without it the mild form is its own answer
        ({"present": ["severe_motor_weakness", "motor_weakness"]}, [present("severe_motor_weakness")]),
        ({"present": ["severe_motor_weakness"]}, [present("severe_motor_weakness")]),
        ({"absent": ["severe_motor_weakness", "motor_weakness"]}, [absent("motor_weakness")]),
        ({"absent": ["motor_weakness"]}, [absent("motor_weakness")]),
        ({"absent": ["severe_motor_weakness"]}, [absent("severe_motor_weakness")]),
        ({"present": ["motor_weakness"]}, [present("motor_weakness")]),
        (
            {"present": ["motor_weakness"], "absent": ["severe_motor_weakness"]},
            [Item("without", "motor_weakness", given="severe_motor_weakness")],
        ),
        # of two that exclude each other, the one that is there says all
        ({"present": ["sudden_onset"], "absent": ["insidious_onset"]}, [present("sudden_onset")]),
        ({"present": ["insidious_onset"]}, [present("insidious_onset")]),
        ({"absent": ["sudden_onset"]}, [absent("sudden_onset")]),
        (
            {"absent": ["sudden_onset", "insidious_onset"]},
            [Item("absent_given", "insidious_onset", given="sudden_onset"), absent("sudden_onset")],
        ),
        ({"present": ["mri_normal"], "absent": ["mri_tumour", "mri_infection"]}, [present("mri_normal")]),
        ({"present": ["mri_tumour"], "absent": ["mri_normal"]}, [present("mri_tumour")]),
        # several abnormalities on one scan: that it is not normal is counted once, then each of them given it
        (
            {"present": ["mri_infection", "mri_epidural_collection"], "absent": ["mri_tumour"]},
            [
                Item("present_given", "mri_infection", given="mri_normal"),
                Item("present_given", "mri_epidural_collection", given="mri_normal"),
                Item("absent_given", "mri_tumour", given="mri_normal"),
                absent("mri_normal"),
            ],
        ),
        # a high temperature speaks for the fever; a normal one today leaves the answer about the illness
        ({"present": ["fever"], "measured": {"temperature": 39}}, [value("temperature", 39)]),
        ({"measured": {"temperature": 39}}, [value("temperature", 39)]),
        ({"measured": {"temperature": 37}}, [value("temperature", 37)]),
        ({"present": ["fever"], "measured": {"temperature": 37}}, [present("fever")]),
        ({"absent": ["fever"], "measured": {"temperature": 37}}, [absent("fever")]),
        # four weeks are counted only where they have passed, and then given the duration
        (
            {"absent": ["no_improvement_after_4_weeks"], "measured": {"duration_days": 10}},
            [value("duration_days", 10)],
        ),
        ({"measured": {"duration_days": 10}}, [value("duration_days", 10)]),
        ({"present": ["no_improvement_after_4_weeks"]}, [present("no_improvement_after_4_weeks")]),
        (
            {"present": ["no_improvement_after_4_weeks"], "measured": {"duration_days": 60}},
            [
                value("duration_days", 60),
                Item("present_after", "no_improvement_after_4_weeks", given="duration_days"),
            ],
        ),
        (
            {"absent": ["no_improvement_after_4_weeks"], "measured": {"duration_days": 60}},
            [
                value("duration_days", 60),
                Item("absent_after", "no_improvement_after_4_weeks", given="duration_days"),
            ],
        ),
        # the measured residual speaks for the retention, whatever was said
        ({"present": ["urinary_retention"]}, [present("urinary_retention")]),
        (
            {"present": ["urinary_retention"], "measured": {"post_void_residual": 620}},
            [value("post_void_residual", 620)],
        ),
        (
            {"absent": ["urinary_retention"], "measured": {"post_void_residual": 620}},
            [value("post_void_residual", 620)],
        ),
        # what only a list says is evidence of its own, once
        ({"medications": ["prednisolone", "dexamethasone"]}, [present("corticosteroid_use")]),
        ({"present": ["corticosteroid_use"], "medications": ["prednisolone"]}, [present("corticosteroid_use")]),
        ({"comorbidities": ["hypertension_uncontrolled"]}, [present("hypertension")]),
        ({"pregnant": False}, [absent("pregnancy")]),
        ({"pregnant": True, "pregnancy_weeks": 9, "present": ["pregnancy"]}, [present("pregnancy")]),
        ({"pregnancy_weeks": 9}, [present("pregnancy")]),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "",
)
def test_answers_become_items(knowledge: Knowledge, fields: dict[str, Any], items: list[Item]) -> None:
    assert list(answers(knowledge, **fields).items) == items


def test_the_answer_superseded_by_the_residual_is_still_known(knowledge: Knowledge) -> None:
    found = answers(knowledge, present=["urinary_retention"], measured={"post_void_residual": 620})
    assert found.present == ("urinary_retention",)


def test_items_never_count_twice_and_stand_in_canonical_order(knowledge: Knowledge) -> None:
    order = knowledge.index.finding_ids.index
    for patient in random_patients(150, 7, knowledge):
        found = answers_of(patient, knowledge)
        counted = Counter(item.finding for item in found.items)
        assert set(counted.values()) <= {1}, patient
        places = [order(item.finding) for item in found.items]
        assert places == sorted(places)
        derived = {d.finding for d in found.derived if d.source in knowledge.findings}
        assert not derived & {i.finding for i in found.items if i.kind in {"present", "value"}} - {
            link.finding for link in knowledge.links
        }
        for item in found.items:
            if item.kind == "value":
                assert found.measured[item.finding] == item.value
            else:
                said = item.kind in {"present", "without", "present_given", "present_after"}
                assert item.finding in (found.present if said else found.absent)


def test_the_order_of_a_list_changes_nothing(knowledge: Knowledge) -> None:
    one = answers(knowledge, present=["rigors", "fever", "severe_motor_weakness"], absent=["vomiting", "dysuria"])
    other = answers(knowledge, present=["severe_motor_weakness", "fever", "rigors"], absent=["dysuria", "vomiting"])
    assert one == other


# --- medicines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "medicine"),
    [
        ("ibuprofen", "ibuprofen"),
        ("Ibuprofen 400 mg", "ibuprofen"),
        ("ibuprofen, 400mg", "ibuprofen"),
        ("  IBUPROFEN\ttablets ", "ibuprofen"),
        ("Nurofen", "ibuprofen"),
        ("Eliquis", "apixaban"),
        ("Apixaban (Eliquis) 5 mg", "apixaban"),
        ("Marcumar®", "phenprocoumon"),
        ("warfarin.", "warfarin"),
        ("Solu-Medrol", "methylprednisolone"),
        ("insulin glargine", "insulin"),
        ("prednisolone", "prednisolone"),
        ("prednisolone eye drops", "prednisolone_eye_drops"),
        ("hydrocortisone cream 1%", "hydrocortisone_topical"),
        ("unheardofamab", None),
        ("naproxenol", None),
        ("pro", None),
        ("400 mg", None),
        ("®", None),
    ],
)
def test_a_medicine_is_recognised_by_any_of_its_names(knowledge: Knowledge, name: str, medicine: str | None) -> None:
    assert find_medicines(name, knowledge)[:1] == (() if medicine is None else (medicine,))


def test_every_medicine_is_found_by_its_own_id(knowledge: Knowledge) -> None:
    for medicine in knowledge.medicines:
        assert find_medicines(medicine, knowledge) == (medicine,)
    assert set(medicine_names(knowledge).values()) == set(knowledge.medicines)


def test_a_brand_name_says_what_the_medicine_says(knowledge: Knowledge) -> None:
    found = answers(knowledge, medications=["Eliquis 5 mg"])
    assert found.present == ("anticoagulant_use",)
    assert found.derived[0].because == "takes Eliquis 5 mg"


def test_a_medicine_that_is_not_recognised_is_listed(knowledge: Knowledge) -> None:
    found = answers(knowledge, medications=["unheardofamab", "ibuprofen"], allergies=["aspirin", "quibblegrass"])
    assert [u.what for u in found.unread] == ["medication unheardofamab", "allergy quibblegrass"]
    assert "not recognised" in found.unread[0].why
    assert found.present == ()
