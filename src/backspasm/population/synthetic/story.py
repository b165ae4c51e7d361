"""What happened to one virtual patient: the case as it was known at the encounter, and what the clinic did about it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from backspasm.advice.prescribing import patient_facts
from backspasm.advice.red_flags import Fired, holds
from backspasm.advice.rule_arrays import named
from backspasm.advice.taken_medicines import taken_verdicts
from backspasm.inference.strata import Ages
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.from_fhir.history import NSAID_ALLERGY, NSAIDS
from backspasm.patients.patient import InputError, Patient
from backspasm.population.synthetic.calendar import FIRST_DAY, birth_date
from backspasm.population.synthetic.codes import CodeBook, code_book
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Condition, RedFlag

#: sections of findings that only a test tells
IMAGING, LABORATORY = "imaging", "laboratory"
#: what may be prescribed for the pain at the encounter
PRESCRIBED = ("naproxen", "ibuprofen", "paracetamol", "diclofenac", "cyclobenzaprine", "tramadol")


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


@dataclass(frozen=True, eq=False)
class World:
    """What all stories share."""

    knowledge: Knowledge
    book: CodeBook
    seed: int

    @cached_property
    def practice(self) -> dict[str, float]:
        return self.knowledge.table("virtual_practice")

    @cached_property
    def history(self) -> dict[str, float]:
        return self.knowledge.table("virtual_history")

    @cached_property
    def shares(self) -> dict[str, dict[str, dict[str, float]]]:
        """The two-level tables of what is invented."""
        names = ("virtual_medicines", "virtual_comorbidities", "virtual_days_ago")
        return {name: self.knowledge.tables(name) for name in names}

    @cached_property
    def allergies(self) -> dict[str, float]:
        return self.knowledge.table("virtual_allergies")

    @cached_property
    def rules(self) -> tuple[tuple[RedFlag, ...], dict[str, tuple[str, ...]]]:
        """Safety rules that may hold without any finding; and the ids of those that each finding may set off."""
        free = tuple(r for r in self.knowledge.red_flags.values() if not _needs_finding(r.condition))
        by: dict[str, tuple[str, ...]] = {}
        for rule in self.knowledge.red_flags.values():
            for name in dict.fromkeys(named(rule.condition)):
                by[name] = (*by.get(name, ()), rule.id)
        return free, by

    @cached_property
    def ages(self) -> Ages:
        return Ages.of(self.knowledge)

    @cached_property
    def risks(self) -> tuple[tuple[str, str, str], ...]:
        """Medicine, comorbidity and rule, where the comorbidity alone bars the medicine for an adult."""
        return tuple(_risks(self.knowledge))

    @cached_property
    def skew(self) -> tuple[float, ...]:
        """How far each site departs from the rest, -1 to 1: most not at all."""
        rng = random.Random(f"{self.seed} sites")
        share = self.practice["skewed_sites"]
        return tuple(
            2 * rng.random() - 1 if rng.random() < share else 0.0 for _ in range(round(self.practice["sites"]))
        )


def world_of(knowledge: Knowledge, seed: int) -> World:
    return World(knowledge, code_book(knowledge), seed)


def coins(seed: int, number: int) -> random.Random:
    """The patient's own random numbers: they depend on the seed and the number only."""
    return random.Random(f"{seed} {number}")


