"""Times, ages, weights and temperatures as patients, parents and nurses on the telephone tell them."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note import from_note

DURATIONS: tuple[tuple[str, float | None], ...] = (
    ("Woke with a sore back three mornings ago.", 3.0),
    ("The week before last my back went.", 10.5),
    ("Back pain since the weekend before last.", 11.0),
    ("Back pain since a week last Tuesday.", 10.5),
    ("Back pain, it started two weeks ago yesterday.", 15.0),
    ("My back has hurt since Tuesday (today Friday).", 3.0),
    ("My back went on Sunday, a bit easier today (thurs).", 4.0),
    ("It's Wednesday now and my back went on Friday.", 5.0),
    ("My back has hurt since Monday and now it is sat right in the middle.", 3.5),
    ("Nurse: How many days is that now? Caller: Three. Just my back.", 3.0),
    ("Lifted a washer yest and my back went.", 1.0),
    ("On and off neck ache for a few years, much worse last 5 days.", 5.0),
    ("Back pain on + off 3 yrs, now daily x 2 months.", 60.0),
    ("Five months of low back pain, much worse the last 3 days.", 150.0),
    ("Intermittent LBP for two years.", 730.0),
    ("Was hit by a car four months ago. The back pain started three weeks later.", 99.0),
    ("He was well until two weeks ago, when his back began to hurt. For the last 2 days he will not walk.", 14.0),
    ("Fell off a wall three weeks ago but was fine after. Back pain for two days.", 2.0),
    ("R back pain 4/7. Came and went, past 24 h constant.", 4.0),
    ("LBP 2/7 after reaching into the car.", 2.0),
    ("Thinner than last year, back pain.", None),
    ("Leg pain gone since last week.", None),
    ("She is 14 weeks post partum.", None),
    ("Now back pain lower thoracic 5 days, swab three weeks ago.", 5.0),
    ("6/12 constant aching low back.", 180.0),
)


@pytest.mark.parametrize(("text", "days"), DURATIONS)
def test_how_long_as_it_is_told(text: str, days: float | None, knowledge: Knowledge) -> None:
    assert from_note(text, knowledge).measured.get("duration_days") == (None if days is None else pytest.approx(days))


AGES: tuple[tuple[str, float | None], ...] = (
    ("Child Ellie, 22 months. Off her legs.", 22 / 12),
    ("Poppy is 20 months. Cries when lifted.", 20 / 12),
    ("Thank you for referring Leo, 9 years. Back pain.", 9.0),
    ("It's Karen about Jayden 16. Back pain.", 16.0),
    ("My son Tyler is 15 and has back pain.", 15.0),
    ("mum of oliver aged 4. his back hurts", 4.0),
    ("Child in pain, 3 months.", None),
    ("Pain is 3 months.", None),
    ("Re back pain, 3 years.", None),
)


@pytest.mark.parametrize(("text", "years"), AGES)
def test_ages_behind_a_name(text: str, years: float | None, knowledge: Knowledge) -> None:
    age = from_note(text, knowledge).age_years
    assert age == (None if years is None else pytest.approx(years, abs=0.01))


WEIGHTS: tuple[tuple[str, bool], ...] = (
    ("Weight 47 kg, was 52 kg in May.", True),
    ("Weight 52 kg, was 47 kg in May.", False),
    ("Weight 51 kg, was 52 kg.", False),
    ("Aged 6. Wt 18.1 kg, red book 19.6 in June.", True),
    ("58kg -> 51kg since September.", True),
    ("Weighed 11 stone 4, now 10 stone.", True),
    ("Weight 171 lb, was 190 in spring, not dieting.", True),
    ("Weight 171 lb, was 190 in spring on a diet.", False),
    ("Lifted 50 kg, was 60 kg last month.", False),
    ("Pain went from 8 to 3.", False),
    ("Temp 39 -> 37.", False),
    ("I don't want to waste an appointment.", False),
)


@pytest.mark.parametrize(("text", "lost"), WEIGHTS)
def test_a_weight_below_the_earlier_one_is_weight_loss(text: str, lost: bool, knowledge: Knowledge) -> None:
    assert ("weight_loss" in from_note(text, knowledge).present) is lost


TEMPERATURES: tuple[tuple[str, float | None], ...] = (
    ("Temperature? I took it last night, 38.4 in the ear.", 38.4),
    ("She has a temperature most nights, about 38.2, and a cough.", 38.2),
    ("Hot on Sunday night, 38.6 under the arm.", 38.6),
    ("If the temperature goes above 38.5 ring back.", None),
    ("No temperature, weight 36.5 kg.", None),
    ("Hot drinks help, 37.5 mg twice a day.", None),
)


@pytest.mark.parametrize(("text", "degrees"), TEMPERATURES)
def test_a_temperature_a_few_words_behind_its_name(text: str, degrees: float | None, knowledge: Knowledge) -> None:
    read = from_note(text, knowledge).measured.get("temperature")
    assert read == (None if degrees is None else pytest.approx(degrees))


def test_the_pain_of_now_goes_before_that_at_its_worst(knowledge: Knowledge) -> None:
    assert from_note("LBP. NRS 6 at worst, 3 now.", knowledge).measured["pain_intensity"] == 3.0


@pytest.mark.parametrize(
    ("text", "pregnant", "weeks"),
    [
        ("Nurse: And how far along are you? Caller: 31 weeks. Nurse: Any pain? Caller: My back.", True, 31.0),
        ("Keep away from pregnant granddaughter until crusted.", None, None),
    ],
)
def test_pregnancy_as_it_is_told(text: str, pregnant: bool | None, weeks: float | None, knowledge: Knowledge) -> None:
    patient = from_note(text, knowledge)
    assert (patient.pregnant, patient.pregnancy_weeks) == (pregnant, weeks)
    assert ("pregnancy" in patient.present) is (pregnant is True)


def test_a_relative_with_an_owner_is_not_the_patient(knowledge: Knowledge) -> None:
    assert from_note("Sits at her desk. Her grandfather had psoriasis. Back pain.", knowledge).sex == "female"
