"""A virtual trial as tables of words, for every form in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.cycle.trial.compare import beside_published
from backspasm.cycle.trial.result import Contrast, TrialResult
from backspasm.presentation import trial_words as w
from backspasm.presentation.sources import Source, source
from backspasm.presentation.words import plain
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Study


@dataclass(frozen=True)
class Grid:
    """A table: header and rows of text; the first column names the row."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TrialView:
    """Everything that is said of a trial."""

    id: str
    name: str
    question: str
    design: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    flow: Grid
    entry: Grid
    outcomes: tuple[Grid, ...]
    doses: Grid
    published: Grid | None
    published_remarks: tuple[str, ...]
    grounds: Grid | None
    own_remarks: tuple[str, ...]
    remarks: tuple[str, ...]
    run: str
    studies: tuple[tuple[Study, tuple[Source, ...]], ...]


ALWAYS = (
    "Everything here is simulated. The model's loop is contested, and most of its numbers are assumptions.",
    "Concentrations at which drugs relax are assumed without a range, so the ranges shown are too narrow.",
)


def trial_view(r: TrialResult, knowledge: Knowledge) -> TrialView:
    """The tables and sentences of a result."""
    p = r.protocol
    beside = beside_published(r, knowledge)
    sources = [source(address, knowledge) for address in _addresses(r)]
    studies = dict.fromkeys(s.study.id for s in sources if s.study is not None)
    return TrialView(
        id=p.id,
        name=p.name,
        question=p.question,
        design=_design(r, knowledge),
        said=tuple(w.what_it_says(r, knowledge)),
        flow=_flow(r),
        entry=_entry(r),
        outcomes=tuple(_outcomes(r, c.arm, c.against) for c in p.compared),
        doses=_doses(r),
        published=Grid(
            "Beside what was published",
            ("result", "published", "expected, loop", "no loop", "how it fits", "without the loop", "speaks", "use"),
            tuple(
                (
                    _named(r, b.loop),
                    w.found(b, p),
                    f"{w.number(p.outcome(b.loop.outcome), b.loop.expected)} ({w.size(b)})",
                    w.number(p.outcome(b.loop.outcome), b.rival.expected),
                    w.fit(b),
                    w.fit(b, rival=True),
                    w.lean(b),
                    w.USE[b.published.use],
                )
                for b in beside
            ),
        )
        if beside
        else None,
        published_remarks=tuple(
            f"{b.published.fact}: {b.published.remark}." for b in beside if b.published.remark is not None
        ),
        grounds=_grounds(r),
        own_remarks=p.remarks,
        remarks=(*p.remarks, *ALWAYS),
        run=f"{r.pool:,} eligible patients under every arm, {r.replicates:,} trials drawn from them, {r.worlds} worlds for the "
        f"ranges, seed {r.seed}.",
        studies=tuple(
            (knowledge.studies[s], tuple(x for x in sources if x.study is not None and x.study.id == s))
            for s in studies
        ),
    )


def _addresses(r: TrialResult) -> dict[str, None]:
    """Facts that the protocol names, in order, once each."""
    p = r.protocol
    return dict.fromkeys(
        (*(a for x in p.published for a in (x.fact, x.size_from) if a), *(a for g in p.grounds for a in g.sources))
    )


