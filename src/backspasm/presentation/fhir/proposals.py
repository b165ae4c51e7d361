"""Investigations that are due or to be considered, as ServiceRequests of intent proposal: nothing is ordered by them."""

from __future__ import annotations

from backspasm.advice.investigations import Advice
from backspasm.presentation.fhir.names import INVESTIGATION, Json, concept
from backspasm.presentation.fhir.resources import Making, div, notes, text
from backspasm.presentation.plan import VERDICT, WHEN
from backspasm.records.care_types import When

#: R4 request priorities by how soon
PRIORITY: dict[When, str] = {
    "now": "stat",
    "today": "asap",
    "within_two_weeks": "urgent",
    "after_six_weeks": "routine",
    "planned": "routine",
}


def proposals(m: Making) -> list[tuple[str, Json]]:
    """Role and resource of each test that a rule asks for or allows; not of those whose result is known, or that a
    wider test contains."""
    wanted = [
        t
        for t in m.assessment.plan.investigations
        if t.verdict != "not_indicated" and not t.known and t.part_of is None
    ]
    return [(f"proposal-{t.test}", _proposal(m, t)) for t in wanted]


def _proposal(m: Making, t: Advice) -> Json:
    record = m.knowledge.investigations[t.test]
    when = f", {WHEN[t.when]}" if t.when else ""
    title = f"{VERDICT[t.verdict].capitalize()}: {record.name}{when}"
    said = [f"{VERDICT[t.verdict].capitalize()}{when}", *(f"Mind: {c}" for c in t.cautions)]
    said += [f"If positive: {t.if_positive}", f"If negative: {t.if_negative}", f"Sources: {', '.join(t.sources)}"]
    return m.resource(
        "ServiceRequest",
        f"proposal-{t.test}",
        div(title, "; ".join(t.because), *t.cautions),
        status="draft",
        intent="proposal",
        priority=PRIORITY[t.when] if t.when else "routine",
        code=concept(INVESTIGATION, t.test, record.name),
        subject=m.subject,
        reasonCode=[{"text": text(b)} for b in t.because],
        supportingInfo=[m.reference("impression", "ClinicalImpression")],
        note=notes(said),
        patientInstruction=text(record.plain),
    )
