"""The course to expect as JSON of the contract, and for a terminal; the rival without the loop always stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from backspasm.cycle.one_patient import UNTREATED, Arm, Band, Expected, Persistence
from backspasm.presentation import words
from backspasm.presentation.headings import heading
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.cycle_types import CycleRecords

BARS = "▁▂▃▄▅▆▇█"
#: numbers of the JSON are rounded: pain and spasm to 3 places, shares to 6
PLACES, SHARES = 3, 6
#: the loop and its rival count as told apart from this ratio on
TELLING = 10.0
#: days of the table where the course has them
SHOWN = (0, 7, 28, 84)
#: points of the sparkline
SPARKS = 9
SHORT = {UNTREATED: "untreated", "nsaid": "NSAID", "relaxant": "relaxant", "both": "both"}
UNITS = {
    "pain": "points of 100",
    "spasm": "reflex activity, %MVC above normal",
    "resting_emg": "%MVC, standing at ease",
    "flexion_relaxation_ratio": "peak in bending divided by full flexion; only changes within a person should be read",
    "motion": "% of the person's own without pain",
    "drowsy": "share",
    "less_pain": "points of 100 less than untreated",
}


def course_json(e: Expected) -> bytes:
    """UTF-8 JSON with a newline at the end; the same course gives the same bytes."""
    return json_bytes(course_data(e))


def course_data(e: Expected) -> dict[str, Any]:
    """``days``, ``arms``, ``rival`` (the same without the loop), ``persistence_number``, and what the reader must know."""
    return {
        "days": list(e.days),
        "arms": {name: _arm(arm) for name, arm in e.arms.items()},
        "rival": {name: _arm(arm) for name, arm in e.rival.items()},
        "persistence_number": _persistence(e.persistence),
        "rival_persistence_number": _persistence(e.rival_persistence),
        "for_loop": round(e.for_loop, PLACES),
        "options": dict(e.options),
        "causes": {name: round(share, SHARES) for name, share in e.classes.items()},
        "modelled": round(e.modelled, SHARES),
        "units": UNITS,
        "remarks": [told_apart(e), *e.remarks],
        "draws": e.draws,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "pain": _band(arm.pain),
        "spasm": _band(arm.spasm),
        "resting_emg": _band(arm.resting_emg),
        "flexion_relaxation_ratio": _band(arm.flexion_ratio),
        "motion": _band(arm.motion),
        "drowsy": [round(x, PLACES) for x in arm.drowsy],
        "less_pain": _band(arm.less_pain),
    }


def _band(band: Band) -> dict[str, list[float]]:
    return {
        name: [round(x, PLACES) + 0.0 for x in values]
        for name, values in (("median", band.median), ("low", band.low), ("high", band.high))
    }


def _persistence(p: Persistence) -> dict[str, float]:
    return {
        "value": round(p.value, SHARES),
        "low": round(p.low, SHARES),
        "high": round(p.high, SHARES),
        "probability_above_1": round(p.probability_above_1, SHARES),
    }


def told_apart(e: Expected) -> str:
    """Whether this patient's own pain tells the loop from its rival."""
    better, ratio = ("with", e.for_loop) if e.for_loop >= 1 else ("without", 1 / e.for_loop)
    if ratio < TELLING:
        return f"This patient's pain does not tell whether the loop is there (it speaks {ratio:.1f} to 1 for the model {better} it)."
    return (
        f"This patient's pain is {ratio:.0f} times likelier {better} the loop, if everything else in the model holds."
    )


def persistence_words(e: Expected) -> str:
    """The persistence number in one sentence."""
    p, r = e.persistence, e.rival_persistence
    return (
        f"Persistence number {p.value:.2f} ({p.low:.2f} to {p.high:.2f}); above 1, where pain can sustain itself, with "
        f"{words.chance(p.probability_above_1)} ({words.span(p.probability_low, p.probability_high)}). Without the muscle loop "
        f"{r.value:.2f}, above 1 with {words.chance(r.probability_above_1)}."
    )


