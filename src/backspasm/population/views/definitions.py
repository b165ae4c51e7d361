"""The ViewDefinitions, made from the code lists that our own reader of records uses.

Layout: SQL on FHIR 2.0 (https://sql-on-fhir.org/ig/2.0.0), profile for views that can be shared. Words without codes, which
our reader takes where a record has nothing else, are beyond a view.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backspasm.patients.from_fhir.terms import FAMILY_CODES, FAMILY_ICD
from backspasm.patients.from_fhir.visit import NOT_HELD
from backspasm.population.views.paths import any_code, either, quoted
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Code

Json = dict[str, Any]
FHIR_VERSION = "4.0.1"
#: verification that takes a condition out
REFUTED = ("refuted", "entered-in-error")
#: an encounter as its columns name it, and the dates of one
PATIENT, ENCOUNTER = "subject.getReferenceKey(Patient)", "encounter.getReferenceKey(Encounter)"


def view_definitions(knowledge: Knowledge) -> tuple[Json, ...]:
    """All views, in the order in which they are used."""
    back = any_code(back_pain_codes(knowledge))
    findings = any_code(c for r in knowledge.findings.values() for c in r.codes)
    problems = any_code(
        c for rs in (knowledge.findings, knowledge.comorbidities) for r in rs.values() for c in r.codes
    )  # fmt: skip
    held = " and ".join(f"(status.exists().not() or status != {quoted(s)})" for s in sorted(NOT_HELD))
    sound = " and ".join(f"verificationStatus.coding.where(code = {quoted(s)}).exists().not()" for s in REFUTED)
    own = f"code.coding.where({_family()}).exists().not()"
    return (
        _view("patients", "Patient", "Everybody.", [], [_columns(
            ("patient", "getResourceKey()", "id"), ("gender", "gender", "code"), ("birth_date", "birthDate", "date"),
        )]),
        _view(
            "back_pain_encounters", "Encounter",
            "Encounters that took place and whose own codes are for back pain. Those that a row of back_pain_conditions or "
            "encounter_conditions leads to belong to them.",
            [held, f"(reasonCode.coding.where({back}).exists() or type.coding.where({back}).exists())"], [_encounter()],
        ),
        _view(
            "back_pain_conditions", "Condition",
            "Conditions of back pain that were not refuted; encounter is the one about them.",
            [f"code.coding.where({back}).exists()", sound, own],
            [_columns(("condition", "getResourceKey()", "id"), ("patient", PATIENT, "id"), ("encounter", ENCOUNTER, "id"),
                      ("onset", "onset.ofType(dateTime)", "dateTime"), ("recorded", "recordedDate", "dateTime"))],
        ),
        _view(
            "encounter_conditions", "Encounter", "Conditions that an encounter names as its reason or diagnosis.", [held],
            [_columns(("encounter", "getResourceKey()", "id"), ("patient", PATIENT, "id")),
             {"unionAll": [
                 {"forEach": "diagnosis.condition", **_columns(("condition", "getReferenceKey(Condition)", "id"))},
                 {"forEach": "reasonReference", **_columns(("condition", "getReferenceKey(Condition)", "id"))},
             ]}],
        ),
        _view(
            "problems", "Condition", "Conditions whose code means a finding or a comorbidity, a row each coding.", [own],
            [_columns(("condition", "getResourceKey()", "id"), ("patient", PATIENT, "id"), ("encounter", ENCOUNTER, "id"),
                      ("clinical_status", "clinicalStatus.coding.code.first()", "code"),
                      ("verification_status", "verificationStatus.coding.code.first()", "code"),
                      ("onset", "onset.ofType(dateTime)", "dateTime"),
                      ("abatement", "abatement.ofType(dateTime)", "dateTime"), ("recorded", "recordedDate", "dateTime")),
             _codings(f"code.coding.where({problems})")],
        ),
        _view(
            "observations", "Observation", "Observations and their components whose code means a finding, a row each coding.",
            [],
            [_columns(("observation", "getResourceKey()", "id"), ("patient", PATIENT, "id"), ("encounter", ENCOUNTER, "id"),
                      ("status", "status", "code"), ("effective", "effective.ofType(dateTime)", "dateTime"),
                      ("issued", "issued", "instant")),
             {"unionAll": [_valued(findings), {"forEach": "component", **_valued(findings)}]}],
        ),
        _view(
            "medicines", "MedicationRequest", "Medicines ordered, a row each RxNorm code; which of them count, and until when, "
            "our reader decides.", [],
            [_columns(("request", "getResourceKey()", "id"), ("patient", PATIENT, "id"), ("encounter", ENCOUNTER, "id"),
                      ("status", "status", "code"), ("intent", "intent", "code"), ("authored", "authoredOn", "dateTime")),
             _codings("medication.ofType(CodeableConcept).coding.where(system = "
                      "'http://www.nlm.nih.gov/research/umls/rxnorm')")],
        ),
        _view(
            "allergies", "AllergyIntolerance", "Allergies, a row each coding.", [],
            [_columns(("allergy", "getResourceKey()", "id"), ("patient", "patient.getReferenceKey(Patient)", "id"),
                      ("clinical_status", "clinicalStatus.coding.code.first()", "code"),
                      ("verification_status", "verificationStatus.coding.code.first()", "code"),
                      ("recorded", "recordedDate", "dateTime")),
             _codings("code.coding")],
        ),
    )  # fmt: skip


def back_pain_codes(knowledge: Knowledge) -> tuple[Code, ...]:
    """Codes that make a condition, or the encounter about it, one for back pain."""
    codes = knowledge.back_pain
    out = list(codes.symptoms)
    out += [c for r in knowledge.causes.values() if knowledge.cause_group[r.id] in codes.cause_groups for c in r.codes]
    out += [c for name in codes.complications for c in knowledge.complications[name].codes]
    out += [c for name in codes.findings for c in knowledge.findings[name].codes]
    return tuple(out)


def _view(name: str, resource: str, description: str, where: Iterable[str], select: list[Json]) -> Json:
    out: Json = {
        "resourceType": "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition",
        "url": f"urn:backspasm:view:{name}",
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "status": "active",
        "description": description,
        "fhirVersion": [FHIR_VERSION],
        "resource": resource,
    }
    conditions = [{"path": path} for path in where]
    return out | ({"where": conditions} if conditions else {}) | {"select": select}


def _columns(*columns: tuple[str, str, str]) -> Json:
    return {"column": [{"name": name, "path": path, "type": kind} for name, path, kind in columns]}


def _encounter() -> Json:
    return _columns(
        ("encounter", "getResourceKey()", "id"),
        ("patient", PATIENT, "id"),
        ("status", "status", "code"),
        ("class", "class.code", "code"),
        ("start", "period.start", "dateTime"),
        ("end", "period.end", "dateTime"),
        ("site", "serviceProvider.reference", "string"),
    )


def _codings(path: str) -> Json:
    return {"forEach": path, **_columns(("system", "system", "uri"), ("code", "code", "code"))}


def _valued(findings: str) -> Json:
    """Value and codes of the observation or component at hand."""
    value = (
        ("value", "value.ofType(Quantity).value", "decimal"),
        ("comparator", "value.ofType(Quantity).comparator", "code"),
        ("unit", "value.ofType(Quantity).code", "code"),
        ("unit_shown", "value.ofType(Quantity).unit", "string"),
        ("value_boolean", "value.ofType(boolean)", "boolean"),
        ("value_code", "value.ofType(CodeableConcept).coding.code.first()", "code"),
        ("value_text", "value.ofType(string)", "string"),
    )
    return {"select": [_columns(*value), _codings(f"code.coding.where({findings})")]}


def _family() -> str:
    """Whether the coding at hand speaks of relatives."""
    exact = [f"code = {quoted(code)}" for code in sorted(FAMILY_CODES)]
    icd = [Code(system="icd10cm", code=code, display="", match="prefix") for code in FAMILY_ICD]
    return either([either(exact), any_code(icd)])
