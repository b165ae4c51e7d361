"""What next, in words: questions and tests with what they would change, and why to stop."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from backspasm.advice.assessment import Assessment
from backspasm.advice.next_step import NextStep, Question, Test, Turn
from backspasm.presentation import words
from backspasm.presentation.headings import heading
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit

PLACES = 6

REASON = {
    "goes_on": "an answer can still change the urgency",
    "safety_open": "questions that are always asked are still open",
    "emergency": "this is an emergency by rule, and the safety questions are asked: act, do not ask on",
    "nothing_changes": "no single question would change the urgency any more, and the safety questions are asked",
}


def next_data(step: NextStep, knowledge: Knowledge) -> dict[str, Any]:
    """The part ``next`` of the contract."""
    return {
        "questions": [
            {
                "finding": q.finding,
                "ask": knowledge.findings[q.finding].ask,
                "value": round(q.value, PLACES),
                "changes_urgency": round(q.changes, PLACES),
                "burden": round(q.burden, PLACES),
                "then": q.then,
                "why": why(q, knowledge),
            }
            for q in step.questions
        ],
        "tests": [
            {
                "test": t.test,
                "value": round(t.value, PLACES),
                "changes_urgency": round(t.changes, PLACES),
                "burden": round(t.burden, PLACES),
                "why": why_test(t, knowledge),
            }
            for t in step.tests
        ],
        "stop": step.stop,
        "reason": REASON[step.reason],
        "would_change": {"up": _turn_data(step.up), "down": _turn_data(step.down)},
    }


def _turn_data(turn: Turn | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    out: dict[str, Any] = {"finding": turn.finding, "answer": turn.answer, "level": turn.level}
    if turn.low is not None and turn.high is not None:
        out |= {"from": round(turn.low, PLACES), "to": round(turn.high, PLACES)}
    return out | {"probability": round(turn.probability, PLACES)}


def useful_questions(a: Assessment) -> tuple[Question, ...]:
    """The questions that are worth asking, the best first."""
    return tuple(q for q in a.next.questions if q.why != "little")


def why(q: Question, knowledge: Knowledge) -> str:
    """What speaks for a question, in one line."""
    if q.why == "two_steps" and q.then is not None:
        return f"alone it changes little; with {words.lower_first(words.finding_name(q.then, knowledge))} it can change the decision"
    moved = f"{words.chance(q.changes)} chance that it changes the urgency" if q.changes > 0 else ""
    towards = f", most likely to {_level(q.to)}" if q.to else ""
    if q.why == "safety":
        return "always asked before stopping" + (f"; {moved}{towards}" if moved else "")
    if q.why == "rule":
        return f"{moved}{towards}, by a safety rule"
    return moved + towards if moved else "its answer would change little"


def why_test(t: Test, knowledge: Knowledge) -> str:
    """What speaks for a test, in one line."""
    reveals = ", ".join(
        words.lower_first(words.finding_name(f, knowledge)) for f in knowledge.investigations[t.test].reveals[:3]
    )
    more = " and more" if len(knowledge.investigations[t.test].reveals) > 3 else ""
    towards = f", most likely to {_level(t.to)}" if t.to else ""
    return f"{words.chance(t.changes)} chance that it changes the urgency{towards}; it tells {reveals}{more}"


def turn_text(turn: Turn, knowledge: Knowledge) -> str:
    """One answer, and where it would lead."""
    record = knowledge.findings[turn.finding]
    name = words.finding_name(turn.finding, knowledge)
    if turn.low is not None and turn.high is not None:
        said = f"{name} {words.number(turn.low)} to {words.number(turn.high)} {plain_unit(record.unit)}".strip()
    else:
        said = name if turn.answer == "present" else words.absent(name)
    return f"{said} → {_level(turn.level)} ({words.chance(turn.probability)} likely)"


def _level(level: str) -> str:
    return words.URGENCY[level][0].lower()


def next_block(a: Assessment, knowledge: Knowledge) -> RenderableType:
    """The part for a terminal."""
    step = a.next
    parts: list[RenderableType] = [heading("What next", REASON[step.reason])]
    useful = useful_questions(a)
    for label, rows in (
        ("ask", [(knowledge.findings[q.finding].ask, why(q, knowledge)) for q in useful]),
        ("test", [(knowledge.investigations[t.test].name, why_test(t, knowledge)) for t in step.tests]),
    ):
        table = Table.grid(padding=(0, 2))
        for what, because in rows:
            table.add_row(f"  {label:<4}", Text.assemble(what, (f"  {because}", "dim")))
        if rows:
            parts.append(table)
    parts += [Text(f"  {line}", style="dim") for line in turn_lines(step.up, step.down, knowledge)]
    return Group(*parts)


def turn_lines(up: Turn | None, down: Turn | None, knowledge: Knowledge) -> list[str]:
    """What single answer would change the urgency most probably, each way."""
    if up is None and down is None:
        return ["no single answer would change the urgency"]
    out = [f"would be more urgent with: {turn_text(up, knowledge)}" if up else "no single answer would be more urgent"]
    return [
        *out,
        f"would be less urgent with: {turn_text(down, knowledge)}" if down else "no single answer would be less urgent",
    ]
