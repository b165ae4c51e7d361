"""Which time of a note is the duration of the present pain."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.values import find_values

ROWS: tuple[tuple[str, float | None], ...] = (
    ("6 hr hx LBP after digging.", 0.25),
    ("LBP x 3 days, no leg pain.", 3),
    ("Pain for 2 months, no trauma.", 60),
    ("The pain came on 5 days ago while he was gardening.", 5),
    ("2 weeks ago I was shifting boxes and felt my back go.", 14),
    ("He was first seen 10 days ago after 4 weeks of pain.", 38),
    ("47M, LBP 3/7 after lifting.", 3),
    ("2/52 hx of low back pain.", 14),
    ("PC: back pain 6/12.", 180),
    ("Back pain for the past fortnight.", 14),
    ("My back has been hurting for about six weeks now.", 42),
    ("Three weeks of back pain.", 21),
    ("10-day history of mid back pain.", 10),
    ("She presents with a three-month history of gradually worsening thoracic pain.", 90),
    ("I've had this pain since yesterday.", 1),
    ("It started a couple of weeks ago.", 14),
    ("It began a few days ago when I picked up the baby.", 3),
    ("Duration: 4/7", 4),
    ("Onset: 2 days ago\nSite: lower back", 2),
    ("How long have you had it?\nPatient: About five weeks.", 35),
    ("Dr: When did it start?\nPt: Two days ago.", 2),
    ("Symptom duration 8 weeks. Back pain, mechanical.", 56),
    ("Low back pain ongoing for 18 months.", 540),
    ("2 yrs hx of low back pain.", 730),
    ("back ache 3-4 weeks", 24.5),
    ("Back pain for half a year.", 180),
    ("For a week and a half I have had pain low down.", 10.5),
    ("My daughter, 9, has been complaining of back pain for ten days.", 10),
    ("He's had a sore back for two and a half weeks.", 17.5),
    ("Sudden onset of back pain 2 hours ago.", 2 / 24),
    ("She fell from a ladder yesterday and has had back pain since.", 1),
    ("Crash 3 days ago, back pain since.", 3),
    ("Back pain for over 3 weeks.", 21),
    ("Back's been bad a month.", 30),
    ("Nine days now with this back.", 9),
    ("c/o lower back pain x4d", 4),
    ("CC: back pain x 1 week.", 7),
    ("Patient reports low back pain that began approximately two weeks ago.", 14),
    ("His pain has been going on for the last 4 days.", 4),
    ("Symptoms started 3 months ago without an injury.", 90),
    ("I woke with a stiff sore back 2 days ago.", 2),
    ("Ten days ago she bent to tie a shoelace and her back locked.", 10),
    ("Pain between the shoulder blades for the last eight weeks.", 56),
    ("Back pain started 6 weeks before this visit.", 42),
    ("The back pain has lasted 5 weeks.", 35),
    ("He has been in pain for 12 days.", 12),
    ("Pulled his back five weeks ago heaving a pot.", 35),
    ("Back pain, 4 months' duration.", 120),
    ("Onset 3 wks ago, insidious, LBP.", 21),
    ("Back pain since 6/7.", 6),
    ("For eight months he has had deep buttock pain and back pain.", 240),
    ("Loin pain 12 hours, vomiting x 2.", 0.5),
    ("Her back has ached for about two years.", 730),
    ("A month of back pain, worse over the last 3 days.", 30),
    ("Back pain for 3 weeks, worse since Tuesday.", 21),
    ("Discectomy 2 years ago. Now back pain for 5 days.", 5),
    ("Chronic background back ache for 10 years; new different pain for 2 weeks.", 14),
    ("Back pain 3 weeks. Fever for 2 days.", 21),
    ("Physio for 6 weeks. Back pain since 4 months.", 120),
    ("Back pain for 5 weeks, taking naproxen for 2 weeks.", 35),
    ("Back pain for 4 days. MRI 3 years ago was normal.", 4),
    ("LBP 6 days. Stopped smoking 10 years ago.", 6),
    ("Back pain for 3 months. Her mother had a stroke 2 weeks ago.", 90),
    ("Low back pain for 2 months. Stiff for an hour in the morning.", 60),
    ("Back pain for 6 weeks, eases within 5 minutes of sitting.", 42),
    ("Back pain for 5 days. Review in 2 weeks.", 5),
    ("Back pain 2 weeks. Similar episode 3 years ago settled in 10 days.", 14),
    ("Back pain 9 days. Numb leg since this morning.", 9),
    ("Return in 2 weeks if no better.", None),
    ("Review 6/52.", None),
    ("Physio for 6 weeks then stopped.", None),
    ("Stopped smoking 5 years ago.", None),
    ("MRI in 2019 normal.", None),
    ("She is 20 weeks pregnant.", None),
    ("Diabetic for 12 years.", None),
    ("Stiff for an hour each morning.", None),
    ("Appendicectomy 3 months ago.", None),
    ("Takes prednisolone for 3 years for PMR.", None),
    ("Her father died of a heart attack 2 years ago.", None),
    ("Last passed urine 14 hours ago.", None),
    ("Sick note for 2 weeks.", None),
    ("Each attack lasts 20 minutes.", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "days"), ROWS)
def test_which_time_is_the_duration_of_the_pain(text: str, days: float | None, knowledge: Knowledge) -> None:
    found = find_values(text, [], [], knowledge).duration
    if days is None:
        assert not found
    else:
        assert found
        assert found[0].days == pytest.approx(days, rel=0.05)
