"""All trials beside what was published: one row a published result, one sentence on what the model can decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backspasm.cycle.trial.compare import Beside, beside_published
from backspasm.cycle.trial.result import TrialResult
from backspasm.presentation import trial_words as w
from backspasm.presentation.trial_view import ALWAYS, Grid, TrialView, trial_view
from backspasm.records.knowledge import Knowledge


@dataclass(frozen=True)
class Compared:
    """``said``: what the trials tell together; ``grid``: every published result; ``trials``: each in full."""

    said: tuple[str, ...]
    grid: Grid
    trials: tuple[TrialView, ...]
    remarks: tuple[str, ...]
    run: str


def compared(results: Sequence[TrialResult], knowledge: Knowledge) -> Compared:
    """The trials side by side."""
    pairs = [(r, b) for r in results for b in beside_published(r, knowledge)]
    rows = []
    for r, b in pairs:
        o = r.protocol.outcome(b.published.outcome)
        rows.append(
            (
                _study(r.protocol.id, b),
                f"{o.name}, day {b.published.day:g}: {w.contrast_name(r.protocol, b.loop)} ({w.unit(o)})",
                w.found(b, r.protocol),
                f"{w.number(o, b.loop.expected)} ({w.interval(o, b.loop.range)})",
                w.fit(b),
                f"{w.number(o, b.rival.expected)} ({w.interval(o, b.rival.range)})",
                w.fit(b, rival=True),
                w.USE[b.published.use],
            )
        )
    header = (
        "trial", "result", "published (95 %)", "expected, loop (90 %)", "how it fits",
        "expected, no loop (90 %)", "how that fits", "use",
    )  # fmt: skip
    first = results[0]
    return Compared(
        said=tuple(together(pairs)),
        grid=Grid("Published results beside the model's", header, tuple(rows)),
        trials=tuple(trial_view(r, knowledge) for r in results),
        remarks=ALWAYS,
        run=f"{first.replicates:,} trials drawn of each, {first.worlds} worlds for the ranges, seed {first.seed}.",
    )


def _study(trial: str, b: Beside) -> str:
    """The trial, and the study that the result is from where that is another."""
    study = b.published.fact.partition("/")[0]
    return trial if study == trial else f"{trial}, beside {study}"


def together(pairs: Sequence[tuple[TrialResult, Beside]]) -> list[str]:
    """What all published results tell, counted: of those the model never saw."""
    held = [b for _, b in pairs if b.published.use == "held_out"]
    if not held:
        return ["None of the results was held out, so their agreement is no test."]
    counts = {v: sum(b.verdict == v for b in held) for v in ("agrees", "weaker", "misses")}
    rival = {v: sum(b.rival_verdict == v for b in held) for v in ("agrees", "weaker", "misses")}
    sized = [b for b in held if b.given is not None]
    decided = [r for r, _ in pairs if r.told_apart(r.primary).named_rightly >= w.TELLS]
    said = [
        f"Of {len(held)} published results that the model never saw it agrees with {counts['agrees']}, has the direction "
        f"of {counts['weaker']} more but would show them in fewer than half of such trials, and misses {counts['misses']}. "
        "Without the loop: "
        f"{rival['agrees']}, {rival['weaker']} and {rival['misses']}.",
    ]
    if other := len(pairs) - len(held):
        said.append(f"Not counted, since fitted or built in: {other}.")
    if sized:
        inside = sum(bool(b.size_fits) for b in sized)
        said.append(
            f"A size could be read for {len(sized)}; what the model expects lies inside {inside} of the intervals."
        )
    said.append(
        "None of the trials could tell the loop from its rival on its primary outcome."
        if not decided
        else f"Its primary outcome tells the loop from its rival in {len({r.protocol.id for r in decided})} of the trials."
    )
    missed = [(r, b) for r, b in pairs if b.verdict == "misses" and b.published.use == "held_out"]
    for trial in dict.fromkeys(r.protocol.id for r, _ in missed):
        which = [
            f"{r.protocol.outcome(b.published.outcome).name.lower()} on day {b.published.day:g} "
            f"({w.FOUND[b.published.found]} was found: {w.contrast_name(r.protocol, b.loop)})"
            for r, b in missed
            if r.protocol.id == trial
        ]
        said.append(f"Missed in {trial}: {'; '.join(which)}.")
    return said
