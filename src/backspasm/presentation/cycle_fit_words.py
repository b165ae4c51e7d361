"""The population fit in words and tables: what was fitted to what, how it came out, and what the data do not tell."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import msgspec

from backspasm.cycle.fit.likelihood import interval
from backspasm.cycle.fit.whole import digest
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.cycle_fit_types import FitPlan, FitRecord, Fitted, Posterior, Predicted, StructureFit, Target

#: an interval narrower than its prior by these shares is called told well, told weakly
WELL, WEAKLY = 0.6, 0.3
#: from this R-hat on, and below this many independent draws, chains are not to be trusted
RHAT, ESS = 1.05, 400.0
#: models whose difference is less than this many standard errors are not told apart
TOLD_APART = 2.0
RIVAL = "no_loop"


class Part(NamedTuple):
    """One section: heading, remarks, and a table (no columns: none)."""

    title: str
    said: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def fit_json(plan: FitPlan, record: FitRecord) -> bytes:
    """The record with the targets and the statements, as JSON."""
    data: dict[str, Any] = msgspec.to_builtins(record)
    data["targets"] = msgspec.to_builtins(plan.targets)
    data["said"] = [remark for part in parts(plan, record) for remark in part.said]
    return json_bytes(data)


def number(x: float) -> str:
    """A figure with three significant digits at most, without an exponent."""
    if not math.isfinite(x):
        return "-"
    if x != 0 and abs(x) < 1e-3:
        return f"{x:.5f}".rstrip("0")
    text = f"{x:.3g}"
    return f"{x:.0f}" if "e" in text else text


def unknown_name(f: Fitted) -> str:
    """What an unknown is called: its parameter, and whether it is the spread of it."""
    return f.parameter.replace("_", " ") + (" (spread)" if f.part == "spread" else "")


def span(low: float, high: float) -> str:
    return f"{number(low)}–{number(high)}"


def parts(plan: FitPlan, record: FitRecord) -> tuple[Part, ...]:
    """All sections, in the order of reading."""
    if not record.fits:
        return (Part("Not fitted", ("No fit is on file. Run `backspasm cycle fit --out DIR`.",)),)
    return (
        _head(plan, record),
        *_courses(plan, record),
        _unknowns(plan, record),
        _untold(plan, record),
        _models(plan, record),
        _profiles(plan, record),
        _correlations(record),
    )


def _main(record: FitRecord) -> StructureFit:
    return record.of(record.main)


def _head(plan: FitPlan, record: FitRecord) -> Part:
    fitted = sum(t.role == "fitted" for t in plan.targets)
    worst, least = _chains(record)
    said = [
        f"{fitted} published numbers fitted, {len(plan.targets) - fitted} held out; {record.runs} runs of the simulator with "
        f"{record.patients} virtual patients each, {record.draws:,} draws, seed {record.seed}, {record.date}.",
        f"Chains: largest R-hat {worst:.3f}, fewest independent draws {least:,.0f}. The emulator that the chains run on errs "
        f"by at most {record.emulator_error:.2f} standard deviations of a target; that error is counted in. What the model "
        "shows below comes from the simulator itself.",
    ]
    if worst > RHAT or least < ESS:
        said.append("The chains do not agree well enough: run the fit again with more steps before using it.")
    if record.digest != digest(plan):
        said.append("The targets have changed since this fit: run `backspasm cycle fit` again.")
    return Part("Population fit of the cycle", tuple(said))


def _chains(record: FitRecord) -> tuple[float, float]:
    unknowns = [u for f in record.fits for u in f.unknowns]
    return max(u.rhat for u in unknowns), min(u.ess for u in unknowns)


def _courses(plan: FitPlan, record: FitRecord) -> tuple[Part, Part]:
    shown = {f.structure: {p.target: p for p in f.predicted} for f in record.fits}
    main, rival = shown[record.main], shown.get(RIVAL, {})

    def cell(p: Predicted | None) -> str:
        if p is None:
            return "-"
        return f"{number(p.median)} ({span(p.low, p.high)})" + ("" if p.inside else " outside")

    def row(t: Target) -> tuple[str, ...]:
        unit = "" if t.unit == "1" else f" ({t.unit})"
        published = f"{number(t.value)} ({span(*interval(t))})"
        return t.says + unit, published, cell(main[t.id]), cell(rival.get(t.id))

    def part(title: str, role: str, *more: str) -> Part:
        own = [t for t in plan.targets if t.role == role]
        counts = [
            f"{sum(where[t.id].inside for t in own)} of {len(own)} {words}"
            for where, words in ((main, "with the loop"), (rival, "without it"))
            if where
        ]
        said = f"The median lies in the published interval for {', '.join(counts)}."
        columns = ("target", "published (95 %)", "with loop (90 %)", "without loop (90 %)")
        return Part(title, (said, *more), columns, tuple(row(t) for t in own))

    conflict = "Some contradict each other (two reviews; two cohorts of recurrence): no model can show both."
    return part("Fitted", "fitted"), part("Held out: foretold, not fitted", "held_out", conflict)


def verdict(u: Posterior) -> str:
    """How well the data tell an unknown."""
    return "told" if u.narrowed >= WELL else "weakly" if u.narrowed >= WEAKLY else "not told"


def _unknowns(plan: FitPlan, record: FitRecord) -> Part:
    known = {f.id: f for f in plan.unknowns}
    rows = tuple(
        (
            unknown_name(known[u.id]),
            number(u.median),
            span(u.low, u.high),
            span(known[u.id].low, known[u.id].high),
            f"{verdict(u)} ({100 * u.narrowed:.0f} %)",
            f"{u.rhat:.3f}",
            f"{u.ess:,.0f}",
        )
        for u in _main(record).unknowns
    )
    columns = ("unknown", "median", "90 % interval", "prior", "the data", "R-hat", "draws")
    said = (
        "In brackets: by how much of the prior's width the interval is narrower; draws: independent ones, all chains."
    )
    return Part("Unknowns", (said,), columns, rows)


def _untold(plan: FitPlan, record: FitRecord) -> Part:
    names = {f.id: unknown_name(f) for f in plan.unknowns}
    of = {v: [names[u.id] for u in _main(record).unknowns if verdict(u) == v] for v in ("told", "weakly", "not told")}
    said = [
        f"Told by the data: {', '.join(of['told']) or 'nothing'}.",
        f"Told weakly: {', '.join(of['weakly']) or 'nothing'}.",
        f"Not told; what stands there is the prior: {', '.join(of['not told']) or 'nothing'}.",
        *_bounds(record, {u.id: names[u.id] for u in _main(record).unknowns if verdict(u) == "not told"}),
        "Not even tried, since no target speaks of them: reflex gain, time constants of muscle and sensitisation, "
        "threshold and steepness of sensitisation, concentrations at which relaxants act.",
    ]
    return Part("What the data do not tell", tuple(said))


def _bounds(record: FitRecord, names: dict[str, str]) -> tuple[str, ...]:
    """Ends that the profiles give to unknowns otherwise not told."""
    ends = []
    for p in record.profiles:
        if p.id in names:
            said = [f"at least {number(p.low)}"] if p.low is not None else []
            said += [f"at most {number(p.high)}"] if p.high is not None else []
            ends += [f"{names[p.id]} {' and '.join(said)}"] if said else []
    return (f"Of these the profiles bound: {'; '.join(ends)}.",) if ends else ()


def _models(plan: FitPlan, record: FitRecord) -> Part:
    names = {s.id: s for s in plan.structures}
    rows = tuple(
        (
            names[f.structure].name,
            number(f.misfit),
            f"{number(f.elpd)} (se {number(f.elpd_se)})",
            f"{number(f.worse)} (se {number(f.worse_se)})" if f.worse else "best",
            f"{100 * f.self_sustaining:.1f} %",
        )
        for f in record.fits
    )
    columns = ("model", "smallest misfit", "elpd", "worse than the best by", "self-sustaining")
    return Part(
        "Models compared",
        (
            "Misfit: sum of squared standardised misses of the fitted targets. Elpd: log density of a target by the model "
            "fitted to all others, summed; more is better.",
            model_words(plan, record),
            *(f"{s.name}: {s.says}." for s in plan.structures),
        ),
        columns,
        rows,
    )


def model_words(plan: FitPlan, record: FitRecord) -> str:
    """Which models the data tell apart."""
    names = {s.id: s.name for s in plan.structures}
    best = max(record.fits, key=lambda f: f.elpd)
    apart = [names[f.structure] for f in record.fits if f.worse > TOLD_APART * f.worse_se and f is not best]
    alike = [names[f.structure] for f in record.fits if names[f.structure] not in apart and f is not best]
    said = f"Best is {names[best.structure]}; "
    said += f"not told apart from it (within {TOLD_APART:g} standard errors): {', '.join(alike)}. " if alike else ""
    said += f"Worse: {', '.join(apart)}. " if apart else "None is clearly worse. "
    if RIVAL in {f.structure for f in record.fits} and names[RIVAL] not in apart:
        said += "So the published courses do not show that there is a loop."
    return said.strip()


def _profiles(plan: FitPlan, record: FitRecord) -> Part:
    names = {f.id: unknown_name(f) for f in plan.unknowns}
    rows = tuple(
        (
            names[p.id],
            number(min(p.points, key=lambda q: q.above).value),
            "open" if p.low is None else number(p.low),
            "open" if p.high is None else number(p.high),
            number(max(q.above for q in p.points)),
        )
        for p in record.profiles
    )
    said = "The best fit with one unknown held fixed, over the whole prior. An open end: no value up to the prior's limit fits worse."
    return Part("Profile likelihoods", (said,), ("unknown", "best", "from", "to", "largest rise of misfit"), rows)


def _correlations(record: FitRecord) -> Part:
    rows = tuple((c.one.replace("_", " "), c.other.replace("_", " "), f"{c.value:+.2f}") for c in record.correlations)
    return Part(
        "Unknowns that stand in for each other", ("Posterior correlations.",), ("one", "other", "correlation"), rows
    )
