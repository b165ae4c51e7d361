"""Which rates matter most to decisions, and what each rests on, as a table and as plain data."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from backspasm.population.priorities import PRESENTERS, Effects, Priority
from backspasm.presentation import words
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge


def priorities_json(found: Effects, top: int) -> bytes:
    """The first ``top`` pairs, with evidence and searches."""
    data: dict[str, Any] = {
        "patients": found.patients,
        "effect": f"expected loss spared for {PRESENTERS:,} presenters if the rate were known",
        "share_on_studies": found.studied_share,
        "pairs": [{"rank": i, **msgspec.to_builtins(p)} for i, p in enumerate(found.pairs[:top], start=1)],
    }
    return json_bytes(data)


def print_priorities(found: Effects, top: int, knowledge: Knowledge, console: Console) -> None:
    """One row a pair."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "finding", "cause", "effect", "rests on", "searched"):
        table.add_column(heading, justify="right" if heading in {"", "effect"} else "left", overflow="fold")
    for i, pair in enumerate(found.pairs[:top], start=1):
        table.add_row(
            str(i),
            words.finding_name(pair.finding, knowledge),
            words.cause_name(pair.cause, knowledge),
            f"{pair.effect:.3f}",
            _ground(pair),
            _searched(pair),
        )
    console.print(table)
    assumed = found.without_evidence(top)
    console.print(
        f"\nEffect: expected loss that would be spared for {PRESENTERS:,} presenters if the rate were known before deciding "
        f"on urgency (its opinions' spread taken as the doubt), over {found.patients:,} virtual patients."
    )
    console.print(
        f"Of the first {min(top, len(found.pairs))} pairs {min(top, len(found.pairs)) - len(assumed)} rest on studies; of the "
        f"{len(assumed)} that rest on opinions alone, {sum(bool(p.searches) for p in assumed)} have a search on record."
    )


def _ground(pair: Priority) -> str:
    if not pair.facts:
        return "[yellow]assumption[/]"
    more = f" and {len(pair.facts) - 1} more" if len(pair.facts) > 1 else ""
    return f"[green]{pair.facts[0]}[/]{more}"


def _searched(pair: Priority) -> str:
    return "" if not pair.searches else f"{pair.searches[-1].date}: {pair.searches[-1].found}"
