"""An assessment as one R4 Bundle of type collection. The same input and the same knowledge give the same bytes."""

from __future__ import annotations

from backspasm.advice.assessment import Assessment
from backspasm.presentation import words
from backspasm.presentation.fhir.answers import response
from backspasm.presentation.fhir.guidance import guidance, not_assessed, parameters
from backspasm.presentation.fhir.impression import impression
from backspasm.presentation.fhir.issues import issues
from backspasm.presentation.fhir.names import INPUT, Json
from backspasm.presentation.fhir.proposals import proposals
from backspasm.presentation.fhir.resources import Making, div
from backspasm.presentation.fhir.risk import complications, differential, must_not_miss
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge


def to_fhir(assessment: Assessment, knowledge: Knowledge) -> bytes:
    """UTF-8 JSON of the bundle, with a newline at the end."""
    return json_bytes(bundle(assessment, knowledge))


def bundle(assessment: Assessment, knowledge: Knowledge) -> Json:
    """GuidanceResponse first, then ClinicalImpression, the RiskAssessments, proposals, issues, and what they rest on.

    Every reference resolves inside the bundle, or is one by which the input called its own resource.
    """
    m = Making(assessment, knowledge)
    risks = [
        ("differential", differential(m)),
        ("complications", complications(m)),
        ("must-not-miss", must_not_miss(m)),
    ]
    shown = [(role, r) for role, r in risks if r is not None]
    found: list[Json | None] = [
        guidance(m),
        impression(m, tuple(role for role, _ in shown)),
        *(r for _, r in shown),
        *(r for _, r in proposals(m)),
        *(r for _, r in issues(m)),
        parameters(m),
        not_assessed(m),
        _answers(m),
        None if m.input_patient else _patient(m),
    ]
    entries = [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in found if r is not None]
    return m.resource(
        "Bundle",
        "bundle",
        "",
        identifier={"system": INPUT, "value": assessment.input_digest},
        type="collection",
        entry=entries,
    )


def _answers(m: Making) -> Json:
    """What was counted, as a response to our intake."""
    given = response(m.assessment.patient, m.knowledge)
    kind = given.pop("resourceType")
    counted = [(words.answer(i, m.knowledge),) for i in m.assessment.answers.items]
    narrative = div("Answers that were counted", rows=counted)
    return m.resource(kind, "answers", narrative, **given, subject=m.subject)


def _patient(m: Making) -> Json:
    """The patient of a case or a note, of whom no more is known here than the sex."""
    p = m.assessment.patient
    return m.resource("Patient", "patient", div(words.patient_line(p.age_years, p.sex, p.setting)), gender=p.sex)
