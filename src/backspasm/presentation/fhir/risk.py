"""The differential, the complications and the must-not-miss ledger, each as a RiskAssessment."""

from __future__ import annotations

from collections.abc import Iterable

from backspasm.advice.assessment import Hypothesis
from backspasm.presentation import words
from backspasm.presentation.fhir.names import (
    GROUP,
    INTERVAL,
    KIND,
    Json,
    as_percent,
    cause_concept,
    coding,
    concept,
    percent,
)
from backspasm.presentation.fhir.resources import Making, div, text
from backspasm.presentation.reasons import leading_steps
from backspasm.probability import Estimate

#: causes in the narrative; all of them are predictions
SHOWN = 5
METHOD = "Bayesian network over the rates of the knowledge base; intervals over joint draws of its parameters"


def differential(m: Making) -> Json:
    """One prediction for each cause, the likeliest first; with interval, and the answers that moved it most."""
    predictions = [
        _prediction(cause_concept(h.cause, m.knowledge), h.estimate, rationale(h, m)) for h in m.assessment.differential
    ]
    return _risk(m, "differential", "Differential diagnosis of the back pain", predictions, leading_rows(m, SHOWN))


def leading_rows(m: Making, count: int) -> list[tuple[str, str, str]]:
    """The most probable causes for a narrative: name, probability, interval."""
    return [
        (
            words.cause_name(h.cause, m.knowledge),
            words.chance(h.estimate.value),
            words.span(h.estimate.low, h.estimate.high),
        )
        for h in m.assessment.differential[:count]
    ]


def complications(m: Making) -> Json:
    """One prediction for each complication; they do not exclude each other."""
    found = m.assessment.complications
    predictions = [_prediction(cause_concept(c.id, m.knowledge), c.estimate, "") for c in found]
    rows = [(words.cause_name(c.id, m.knowledge), words.chance(c.estimate.value)) for c in found]
    return _risk(m, "complications", "Complications of the back pain", predictions, rows)


def must_not_miss(m: Making) -> Json | None:
    """One prediction for each serious group of the ledger, with what was asked, what was not, and what speaks against it."""
    entries = m.assessment.must_not_miss
    if not entries:
        return None
    predictions = []
    for e in entries:
        outcome = concept(GROUP, e.group, words.GROUP[e.group])
        named = (("asked", e.asked), ("NOT asked", e.not_asked), ("speaks against it", e.against))
        said = "; ".join(f"{label}: {_names(findings, m)}" for label, findings in named if findings)
        predictions.append(
            {"outcome": outcome, "probabilityDecimal": as_percent(e.probability)}
            | ({"rationale": said} if said else {})
        )
    rows = [(words.GROUP[e.group], words.chance(e.probability)) for e in entries]
    return _risk(m, "must-not-miss", "Serious groups of causes that must not be missed", predictions, rows)


def rationale(h: Hypothesis, m: Making) -> str:
    """Base rate, then the answers that moved the cause most, each with its ratio and its source."""
    out = [f"{words.chance(h.base_rate)} before any answer"]
    for step in leading_steps(h):
        source = f"{step.facts[0]}" if step.facts else "assumed"
        out.append(f"{words.ratio(step.likelihood_ratio)} {words.answer(step.item, m.knowledge)} [{source}]")
    return text("; ".join(out))


def _names(findings: Iterable[str], m: Making) -> str:
    return ", ".join(words.finding_name(f, m.knowledge) for f in findings)


def _prediction(outcome: Json, estimate: Estimate, why: str) -> Json:
    bounds = {"low": percent(estimate.low), "high": percent(estimate.high)}
    out: Json = {
        "extension": [{"url": INTERVAL, "valueRange": bounds}],
        "outcome": outcome,
        "probabilityDecimal": as_percent(estimate.value),
    }
    return out | ({"rationale": why} if why else {})


def _risk(m: Making, role: str, title: str, predictions: list[Json], rows: Iterable[Iterable[str]]) -> Json:
    return m.resource(
        "RiskAssessment",
        role,
        div(title, rows=rows),
        status="preliminary",  # until a clinician has looked at it
        method={"text": METHOD},
        code={"coding": [coding(KIND, role, title)], "text": title},
        subject=m.subject,
        basis=[m.reference("answers", "QuestionnaireResponse"), *m.all_sources()],
        prediction=predictions,
    )
