"""Opens cells of the model: those that a study bears on, or one that is named; as data, as text and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from markupsafe import Markup
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.inference.cell_evidence import CellEvidence, cell_evidence
from backspasm.inference.disagreement import disagreement_of
from backspasm.inference.model import Model
from backspasm.inference.observations import Cell
from backspasm.inference.refitting import Refitter
from backspasm.presentation.evidence import evidence_data, print_evidence
from backspasm.presentation.forest import SHORT, STYLE, axis_text, forest_text
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.rendering import rendered
from backspasm.presentation.sources import source
from backspasm.presentation.views import cell_title, cell_view
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean
from backspasm.records.types import AGE_GROUPS, AgeGroup

#: cells shown at once; a study of many findings feeds more
SHOWN = 12


@dataclass(frozen=True)
class Opened:
    """What an address opens: a study, fact or assumption with the rates it bears on, or rates alone."""

    identifier: str | None
    data: dict[str, Any]
    cells: tuple[CellEvidence, ...]
    model: Model
    refitter: Refitter

    def as_json(self) -> bytes:
        cells = [cell_data(c, self.model.knowledge, self.refitter) for c in self.cells]
        data = self.data | ({"cells": cells} if self.cells else {})
        return json_bytes(data)

    def as_html(self) -> bytes:
        return evidence_page(self.identifier, self.data, self.cells, self.model.knowledge)

    def print(self, console: Console) -> None:
        if self.data:
            print_evidence(self.data, console)
        for cell in self.cells[:SHOWN]:
            print_cell(cell, self.model.knowledge, self.refitter, console)
        if len(self.cells) > SHOWN:
            console.print(Text(f"\nand {len(self.cells) - SHOWN} more rates; a study/fact shows its own", style="dim"))


def opened(identifier: str | None, given: str | None, age: AgeGroup, model: Model) -> Opened:
    """Open an address.

    Raises:
        KeyError: with a mend, where nothing has this address.
    """
    refitter = Refitter(model)
    knowledge = model.knowledge
    is_record = identifier is None or identifier in knowledge.assumptions
    is_record = is_record or (identifier or "").partition("/")[0] in knowledge.studies
    if not is_record and identifier is not None:
        cells = cells_named(identifier, given, age, model, refitter)
        if cells is not None:
            return Opened(identifier, {}, cells, model, refitter)
    data = evidence_data(identifier, model)
    behind = cells_behind(identifier, model, refitter) if identifier and "study" in data else ()
    return Opened(identifier, data, behind, model, refitter)


def cells_behind(identifier: str, model: Model, refitter: Refitter) -> tuple[CellEvidence, ...]:
    """Cells that a study or one of its facts feeds; of ages at which the same holds, the first of adult, older, teen, child."""
    found: dict[tuple[str, str], AgeGroup] = {}
    for key, backing in model.parameters.backing.items():
        if not any(a == identifier or a.startswith(f"{identifier}/") for a in backing.facts):
            continue
        what, given, *rest = key.split("|")
        ages = [g for g in AGE_GROUPS if g in rest]
        best = min((*ages, found.get((what, given), ages[0])), key=_preferred)
        found[what, given] = best
    return tuple(cell_evidence(what, given, age, refitter) for (what, given), age in found.items())


def _preferred(age: AgeGroup) -> int:
    return (AGE_GROUPS.index("adult"), AGE_GROUPS.index("older"), 1, 0).index(AGE_GROUPS.index(age))


def cells_named(
    identifier: str, given: str | None, age: AgeGroup, model: Model, refitter: Refitter
) -> tuple[CellEvidence, ...] | None:
    """The cell at ``CAUSE/FINDING`` or at a finding with ``given``; all studied cells of a finding alone. None: not a cell.

    Raises:
        KeyError: with a mend, where a part of the address is unknown or the model has no such rate.
    """
    index = model.knowledge.index
    groups = (*index.cause_ids, *model.parameters.complications)
    whats = (*index.finding_ids, *model.parameters.complications)
    first, slash, second = identifier.partition("/")
    if slash and first in groups:
        first, given = second, first
    elif slash and second in groups and first in whats:
        given = second
    elif slash or (first not in whats):
        return None
    if first not in whats:
        raise KeyError(
            f"ID ({identifier}): unknown finding {first!r}. Mend: {did_you_mean(first, whats, 'see index.yaml')}"
        )
    if given is not None and given not in groups:
        raise KeyError(
            f"--cause ({given}): unknown. Mend: {did_you_mean(given, groups, 'one of ' + ', '.join(groups))}"
        )
    if given is None:
        keys = [k for k in model.parameters.backing if k.split("|")[0] == first]
        ways = dict.fromkeys(k.split("|")[1] for k in keys if k.split("|")[-1] == age)
        found = tuple(cell_evidence(first, way, age, refitter) for way in ways if way in groups)
        if not found:
            raise KeyError(f"ID ({identifier}): no study of it at this age. Mend: add --cause, or --age another group")
        return found
    try:
        return (cell_evidence(first, given, age, refitter),)
    except KeyError as error:
        raise KeyError(f"ID ({identifier}): {error.args[0]}. Mend: name another cause or finding") from None


def cell_data(cell: CellEvidence, knowledge: Knowledge, refitter: Refitter) -> dict[str, Any]:
    """A cell as plain data, with the statistics of a disagreement where studies disagree."""
    place = Cell(cell.what, cell.given, cell.age)
    table = refitter.gathered.complications if cell.kind == "complication" else refitter.gathered.rates
    seen = disagreement_of(place, table.get(place, ()), knowledge)
    return {
        "what": cell.what,
        "given": cell.given,
        "age": cell.age,
        "kind": cell.kind,
        "unit": cell.unit,
        "remark": cell.remark,
        "rows": [msgspec.to_builtins(row) for row in cell.rows],
        "disagreement": None
        if seen is None
        else {
            "q": round(seen.q, 3),
            "p": round(seen.p, 6),
            "between_share": round(seen.between_share, 3),
            "rarer": [s.address for s in seen.low],
            "commoner": [s.address for s in seen.high],
        },
    }


def print_cell(cell: CellEvidence, knowledge: Knowledge, refitter: Refitter, console: Console) -> None:
    """A forest plot in characters, the numbers beside it."""
    console.print(
        Text.assemble("\n", (cell_title(cell, knowledge), "bold"), (f"  {cell.unit}" if cell.unit else "", "dim"))
    )
    room = max(console.width - 34 - 30, 20)
    columns = min(48, room)
    table = Table.grid(padding=(0, 1))
    table.add_column(max_width=32, overflow="ellipsis", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    kind = ""
    for row, line, numbers in forest_text(cell, columns):
        if row.kind != kind:
            kind = row.kind
            table.add_row(Text(SHORT[kind], style="dim italic"), "", "")
        style = {"study": "green", "opinion": "dim", "pooled": "bold cyan"}[kind]
        weight = f" · {100 * row.weight:.0f} %" if row.weight is not None else ""
        table.add_row(Text(row.label, style=style), Text(line, style=style), Text(numbers + weight))
    table.add_row("", Text(axis_text(cell, columns), style="dim"), "")
    console.print(table)
    if cell.remark:
        console.print(Text(cell.remark, style="dim"))
    seen = cell_data(cell, knowledge, refitter)["disagreement"]
    if seen is not None:
        console.print(
            Text(
                f"Studies disagree: {100 * seen['between_share']:.0f} % of the variation is more than chance "
                f"(Cochran Q {seen['q']:.1f}). Rarer: {', '.join(seen['rarer'])}; commoner: {', '.join(seen['commoner'])}.",
                style="yellow",
            )
        )


def evidence_page(
    identifier: str | None, data: dict[str, Any], cells: tuple[CellEvidence, ...], knowledge: Knowledge
) -> bytes:
    """What ``evidence`` shows, as one HTML file."""
    from backspasm.presentation.bibliography import how_read

    study = knowledge.studies.get((identifier or "").partition("/")[0]) if "study" in data else None
    assumption = data.get("assumption")
    rows = []
    if assumption is not None:
        table = assumption.get("table") or {"value": assumption.get("value")}
        for name, value in table.items():
            shown = ", ".join(f"{k} {v:g}" for k, v in value.items()) if isinstance(value, dict) else f"{value:g}"
            rows.append((name, shown))
    views = tuple(cell_view(c, f"e{i}", knowledge) for i, c in enumerate(cells[:SHOWN]))
    named = dict.fromkeys(s.study.id for v in views for s in v.sources if s.study is not None)
    every = {s.address for v in views for s in v.sources}
    return rendered(
        "evidence.html.j2",
        k=knowledge,
        title=cell_title(cells[0], knowledge) if len(cells) == 1 and study is None else identifier or "Evidence",
        study=study,
        how=how_read(study) if study else "",
        facts=[_fact(f) for f in data["study"]["facts"]] if study else [],
        assumption=assumption,
        rows=rows,
        used_in=data.get("used_in", []),
        cells=views,
        more=max(len(cells) - SHOWN, 0),
        listed=data.get("studies", []),
        assumptions=data.get("assumptions", []),
        studies=[
            (knowledge.studies[s], [source(a, knowledge) for a in sorted(every) if a.startswith(f"{s}/")])
            for s in named
        ],
        forest_style=Markup(STYLE),
    )


def _fact(fact: dict[str, Any]) -> dict[str, Any]:
    return {"defined_as": None, "note": None, "used": True, "because": "", **fact}
