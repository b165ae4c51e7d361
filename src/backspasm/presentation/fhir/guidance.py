"""The answer of the operation: GuidanceResponse with what to ask next, its Parameters, and what was not assessed."""

from __future__ import annotations

from typing import Any

from backspasm.advice.next_step import Question
from backspasm.presentation import words
from backspasm.presentation.fhir.names import ASSESS, INPUT, QUESTION, Json, finding_codings, urgency_coding
from backspasm.presentation.fhir.resources import Making, div, notes, text
from backspasm.presentation.next_step import REASON, useful_questions, why, why_test
from backspasm.presentation.treatments import not_checked_words


def guidance(m: Making) -> Json:
    """Success where nothing more need be asked; else data are requested, the most telling first."""
    a = m.assessment
    reason = REASON[a.next.reason]
    tests = [f"Test: {m.knowledge.investigations[t.test].name}: {why_test(t, m.knowledge)}" for t in a.next.tests]
    return m.resource(
        "GuidanceResponse",
        "guidance",
        div(reason, rows=[(m.knowledge.findings[q.finding].ask, why(q, m.knowledge)) for q in useful_questions(a)]),
        requestIdentifier={"system": INPUT, "value": a.input_digest},
        moduleUri=ASSESS,
        status="success" if a.next.stop else "data-requested",
        subject=m.subject,
        note=notes((words.DISCLAIMER, reason, *tests)),
        evaluationMessage=[m.reference("not-assessed", "OperationOutcome")] if _left_open(m) else [],
        outputParameters=m.reference("parameters", "Parameters"),
        dataRequirement=[_wanted(m, q) for q in useful_questions(a)],
    )


def _wanted(m: Making, q: Question) -> Json:
    """An Observation with the finding's code; the question to ask, and why, as an extension."""
    question = [
        {"url": "ask", "valueString": text(m.knowledge.findings[q.finding].ask)},
        {"url": "why", "valueString": text(why(q, m.knowledge))},
    ]
    return {
        "extension": [{"url": QUESTION, "extension": question}],
        "type": "Observation",
        "mustSupport": ["code", "value"],
        "codeFilter": [{"path": "code", "code": finding_codings(q.finding, m.knowledge)}],
    }


def parameters(m: Making) -> Json:
    """Urgency, leading cause, whether to stop, and the digests that let the answer be made again."""
    a = m.assessment
    leading = a.differential[0]
    found: list[tuple[str, str, Any]] = [
        ("urgency", "valueCoding", urgency_coding(a.urgency.level)),
        ("stop", "valueBoolean", a.next.stop),
        ("reason", "valueString", REASON[a.next.reason]),
        ("leadingCause", "valueCode", leading.cause),
        ("inputDigest", "valueString", a.input_digest),
        ("knowledgeVersion", "valueString", a.knowledge_version),
        ("knowledgeDigest", "valueString", a.knowledge_digest),
        ("draws", "valueInteger", a.draws),
        ("notice", "valueString", words.DISCLAIMER),
    ]
    listed = [{"name": name, kind: value} for name, kind, value in found]
    return m.resource("Parameters", "parameters", "", parameter=listed)


def not_assessed(m: Making) -> Json | None:
    """Everything that was not read, not assessed or not checked before prescribing, as warnings; None without any."""
    left = _left_open(m)
    if not left:
        return None
    issues = [{"severity": "warning", "code": "incomplete", "diagnostics": line} for line in left]
    return m.resource(
        "OperationOutcome", "not-assessed", div("Not assessed", rows=[(line,) for line in left]), issue=issues
    )


def _left_open(m: Making) -> list[str]:
    a = m.assessment
    out = [f"{u.what}: {u.why}" for u in a.not_assessed]
    out += [f"Not checked before prescribing: {not_checked_words(n, m.knowledge)}" for n in a.treatments.not_checked]
    return [text(line) for line in out]
