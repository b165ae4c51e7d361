"""Comorbidities, medicines, allergies, and what the clinic ordered: images and referrals."""

from __future__ import annotations

from datetime import timedelta

from backspasm.patients.from_fhir.own import COMORBIDITY
from backspasm.population.synthetic.calendar import instant
from backspasm.population.synthetic.resources import (
    CLINICAL,
    IMAGING,
    REFERRAL,
    SNOMED,
    TERMINOLOGY,
    VERIFICATION,
    Json,
    concept,
    reference,
    status,
)
from backspasm.population.synthetic.scene import Scene


def write_comorbidities(scene: Scene) -> list[Json]:
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
            recordedDate=scene.some_day(),
        )
    return items


def write_medicines(scene: Scene) -> None:
    for name in scene.story.case.get("medications", ()):
        today = name == scene.story.prescribed
        medicine = scene.world.book.medicines[name]
        since = scene.when if today else scene.some_day()
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


def write_allergies(scene: Scene) -> None:
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
            recordedDate=scene.some_day(),
        )


def write_orders(scene: Scene) -> None:
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
