"""Why this urgency, and which answers moved a cause most: the same words on a terminal and on a page."""

from __future__ import annotations

from backspasm.advice.assessment import Assessment, Hypothesis
from backspasm.inference.explain import Step
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge

#: reasons shown beside a cause
REASONS = 4


def why_urgent(a: Assessment, knowledge: Knowledge) -> list[str]:
    """Reasons for the urgency, rules first."""
    out = []
    for flag in a.red_flags:
        if flag.rule.urgency == a.urgency.level:
            out.append(f"{flag.rule.name}: {flag.rule.plain}")
    expected = a.urgency.expected
    if expected.level == a.urgency.level:
        levels = knowledge.index.urgency
        p = sum(expected.needed[x] for x in levels[: levels.index(a.urgency.level) + 1])
        if a.urgency.level == levels[-1]:
            out.append("no rule asks for more, and waiting has the least expected loss")
        else:
            out.append(f"{words.chance(p)} chance that this urgency or more is needed; it has the least expected loss")
    if not a.answers.items:
        out.append("NOTHING WAS ASKED: this is the urgency of the base rates alone; ask the questions below first")
    if a.urgency.lowered_by:
        names = ", ".join(words.finding_name(f, knowledge) for f in a.urgency.lowered_by)
        out.append(
            f"without {names} the probabilities alone would ask for more urgency: it points to a milder explanation"
        )
    return out


def leading_steps(h: Hypothesis, count: int = REASONS) -> list[Step]:
    """The answers that moved the cause most."""

    def size(step: Step) -> float:
        ratio = step.likelihood_ratio
        return max(ratio, 1 / ratio) if ratio > 0 else float("inf")

    return sorted(h.steps, key=size, reverse=True)[:count]
