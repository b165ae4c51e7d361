"""Answers and measurements of the encounter: each in one of the ways in which records hold it."""

from __future__ import annotations

from backspasm.patients.from_fhir.conditions import ABOUT_THE_PAST
from backspasm.patients.from_fhir.history import FAMILY_FINDING
from backspasm.patients.from_fhir.observations import MULTIPLES
from backspasm.patients.from_fhir.own import DAYS_AGO
from backspasm.patients.from_fhir.quantities import DECIMALS
from backspasm.patients.from_fhir.settle import SPANS
from backspasm.patients.from_fhir.windows import LASTING
from backspasm.population.synthetic.codes import own_concept
from backspasm.population.synthetic.resources import (
    ABSENT,
    CLINICAL,
    NEGATIVE,
    POSITIVE,
    PRESENT,
    SNOMED,
    TERMINOLOGY,
    VERIFICATION,
    Json,
    concept,
    quantity,
    status,
)
from backspasm.population.synthetic.scene import Scene

#: our units that UCUM does not know -> what UCUM says
UCUM_OF = {"0-10": "{score}"}
VITAL = frozenset({"temperature", "heart_rate", "hypotension"})


def write_answer(finding: str, present: bool, scene: Scene) -> list[Json]:
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
    elif coded and _may_be_condition(finding, scene):
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


def _may_be_condition(finding: str, scene: Scene) -> bool:
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


def write_measure(finding: str, value: float, scene: Scene) -> list[Json]:
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
