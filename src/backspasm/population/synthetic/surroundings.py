"""The rest of a life in records: other visits before and after. Nothing in it may change what was known at the encounter.

Before the encounter stand unrelated problems and visits, symptoms long over, and measurements too old to count. After it
stand the very things that must not be looked at: the true diagnosis, new results, new medicines.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from backspasm.patients.from_fhir.windows import LASTING, STATES
from backspasm.population.synthetic.answers import UCUM_OF
from backspasm.population.synthetic.calendar import instant
from backspasm.population.synthetic.codes import is_silent
from backspasm.population.synthetic.resources import (
    CLINICAL,
    LOINC,
    SNOMED,
    TERMINOLOGY,
    VERIFICATION,
    Json,
    Record,
    concept,
    quantity,
    reference,
    status,
)
from backspasm.population.synthetic.story import Story
from backspasm.population.synthetic.visit import site_name
from backspasm.population.synthetic.world import World

#: SNOMED CT: problems that say nothing of a back
PROBLEMS = (
    ("444814009", "Viral sinusitis (disorder)"),
    ("10509002", "Acute bronchitis (disorder)"),
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("66383009", "Gingivitis (disorder)"),
    ("65363002", "Otitis media (disorder)"),
    ("109570002", "Primary dental caries (disorder)"),
    ("40055000", "Chronic sinusitis (disorder)"),
    ("73595000", "Stress (finding)"),
)
VISITS = (
    ("162673000", "General examination of patient (procedure)"),
    ("185345009", "Encounter for symptom (procedure)"),
    ("185349003", "Encounter for check up (procedure)"),
    ("390906007", "Follow-up encounter (procedure)"),
)
PROCEDURES = (
    ("430193006", "Medication reconciliation (procedure)"),
    ("171207006", "Depression screening (procedure)"),
    ("710824005", "Assessment of health and social care needs (procedure)"),
    ("34043003", "Dental consultation and report (procedure)"),
)
#: CVX
VACCINES = (("140", "Influenza, seasonal, injectable, preservative free"), ("113", "Td (adult), 5 Lf tetanus toxoid"))
#: name of the range in the assumptions -> LOINC, unit, category
MEASURED: dict[str, tuple[tuple[str, str], str, str]] = {
    "body_height": (("8302-2", "Body Height"), "cm", "vital-signs"),
    "body_weight": (("29463-7", "Body Weight"), "kg", "vital-signs"),
    "respiratory_rate": (("9279-1", "Respiratory rate"), "/min", "vital-signs"),
    "oxygen_saturation": (("2708-6", "Oxygen saturation in Arterial blood"), "%", "vital-signs"),
    "glucose": (("2339-0", "Glucose [Mass/volume] in Blood"), "mg/dL", "laboratory"),
    "urea_nitrogen": (("6299-2", "Urea nitrogen [Mass/volume] in Blood"), "mg/dL", "laboratory"),
    "sodium": (("2947-0", "Sodium [Moles/volume] in Blood"), "mmol/L", "laboratory"),
    "potassium": (("6298-4", "Potassium [Moles/volume] in Blood"), "mmol/L", "laboratory"),
    "cholesterol": (("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"), "mg/dL", "laboratory"),
    "triglycerides": (("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"), "mg/dL", "laboratory"),
    "hba1c": (("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), "%", "laboratory"),
}


@dataclass(frozen=True)
class Distractors:
    """What is there to be passed over: silent codes, and codes of findings that must be too old or too new to count."""

    problems: tuple[Json, ...]
    visits: tuple[Json, ...]
    procedures: tuple[Json, ...]
    measured: tuple[tuple[Json, str, str, float, float], ...]
    outdated: tuple[str, ...]
    symptoms: tuple[str, ...]


@lru_cache(maxsize=4)
def distractors(world: World) -> Distractors:
    """Checked against the reader of records: a code that says something to it is left out."""
    ranges = world.knowledge.tables("virtual_measurements")
    findings = world.knowledge.findings
    told = LASTING | STATES | {*world.knowledge.back_pain.findings, "pregnancy"}

    def silent(options: tuple[tuple[str, str], ...]) -> tuple[Json, ...]:
        return tuple(c for o in options if is_silent(c := concept(SNOMED, o), world.book))

    return Distractors(
        silent(PROBLEMS),
        silent(VISITS),
        silent(PROCEDURES),
        tuple(
            (c, unit, kind, ranges[name]["low"], ranges[name]["high"])
            for name, (code, unit, kind) in MEASURED.items()
            if is_silent(c := concept(LOINC, code), world.book)
        ),
        tuple(f for f in world.book.observations if findings[f].kind == "measured"),
        tuple(f for f in world.book.conditions if f not in told),
    )


def write_after(record: Record, story: Story, world: World, rng: random.Random) -> None:
    """What is known only later: the diagnosis, a test, a medicine. No one of them may reach the assessment."""
    history = world.history
    known = distractors(world)

    def later() -> str:
        low, high = history["after_days_from"], history["after_days_to"]
        return instant(story.start + timedelta(days=int(low + rng.random() * (high - low)), minutes=story.minutes))

    diagnosis = world.book.causes.get(story.cause)
    if diagnosis is not None:
        _condition(record, diagnosis, later(), "active")
    symptom = known.symptoms[int(rng.random() * len(known.symptoms))]
    _condition(record, world.book.conditions[symptom][0], later(), "active")
    for _ in range(2):
        _result(record, known.outdated[int(rng.random() * len(known.outdated))], later(), world, rng)
    medicines = sorted(world.shares["virtual_medicines"])
    when = later()
    record.add(
        "MedicationRequest",
        status="active",
        intent="order",
        medicationCodeableConcept=world.book.medicines[medicines[int(rng.random() * len(medicines))]],
        authoredOn=when,
    )


def write_other_visit(record: Record, story: Story, world: World, rng: random.Random) -> None:
    """One visit for something else, before or after the encounter: 2 to 9 kB."""
    history = world.history
    known = distractors(world)
    if rng.random() < history["after_share"]:
        days = -(history["after_days_from"] + rng.random() * (history["after_days_to"] - history["after_days_from"]))
    else:
        days = history["before_days_from"] + rng.random() * (history["before_days_to"] - history["before_days_from"])
        days = min(days, max(story.lived - 1, 0))
    start = story.start - timedelta(days=int(days), minutes=story.minutes)
    if int(days) == 0:  # newborns have no past: it all happens later
        start = story.start + timedelta(days=history["after_days_from"])
    when = instant(start)

    def one(options: tuple[Any, ...]) -> Any:
        return options[int(rng.random() * len(options))]

    problem = one(known.problems)
    encounter = record.add(
        "Encounter",
        status="finished",
        class_={"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        type=[one(known.visits)],
        period={"start": when, "end": instant(start + timedelta(minutes=story.minutes))},
        reasonCode=[problem],
        serviceProvider=reference("Organization", site_name(story.site)),
    )
    _condition(record, problem, when, "resolved" if start < story.start else "active", encounter)
    for _ in range(1 + int(rng.random() * len(known.measured))):
        code, unit, kind, low, high = one(known.measured)
        _observation(record, code, quantity(round(low + rng.random() * (high - low), 1), unit), kind, when, encounter)
    record.add(
        "Procedure", status="completed", code=one(known.procedures), encounter=reference("Encounter", encounter),
        performedPeriod={"start": when, "end": instant(start + timedelta(minutes=story.minutes))},
    )  # fmt: skip
    if rng.random() * 2 < 1:
        record.add(
            "Immunization", status="completed", vaccineCode=concept("http://hl7.org/fhir/sid/cvx", one(VACCINES)),
            encounter=reference("Encounter", encounter), occurrenceDateTime=when, primarySource=True,
        )  # fmt: skip
    if rng.random() * 2 < 1:
        _long_ago(record, story, world, rng)


def _long_ago(record: Record, story: Story, world: World, rng: random.Random) -> None:
    """A value of one of the very findings, and a symptom that is over: both too old to count."""
    history = world.history
    days = int(history["old_from"] + rng.random() * (history["old_to"] - history["old_from"]))
    if days >= story.lived:
        return
    known = distractors(world)
    when = instant(story.start - timedelta(days=days))
    _result(record, known.outdated[int(rng.random() * len(known.outdated))], when, world, rng)
    symptom = known.symptoms[int(rng.random() * len(known.symptoms))]
    _condition(record, world.book.conditions[symptom][0], when, "resolved")


def _condition(record: Record, code: Json, when: str, state: str, encounter: str | None = None) -> None:
    record.add(
        "Condition",
        clinicalStatus=status(CLINICAL, state),
        verificationStatus=status(VERIFICATION, "confirmed"),
        code=code,
        encounter=reference("Encounter", encounter) if encounter else None,
        onsetDateTime=when,
        abatementDateTime=when if state == "resolved" else None,
        recordedDate=when,
    )


def _result(record: Record, finding: str, when: str, world: World, rng: random.Random) -> None:
    found = world.knowledge.findings[finding]
    assert found.plausible is not None
    low, high = (world.knowledge.number(name) for name in found.plausible)
    code = world.book.observations[finding][0]
    unit = found.unit or "1"
    value = quantity(round(low + rng.random() * (high - low), 1), UCUM_OF.get(unit, unit))
    _observation(record, code, value, "laboratory", when, None)


def _observation(record: Record, code: Json, value: Json, kind: str, when: str, encounter: str | None) -> None:
    record.add(
        "Observation",
        status="final",
        category=[status(f"{TERMINOLOGY}/observation-category", kind)],
        code=code,
        encounter=reference("Encounter", encounter) if encounter else None,
        effectiveDateTime=when,
        issued=when,
        valueQuantity=value,
    )
