"""What leaving out a study changes, patient by patient."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.advice.impact import Impact, PatientImpact
from backspasm.advice.verdict import LEADING, Verdict
from backspasm.presentation import words
from backspasm.presentation.as_json import PLACES
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge


def impact_json(found: Impact) -> bytes:
    """Every patient with both answers, numbers rounded to six places."""
    data = {
        "left_out": found.left_out,
        "cells": list(found.cells),
        "red_flags_that_cite_it": list(found.red_flags),
        "patients": len(found.patients),
        "changed": [p.patient for p in found.changed],
        "results": [
            {
                "patient": p.patient,
                "changed": not p.before.agrees(p.after),
                "largest_shift": round(p.before.shift(p.after), PLACES),
                "before": _verdict(p.before),
                "after": _verdict(p.after),
            }
            for p in found.patients
        ],
    }
    return json_bytes(data)


def _verdict(v: Verdict) -> dict[str, object]:
    return {
        "urgency": v.level,
        "leading": [{"cause": c, "probability": round(p, PLACES)} for c, p in v.causes[:LEADING]],
    }


def print_impact(found: Impact, knowledge: Knowledge, console: Console) -> None:
    """Who would be advised otherwise, and how."""
    console.print(
        Text.assemble(
            "Without ",
            (found.left_out, "bold green"),
            f" ({len(found.cells)} cells of the model rest on it), {len(found.patients)} patients:",
        )
    )
    changed = found.changed
    if changed:
        for p in changed:
            console.print(Text(f"\n{p.patient}", style="bold"))
            table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
            for heading in ("with it", "without it"):
                table.add_column(heading, width=(console.width - 8) // 2)
            table.add_row(_said(p.before, knowledge), _said(p.after, knowledge, p.before))
            console.print(table)
        console.print()
    rest = [p for p in found.patients if p not in changed]
    if rest:
        most = max(rest, key=lambda p: p.before.shift(p.after))
        console.print(
            f"{'All' if not changed else 'The other'} {len(rest)} keep urgency and three leading causes. {_most(most)}"
        )
    if found.red_flags:
        console.print(
            Text(
                f"Red flags that cite it still hold; their curators should look: {', '.join(found.red_flags)}",
                style="dim",
            )
        )


def _most(p: PatientImpact) -> str:
    shift = p.before.shift(p.after)
    if shift < 0.0005:
        return "No probability moves by one in a thousand."
    return f"The largest change of a probability among them is {100 * shift:.1f} points ({p.patient})."


def _said(v: Verdict, knowledge: Knowledge, other: Verdict | None = None) -> Text:
    level = words.URGENCY[v.level][0].lower()
    out = Text(level, style="bold red" if other is not None and other.level != v.level else "bold")
    for rank, (cause, p) in enumerate(v.causes[:LEADING]):
        moved = other is not None and other.leading[rank] != cause
        out.append(f"\n{words.cause_name(cause, knowledge)} {words.chance(p)}", style="yellow" if moved else "")
    return out
