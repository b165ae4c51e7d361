"""Decides, from all that resources said, what is known of the patient: one answer and one value for each finding."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value
from backspasm.patients.from_fhir.windows import LASTING, is_dated

#: what lasts for days or weeks; the rest of what has a date is an event
SPANS = frozenset({"recent_infection", "previous_episodes"})


class Settled(Struct, frozen=True):
    """What was decided about findings. ``sources`` has the references of what carried the decision."""

    present: tuple[str, ...]
    absent: tuple[str, ...]
    measured: dict[str, float]
    days_ago: dict[str, float]
    sources: dict[str, tuple[str, ...]]


def settle(context: Context, ledger: Ledger) -> Settled:
    """One decision for each finding; what was overruled is noted with its reference."""
    measured: dict[str, float] = {}
    sources: dict[str, tuple[str, ...]] = {}
    order = context.knowledge.index.finding_ids
    for finding in order:
        if finding in ledger.values:
            chosen = newest_value(ledger.values[finding])
            measured[finding] = chosen.value
            sources[finding] = (chosen.reference,)
    present: list[str] = []
    absent: list[str] = []
    days_ago: dict[str, float] = {}
    judge_pressure(context, ledger)
    for finding in order:
        said = ledger.said.get(finding)
        if not said:
            continue
        answer, winners = decide(finding, said, ledger)
        (present if answer else absent).append(finding)
        sources[finding] = tuple(dict.fromkeys(s.reference for s in winners))
        if answer and is_dated(finding, context):
            days = days_since(winners, finding in SPANS, measured.get("duration_days"))
            if days is not None:
                days_ago[finding] = days
    return Settled(tuple(present), tuple(absent), measured, days_ago, sources)


def judge_pressure(context: Context, ledger: Ledger) -> None:
    """Hypotension from the newest systolic pressure. Children have lower ones; an unknown age is not an adult's."""
    if not ledger.systolic:
        return
    newest = newest_value(ledger.systolic)
    grown, infant = context.number("hypotension_systolic"), context.number("hypotension_systolic_infant")
    low, high = infant, grown
    if context.age_years is not None:
        low = high = min(grown, infant + context.number("hypotension_systolic_per_year") * context.age_years)
    if low <= newest.value < high:
        why = f"hypotension: a systolic pressure of {newest.value:g} mm[Hg] cannot be judged without the age"
        ledger.leave(newest.reference, why)
    else:
        ledger.say("hypotension", Said(newest.value < low, newest.reference, newest.when))


def newest_index(items: Sequence[Said | Value]) -> int:
    """Position of the newest of several; of several of one time the last listed, without a date the oldest."""
    dated = [(item.when.key, i) for i, item in enumerate(items) if item.when is not None]
    return max(dated)[1] if dated else len(items) - 1


def newest_value(values: list[Value]) -> Value:
    return values[newest_index(values)]


def decide(finding: str, said: list[Said], ledger: Ledger) -> tuple[bool, list[Said]]:
    """Present or absent, and who said so; what was overruled is noted."""
    yes, no = [s for s in said if s.present], [s for s in said if not s.present]
    if not yes or not no:
        return bool(yes), yes or no
    last_yes, last_no = yes[newest_index(yes)], no[newest_index(no)]
    if finding in LASTING:
        answer, why = True, "what once happened stays so"
    elif finding.endswith("_normal"):
        answer, why = False, "one picture that is not normal is enough"
    else:
        later = last_no.when is not None and (last_yes.when is None or last_no.when.key > last_yes.when.key)
        answer, why = not later, "the most recent answer was taken"
        if not later and last_yes.when == last_no.when:
            why = "of two answers of one time the one that warns was taken"
    word = "present" if answer else "absent"
    ledger.note(f"{finding}: present says {last_yes.reference}, absent says {last_no.reference}; {word}, {why}")
    return answer, yes if answer else no


def days_since(said: list[Said], lasts: bool, pain: float | None) -> float | None:
    """How long ago it happened, in days before the encounter.

    Of something that lasts the day nearest to the onset of the pain counts; of several events the last one before the
    pain began, since only that one can have caused it.
    """
    days: list[float] = []
    for began, ended in ((s.began, s.ended) for s in said):
        if began is None:
            continue
        if lasts and ended is not None:
            days.append(ended if pain is None else min(max(pain, ended), began))
        else:
            days.append(began)
    before = [d for d in days if pain is not None and d >= pain]
    return min(before or days, default=None)