def _design(r: TrialResult, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    p, who = r.protocol, r.protocol.population
    classes = ", ".join(f"{knowledge.cycle.classes[c].name} {w.share(s)}" for c, s in who.causes.items())
    days = f"pain for {who.days_since_onset.start:g} to {who.days_since_onset.end:g} days"
    pain = "" if who.pain is None else f", about {who.pain.median:g} of 100"
    other = "".join(
        f"; {plain(n)} {v:g} instead of {knowledge.cycle.parameters[n].value:g}" for n, v in who.typical.items()
    )
    arms = tuple(
        (f"Arm: {a.name}", f"{r.sizes[a.id]} patients; {r.prescriptions[a.id]}" + _belief(a.expectation))
        for a in p.arms
    )
    asked = ", ".join(f"{name} {_bounds(x)}" for name in w.CRITERIA if (x := getattr(p.eligibility, name)) is not None)
    return (
        (
            "Design",
            f"{w.BLINDING[p.blinding]}, {plain(who.setting)}; visits on day {', '.join(f'{d:g}' for d in p.visits)}",
        ),
        ("Who comes", f"{classes}; {days}{pain}{other}"),
        ("Who may enter", asked or "everybody"),
        *arms,
        *((("Rescue", p.rescue),) if p.rescue else ()),
        ("Primary outcome", f"{w.outcome_name(p.outcome(p.primary.outcome))} on day {p.primary.day:g}"),
    )


def _belief(points: float) -> str:
    return f"; ratings of pain lower by {points:g} through expectation" if points else ""


def _bounds(x: object) -> str:
    low, high = getattr(x, "at_least", None), getattr(x, "at_most", None)
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def _flow(r: TrialResult) -> Grid:
    sides = (r.loop.flow, r.rival.flow)
    reasons = [x for x in w.CRITERIA if any(x in s.excluded for s in sides)]
    rows = [("asked", *(f"{s.screened:,}" for s in sides))]
    rows += [(f"not eligible: {w.CRITERIA[x]}", *(f"{s.excluded.get(x, 0):,}" for s in sides)) for x in reasons]
    rows.append(("eligible and randomised", *(f"{s.eligible:,}" for s in sides)))
    for arm in r.protocol.arms:
        rows.append((f"to {arm.name}", *(f"{s.randomised[arm.id]:,}" for s in sides)))
    return Grid("Who took part", ("", "with the loop", "without the loop"), tuple(rows))


def _entry(r: TrialResult) -> Grid:
    arms = r.protocol.arms
    rows = [
        (label, *(f"{s.mean:.1f} ({s.sd:.1f})" for a in arms if (s := r.loop.arms[a.id].baseline[name])))
        for name, label in w.ENTRY.items()
    ]
    return Grid("At entry, mean (SD), with the loop", ("", *(a.name for a in arms)), tuple(rows))


def _doses(r: TrialResult) -> Grid:
    rows = [
        (a.name, drug, f"{taken:.1f}", f"{r.rival.arms[a.id].doses[drug]:.1f}")
        for a in r.protocol.arms
        for drug, taken in r.loop.arms[a.id].doses.items()
    ]
    return Grid(
        "Doses taken until the last visit, mean", ("arm", "drug", "with the loop", "without the loop"), tuple(rows)
    )


def _outcomes(r: TrialResult, arm: str, against: str) -> Grid:
    p = r.protocol
    header = (
        "outcome", "day", p.arm(arm).name, p.arm(against).name, "difference (95 %)", "in SD (95 %)",
        "expected, loop (90 %)", "shown", "expected, no loop (90 %)", "shown",
    )  # fmt: skip
    rows = tuple(_row(r, c) for c in r.loop.contrasts if (c.arm, c.against) == (arm, against))
    return Grid(f"{p.arm(arm).name} against {p.arm(against).name}", header, rows)


def _row(r: TrialResult, c: Contrast) -> tuple[str, ...]:
    o, rival = r.protocol.outcome(c.outcome), r.without_loop(c)
    visit = r.protocol.visits.index(c.day)
    means = (w.spread(o, r.loop.arms[a].visits[c.outcome][visit]) for a in (c.arm, c.against))
    d = c.standardised
    return (
        w.outcome_name(o),
        f"{c.day:g}",
        *means,
        f"{w.number(o, c.trial.value)} ({w.interval(o, c.trial)})",
        "" if d is None else f"{d.value + 0.0:.2f} ({d.low:.2f} to {d.high:.2f})",
        f"{w.number(o, c.expected)} ({w.interval(o, c.range)})",
        w.share(max(c.shows_better, c.shows_worse)),
        f"{w.number(o, rival.expected)} ({w.interval(o, rival.range)})",
        w.share(max(rival.shows_better, rival.shows_worse)),
    )


def _named(r: TrialResult, c: Contrast) -> str:
    o = r.protocol.outcome(c.outcome)
    return f"{o.name}, day {c.day:g}: {w.contrast_name(r.protocol, c)}"


def _grounds(r: TrialResult) -> Grid | None:
    rows = tuple((", ".join(g.of), ", ".join(g.sources) or f"assumed by {g.who}", g.why) for g in r.protocol.grounds)
    return Grid("Where the protocol's numbers come from", ("of", "from", "why"), rows) if rows else None
