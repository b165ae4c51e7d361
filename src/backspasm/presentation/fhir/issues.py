"""Verdicts on medicines and other treatments as DetectedIssues: severity, what of the patient, and what to do instead."""

from __future__ import annotations

from backspasm.advice.prescribing import Reason, TreatmentVerdict
from backspasm.advice.taken_medicines import TakenVerdict
from backspasm.presentation.bibliography import link
from backspasm.presentation.fhir.names import SYSTEMS, TREATMENT, Json, coding, comorbidity_coding, concept
from backspasm.presentation.fhir.resources import Making, div, text
from backspasm.presentation.treatments import treatment_name
from backspasm.records.treatment_types import Hazard

SEVERITY = {"avoid": "high", "caution": "moderate"}
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#: HL7 v3 ActCode: the kinds of detected issues nearest to our hazards
KINDS: dict[Hazard, tuple[str, str]] = {
    "age": ("AGE", "Age Alert"),
    "allergy": ("ALGY", "Allergy Alert"),
    "kidney": ("LAB", "Lab Alert"),
    "pregnancy": ("PREG", "Pregnancy Alert"),
    "breastfeeding": ("LACT", "Lactation Alert"),
    "contraception": ("COND", "Condition Alert"),
    "medicines": ("DRG", "Drug Interaction Alert"),
    "comorbidities": ("COND", "Condition Alert"),
    "findings": ("COND", "Condition Alert"),
}
#: alternatives named in a mitigation
ALTERNATIVES = 4


def issues(m: Making) -> list[tuple[str, Json]]:
    """Role and resource of every verdict: medicines that are taken first, then treatments that one might think of."""
    advice = m.assessment.treatments
    out = []
    for t in advice.taken:
        role = f"issue-taken-{t.verdict.treatment}"
        out.append((role, _issue(m, role, t.name, t.verdict, m.sources(f"medications:{t.name}"), _stop(t))))
    for v in advice.avoid:
        role = f"issue-{v.treatment}"
        out.append((role, _issue(m, role, treatment_name(v.treatment, m.knowledge), v, [], _instead(v, m))))
    return out


def _issue(m: Making, role: str, name: str, v: TreatmentVerdict, taken: list[Json], action: str) -> Json:
    contained, implicated = _implicated(m, name, v.treatment)
    title = f"{'Avoid' if v.verdict == 'avoid' else 'Use with care'}: {name}"
    return m.resource(
        "DetectedIssue",
        role,
        div(title, v.because),
        contained=contained,
        status="preliminary",
        code=_code(v.reasons[0], m),
        severity=SEVERITY[v.verdict],
        patient=m.subject,
        implicated=[*taken, *implicated],
        evidence=[_evidence(r, m) for r in v.reasons],
        detail=text(v.because),
        reference=_address(v, m),
        mitigation=[{"action": {"text": text(action)}}],
    )


def _implicated(m: Making, name: str, identifier: str) -> tuple[list[Json], list[Json]]:
    """The treatment: a medicine as a contained Medication with its codes, a measure by its name."""
    knowledge = m.knowledge
    treatment = knowledge.treatments.get(identifier)
    if treatment is not None and treatment.kind != "drug":
        return [], [{"display": text(name)}]
    medicines = (identifier,) if treatment is None else treatment.medicines
    codes = [
        coding(SYSTEMS["rxnorm"], c)
        for x in medicines
        if x in knowledge.medicines
        for c in knowledge.medicines[x].rxnorm
    ]
    code = concept(TREATMENT, identifier, text(name))
    code["coding"] += codes
    return [{"resourceType": "Medication", "id": "treatment", "code": code}], [{"reference": "#treatment"}]


def _code(reason: Reason, m: Making) -> Json:
    """The kind of the strictest reason."""
    code, display = KINDS[m.knowledge.prescribing[reason.rule].hazard]
    return {"coding": [coding(ACT_CODE, code, display)]}


def _evidence(reason: Reason, m: Making) -> Json:
    """What of the patient made the rule hold, with the resources that said so."""
    patient = m.assessment.patient
    said: list[Json] = []
    codes: list[Json] = [{"text": text(f"{met} ({reason.because})")} for met in reason.met]
    for met in reason.met:
        for label, prefix, names in (
            ("medications", "takes ", patient.medications),
            ("allergies", "allergy to ", patient.allergies),
        ):
            said += [r for n in names if met.startswith(prefix + n) for r in m.sources(f"{label}:{n}")]
        for c in patient.comorbidities:
            if met == m.knowledge.comorbidities[c].name:
                codes.append({"coding": [comorbidity_coding(c, m.knowledge)]})
                said += m.sources(f"comorbidities:{c}")
        for finding in (*m.assessment.answers.present, *m.assessment.answers.measured):
            name = m.knowledge.findings[finding].name or finding.replace("_", " ")
            if met == name or met.startswith(f"{name} "):
                said += m.sources(finding)
    unique = list({r["reference"]: r for r in said}.values())
    return {"code": codes} | ({"detail": unique} if unique else {})


def _address(v: TreatmentVerdict, m: Making) -> str | None:
    """Where the first source that is a study can be opened."""
    for source in v.sources:
        study = m.knowledge.studies.get(source.partition("/")[0])
        address = link(study) if study is not None else None
        if address is not None:
            return address
    return None


def _stop(t: TakenVerdict) -> str:
    if t.verdict.verdict == "avoid":
        return "It is being taken: review now whether it can be stopped or replaced"
    return "It is being taken: review dose, duration and monitoring"


def _instead(v: TreatmentVerdict, m: Making) -> str:
    if v.verdict == "caution":
        return "Give only with the care that the reasons ask for"
    considered = [c.treatment for c in m.assessment.treatments.consider if c.verdict is None]
    names = [treatment_name(c, m.knowledge) for c in considered[:ALTERNATIVES]]
    return "Do not give it" + (f"; to consider instead: {', '.join(names)}" if names else "")
