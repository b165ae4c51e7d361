"""What the right side shows of an assessment, read off it."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.advice.assessment import Assessment
from backspasm.advice.next_step import Question
from backspasm.presentation import words
from backspasm.presentation.bars import interval_bar
from backspasm.presentation.next_step import REASON, turn_lines, useful_questions, why, why_test
from backspasm.presentation.plan_views import PlanView, plan_view
from backspasm.presentation.reasons import leading_steps, why_urgent
from backspasm.presentation.rendering import anchor
from backspasm.presentation.report import flag_views, ledger_views
from backspasm.presentation.treatment_views import TreatmentsView, treatments_view
from backspasm.presentation.views import FlagView, LedgerView
from backspasm.probability import Estimate
from backspasm.records.knowledge import Knowledge


@dataclass(frozen=True)
class Number:
    """A cause or complication in a list; ``opens``: the panel with its steps."""

    key: str
    opens: str
    name: str
    estimate: Estimate
    bar: str
    leading: str


@dataclass(frozen=True)
class Ask:
    """A question that one click answers; a measurement is typed into its field."""

    finding: str
    ask: str
    why: str
    measured: bool


@dataclass(frozen=True)
class AnswerView:
    level: str
    who: str
    why: tuple[str, ...]
    whys: tuple[tuple[str, str], ...]  # the same: name of the rule and what it means, or only words
    floor: str
    expected: str
    needed: tuple[tuple[str, float], ...]
    causes: tuple[Number, ...]
    complications: tuple[Number, ...]
    flags: tuple[FlagView, ...]
    ledger: tuple[LedgerView, ...]
    reason: str
    ask: tuple[Ask, ...]
    tests: tuple[tuple[str, str], ...]
    turns: tuple[str, ...]
    plan: PlanView
    treatments: TreatmentsView
    answers: tuple[str, ...]
    derived: tuple[tuple[str, str, str, str], ...]
    outdated: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    not_assessed: tuple[tuple[str, str], ...]
    digest: str


def answer_view(a: Assessment, knowledge: Knowledge) -> AnswerView:
    """The right side for one assessed patient."""
    expected = a.urgency.expected
    reasons = tuple(why_urgent(a, knowledge))
    rules = {f"{f.rule.name}: {f.rule.plain}": (f.rule.name, f.rule.plain) for f in a.red_flags}
    return AnswerView(
        level=a.urgency.level,
        who=words.patient_line(a.patient.age_years, a.patient.sex, a.patient.setting),
        why=reasons,
        whys=tuple(rules.get(r, ("", r)) for r in reasons),
        floor=a.urgency.floor,
        expected=expected.level,
        needed=tuple((words.URGENCY[x][0].lower(), expected.needed[x]) for x in knowledge.index.urgency),
        causes=_causes(a, knowledge),
        complications=tuple(_number("complication", c.id, c.estimate, "", knowledge) for c in a.complications),
        flags=flag_views(a, knowledge),
        ledger=ledger_views(a, knowledge),
        reason=REASON[a.next.reason],
        ask=tuple(_ask(q, knowledge) for q in useful_questions(a)),
        tests=tuple((knowledge.investigations[t.test].name, why_test(t, knowledge)) for t in a.next.tests),
        turns=tuple(turn_lines(a.next.up, a.next.down, knowledge)),
        plan=plan_view(a, knowledge),
        treatments=treatments_view(a.treatments, a.urgency.level, knowledge),
        answers=tuple(words.answer(i, knowledge) for i in a.answers.items),
        derived=tuple(
            (words.finding_name(d.finding, knowledge), d.answer, d.because, words.plain(d.source))
            for d in a.answers.derived
        ),
        outdated=tuple((words.finding_name(d.finding, knowledge), d.because) for d in a.answers.outdated),
        remarks=a.patient.notes,
        not_assessed=tuple((u.what, u.why) for u in a.not_assessed),
        digest=a.input_digest,
    )


def _causes(a: Assessment, knowledge: Knowledge) -> tuple[Number, ...]:
    out = []
    for h in a.differential:
        steps = [f"{words.answer(s.item, knowledge)} {words.ratio(s.likelihood_ratio)}" for s in leading_steps(h, 3)]
        out.append(_number("cause", h.cause, h.estimate, " · ".join(steps), knowledge))
    return tuple(out)


def _number(kind: str, name: str, estimate: Estimate, leading: str, knowledge: Knowledge) -> Number:
    said = words.cause_name(name, knowledge)
    return Number(anchor(kind, name), f"{kind}:{name}", said, estimate, interval_bar(estimate, said), leading)


def _ask(q: Question, knowledge: Knowledge) -> Ask:
    record = knowledge.findings[q.finding]
    return Ask(q.finding, record.ask, why(q, knowledge), record.kind == "measured")
