"""Opens a cause: how common it is among presenters, place by place, and which of its rates rest on studies."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from backspasm.inference.model import Model
from backspasm.inference.presenting import base_rates_of
from backspasm.presentation import words
from backspasm.presentation.as_json import PLACES
from backspasm.presentation.sources import cited
from backspasm.records.knowledge import Knowledge

WHO = {"child": "children", "adult": "adults"}


def cause_data(cause: str, model: Model) -> dict[str, Any]:
    """Base rates (0 to 1) with 90 % intervals and facts, and the findings whose rates in this cause rest on a study."""
    knowledge, parameters = model.knowledge, model.parameters
    studied = {k.split("|")[0] for k, b in parameters.backing.items() if k.split("|")[1] == cause and b.facts}
    return {
        "id": cause,
        "name": knowledge.causes[cause].name,
        "plain": knowledge.causes[cause].plain,
        "base_rates": [
            {
                "setting": b.setting,
                "population": b.population,
                "value": round(b.value, PLACES),
                "low": round(b.low, PLACES),
                "high": round(b.high, PLACES),
                "facts": list(b.facts),
                "assumed": not b.facts,
            }
            for b in base_rates_of(cause, model)
        ],
        "findings_studied": [f for f in (*knowledge.findings, *knowledge.complications) if f in studied],
    }


def base_rate_rows(data: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Place, who, rate with interval, and what it rests on."""
    return [
        (
            words.plain(b["setting"]),
            WHO[b["population"]],
            f"{words.chance(b['value'])} ({words.span(b['low'], b['high'])})",
            ", ".join(b["facts"]) or "assumed",
        )
        for b in data["base_rates"]
    ]


def print_cause(data: dict[str, Any], knowledge: Knowledge, console: Console) -> None:
    """The table of base rates, what their studies say, and where to go on."""
    console.print(Text.assemble((data["id"], "bold green"), f"  {data['name']}"))
    console.print(Text(data["plain"]))
    console.print(Text("\nAmong those who present with back pain, with 90 % interval", style="bold"))
    for place, who, rate, ground in base_rate_rows(data):
        assumed = ground == "assumed"
        console.print(Text.assemble(f"{place:<18}{who:<9}{rate}  ", ("assumed", "yellow") if assumed else ""))
        if not assumed:
            console.print(Padding(Text(ground, style="green"), (0, 0, 0, 27)))
    facts = dict.fromkeys(f for b in data["base_rates"] for f in b["facts"])
    for s in cited(facts, knowledge):
        console.print(Text.assemble(("  " + s.address, "green"), f"  {s.says}"))
    names = ", ".join(data["findings_studied"])
    console.print(
        Text(f"\nRates that rest on a study, each opened by `backspasm evidence {data['id']}/FINDING`:", style="bold")
    )
    console.print(Text(names or "none; every finding in it is assumed", style="" if names else "yellow"))
