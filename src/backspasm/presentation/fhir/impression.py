"""The whole as a ClinicalImpression: urgency with its rules, red flags, leading causes, what was not assessed."""

from __future__ import annotations

from backspasm.presentation import words
from backspasm.presentation.fhir.names import (
    ASSESS,
    RED_FLAG,
    URGENT,
    Json,
    cause_concept,
    concept,
    urgency_coding,
)
from backspasm.presentation.fhir.resources import Making, div, notes, text
from backspasm.presentation.fhir.risk import leading_rows
from backspasm.presentation.reasons import why_urgent
from backspasm.presentation.treatments import ROLES, treatment_name

#: leading causes that stand as findings
LEADING = 5
#: resource types that R4 allows as an item of an investigation
ITEMS = frozenset({"Observation", "QuestionnaireResponse", "FamilyMemberHistory", "DiagnosticReport"})


def impression(m: Making, risks: tuple[str, ...]) -> Json:
    """The assessment as a clinician reads it.

    Args:
        risks: roles of the RiskAssessments in the bundle.
    """
    a, knowledge = m.assessment, m.knowledge
    level, means = words.URGENCY[a.urgency.level]
    why = why_urgent(a, knowledge)
    summary = f"{level}: {means}. " + " ".join(f"{line.rstrip('.')}." for line in why)
    sources = m.all_sources()
    answers = [m.reference("answers", "QuestionnaireResponse"), *(s for s in sources if s["type"] in ITEMS)]
    return m.resource(
        "ClinicalImpression",
        "impression",
        div(f"{level}: {means}", *why, rows=leading_rows(m, LEADING)),
        extension=[urgency(m)],
        status="completed" if a.next.stop else "in-progress",
        description="Assessment of back pain by decision support; to be confirmed by a clinician",
        subject=m.subject,
        investigation=[{"code": {"text": "Answers that were counted"}, "item": answers}],
        protocol=[ASSESS],
        summary=text(summary),
        finding=[*_red_flags(m), *_causes(m)],
        prognosisReference=[m.reference(role, "RiskAssessment") for role in risks],
        supportingInfo=[s for s in sources if s["type"] not in ITEMS],
        note=notes((words.DISCLAIMER, *_remarks(m))),
    )


def urgency(m: Making) -> Json:
    """The urgency as an extension: the level, and every reason with its findings and sources."""
    a = m.assessment
    parts: list[Json] = [
        {"url": "level", "valueCoding": urgency_coding(a.urgency.level)},
        {"url": "floor", "valueCoding": urgency_coding(a.urgency.floor)},
        {"url": "expectedLoss", "valueCoding": urgency_coding(a.urgency.expected.level)},
    ]
    for flag in a.red_flags:
        if flag.rule.urgency == a.urgency.level:
            parts.append({"url": "because", "extension": _because(flag.rule.id, flag.findings, flag.rule.sources)})
    if a.urgency.expected.level == a.urgency.level:
        findings = tuple(i.finding for i in a.answers.items)
        parts.append({"url": "because", "extension": _because("expected_loss", findings, ("loss",))})
    return {"url": URGENT, "extension": parts}


def _because(rule: str, findings: tuple[str, ...], sources: tuple[str, ...]) -> list[Json]:
    return [
        {"url": "rule", "valueCode": rule},
        *({"url": "finding", "valueCode": f} for f in dict.fromkeys(findings)),
        *({"url": "source", "valueString": s} for s in sources),
    ]


def _red_flags(m: Making) -> list[Json]:
    out = []
    for flag in m.assessment.red_flags:
        named = ", ".join(words.finding_name(f, m.knowledge) for f in flag.findings)
        basis = f"Safety rule, at least {words.URGENCY[flag.rule.urgency][0].lower()}: {flag.rule.plain}"
        basis += f" Fired by {named}." if named else ""
        item = concept(RED_FLAG, flag.rule.id, flag.rule.name)
        out.append({"itemCodeableConcept": item, "basis": text(f"{basis} Sources: {', '.join(flag.rule.sources)}")})
    return out


def _causes(m: Making) -> list[Json]:
    return [
        {
            "itemCodeableConcept": cause_concept(h.cause, m.knowledge),
            "basis": f"{words.chance(h.estimate.value)} (90 % interval {words.span(h.estimate.low, h.estimate.high)})",
        }
        for h in m.assessment.differential[:LEADING]
    ]


def _remarks(m: Making) -> list[str]:
    """Treatments to consider, tests that are not indicated, steps that are due: what no other resource of ours says."""
    a, knowledge = m.assessment, m.knowledge
    roles: dict[str, list[str]] = {}
    for c in a.treatments.consider:
        roles.setdefault(ROLES[c.use.role], []).append(treatment_name(c.treatment, knowledge))
    out = [f"Treatment to consider, {role}: {', '.join(names)}" for role, names in roles.items()]
    out += [
        f"Not indicated: {knowledge.investigations[t.test].name}: {'; '.join(t.because)}"
        for t in a.plan.investigations
        if t.verdict == "not_indicated"
    ]
    return out + [f"Come back: {s.words}" for s in a.plan.words if s.how_soon is not None]
