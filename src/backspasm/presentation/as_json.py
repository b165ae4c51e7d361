"""The assessment as the JSON of the contract: numbers rounded to six places, keys in a fixed order."""

from __future__ import annotations

from typing import Any

from backspasm.advice.assessment import Assessment, Hypothesis
from backspasm.advice.disputes import Bearing, bearing
from backspasm.inference.explain import Step
from backspasm.patients.answers import Derived, Item
from backspasm.presentation.bibliography import link, references
from backspasm.presentation.cycle_words import course_data
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.next_step import next_data
from backspasm.presentation.plan import investigations_data, pathways_data, safety_net_data
from backspasm.presentation.treatments import treatments_data
from backspasm.probability import Estimate
from backspasm.records.knowledge import Knowledge

PLACES = 6


def to_json(assessment: Assessment, knowledge: Knowledge) -> bytes:
    """UTF-8 JSON, two spaces of indentation, one newline at the end. The same assessment gives the same bytes."""
    return json_bytes(to_data(assessment, knowledge))


def to_data(assessment: Assessment, knowledge: Knowledge) -> dict[str, Any]:
    """The assessment as plain data."""
    a = assessment
    return {
        "urgency": _urgency(a),
        "red_flags": [
            {
                "id": f.rule.id,
                "name": f.rule.name,
                "findings": list(f.findings),
                "urgency": f.rule.urgency,
                "points_to": list(f.rule.points_to),
                "sources": list(f.rule.sources),
            }
            for f in a.red_flags
        ],
        "must_not_miss": [
            {
                "group": e.group,
                "probability": _round(e.probability),
                "causes": list(e.causes),
                "asked": list(e.asked),
                "not_asked": list(e.not_asked),
                "against": list(e.against),
            }
            for e in a.must_not_miss
        ],
        "differential": [_hypothesis(h) for h in a.differential],
        "complications": [{"id": c.id, **_estimate(c.estimate)} for c in a.complications],
        "next": next_data(a.next, knowledge),
        "investigations": investigations_data(a.plan, knowledge),
        "pathways": pathways_data(a.plan),
        "safety_net": safety_net_data(a.plan),
        "treatments": treatments_data(a.treatments, knowledge),
        "course": course_data(a.course) if a.course else {"assessed": False},
        "derived": [_derived(d) for d in a.answers.derived],
        "outdated": [_derived(d) for d in a.answers.outdated],
        "not_assessed": [f"{u.what}: {u.why}" for u in a.not_assessed],
        "disputes": [_dispute(b) for b in bearing(a, knowledge)],
        "notes": list(a.patient.notes),
        "said_by": {finding: list(refs) for finding, refs in sorted(a.patient.sources.items())},
        "strata": [{"setting": s.setting, "age": s.band, "sex": s.sex, "weight": _round(s.weight)} for s in a.strata],
        "bibliography": [
            {
                "study": r.study.id,
                "citation": r.study.citation,
                "link": link(r.study),
                "design": r.study.design,
                "setting": r.study.setting,
                "n": r.study.n,
                "read": r.study.read,
                "facts": list(r.facts),
            }
            for r in references(a, knowledge)
        ],
        "knowledge": {"version": a.knowledge_version, "digest": a.knowledge_digest},
        "input_digest": a.input_digest,
    }


def _round(value: float) -> float:
    return round(value, PLACES)


def _estimate(estimate: Estimate) -> dict[str, Any]:
    e = estimate.rounded(PLACES)
    return {"probability": e.value, "interval": [e.low, e.high]}


def _urgency(a: Assessment) -> dict[str, Any]:
    because = [
        {"rule": f.rule.id, "findings": list(f.findings), "sources": list(f.rule.sources), "level": f.rule.urgency}
        for f in a.red_flags
        if f.rule.urgency == a.urgency.level
    ]
    if a.urgency.expected.level == a.urgency.level:
        because.append(
            {
                "rule": "expected_loss",
                "findings": [i.finding for i in a.answers.items],
                "sources": ["loss"],
                "level": a.urgency.expected.level,
            }
        )
    return {
        "level": a.urgency.level,
        "because": because,
        "floor": a.urgency.floor,
        "expected_loss": {
            "level": a.urgency.expected.level,
            "needed": {k: _round(p) for k, p in a.urgency.expected.needed.items()},
            "loss": {k: _round(p) for k, p in a.urgency.expected.loss.items()},
            "lowered_by": list(a.urgency.lowered_by),
        },
    }


def _hypothesis(h: Hypothesis) -> dict[str, Any]:
    return {
        "cause": h.cause,
        **_estimate(h.estimate),
        "base_rate": _round(h.base_rate),
        "base_rate_facts": list(h.base_facts),
        "because": [_step(s) for s in h.steps],
    }


def _step(s: Step) -> dict[str, Any]:
    return {
        "finding": s.item.finding,
        "answer": answer_of(s.item),
        "likelihood_ratio": _round(s.likelihood_ratio),
        "before": _round(s.before),
        "after": _round(s.after),
        "facts": list(s.facts),
        "assumed": s.assumed,
        "study_share": _round(s.study_share),
    }


def answer_of(item: Item) -> str | None:
    """present, absent, or the measured value's kind."""
    if item.kind == "value":
        return "measured"
    return "present" if item.kind in {"present", "without", "present_given", "present_after"} else "absent"


def _derived(d: Derived) -> dict[str, Any]:
    return {"finding": d.finding, "answer": d.answer, "because": d.because, "source": d.source}


def _dispute(b: Bearing) -> dict[str, Any]:
    """A dispute that bears on the patient; the answer under each side is in the report (``--format html``)."""
    m = b.measured
    return {
        "id": b.record.id if b.record else None,
        "kind": b.record.kind if b.record else "diagnosis",
        "about": [{"what": what, "given": given} for what, given in b.places],
        "between_share": _round(m.between_share) if m else None,
        "p": _round(m.p) if m else None,
        "sides": [{"holds": holds, "facts": list(facts)} for holds, facts in b.sides],
    }