def story_of(number: int, drawn: dict[str, Any], cause: str, world: World, rng: random.Random) -> Story:
    """The story of patient ``number``, around the answers drawn for that patient."""
    practice = world.practice
    start = FIRST_DAY + timedelta(
        days=_whole(rng, 0, world.history["study_days"]),
        hours=_whole(rng, practice["opens"], practice["closes"]),
        minutes=_whole(rng, 0, 59),  # of an hour
    )
    site = int(rng.random() * practice["sites"])
    plain = _masked(drawn, world, rng)
    risk = _risk(plain, world, rng)
    images = _known_images(plain, world, rng)
    case, prescribed = _enriched(plain, risk, world, rng)
    try:
        patient = from_case(case, world.knowledge)
        fired = _fired(patient, world)
    except InputError:  # what was added contradicts what was drawn: the patient stays as drawn
        case, risk, prescribed = plain, None, None
        patient = from_case(case, world.knowledge)
        fired = _fired(patient, world)
    alarm = is_alarming(fired, world.knowledge)
    later = _later_image(alarm, fired, patient, world.skew[site] * practice["site_spread"], world, rng)
    referred = "referred_with_alarm" if alarm else "referred_without_alarm"
    return Story(
        number=number,
        id=f"v{number:08d}",
        case=case,
        patient=patient,
        start=start,
        born=birth_date(plain["age_years"], start),
        minutes=_whole(rng, practice["shortest_minutes"], practice["longest_minutes"]),
        site=site,
        group=int(rng.random() * practice["groups"]),
        fired=fired,
        images=(*images, *later),
        referred_days=_whole(rng, 0, practice["urgent_days"]) if rng.random() < practice[referred] else None,
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


def _needs_finding(condition: Condition) -> bool:
    """Whether the condition cannot hold where nothing but age and comorbidities is known."""
    if condition.finding is not None or condition.measured is not None:
        return True
    if condition.all_of:
        return any(map(_needs_finding, condition.all_of))
    parts = condition.any_of or condition.count_of
    return bool(parts) and all(map(_needs_finding, parts))


def is_alarming(fired: tuple[Fired, ...], knowledge: Knowledge) -> bool:
    """Whether a safety rule demands at least urgent care."""
    return any(_is_urgent(f.rule.urgency, knowledge) for f in fired)


def _is_urgent(level: str, knowledge: Knowledge) -> bool:
    order = knowledge.index.urgency.index
    return order(level) <= order("urgent")


def _whole(rng: random.Random, low: float, high: float) -> int:
    return int(low + rng.random() * (high - low + 1))


def _of(rng: random.Random, options: Any) -> Any:
    return options[int(rng.random() * len(options))]


# --- the case ----------------------------------------------------------------------------------------------------------


def _masked(drawn: dict[str, Any], world: World, rng: random.Random) -> dict[str, Any]:
    """Fewer tests than questions: images are read whole or not at all, laboratory values one by one."""
    sections = world.knowledge.index.findings
    imaging, laboratory = sections.get(IMAGING, ()), sections.get(LABORATORY, ())
    practice = world.practice
    modalities = dict.fromkeys(f.split("_")[0] for f in imaging)
    seen = {m for m in modalities if rng.random() < practice["images_known"]}
    tested = {f for f in laboratory if rng.random() < practice["laboratory_known"]}
    gone = {f for f in imaging if f.split("_")[0] not in seen} | {f for f in laboratory if f not in tested}
    return {
        **drawn,
        "present": [f for f in drawn["present"] if f not in gone],
        "absent": [f for f in drawn["absent"] if f not in gone],
        "measured": {f: v for f, v in drawn["measured"].items() if f not in gone},
    }


def _enriched(
    plain: dict[str, Any], risk: tuple[str, str, str] | None, world: World, rng: random.Random
) -> tuple[dict[str, Any], str | None]:
    """The case with medicines, allergies, comorbidities and times; and the medicine that is prescribed at the encounter."""
    knowledge = world.knowledge
    group = world.ages.group(world.ages.band(plain["age_years"]))
    absent, present = set(plain["absent"]), set(plain["present"])
    comorbidities = {
        name
        for name, shares in world.shares["virtual_comorbidities"].items()
        if rng.random() < shares[group] and not absent.intersection(knowledge.comorbidities[name].implies)
    }
    medicines = [
        name
        for name, shares in world.shares["virtual_medicines"].items()
        if rng.random() < shares[group] and present.issuperset(knowledge.medicines[name].implies)
    ]
    allergies = _allergies(world.allergies, rng)
    if any(NSAIDS.intersection(knowledge.medicines[a].classes) for a in allergies or ()):
        comorbidities.add(NSAID_ALLERGY)
    case = dict(plain)
    prescribed = None
    prescribes = rng.random() < world.practice["prescribed"]
    medicine = _of(rng, PRESCRIBED)
    if risk is not None:
        medicine = risk[0]
        comorbidities.add(risk[1])
    if risk is not None or (prescribes and not _barred(medicine, comorbidities, allergies, world)):
        medicines = [*(m for m in medicines if m != medicine), medicine]
        prescribed = medicine
    if plain["sex"] == "female":
        comorbidities.discard("prostatic_hyperplasia")
    case["comorbidities"] = [c for c in knowledge.index.comorbidities if c in comorbidities]
    case["medications"] = medicines
    if allergies is not None:
        case["allergies"] = allergies
    return case | _times(case, world, rng), prescribed


def _barred(medicine: str, comorbidities: set[str], allergies: list[str] | None, world: World) -> bool:
    barred = any(m == medicine and c in comorbidities for m, c, _ in world.risks)
    return barred or medicine in (allergies or ())


def _allergies(shares: dict[str, float], rng: random.Random) -> list[str] | None:
    """Allergies; an empty list where it is stated that there are none; None where nobody said."""
    found = [name for name, share in shares.items() if name != "none" and rng.random() < share]
    stated = rng.random() < shares["none"]
    return found or ([] if stated else None)


def _times(case: dict[str, Any], world: World, rng: random.Random) -> dict[str, Any]:
    """How long ago it happened, for what happened; and the length of the pain in whole days, where it is a day or more."""
    measured = dict(case["measured"])
    days = measured.get("duration_days")
    if days is not None and days >= 1:
        measured["duration_days"] = float(int(days))  # never across a threshold, which is in whole days
    since: dict[str, float] = {}
    for finding, ends in world.shares["virtual_days_ago"].items():
        ago = int((days or 0) + _whole(rng, ends["low"], ends["high"]))
        told = rng.random()
        if finding in case["present"] and told * 2 < 1 and ago < _days_lived(case):
            since[finding] = float(ago)
    return {"measured": measured, "days_ago": since} if since else {"measured": measured}


def _days_lived(case: dict[str, Any]) -> float:
    return float(case["age_years"]) * DAYS_OF_YEAR


#: a little less than a year, so that nothing is dated before a birth
DAYS_OF_YEAR = 365


def _risk(plain: dict[str, Any], world: World, rng: random.Random) -> tuple[str, str, str] | None:
    """A medicine planted with the comorbidity that bars it."""
    chosen, which = rng.random() < world.practice["risky_prescription"], rng.random()
    adult = world.ages.group(world.ages.band(plain["age_years"])) in {"adult", "older"}
    fitting = [
        r
        for r in world.risks
        if not set(plain["absent"]).intersection(world.knowledge.comorbidities[r[1]].implies)
        and not (r[1] == "prostatic_hyperplasia" and plain["sex"] == "female")
    ]
    return fitting[int(which * len(fitting))] if chosen and adult and fitting else None


def _risks(knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    grown = knowledge.number("child_age")
    names = list(knowledge.tables("virtual_comorbidities"))
    for medicine in PRESCRIBED:
        for comorbidity in names:
            patient = Patient(age_years=grown, medications=(medicine,), comorbidities=(comorbidity,))
            facts = patient_facts(patient, answers_of(patient, knowledge), knowledge)
            for taken in taken_verdicts(facts, knowledge):
                if taken.verdict.verdict == "avoid":
                    yield medicine, comorbidity, taken.verdict.reasons[0].rule


# --- what the clinic did -----------------------------------------------------------------------------------------------

#: kind of picture in the names of findings -> the investigation that it is
TESTS = {"radiograph": "radiograph", "mri": "mri_lumbar", "ct": "ct_spine"}


def _known_images(case: dict[str, Any], world: World, rng: random.Random) -> tuple[Image, ...]:
    """The images whose findings are known at the encounter were taken before it."""
    imaging = set(world.knowledge.index.findings.get(IMAGING, ()))
    kinds = dict.fromkeys(f.split("_")[0] for f in (*case["present"], *case["absent"]) if f in imaging)
    return tuple(
        Image(TESTS[kind], -_whole(rng, 1, world.practice["image_known_days"])) for kind in kinds if kind in TESTS
    )


def _later_image(
    alarm: bool, fired: tuple[Fired, ...], patient: Patient, skew: float, world: World, rng: random.Random
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
