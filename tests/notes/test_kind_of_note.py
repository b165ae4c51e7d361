"""Who the patient is and where, from the kind of note: ages of children before the child, vital signs, replies, own words."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note import from_note


@pytest.mark.parametrize(
    ("text", "years", "sex"),
    [
        ("21m girl, off her feet since Monday.", 1.75, "female"),
        ("21 mo boy, off his feet since Monday.", 1.75, "male"),
        ("4½y girl with a stiff neck.", 4.5, "female"),
        ("3y boy, tummy pain.", 3.0, "male"),
        ("6 wk old baby boy, cries when moved.", 6 / 52, "male"),
        ("21M, lifted a box.", 21.0, "male"),
        ("46M 3/7 LBP after lifting.", 46.0, "male"),
        ("38F 2 weeks of back pain.", 38.0, "female"),
        ("82F fell at home.", 82.0, "female"),
    ],
)
def test_months_before_a_child_are_no_man_of_that_age(text: str, years: float, sex: str, knowledge: Knowledge) -> None:
    reading = from_note(text, knowledge)
    assert reading.age_years == pytest.approx(years, abs=0.01)
    assert reading.sex == sex


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("54M back pain since noon. T 36.9, HR 92, BP 140/80, RR 18, sats 98%.", "emergency"),
        ("Thank you for referring this 40 year old man with back pain.", "spine_clinic"),
        ("Thank you for referring this 9 year old boy with back pain.", "paediatric_clinic"),
        ("My lower back has hurt since Sunday. Should I see somebody?", "community"),
        ("Tel appt. 30F, back pain for a week.", "community"),
        ("30F, back pain for a week. BP 120/70.", None),
        ("30F, ED x2 last month, here for a repeat prescription.", None),
        ("40M. LBP 1/52, lifted a sofa. No PMH. O/E stiff, SLR neg. Safety-netted, rv 2/52.", "primary_care"),
        ("Walk-in centre. 24F, back pain three days.", "primary_care"),
        ("24F, back pain three days. Tender. Walk-in clinic.", "primary_care"),
        ("To the practice nurse: my back is bad again.", "community"),
        ("Call back 14:10. 30F, back pain worse.", "community"),
        ("District nurse visit. 84F in bed since the fall. T 36.4 P 88.", "community"),
        ("Ambulance sheet. 55M, pain between the shoulders.", "emergency"),
        ("6F fell off a swing, back pain. Spinal precautions, trauma team.", "emergency"),
        ("You kindly sent bloods on this 30 year old man. Back pain for six months.", "spine_clinic"),
        ("Thank you for referring this 15 year old boy with back pain.", "spine_clinic"),
        ("Thank you for referring this 15 year old boy to paediatrics with back pain.", "paediatric_clinic"),
        ("She leans on the trolley. Back pain for a year.", None),
        ("48M, bloods sent. Back pain.", None),
        ("48M. Back pain. T 36.8.", None),
        ("Refer to ortho clinic. Back pain for a year.", None),
        ("Doctor: what brings you in?\nPatient: My lower back has hurt since Sunday.", None),
    ],
)
def test_the_kind_of_note_tells_the_place_where_nothing_names_it(
    text: str, setting: str | None, knowledge: Knowledge
) -> None:
    assert from_note(text, knowledge).setting == setting
