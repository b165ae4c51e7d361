"""The encounter at issue as resources: what the reader of records finds in them is exactly the case."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backspasm.patients.from_fhir.conditions import ABOUT_THE_PAST
from backspasm.patients.from_fhir.history import FAMILY_FINDING
from backspasm.patients.from_fhir.observations import MULTIPLES
from backspasm.patients.from_fhir.own import COMORBIDITY, DAYS_AGO, INTAKE, PLACE, SETTING
from backspasm.patients.from_fhir.quantities import DECIMALS
from backspasm.patients.from_fhir.settle import SPANS
from backspasm.patients.from_fhir.windows import LASTING
from backspasm.population.synthetic.calendar import instant
from backspasm.population.synthetic.codes import own_concept
from backspasm.population.synthetic.resources import (
    ABSENT,
    CLINICAL,
    IMAGING,
    NEGATIVE,
    POSITIVE,
    PRESENT,
    REFERRAL,
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
from backspasm.population.synthetic.story import Story, World

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
#: our units that UCUM does not know -> what UCUM says
UCUM_OF = {"0-10": "{score}"}
VITAL = frozenset({"temperature", "heart_rate", "hypotension"})


@dataclass(frozen=True)
class Scene:
    """The encounter while its resources are written. ``here``: its reference; ``when``: a moment within it."""

    record: Record
    story: Story
    world: World
    rng: random.Random
    here: Json
    when: str

    def before(self, days: float) -> str:
        """The day so many days before the encounter."""
        return (self.story.start - timedelta(days=days)).date().isoformat()

    def one_of(self, options: Any) -> Any:
        return options[int(self.rng.random() * len(options))]


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
        items += _answer(finding, True, scene)
    for finding in case["absent"]:
        items += _answer(finding, False, scene)
    for finding, value in case["measured"].items():
        if not (finding == "duration_days" and onset):
            items += _measure(finding, value, scene)
    items += _comorbidities(scene)
    _medicines(scene)
    _allergies(scene)
    _orders(scene)
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


# --- answers -----------------------------------------------------------------------------------------------------------


def _answer(finding: str, present: bool, scene: Scene) -> list[Json]:
    """Write a yes-or-no finding down as one of the ways in which records hold it; items of the questionnaire are returned."""
    ago = scene.story.case.get("days_ago", {}).get(finding)
    book, coded = scene.world.book, scene.rng.random() < scene.world.history["coded_share"]
    if present and ago is not None:
        if coded and finding in book.conditions and finding != "previous_episodes":
            _past(finding, ago, scene)
            return []
    elif finding == FAMILY_FINDING:
        if present and coded:
            _family(scene)
            return []
    elif coded and _may_be_condition(finding, present, scene):
        _condition(finding, present, scene)
        return []
    elif coded and finding in book.observations:
        _observed(finding, present, scene.one_of(book.observations[finding]), scene)
        return []
    elif coded and finding not in MULTIPLES:
        _observed(finding, present, own_concept(finding, scene.world.knowledge), scene)
        return []
    items: list[Json] = [{"linkId": finding, "answer": [{"valueBoolean": present}]}]
    if present and ago is not None:
        items.append({"linkId": f"{finding}{DAYS_AGO}", "answer": [{"valueDecimal": ago}]})
    return items


def _may_be_condition(finding: str, present: bool, scene: Scene) -> bool:
    """Whether a diagnosis of today says the finding: what has a date of its own, or is a picture, is said otherwise."""
    if finding not in scene.world.book.conditions or finding in LASTING or finding in ABOUT_THE_PAST:
        return False
    if finding in {"pregnancy"} or scene.rng.random() * 2 < 1:
        return False
    sections = scene.world.knowledge.index.findings
    grown = scene.story.case["age_years"] >= scene.world.knowledge.number("child_age")
    return finding not in sections["imaging"] and not (grown and finding in sections["child"])


def _condition(finding: str, present: bool, scene: Scene) -> None:
    scene.record.add(
        "Condition",
        clinicalStatus=status(CLINICAL, "active") if present else None,
        verificationStatus=status(VERIFICATION, "confirmed" if present else "refuted"),
        category=[status(f"{TERMINOLOGY}/condition-category", "encounter-diagnosis")],
        code=scene.one_of(scene.world.book.conditions[finding]),
        encounter=scene.here,
        recordedDate=scene.when,
    )


def _past(finding: str, ago: float, scene: Scene) -> None:
    """Something that happened before: of what lasts for a while, the end counts."""
    over = finding in SPANS
    scene.record.add(
        "Condition",
        clinicalStatus=status(CLINICAL, "resolved" if over else "active"),
        verificationStatus=status(VERIFICATION, "confirmed"),
        category=[status(f"{TERMINOLOGY}/condition-category", "problem-list-item")],
        code=scene.one_of(scene.world.book.conditions[finding]),
        onsetDateTime=scene.before(ago),
        abatementDateTime=scene.before(ago) if over else None,
        recordedDate=scene.before(ago),
    )


def _family(scene: Scene) -> None:
    scene.record.add(
        "FamilyMemberHistory",
        status="completed",
        date=scene.when,
        relationship=concept(f"{TERMINOLOGY}/v3-RoleCode", ("NPRN", "natural parent")),
        condition=[{"code": scene.world.book.causes["axial_spondyloarthritis"]}],
    )


def _observed(finding: str, present: bool, code: Json, scene: Scene) -> None:
    tested = finding in scene.world.knowledge.index.findings["laboratory"]
    yes, no = (POSITIVE, NEGATIVE) if tested else (PRESENT, ABSENT)
    if scene.rng.random() * 2 < 1:
        value: Json = {"valueBoolean": present}
    else:
        value = {"valueCodeableConcept": concept(SNOMED, yes if present else no)}
    _observation(finding, code, value, scene)


def _observation(finding: str, code: Json, value: Json, scene: Scene) -> None:
    sections = scene.world.knowledge.index.findings
    kind = "laboratory" if finding in sections["laboratory"] else "vital-signs" if finding in VITAL else "exam"
    scene.record.add(
        "Observation",
        status="final",
        category=[status(f"{TERMINOLOGY}/observation-category", kind)],
        code=code,
        encounter=scene.here,
        effectiveDateTime=scene.when,
        issued=scene.when,
        **value,
    )


def _measure(finding: str, value: float, scene: Scene) -> list[Json]:
    """A measurement as an Observation, in the unit of the finding or another one, else in the questionnaire."""
    book = scene.world.book
    if finding in book.observations:
        shown, unit = _in_some_unit(finding, value, scene)
        options = book.observations[finding]
        molar = [c for c in options if ("Moles" in c["coding"][0].get("display", "")) == ("mol" in unit)]
        code = scene.one_of(molar or options)
    elif scene.rng.random() * 2 < 1:
        shown, unit = value, scene.world.knowledge.findings[finding].unit or "1"
        code = own_concept(finding, scene.world.knowledge)
    else:
        return [{"linkId": finding, "answer": [{"valueDecimal": value}]}]
    _observation(finding, code, {"valueQuantity": quantity(shown, UCUM_OF.get(unit, unit))}, scene)
    return []


def _in_some_unit(finding: str, value: float, scene: Scene) -> tuple[float, str]:
    """The value in another unit of the record, where it can be read back without a loss."""
    record = scene.world.knowledge.findings[finding]
    own = record.unit or "1"
    if scene.rng.random() >= scene.world.history["other_unit"]:
        return value, own
    fitting = []
    for unit in record.units:
        other = round((value - unit.offset) / unit.factor, DECIMALS)
        if (
            unit.codes[0] not in {own, "0-100", "cm", "/s", "K"}
            and round(other * unit.factor + unit.offset, DECIMALS) == value
        ):
            fitting.append((other, unit.codes[0]))
    return scene.one_of(fitting) if fitting else (value, own)


# --- lists and orders --------------------------------------------------------------------------------------------------


def _comorbidities(scene: Scene) -> list[Json]:
    items: list[Json] = []
    for name in scene.story.case.get("comorbidities", ()):
        options = scene.world.book.comorbidities.get(name)
        if options is None:
            coding = {"system": COMORBIDITY, "code": name}
            items.append({"linkId": "comorbidities", "answer": [{"valueCoding": coding}]})
            continue
        scene.record.add(
            "Condition",
            clinicalStatus=status(CLINICAL, "active"),
            verificationStatus=status(VERIFICATION, "confirmed"),
            category=[status(f"{TERMINOLOGY}/condition-category", "problem-list-item")],
            code=scene.one_of(options),
            recordedDate=scene.before(_some_days(scene)),
        )
    return items


def _medicines(scene: Scene) -> None:
    for name in scene.story.case.get("medications", ()):
        today = name == scene.story.prescribed
        medicine = scene.world.book.medicines[name]
        since = scene.when if today else scene.before(_some_days(scene))
        if today or scene.rng.random() * 2 < 1:
            scene.record.add(
                "MedicationRequest",
                status="active",
                intent="order",
                medicationCodeableConcept=medicine,
                encounter=scene.here if today else None,
                authoredOn=since,
            )
        else:
            scene.record.add(
                "MedicationStatement",
                status="active",
                medicationCodeableConcept=medicine,
                effectivePeriod={"start": since},
                dateAsserted=since,
            )


def _allergies(scene: Scene) -> None:
    listed = scene.story.case.get("allergies")
    if listed is None:
        return
    system = f"{TERMINOLOGY}/allergyintolerance"
    said = [scene.world.book.medicines[name] for name in listed]
    for code in said or [concept(SNOMED, ("716186003", "No known allergy"))]:
        scene.record.add(
            "AllergyIntolerance",
            clinicalStatus=status(f"{system}-clinical", "active"),
            verificationStatus=status(f"{system}-verification", "confirmed"),
            code=code,
            recordedDate=scene.before(_some_days(scene)),
        )


def _orders(scene: Scene) -> None:
    """Images and referrals around the encounter: an order at it, and the report of the day of the picture."""
    names = scene.world.knowledge.investigations
    for image in scene.story.images:
        code = {"text": f"{names[image.test].name}, lumbar spine"}
        taken = instant(scene.story.start + timedelta(days=image.days, minutes=scene.story.minutes))
        order = scene.record.add(
            "ServiceRequest",
            status="completed",
            intent="order",
            category=[IMAGING],
            code=code,
            authoredOn=taken,
        )
        scene.record.add(
            "DiagnosticReport",
            status="final",
            category=[status(f"{TERMINOLOGY}/v2-0074", "RAD")],
            basedOn=[reference("ServiceRequest", order)],
            code=code,
            effectiveDateTime=taken,
            issued=taken,
        )
    if scene.story.referred_days is not None:
        sent = scene.story.start + timedelta(days=scene.story.referred_days, minutes=scene.story.minutes)
        scene.record.add(
            "ServiceRequest",
            status="active",
            intent="order",
            category=[REFERRAL],
            code={"text": "Referral to a spine clinic"},
            authoredOn=instant(sent),
        )


def _some_days(scene: Scene) -> int:
    """A day before the encounter, within the patient's life."""
    history, lived = scene.world.history, scene.story.lived
    latest = min(history["before_days_to"], lived)
    return int(
        min(history["before_days_from"], lived) + scene.rng.random() * max(0, latest - history["before_days_from"])
    )
