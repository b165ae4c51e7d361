"""What next: the best questions and tests, what single answer would change the urgency, and when to stop."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from backspasm.advice.situation import Situation
from backspasm.advice.value import Worth
from backspasm.advice.worth import Worths, burden_of_test, burdens, safety_findings, worths

#: how many questions and tests are named
SHOWN = 5

Why = Literal["value", "two_steps", "rule", "safety", "little"]
Reason = Literal["goes_on", "emergency", "nothing_changes", "safety_open"]


class Question(Struct, frozen=True):
    """A finding to ask. ``value``: expected drop in loss (with ``then``: of this and a second question together).

    ``changes``: probability that its answer changes the urgency. ``why``: what speaks for asking it: its value; the value
    of two answers together; a rule that it may fire; that it is always asked before stopping; or little.
    """

    finding: str
    value: float
    changes: float
    burden: float
    why: Why
    to: str | None = None
    then: str | None = None


class Test(Struct, frozen=True):
    """An investigation to consider, with its expected drop in loss."""

    test: str
    value: float
    changes: float
    burden: float
    to: str | None = None


class Turn(Struct, frozen=True):
    """The single answer that would most probably change the urgency to ``level``. ``low``, ``high``: of a measured value."""

    finding: str
    answer: str
    level: str
    probability: float
    low: float | None = None
    high: float | None = None


class NextStep(Struct, frozen=True):
    """Best questions and tests first; whether to stop and why; what would change the urgency upwards and downwards."""

    questions: tuple[Question, ...]
    tests: tuple[Test, ...]
    stop: bool
    reason: Reason
    up: Turn | None
    down: Turn | None


def next_step(s: Situation, unknown: tuple[str, ...] = ()) -> NextStep:
    """What to ask and to order next; ``unknown``: asked already, and answered with "don't know"."""
    found = worths(s)
    questions = tuple(q for q in ranked(s, found) if q.finding not in unknown)
    stop, reason = stopping(s, found, unknown)
    tests = [
        Test(name, w.value, w.changes, burden_of_test(name, s.model.knowledge), _likeliest_change(s, w))
        for name, w in found.tests.items()
        if w.value >= s.model.knowledge.number("least_value_of_asking")
    ]
    tests.sort(key=lambda t: (-t.value / t.burden, t.test))
    up, down = turning_points(s, found)
    return NextStep(questions[:SHOWN], tuple(tests[:SHOWN]), stop, reason, up, down)


def priority(s: Situation, worth: Worth) -> float:
    """What a question is ranked by, before its burden: its value, and the chance that the urgency changes (rules included)."""
    return worth.value + s.model.knowledge.number("worth_of_changed_urgency") * worth.changes


def worth_asking(s: Situation, worth: Worth) -> bool:
    """Whether one answer changes the decision by more than the two thresholds of the stop rule."""
    knowledge = s.model.knowledge
    return worth.value >= knowledge.number("least_value_of_asking") or worth.changes >= knowledge.number(
        "least_chance_of_change"
    )


def ranked(s: Situation, found: Worths) -> tuple[Question, ...]:
    """All questions by what they give per burden; where none gives anything alone, by two steps; the open safety questions
    stand before those that are worth nothing."""
    knowledge = s.model.knowledge
    least = knowledge.number("least_value_of_asking")
    safety = open_safety(s)
    best = max((w.value for w in found.questions.values()), default=0.0)
    burdens_of = burdens(s.model)
    out = []
    for finding, worth in found.questions.items():
        value, then = found.two_steps.get(finding, (0.0, None))
        # two steps count only for what is more than the best single question gives by itself
        together = value - best >= least
        why: Why = "little"
        if worth.value >= least:
            why = "value"
        elif worth_asking(s, worth):
            why = "rule"
        elif finding in safety:
            why = "safety"
        elif then is not None and together:
            why = "two_steps"
        shown = value if why == "two_steps" else worth.value
        out.append(
            Question(
                finding,
                shown,
                worth.changes,
                burdens_of[finding],
                why,
                _likeliest_change(s, worth),
                then if why == "two_steps" else None,
            )
        )
    place = {"value": 0, "rule": 0, "two_steps": 1, "safety": 1, "little": 2}

    def order(q: Question) -> tuple[int, float, str]:
        weight = q.value if q.why == "two_steps" else priority(s, found.questions[q.finding])
        return place[q.why], -weight / q.burden, q.finding

    return tuple(sorted(out, key=order))


def open_safety(s: Situation, unknown: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Safety questions that were not asked; ``unknown``: asked, and answered with "don't know"."""
    return tuple(
        f for f in safety_findings(s.patient, s.model.knowledge) if not s.answers.asked(f) and f not in unknown
    )


def stopping(s: Situation, found: Worths, unknown: tuple[str, ...] = ()) -> tuple[bool, Reason]:
    """Whether asking may end: never before the safety questions; then in an emergency, or where no answer changes anything."""
    if open_safety(s, unknown):
        return False, "safety_open" if s.level == 0 or not _anything(s, found, unknown) else "goes_on"
    if s.floor == 0:
        return True, "emergency"
    if not _anything(s, found, unknown):
        return True, "nothing_changes"
    return False, "goes_on"


def _anything(s: Situation, found: Worths, unknown: tuple[str, ...]) -> bool:
    left = {f: w for f, w in found.questions.items() if f not in unknown}
    if any(worth_asking(s, w) for w in left.values()):
        return True
    least = s.model.knowledge.number("least_value_of_asking")
    best = max((w.value for w in left.values()), default=0.0)
    return any(v - best >= least for f, (v, then) in found.two_steps.items() if f in left and then not in unknown)


def turning_points(s: Situation, found: Worths) -> tuple[Turn | None, Turn | None]:
    """The single answer (to a question, or of a test of one finding) that most probably raises the urgency, and lowers it."""
    best: dict[bool, Turn] = {}
    for finding, worth in found.questions.items():
        for b in worth.branches:
            if b.level == s.level:
                continue
            up = b.level < s.level
            turn = Turn(finding, b.answer, s.model.knowledge.index.urgency[b.level], b.probability, b.low, b.high)
            if up not in best or best[up].probability < turn.probability:
                best[up] = turn
    return best.get(True), best.get(False)


def _likeliest_change(s: Situation, worth: Worth) -> str | None:
    """The urgency that the answer most probably changes to."""
    totals: dict[int, float] = {}
    for b in worth.branches:
        if b.level != s.level:
            totals[b.level] = totals.get(b.level, 0.0) + b.probability
    return s.model.knowledge.index.urgency[max(totals, key=lambda n: totals[n])] if totals else None
