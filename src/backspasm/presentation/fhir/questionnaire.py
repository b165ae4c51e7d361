"""The intake as an R4 Questionnaire, made from the records of the findings: groups, codes, units, bounds, conditions.

Extensions are those of Structured Data Capture (HL7 SDC 3.0) and of R4 itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from backspasm.patients.from_fhir.own import (
    AGE,
    CONTAINED_ID,
    DAYS_AGO,
    GENDER,
    INTAKE,
    INTERVIEW,
    LISTS,
    PLACE,
    SETTING,
    SEX,
    WEEKS,
)
from backspasm.patients.from_fhir.windows import days_valid
from backspasm.presentation import words
from backspasm.presentation.fhir.answers import BACKGROUND, GROUP, PERSON, version_of
from backspasm.presentation.fhir.names import UCUM, Json, coding, comorbidity_coding, finding_codings, quantity
from backspasm.presentation.fhir.resources import NOT_CERTIFIED
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Finding
from backspasm.records.units import plain_unit

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
R4 = "http://hl7.org/fhir/StructureDefinition/"
#: that its questions come one by one
ADAPTIVE = {"url": SDC + "questionnaireAdaptive", "valueBoolean": True}
TITLE = "Back pain: what is known of the patient"
#: resources that fill a list beforehand: the search for them, and where their words stand
PREPARED = {
    "medications": (
        "MedicationRequest?patient={{%patient.id}}&status=active",
        "%medications.entry.resource.medication.ofType(CodeableConcept).text",
    ),
    "allergies": (
        "AllergyIntolerance?patient={{%patient.id}}&clinical-status=active",
        "%allergies.entry.resource.code.text",
    ),
}


def intake(knowledge: Knowledge) -> Json:
    """Every question at once; what is left unanswered was not asked."""
    groups = [person_group(knowledge), _background(knowledge)]
    for section, findings in knowledge.index.findings.items():
        asked = [_item_with_conditions(f, knowledge) for f in findings]
        groups.append(_group(section, words.plain(section).capitalize(), asked))
    variables = [
        _expression(R4 + "variable", search, name, "application/x-fhir-query") for name, (search, _) in PREPARED.items()
    ]
    context = [
        {
            "url": "name",
            "valueCoding": {"system": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "code": "patient"},
        },
        {"url": "type", "valueCode": "Patient"},
    ]
    launch = {"url": SDC + "launchContext", "extension": context}
    return _head("intake", INTAKE, knowledge) | {"extension": [launch, *variables], "item": groups}


def interview(knowledge: Knowledge) -> Json:
    """The adaptive form of the intake: its questions come one by one from `$next-question`."""
    return _head("interview", INTERVIEW, knowledge) | {"extension": [ADAPTIVE], "derivedFrom": [INTAKE]}


def contained(knowledge: Knowledge, items: list[Json]) -> Json:
    """The questions asked so far, as a response carries them."""
    return {
        "resourceType": "Questionnaire",
        "id": CONTAINED_ID,
        "extension": [ADAPTIVE],
        "derivedFrom": [f"{INTERVIEW}|{version_of(knowledge)}"],
        "status": "active",
        "subjectType": ["Patient"],
        "item": items,
    }


def person_group(knowledge: Knowledge) -> Json:
    """Age, sex and setting: what every other question depends on."""
    years = {"url": R4 + "questionnaire-unit", "valueCoding": {"system": UCUM, "code": "a", "display": "years"}}
    age = _asked(AGE, "Age in years; empty if it is not known", "decimal")
    age["extension"] = [years, *_bounds(knowledge, ("age_years_lowest", "age_years_highest"))]
    sex = _asked(SEX, "Sex", "choice", [coding(GENDER, s, s) for s in ("male", "female", "unknown")])
    sex["extension"] = [_expression(SDC + "initialExpression", "%patient.gender")]
    places = [coding(SETTING, s, words.plain(s)) for s in knowledge.index.settings]
    return _group(PERSON, "The person", [age, sex, _asked(PLACE, "Where is the patient seen?", "choice", places)])


def finding_item(finding: str, knowledge: Knowledge) -> Json:
    """One finding: a yes-or-no question, or a quantity with its units and bounds."""
    record = knowledge.findings[finding]
    item: Json = {"linkId": finding, "code": finding_codings(finding, knowledge), "text": record.ask or record.name}
    if record.kind == "boolean":
        item["type"] = "boolean"
        if record.time is not None:
            days = _asked(finding + DAYS_AGO, "How many days ago?", "decimal")
            days["enableWhen"] = [{"question": finding, "operator": "=", "answerBoolean": True}]
            item["item"] = [days]
        return item
    return item | {"type": "quantity", "extension": [*_units(record), *_quantity_bounds(record, knowledge)]}


# --- parts ---------------------------------------------------------------------------------------------------------


def _head(name: str, url: str, knowledge: Knowledge) -> Json:
    return {
        "resourceType": "Questionnaire",
        "id": name,
        "meta": {"source": f"urn:backspasm:knowledge:{knowledge.digest}", "tag": [NOT_CERTIFIED]},
        "url": url,
        "version": version_of(knowledge),
        "name": f"Backspasm{name.capitalize()}",
        "title": TITLE,
        "status": "active",
        "subjectType": ["Patient"],
        "purpose": words.DISCLAIMER,
    }


def _group(name: str, title: str, items: list[Json]) -> Json:
    return {"linkId": GROUP + name, "text": title, "type": "group", "item": items}


def _asked(link: str, text: str, kind: str, options: Iterable[Json] = ()) -> Json:
    choices = [{"valueCoding": c} for c in options]
    return {"linkId": link, "text": text, "type": kind} | ({"answerOption": choices} if choices else {})


def _background(knowledge: Knowledge) -> Json:
    diseases = [comorbidity_coding(c, knowledge) for c in knowledge.index.comorbidities]
    items = []
    for name, text, none, options in (
        ("medications", "Medicines that are taken, each by its name", "No medicine is taken", []),
        ("allergies", "Allergies, each by its name", "No allergy is known", []),
        ("comorbidities", "Other diseases", "None of these diseases", diseases),
    ):
        item = _asked(name, text, "choice" if options else "string", options) | {"repeats": True}
        if name in PREPARED:
            item["extension"] = [_expression(SDC + "initialExpression", PREPARED[name][1])]
        empty = _asked(LISTS[name], none, "boolean")
        empty["enableWhen"] = [{"question": name, "operator": "exists", "answerBoolean": False}]
        items += [item, empty]
    weeks = _asked(WEEKS, "Completed weeks of pregnancy", "decimal")
    weeks["extension"] = _bounds(knowledge, ("pregnancy_weeks_lowest", "pregnancy_weeks_highest"))
    weeks["enableWhen"] = [{"question": "pregnancy", "operator": "=", "answerBoolean": True}]
    return _group(BACKGROUND, "Medicines, allergies, other diseases", [*items, weeks])


def _expression(url: str, expression: str, name: str = "", language: str = "text/fhirpath") -> Json:
    value = {"language": language, "expression": expression} | ({"name": name} if name else {})
    return {"url": url, "valueExpression": value}


def _bounds(knowledge: Knowledge, names: tuple[str, str]) -> list[Json]:
    return [
        {"url": R4 + side, "valueDecimal": knowledge.number(name)}
        for side, name in zip(("minValue", "maxValue"), names, strict=True)
    ]


def _quantity_bounds(record: Finding, knowledge: Knowledge) -> list[Json]:
    if record.plausible is None:
        return []
    sides = zip(("minQuantity", "maxQuantity"), record.plausible, strict=True)
    return [{"url": SDC + side, "valueQuantity": quantity(knowledge.number(n), record.unit)} for side, n in sides]


def _units(record: Finding) -> list[Json]:
    """The unit of the record first, then those that are converted, each by its UCUM code; a scale has no other unit."""
    own = quantity(0, record.unit)["code"]
    known = {own: plain_unit(record.unit) or own}
    for unit in () if own == "1" else record.units:
        if record.unit not in unit.codes and own not in unit.codes:
            known.setdefault(unit.codes[0], unit.codes[0])
    return [
        {"url": R4 + "questionnaire-unitOption", "valueCoding": coding(UCUM, code, shown)}
        for code, shown in known.items()
    ]


def _item_with_conditions(finding: str, knowledge: Knowledge) -> Json:
    """The item as the intake asks it: only of whom it makes sense, and filled from results where there are any."""
    item = finding_item(finding, knowledge)
    conditions, behaviour = _conditions(finding, knowledge)
    if conditions:
        item["enableWhen"] = conditions
    if len(conditions) > 1:
        item["enableBehavior"] = behaviour
    record = knowledge.findings[finding]
    window = days_valid(finding, None, knowledge)
    if record.kind == "measured" and window is not None and any(c.system == "loinc" for c in record.codes):
        period = {"value": window, "unit": "days", "system": UCUM, "code": "d"}
        item["extension"].append({"url": SDC + "observationLinkPeriod", "valueDuration": period})
    return item


def _conditions(finding: str, knowledge: Knowledge) -> tuple[list[Json], str]:
    """Whom a question is put to. Nobody is left out because of an age or a sex that is not known."""
    people = {rule.people for rule in knowledge.not_asked_of if finding in rule.findings}
    for sex, rule in (("male", "males"), ("female", "females")):
        if rule in people:
            return [{"question": SEX, "operator": "!=", "answerCoding": coding(GENDER, sex)}], "all"
    for rule, operator in (("adults", "<"), ("children", ">=")):
        if rule in people:
            limit = knowledge.number("child_age")
            known = {"question": AGE, "operator": operator, "answerDecimal": limit}
            return [known, {"question": AGE, "operator": "exists", "answerBoolean": False}], "any"
    wider = [k.other for k in knowledge.links if k.kind == "implies" and k.finding == finding]
    return [{"question": w, "operator": "!=", "answerBoolean": False} for w in wider], "all"
