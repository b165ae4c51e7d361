"""Who the patient is: age, sex, pregnancy, setting; and not those beside the patient."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.spans import Fact, Part, Span
from backspasm.patients.from_note.values import find_values


def _facts(text: str, field: str, knowledge: Knowledge) -> list[Fact]:
    return [f for f in find_values(text, [], [], knowledge).facts if f.field == field]


AGES: tuple[tuple[str, float | None], ...] = (
    ("Dad says she's 7 and she has been limping.", 7),
    ("Caller's husband, 58, has back pain.", 58),
    ("47M with back pain", 47),
    ("82F fell", 82),
    ("F82, fall", 82),
    ("M47 LBP", 47),
    ("47 M LBP", 47),
    ("47/M back pain", 47),
    ("7yo boy", 7),
    ("7 y/o with back pain", 7),
    ("18 mo with fever", 1.5),
    ("18-month-old girl", 1.5),
    ("a 14 m/o boy", 14 / 12),
    ("7-year-old girl", 7),
    ("seven-year-old boy", 7),
    ("2 y 3 m, refuses to walk", 2.25),
    ("2 years 3 months old", 2.25),
    ("two and a half year old", 2.5),
    ("3½-year-old", 3.5),
    ("aged 47", 47),
    ("Age: 60  Sex: M", 60),
    ("Age/Sex: 47/F", 47),
    ("I'm 34 and my back hurts", 34),
    ("I am 71. My back is bad.", 71),
    ("my 8 year old son has back pain", 8),
    ("My son is 8 and his back hurts.", 8),
    ("My daughter, 11, limps.", 11),
    ("He's nearly 3 and won't walk. My little boy cries.", 3),
    ("This 55-year-old woman", 55),
    ("a lady of 66.", 66),
    ("woman aged 29", 29),
    ("Roofer, 42, fell off a ladder.", 42),
    ("Mr Banerjee, 36, chef.", 36),
    ("Mrs. Ortega, 33, was the belted driver.", 33),
    ("61 y.o. male", 61),
    ("61yo M", 61),
    ("How old are you?\nPatient: 29.", 29),
    ("Male, 45. Back pain.", 45),
    ("15 F with mum. Back ache.", 15),
    ("6 week old baby, cries when moved", 6 / 52),
    ("in her sixties", None),
    ("Her mother died at age 47.", None),
    ("He had an operation at the age of 12.", None),
    ("Her 80-year-old mother has osteoporosis.", None),
    ("I lifted my 3 year old and my back went.", None),
    ("I'm 34, my back went lifting my 3-year-old.", 34),
    ("Smoked since age 15.", None),
    ("2 y ago", None),
    ("walked 50 m", None),
    ("HR 88, RR 16, back pain", None),
    ("aged over time", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "years"), AGES)
def test_how_old_the_patient_is(text: str, years: float | None, knowledge: Knowledge) -> None:
    found = [f.value for f in _facts(text, "age_years", knowledge)]
    assert found == ([] if years is None else [pytest.approx(years, abs=0.03)])


SEXES: tuple[tuple[str, str | None], ...] = (
    ("47M with back pain", "male"),
    ("82F fell", "female"),
    ("61 yo male", "male"),
    ("This gentleman lifted a box.", "male"),
    ("Mrs Roe came today.", "female"),
    ("Mr. Perry has pain.", "male"),
    ("She says her back hurts.", "female"),
    ("He denies fever.", "male"),
    ("My son is 8, he limps. I am his mum, she says.", "male"),
    ("my 8 year old daughter has back pain", "female"),
    ("Mum says he won't walk. He cries.", "male"),
    ("His mother had cancer; she died. He has back pain.", "male"),
    ("Her husband lifts. Her back is sore.", "female"),
    ("Sex: F", "female"),
    ("Hello, 55 year old woman here.", "female"),
    ("I'm 20 weeks pregnant and my back hurts.", "female"),
    ("Prostate normal on PR. Back pain.", "male"),
    ("I have back pain.", None),
    ("Patient with back pain. Denies fever.", None),
    ("Possible MS. Miss a dose.", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "sex"), SEXES)
def test_what_sex_the_patient_is(text: str, sex: str | None, knowledge: Knowledge) -> None:
    assert [f.value for f in _facts(text, "sex", knowledge)] == ([] if sex is None else [sex])


PREGNANCY: tuple[tuple[str, bool | None, float | None], ...] = (
    ("32/40, pelvic pain", True, 32),
    ("20 weeks pregnant", True, 20),
    ("She is 28+3 weeks pregnant.", True, 28),
    ("28 weeks gone with my second", True, 28),
    ("G2P1 at 30 weeks", True, 30),
    ("pregnant, 24 weeks", True, 24),
    ("5 months pregnant", True, 21.7),
    ("26/40 pregnant", True, 26),
    ("currently pregnant", True, None),
    ("pregnancy test positive", True, None),
    ("not pregnant", False, None),
    ("denies pregnancy", False, None),
    ("pregnancy test negative", False, None),
    ("UPT neg", False, None),
    ("urine hCG negative", False, None),
    ("Could you be pregnant?\nPatient: Test was negative Sunday.", False, None),
    ("Pregnant? N", False, None),
    ("no chance of pregnancy", False, None),
    ("Are you pregnant?", None, None),
    ("his wife is pregnant", None, None),
    ("since her last pregnancy", None, None),
    ("when she was pregnant", None, None),
    ("born at 32 weeks gestation", None, None),
    ("possibly pregnant", None, None),
    ("pain in pregnancy two years ago", None, None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "pregnant", "weeks"), PREGNANCY)
def test_whether_the_patient_is_pregnant(
    text: str, pregnant: bool | None, weeks: float | None, knowledge: Knowledge
) -> None:
    assert [f.value for f in _facts(text, "pregnant", knowledge)] == ([] if pregnant is None else [pregnant])
    assert [f.value for f in _facts(text, "pregnancy_weeks", knowledge)] == ([] if weeks is None else [weeks])


SETTINGS: tuple[tuple[str, str | None], ...] = (
    ("ED triage 11:15. 13 yr M.", "emergency"),
    ("He presented to the emergency department with back pain.", "emergency"),
    ("Continent, saddle sensation normal, no ED.", None),
    ("A&E: back pain 2/7.", "emergency"),
    ("NHS 111 call. Back pain.", "community"),
    ("GP surgery visit. LBP 2/52.", "primary_care"),
    ("She was seen in our spine clinic today.", "spine_clinic"),
    ("He was seen in the paediatric rheumatology clinic today.", "paediatric_clinic"),
    ("Back pain. Return to A&E if numb.", None),
    ("Call 911 or go to the emergency room if worse.", None),
    ("Back pain for two days.", None),
    ("Will refer to the spinal clinic.", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "setting"), SETTINGS)
def test_where_the_patient_is_seen(text: str, setting: str | None, knowledge: Knowledge) -> None:
    assert [f.value for f in _facts(text, "setting", knowledge)] == ([] if setting is None else [setting])


def test_an_age_in_the_family_history_is_not_the_patients(knowledge: Knowledge) -> None:
    text = "Back pain for 2 days. Gout, aged 60."
    parts: list[tuple[Span, Part]] = [(Span(0, 21), "complaint"), (Span(21, len(text)), "family")]
    strong = [f for f in find_values(text, parts, [], knowledge).facts if f.field == "age_years"]
    plain = _facts(text, "age_years", knowledge)
    assert len(strong) <= len(plain)
