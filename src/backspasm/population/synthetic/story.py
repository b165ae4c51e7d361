"""What happened to one virtual patient: the case as it was known at the encounter, and what the clinic did about it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from backspasm.advice.red_flags import Fired, holds
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, Patient
from backspasm.population.synthetic.calendar import FIRST_DAY, birth_date
from backspasm.population.synthetic.case import IMAGING, enriched, masked, planted_risk
from backspasm.population.synthetic.world import World, whole
from backspasm.records.knowledge import Knowledge


@dataclass(frozen=True)
class Image:
    """A picture of the spine: investigation, and days from the encounter (below 0 before it)."""

    test: str
    days: int


@dataclass(frozen=True)
class Story:
    """One patient. ``case``: in the fields of the case contract. ``risky``: rule that bars the medicine prescribed."""

    number: int
    id: str
    case: dict[str, Any]
    patient: Patient
    start: datetime
    born: date
    minutes: int
    site: int
    group: int
    fired: tuple[Fired, ...]
    images: tuple[Image, ...]
    referred_days: int | None
    prescribed: str | None
    risky: str | None
    cause: str

    @property
    def lived(self) -> int:
        """Days from birth to the encounter."""
        return (self.start.date() - self.born).days


def story_of(number: int, drawn: dict[str, Any], cause: str, world: World, rng: random.Random) -> Story:
    """The story of patient ``number``, around the answers drawn for that patient."""
    practice = world.practice
    start = FIRST_DAY + timedelta(
        days=whole(rng, 0, world.history["study_days"]),
        hours=whole(rng, practice["opens"], practice["closes"]),
        minutes=whole(rng, 0, 59),  # of an hour
    )
    site = int(rng.random() * practice["sites"])
    plain = masked(drawn, world, rng)
    risk = planted_risk(plain, world, rng)
    images = _known_images(plain, world, rng)
    case, prescribed = enriched(plain, risk, world, rng)
    try:
        patient = from_case(case, world.knowledge)
        fired = _fired(patient, world)
    except InputError:  # what was added contradicts what was drawn: the patient stays as drawn
        case, risk, prescribed = plain, None, None
        patient = from_case(case, world.knowledge)
        fired = _fired(patient, world)
    alarm = is_alarming(fired, world.knowledge)
    later = _later_image(alarm, fired, world.skew[site] * practice["site_spread"], world, rng)
    referred = "referred_with_alarm" if alarm else "referred_without_alarm"
    return Story(
        number=number,
        id=f"v{number:08d}",
        case=case,
        patient=patient,
        start=start,
        born=birth_date(plain["age_years"], start),
        minutes=whole(rng, practice["shortest_minutes"], practice["longest_minutes"]),
        site=site,
        group=int(rng.random() * practice["groups"]),
        fired=fired,
        images=(*images, *later),
        referred_days=whole(rng, 0, practice["urgent_days"]) if rng.random() < practice[referred] else None,
        prescribed=prescribed,
        risky=risk[2] if risk else None,
        cause=cause,
    )


def _fired(patient: Patient, world: World) -> tuple[Fired, ...]:
    """As ``fired_rules``, trying only the rules that what is known may set off."""
    answers = answers_of(patient, world.knowledge)
    free, by = world.rules
    tried = {r.id: r for r in free}
    for name in (*answers.present, *answers.measured):
        tried |= {i: world.knowledge.red_flags[i] for i in by.get(name, ())}
    order = world.knowledge.index.urgency.index
    held = [(r, holds(r.condition, patient, answers, world.knowledge)) for r in tried.values()]
    return tuple(
        sorted((Fired(r, f) for r, f in held if f is not None), key=lambda f: (order(f.rule.urgency), f.rule.id))
    )


def is_alarming(fired: tuple[Fired, ...], knowledge: Knowledge) -> bool:
    """Whether a safety rule demands at least urgent care."""
    return any(_is_urgent(f.rule.urgency, knowledge) for f in fired)


def _is_urgent(level: str, knowledge: Knowledge) -> bool:
    order = knowledge.index.urgency.index
    return order(level) <= order("urgent")


# --- what the clinic did -----------------------------------------------------------------------------------------------

#: kind of picture in the names of findings -> the investigation that it is
TESTS = {"radiograph": "radiograph", "mri": "mri_lumbar", "ct": "ct_spine"}


def _known_images(case: dict[str, Any], world: World, rng: random.Random) -> tuple[Image, ...]:
    """The images whose findings are known at the encounter were taken before it."""
    imaging = set(world.knowledge.index.findings.get(IMAGING, ()))
    kinds = dict.fromkeys(f.split("_")[0] for f in (*case["present"], *case["absent"]) if f in imaging)
    return tuple(
        Image(TESTS[kind], -whole(rng, 1, world.practice["image_known_days"])) for kind in kinds if kind in TESTS
    )


def _later_image(
    alarm: bool, fired: tuple[Fired, ...], skew: float, world: World, rng: random.Random
) -> tuple[Image, ...]:
    """The image taken after the encounter, if one was; sites that are skewed order more or fewer."""
    practice = world.practice
    share = practice["imaged_with_alarm" if alarm else "imaged_without_alarm"] * (1 + skew)
    wanted, late, when, which = (rng.random() for _ in range(4))
    if wanted >= share:
        return ()
    soon = any(f.rule.urgency in {"emergency", "same_day"} for f in fired)
    if alarm and late < practice["late"]:
        days = practice["late_days_from"] + when * (practice["late_days_to"] - practice["late_days_from"])
    else:
        days = when * (practice["soon_days"] if soon else practice["urgent_days"])
    tests = tuple(TESTS.values())
    return (Image(tests[int(which * len(tests))], int(days)),)
