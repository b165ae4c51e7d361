"""The encounter at issue as resources: what the reader of records finds in them is exactly the case."""

from __future__ import annotations

import random
from datetime import timedelta

from backspasm.patients.from_fhir.own import INTAKE, PLACE, SETTING
from backspasm.population.synthetic.answers import write_answer, write_measure
from backspasm.population.synthetic.calendar import instant
from backspasm.population.synthetic.lists import write_allergies, write_comorbidities, write_medicines, write_orders
from backspasm.population.synthetic.resources import (
    CLINICAL,
    SNOMED,
    TERMINOLOGY,
    VERIFICATION,
    Json,
    Record,
    concept,
    reference,
    status,
)
from backspasm.population.synthetic.scene import Scene
from backspasm.population.synthetic.story import Story
from backspasm.population.synthetic.world import World

#: setting -> class of the encounter (HL7 ActCode), kind of service (SNOMED CT)
PLACES: dict[str, tuple[tuple[str, str], tuple[str, str] | None]] = {
    "emergency": (("EMER", "emergency"), None),
    "community": (("VR", "virtual"), None),
    "primary_care": (("AMB", "ambulatory"), ("394814009", "General practice")),
    "paediatric_clinic": (("AMB", "ambulatory"), ("394537008", "Pediatric specialty")),
    "spine_clinic": (("AMB", "ambulatory"), ("394801008", "Trauma & orthopedics")),
    "referred": (("AMB", "ambulatory"), ("394801008", "Trauma & orthopedics")),
}
PROBLEM = ("185347001", "Encounter for problem")


def patient_resource(story: Story) -> Json:
    """The Patient."""
    return {
        "resourceType": "Patient",
        "id": story.id,
        "active": True,
        "identifier": [{"system": "urn:backspasm:virtual", "value": story.id}],
        "name": [{"use": "official", "family": f"Virtual-{story.number}"}],
        "gender": story.case["sex"],
        "birthDate": story.born.isoformat(),
        "managingOrganization": reference("Organization", site_name(story.site)),
    }


def site_name(site: int) -> str:
    return f"site-{site + 1:02d}"


def group_name(group: int) -> str:
    return f"group-{group + 1}"


def write_visit(record: Record, story: Story, world: World, rng: random.Random) -> str:
    """Add everything known at the encounter; its id is returned."""
    case = story.case
    (code, display), service = PLACES[case["setting"]]
    pain, onset = _reason(story, world, rng)
    encounter = record.add(
        "Encounter",
        status="finished",
        class_={"system": f"{TERMINOLOGY}/v3-ActCode", "code": code, "display": display},
        type=[concept(SNOMED, PROBLEM)],
        serviceType=concept(SNOMED, service) if service else None,
        participant=[
            {"individual": reference("PractitionerRole", f"{site_name(story.site)}-{group_name(story.group)}")}
        ],
        period={"start": instant(story.start), "end": instant(story.start + timedelta(minutes=story.minutes))},
        reasonCode=[pain],
        serviceProvider=reference("Organization", site_name(story.site)),
    )
    within = instant(story.start + timedelta(minutes=story.minutes // 2))
    scene = Scene(record, story, world, rng, reference("Encounter", encounter), within)
    record.add(
        "Condition",
        clinicalStatus=status(CLINICAL, "active"),
        verificationStatus=status(VERIFICATION, "confirmed"),
        category=[status(f"{TERMINOLOGY}/condition-category", "encounter-diagnosis")],
        code=pain,
        encounter=scene.here,
        onsetDateTime=onset,
        recordedDate=scene.when,
    )
    items: list[Json] = []
    if case["setting"] == "referred":  # no class or service says so
        items.append({"linkId": PLACE, "answer": [{"valueCoding": {"system": SETTING, "code": "referred"}}]})
    for finding in case["present"]:
        items += write_answer(finding, True, scene)
    for finding in case["absent"]:
        items += write_answer(finding, False, scene)
    for finding, value in case["measured"].items():
        if not (finding == "duration_days" and onset):
            items += write_measure(finding, value, scene)
    items += write_comorbidities(scene)
    write_medicines(scene)
    write_allergies(scene)
    write_orders(scene)
    if items:
        record.add(
            "QuestionnaireResponse",
            status="completed",
            questionnaire=INTAKE,
            encounter=scene.here,
            authored=scene.when,
            item=items,
        )
    return encounter


def _reason(story: Story, world: World, rng: random.Random) -> tuple[Json, str | None]:
    """The complaint, and its onset where the length of the pain is known in whole days."""
    days = story.case["measured"].get("duration_days")
    long = days is not None and days >= world.knowledge.number("chronic_pain_days")
    whole = days is not None and float(days).is_integer() and days >= 1
    onset = (story.start - timedelta(days=days)).date().isoformat() if whole and rng.random() * 2 < 1 else None
    # a chronic pain without an onset, or one dated by its recording, tells no length of the pain
    options = world.book.chronic if long and onset and rng.random() * 2 < 1 else world.book.reasons
    return options[int(rng.random() * len(options))] | {"text": "Back pain"}, onset