def course_table(e: Expected, cycle: CycleRecords) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a page: pain with its band on some days, for each arm with the loop and without it."""
    shown = [i for i, d in enumerate(e.days) if d in SHOWN] or [0, len(e.days) - 1]
    header = ["", *(f"day {e.days[i]:g}" for i in shown)]
    rows = []
    for name, arm in e.arms.items():
        for label, a in ((option_name(name, cycle), arm), ("the same without the loop", e.rival[name])):
            rows.append([label, *(_range(a.pain, i) for i in shown)])
    return header, rows


def spark(values: Sequence[float], most: float = 100.0) -> str:
    """One character per value, from 0 to ``most``."""
    top = len(BARS) - 1
    return "".join(BARS[min(max(round(v / most * top), 0), top)] for v in values)


def option_name(name: str, cycle: CycleRecords) -> str:
    if name == UNTREATED:
        return "untreated"
    return cycle.options[name].name if name in cycle.options else name


def print_course(e: Expected, console: Console) -> None:
    """Print the course; widths follow the console."""
    for block in course_blocks(e):
        console.print(block)


def course_blocks(e: Expected) -> list[RenderableType]:
    """Table of arms, persistence number, remarks."""
    shown = [i for i, d in enumerate(e.days) if d in SHOWN] or [0, len(e.days) - 1]
    at = min((i for i, d in enumerate(e.days) if d >= 7), default=len(e.days) - 1)
    sparks = [round(i * (len(e.days) - 1) / (SPARKS - 1)) for i in range(SPARKS)]
    short = {name: SHORT.get(name, f"option {i}") for i, name in enumerate(e.arms)}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("pain", no_wrap=True)
    for i in shown:
        table.add_column(f"day {e.days[i]:g}", justify="right", no_wrap=True)
    table.add_column(f"relief d{e.days[at]:g}", justify="right", no_wrap=True)
    table.add_column("spasm", justify="right", no_wrap=True)
    table.add_column("drowsy", justify="right", no_wrap=True)
    for name, arm in e.arms.items():
        for label, a, style in ((short[name], arm, ""), ("· no loop", e.rival[name], "dim")):
            untreated = name == UNTREATED
            medians = [f"{a.pain.median[i] + 0.0:.0f}" for i in shown]
            table.add_row(
                Text("  " + label, style=style),
                Text(spark([a.pain.median[i] for i in sparks]), style=style or "cyan"),
                *(Text(m, style=style) for m in medians),
                Text("" if untreated else _range(a.less_pain, at), style=style),
                Text(f"{a.spasm.median[at]:.1f}", style=style),
                Text("" if untreated else f"{100 * max(a.drowsy):.0f} %", style=style),
            )
        if name == UNTREATED:
            ends = [f"{arm.pain.low[i]:.0f}-{arm.pain.high[i]:.0f}" for i in shown]
            table.add_row(Text("  · 90 % band", style="dim"), "", *(Text(x, style="dim") for x in ends), "", "", "")
    given = [f"  {short[name]}: {text}" for name, text in e.options.items()]
    p, r = e.persistence, e.rival_persistence
    lines: list[RenderableType] = [
        heading("Course to expect", f"median pain 0-100 of {e.draws} draws; simulated, not observed"),
        table,
        *(Text(line, style="dim") for line in given),
        Text.assemble(
            ("  Persistence number ", "bold"),
            f"{p.value:.2f} ({p.low:.2f} to {p.high:.2f}); above 1, where pain can sustain itself, with "
            f"{words.chance(p.probability_above_1)} ({words.span(p.probability_low, p.probability_high)})",
        ),
        Text(
            f"  without the muscle loop {r.value:.2f} ({r.low:.2f} to {r.high:.2f}), above 1 with "
            f"{words.chance(r.probability_above_1)}",
            style="dim",
        ),
        *(Text(f"  {remark}", style="dim") for remark in (told_apart(e), *e.remarks)),
    ]
    return [Group(*lines)]


def _range(band: Band, i: int) -> str:
    return f"{band.median[i] + 0.0:.0f} ({band.low[i] + 0.0:.0f}-{band.high[i] + 0.0:.0f})"
