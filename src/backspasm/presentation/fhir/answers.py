"""A patient as a response to our intake: what was counted, in the form in which it can be sent again."""

from __future__ import annotations

from collections.abc import Iterable

from backspasm.patients.from_fhir.own import AGE, DAYS_AGO, GENDER, INTAKE, LISTS, PLACE, SETTING, SEX, WEEKS
from backspasm.patients.patient import Patient
from backspasm.presentation.fhir.names import Json, coding, comorbidity_coding, quantity
from backspasm.presentation.fhir.resources import text
from backspasm.presentation.words import plain
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit

#: heads the linkIds of groups, which ask nothing
GROUP = "group."
PERSON, BACKGROUND = "person", "background"


def answer_items(patient: Patient, knowledge: Knowledge) -> list[Json]:
    """The items of a QuestionnaireResponse to the intake; what was not asked has no item."""
    groups = [(PERSON, _person(patient)), (BACKGROUND, _background(patient, knowledge))]
    for section, findings in knowledge.index.findings.items():
        groups.append((section, [i for f in findings if (i := _finding(f, patient, knowledge)) is not None]))
    return [{"linkId": GROUP + name, "item": items} for name, items in groups if items]


def response(patient: Patient, knowledge: Knowledge, authored: str | None = None) -> Json:
    """A completed response without subject; ``authored``: when it was given."""
    out: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical(knowledge),
        "status": "completed",
        "item": answer_items(patient, knowledge),
    }
    return out | ({"authored": authored} if authored else {})


def canonical(knowledge: Knowledge) -> str:
    """The intake as this knowledge base asks it."""
    return f"{INTAKE}|{version_of(knowledge)}"


def version_of(knowledge: Knowledge) -> str:
    """Questions belong to a version of the program and a state of the knowledge base."""
    return f"{knowledge.version}-{knowledge.digest[:12]}"


def _item(link: str, *answers: Json) -> Json:
    return {"linkId": link, "answer": list(answers)}


def _person(p: Patient) -> list[Json]:
    out = []
    if p.age_years is not None:
        out.append(_item(AGE, {"valueDecimal": p.age_years}))
    if p.sex != "unknown":
        out.append(_item(SEX, {"valueCoding": coding(GENDER, p.sex)}))
    if p.setting is not None:
        out.append(_item(PLACE, {"valueCoding": coding(SETTING, p.setting, plain(p.setting))}))
    return out


def _background(p: Patient, knowledge: Knowledge) -> list[Json]:
    out = []
    named: tuple[tuple[str, Iterable[Json]], ...] = (
        ("medications", ({"valueString": text(n)} for n in p.medications)),
        ("allergies", ({"valueString": text(n)} for n in p.allergies)),
        ("comorbidities", ({"valueCoding": comorbidity_coding(c, knowledge)} for c in p.comorbidities)),
    )
    for name, given in named:
        answers = list(given)
        if answers:
            out.append(_item(name, *answers))
        elif name in p.stated:
            out.append(_item(LISTS[name], {"valueBoolean": True}))
    if p.pregnancy_weeks is not None:
        out.append(_item(WEEKS, {"valueDecimal": p.pregnancy_weeks}))
    return out


def _finding(finding: str, p: Patient, knowledge: Knowledge) -> Json | None:
    if finding in p.measured:
        unit = knowledge.findings[finding].unit
        return _item(finding, {"valueQuantity": quantity(p.measured[finding], unit, plain_unit(unit))})
    said = p.pregnant if finding == "pregnancy" and p.pregnant is not None else None
    if said is None and finding in p.present:
        said = True
    if said is None and finding in p.absent:
        said = False
    if said is None:
        return None
    answer: Json = {"valueBoolean": said}
    if finding in p.days_ago and said:
        answer["item"] = [_item(finding + DAYS_AGO, {"valueDecimal": p.days_ago[finding]})]
    return _item(finding, answer)
