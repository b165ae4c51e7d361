"""Who counts as a child."""

from __future__ import annotations

from backspasm.records.knowledge import Knowledge


def is_child(age_years: float | None, knowledge: Knowledge) -> bool | None:
    """Younger than the assumption ``child_age``; None where the age is unknown, which means neither child nor adult."""
    return None if age_years is None else age_years < knowledge.number("child_age")
