"""Effects and harms of treatments in words: size with interval, time, comparison, certainty; shares as so many in 100."""

from __future__ import annotations

import re

from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Arm, Fact

MEASURES = {
    "risk_ratio": "times as many (risk ratio)",
    "odds_ratio": "times the odds",
    "hazard_ratio": "times the hazard",
    "standardised_mean_difference": "standard deviations difference",
}
DIRECTION = {
    "better": "better",
    "worse": "worse",
    "no_difference": "no clear difference",
    "unclear": "unclear",
}
CERTAINTY = {
    "high": "high certainty",
    "moderate": "moderate certainty",
    "low": "low certainty",
    "very_low": "very low certainty",
    "not_graded": "certainty not graded",
}
PERCENT = 100


def effect_words(fact: Fact) -> str:
    """An effect or harm in one line."""
    against = f" against {fact.against.described}" if fact.against else ""
    when = f", {fact.at}" if fact.at else ""
    what = (fact.outcome or "").replace("_", " ")
    size = size_words(fact)
    if not size and (fact.direction or "unclear") == "unclear":
        return f"{fact.given}{against}: {what}{when}: unclear, no number on file"
    parts = [f"{what}{when}: {DIRECTION[fact.direction or 'unclear']}", size, CERTAINTY[fact.certainty or "not_graded"]]
    return f"{fact.given}{against}: " + "; ".join(p for p in parts if p)


def size_words(fact: Fact) -> str:
    """The size of an effect: the measure with its interval, else the arms."""
    if fact.value is None:
        return arms_words(fact)
    return "; ".join(p for p in (_measure(fact), arms_words(fact)) if p)


def _measure(fact: Fact) -> str:
    value = fact.value
    if value is None:
        return ""
    scale = PERCENT if fact.measure == "risk_difference" else 1
    low = None if fact.low is None else fact.low * scale
    high = None if fact.high is None else fact.high * scale
    number = f"{words.number(value * scale)}{_span(low, high)}"
    if fact.measure == "mean_difference":
        return f"difference {number} {plain_unit(fact.unit)}".rstrip()
    if fact.measure == "risk_difference":
        return f"{number} more in 100"
    if fact.measure == "number_needed":
        return f"{number} {plain_unit(fact.unit) or 'patients for one more'}"
    return f"{number} {MEASURES.get(fact.measure or '', '')}".rstrip()


def arms_words(fact: Fact) -> str:
    """The arms of a trial; shares as so many in 100."""
    share = is_share(fact)
    told = [w for arm in fact.arms if (w := _arm(arm, share))]
    unit = "" if share or not fact.unit or not told or fact.value is not None else f" {plain_unit(fact.unit)}"
    return ", ".join(told) + unit


def is_share(fact: Fact) -> bool:
    """Whether the arms hold shares of patients."""
    return (fact.unit or "").startswith(("share", "median share"))


def _arm(arm: Arm, share: bool) -> str:
    where = f"{arm.arm}{f' at {arm.at}' if arm.at else ''}"
    if arm.x is not None and arm.n:
        return f"{where} {PERCENT * arm.x / arm.n:.0f} in 100 ({arm.x} of {arm.n})"
    if arm.value is None:
        return ""
    if share:
        return f"{where} {PERCENT * arm.value:.0f} in 100"
    return f"{where} {words.number(arm.value)}{_span(arm.low, arm.high)}"


def _span(low: float | None, high: float | None) -> str:
    return f" ({words.number(low)} to {words.number(high)})" if low is not None and high is not None else ""


def plain_unit(unit: str | None) -> str:
    """A unit in words: the ends of a scale stand in brackets."""
    return re.sub(r", (\d+ to \d+)$", r" (scale \1)", unit or "")


def leading_fact(addresses: tuple[str, ...], knowledge: Knowledge) -> tuple[str, Fact] | None:
    """The fact to name first: the first with a number, else the first that found something, else the first."""
    found = [(a, f[1]) for a in addresses if (f := knowledge.fact(a)) is not None]
    numbered = [x for x in found if x[1].value is not None or any(arm.value or arm.x for arm in x[1].arms)]
    told = [x for x in found if x[1].direction not in {None, "unclear"}]
    return next(iter(numbered or told or found), None)
