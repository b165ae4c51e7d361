"""What both doors of the interview say: how the assessment stands, and why a question is asked."""

from __future__ import annotations

from backspasm.advice.interview import Ask, State, patient_of
from backspasm.advice.situation import Situation, situation_of
from backspasm.inference.model import Model
from backspasm.presentation import words
from backspasm.presentation.next_step import REASON, why

#: causes in the line
TOP = 3


def standing(state: State, model: Model) -> tuple[str, list[tuple[str, float]]]:
    """The urgency now, and the likeliest causes with their probabilities."""
    s = situation_of(patient_of(state), model)
    return model.knowledge.index.urgency[s.level], top_causes(s)


def top_causes(s: Situation) -> list[tuple[str, float]]:
    """The likeliest causes, the likeliest first."""
    p = s.belief.weights.sum(axis=(0, 2))
    order = sorted(range(len(p)), key=lambda c: -p[c])[:TOP]
    return [(s.model.parameters.causes[c], float(p[c])) for c in order]


def standing_line(state: State, model: Model) -> str:
    """The assessment in one line."""
    level, causes = standing(state, model)
    named = ", ".join(f"{words.cause_name(c, model.knowledge)} {words.chance(p)}" for c, p in causes)
    return f"{words.URGENCY[level][0]} · {named}"


def why_lines(ask: Ask, model: Model) -> list[str]:
    """Why each finding of the question is asked."""
    knowledge = model.knowledge
    out = [f"{words.finding_name(q.finding, knowledge)}: {why(q, knowledge)}" for q in ask.questions]
    return [*out, REASON[ask.reason]]
