"""A dispute with both sides tried out, whoever the patient: as text, as plain data, and ready for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from backspasm.advice.impact import PatientImpact
from backspasm.advice.tried_sides import Tried, TriedSide
from backspasm.advice.verdict import LEADING
from backspasm.inference.cell_evidence import Row
from backspasm.inference.disagreement import Disagreement
from backspasm.presentation import words
from backspasm.presentation.as_json import PLACES
from backspasm.presentation.sources import Source, cited
from backspasm.records.knowledge import Knowledge

#: patients whose change is told; the others are counted
TOLD = 4
#: what is said above the sides
ALONE = "If one side alone were right, its rate resting on its studies without the estimators' opinions"


@dataclass(frozen=True)
class TriedSideView:
    """One side for a page: its rates, and what becomes of the patients on file."""

    holds: str
    rates: tuple[str, ...]
    advice: str
    changes: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class TriedView:
    """A dispute for a page; the curators' account is empty where nobody wrote one."""

    name: str
    says: str
    why: str
    handled: str
    statistics: str
    rates: tuple[str, ...]
    now: tuple[str, ...]
    sides: tuple[TriedSideView, ...]


def tried_view(t: Tried, knowledge: Knowledge) -> TriedView:
    """The dispute in words."""
    record = t.bearing.record
    return TriedView(
        record.name if record else words.place_name(t.bearing.places[0], knowledge),
        record.says if record else "",
        record.why if record else "",
        record.handled if record else "",
        statistics(t.bearing.measured),
        tuple(_rate_name(place, t, knowledge) for place in t.bearing.places),
        tuple(_rate(row) for row in t.now),
        tuple(
            TriedSideView(
                s.holds if record else f"It is {s.holds}",
                tuple(_rate(row) for row in s.rates),
                advice(s),
                tuple(change(p, knowledge) for p in s.changed[:TOLD]),
                cited(s.facts, knowledge),
            )
            for s in t.sides
        ),
    )


def tried_data(t: Tried) -> dict[str, Any]:
    """As plain data: rates in the order of ``about``; null where a side says nothing at this age."""
    record = t.bearing.record

    def rates(rows: tuple[Row | None, ...]) -> list[dict[str, float | None] | None]:
        return [None if r is None else {"value": _r(r.value), "low": _r(r.low), "high": _r(r.high)} for r in rows]

    return {
        "id": record.id if record else None,
        "name": record.name if record else None,
        "says": record.says if record else None,
        "why": record.why if record else None,
        "handled": record.handled if record else None,
        "age": t.age,
        "about": [{"what": what, "given": given} for what, given in t.bearing.places],
        "now": rates(t.now),
        "sides": [
            {
                "holds": s.holds,
                "facts": list(s.facts),
                "rates": rates(s.rates),
                "patients_asked": len(s.patients),
                "largest_shift": _r(s.shift),
                "changed": [
                    {
                        "patient": p.patient,
                        "urgency": [p.before.level, p.after.level],
                        "leading": [list(p.before.leading), list(p.after.leading)],
                    }
                    for p in s.changed
                ],
            }
            for s in t.sides
        ],
    }


def _r(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES)


def print_tried(t: Tried, knowledge: Knowledge, console: Console) -> None:
    """The account, the rate under each side, and whose advice would be another."""
    view = tried_view(t, knowledge)
    console.print(Text.assemble("\n", ("Disputed: ", "bold yellow"), (view.name, "bold")))
    for label, text in (("", view.says), ("why they may differ: ", view.why), ("here: ", view.handled)):
        if text:
            console.print(Padding(Text.assemble((label, "dim"), text), (0, 0, 0, 2)))
    console.print(Padding(Text(f"{ALONE}:", style="dim"), (0, 0, 0, 2)))
    console.print(Padding(Text(f"now: {_named(view.rates, view.now)}", style="bold"), (0, 0, 0, 4)))
    for side in view.sides:
        facts = ", ".join(s.address for s in side.sources)
        console.print(Padding(Text.assemble((side.holds, "bold"), "  ", (facts, "green")), (0, 0, 0, 4)))
        console.print(Padding(Text(_named(view.rates, side.rates)), (0, 0, 0, 6)))
        console.print(Padding(Text(side.advice), (0, 0, 0, 6)))
        for line in side.changes:
            console.print(Padding(Text(f"· {line}"), (0, 0, 0, 8)))


def _named(names: tuple[str, ...], rates: tuple[str, ...]) -> str:
    return rates[0] if len(rates) == 1 else "; ".join(f"{n}: {r}" for n, r in zip(names, rates, strict=True))


def _rate_name(place: tuple[str, str], t: Tried, knowledge: Knowledge) -> str:
    what, given = place
    name = words.cause_name(what, knowledge) if what in knowledge.complications else words.finding_name(what, knowledge)
    return f"{name} in {words.lower_first(words.cause_name(given, knowledge))} ({words.plain(t.age)})"


def _rate(row: Row | None) -> str:
    if row is None or row.value is None or row.low is None or row.high is None:
        return "no study of this side at this age, so the opinions stand"
    return f"{words.chance(row.value)} ({words.span(row.low, row.high)})"


def statistics(m: Disagreement | None) -> str:
    """How much of the variation is more than chance; empty where the pooled studies do not disagree by number."""
    if m is None:
        return ""
    p = "under 0.001" if m.p < 0.001 else f"{m.p:.3f}"
    return (
        f"{100 * m.between_share:.0f} % of the variation between {len(m.low) + len(m.high)} studies is more than chance "
        f"(I², Cochran Q {m.q:.1f}, p {p})"
    )


def advice(side: TriedSide) -> str:
    """What becomes of the patients on file, the examples and vignettes, in a sentence."""
    asked, moved = len(side.patients), side.changed
    if not asked:
        return "None of the example patients was asked about it."
    whom = f"{asked} example patient{'s' if asked != 1 else ''} asked about it"
    if not moved:
        return f"The {whom} keep{'s' if asked == 1 else ''} urgency and leading causes; {_most(side)}."
    levels = sum(p.before.level != p.after.level for p in moved)
    return (
        f"Of {whom} {len(moved)} change{'s' if len(moved) == 1 else ''}, {levels or 'none'} in urgency; {_most(side)}."
    )


def _most(side: TriedSide) -> str:
    if side.shift < 0.0005:
        return "no probability moves by one in a thousand"
    return f"the largest change of a probability is {100 * side.shift:.1f} points"


def change(p: PatientImpact, knowledge: Knowledge) -> str:
    """What changes for one patient."""
    parts = []
    if p.before.level != p.after.level:
        parts.append(f"{words.URGENCY[p.before.level][0].lower()} becomes {words.URGENCY[p.after.level][0].lower()}")
    for rank in range(LEADING):
        old, new = p.before.causes[rank], p.after.causes[rank]
        if old[0] != new[0]:
            was, now = (f"{words.lower_first(words.cause_name(c, knowledge))} {words.chance(q)}" for c, q in (old, new))
            parts.append(f"{('first', 'second', 'third')[rank]} {now} instead of {was}")
    return f"{p.patient}: {', '.join(parts)}"
