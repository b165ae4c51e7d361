"""Which rates matter most to decisions, and what each rests on, as a table and as plain data."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    """One row a pair, and under a pair that stays an assumption what was searched for it."""
    console.print(Text("rank  effect  finding in cause: what it rests on; what was searched", style="dim"))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=4, justify="right")
    table.add_column(width=6, justify="right")
    table.add_column(overflow="fold")
    said: dict[str, int] = {}
    for i, pair in enumerate(found.pairs[:top], start=1):
        cause = words.lower_first(words.cause_name(pair.cause, knowledge))
        what = f"{words.finding_name(pair.finding, knowledge)} in {cause}"
        table.add_row(str(i), f"{pair.effect:.3f}", Text.assemble((what, "bold"), ": ", _ground(pair)))
        searched = _searched(pair)
        if not pair.facts and searched:
            first = said.setdefault(searched, i)
            table.add_row("", "", Text(searched if first == i else f"searched as for rank {first}", style="dim"))
        elif not pair.facts:
            table.add_row("", "", Text("no search on record", style="red"))
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


def _ground(pair: Priority) -> tuple[str, str]:
    if not pair.facts:
        return "assumption", "yellow"
    more = f" and {len(pair.facts) - 1} more" if len(pair.facts) > 1 else ""
    return f"{pair.facts[0]}{more}", "green"


def _searched(pair: Priority) -> str:
    if not pair.searches:
        return ""
    last = pair.searches[-1]
    return f"{last.date}, {last.terms}: {last.found}"
