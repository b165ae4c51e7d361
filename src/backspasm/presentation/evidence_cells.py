"""Opens cells of the model: those that a study bears on, or one that is named; as data, as text and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.advice.disputes import Bearing, curated, disputed
from backspasm.advice.tried_sides import Trials, Tried
from backspasm.inference.cell_evidence import CellEvidence, cell_evidence
from backspasm.inference.disagreement import disagreement_of
from backspasm.inference.model import Model
from backspasm.inference.observations import Cell
from backspasm.inference.refitting import Refitter
from backspasm.patients.gathered import patients_on_file
from backspasm.presentation.evidence import evidence_data, print_evidence
from backspasm.presentation.evidence_cause import cause_data, print_cause
from backspasm.presentation.forest import SHORT, axis_text, forest_text
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.tried_sides import print_tried, tried_data
from backspasm.presentation.views import cell_title
from backspasm.records.dispute import Dispute
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean
from backspasm.records.types import AGE_GROUPS, AgeGroup

#: cells shown at once; a study of many findings feeds more
SHOWN = 12
#: columns of a terminal for the names of studies
LABEL = 33


@dataclass(frozen=True)
class Opened:
    """What an address opens: a study, fact or assumption with the rates it bears on, or rates alone."""

    identifier: str | None
    data: dict[str, Any]
    cells: tuple[CellEvidence, ...]
    model: Model
    refitter: Refitter

    def disputes(self) -> tuple[Tried, ...]:
        """The disputes on the rates shown, their sides tried out on the example patients and vignettes."""
        if not self.cells:
            return ()
        knowledge = self.model.knowledge
        found: dict[object, tuple[Bearing, AgeGroup]] = {}
        for cell in self.cells[:SHOWN]:
            known = disputed((cell.what, cell.given), cell.age, knowledge)
            if known is not None:
                found.setdefault(known.places, (known, cell.age))
        if not found:
            return ()
        trials = Trials(patients_on_file(knowledge), self.refitter)
        return tuple(trials.tried(known, age) for known, age in found.values())

    def as_json(self) -> bytes:
        cells = [cell_data(c, self.model.knowledge, self.refitter) for c in self.cells]
        data = self.data | ({"cells": cells} if self.cells else {})
        if self.cells:
            data["disputes"] = [tried_data(t) for t in self.disputes()]
        return json_bytes(data)

    def as_html(self) -> bytes:
        from backspasm.presentation.evidence_page import evidence_page

        return evidence_page(
            self.identifier, self.data, self.cells[:SHOWN], len(self.cells), self.disputes(), self.model
        )

    def print(self, console: Console) -> None:
        if "cause" in self.data:
            print_cause(self.data["cause"], self.model.knowledge, console)
        elif self.data:
            print_evidence(self.data, console)
        for cell in self.cells[:SHOWN]:
            print_cell(cell, self.model.knowledge, self.refitter, console)
        if len(self.cells) > SHOWN:
            console.print(Text(f"\nand {len(self.cells) - SHOWN} more rates; a study/fact shows its own", style="dim"))
        for tried in self.disputes():
            print_tried(tried, self.model.knowledge, console)


def opened(identifier: str | None, given: str | None, age: AgeGroup, model: Model) -> Opened:
    """Open an address.

    Raises:
        KeyError: with a mend, where nothing has this address.
    """
    refitter = Refitter(model)
    knowledge = model.knowledge
    if identifier is not None and identifier in knowledge.disputes:
        return Opened(identifier, {}, _cells_of(knowledge.disputes[identifier], age, refitter), model, refitter)
    if identifier is not None and identifier in knowledge.causes:
        return Opened(identifier, {"cause": cause_data(identifier, model)}, (), model, refitter)
    is_record = identifier is None or identifier in knowledge.assumptions
    is_record = is_record or (identifier or "").partition("/")[0] in knowledge.studies
    if not is_record and identifier is not None:
        cells = cells_named(identifier, given, age, model, refitter)
        if cells is not None:
            return Opened(identifier, {}, cells, model, refitter)
    data = evidence_data(identifier, model)
    behind = cells_behind(identifier, model, refitter) if identifier and "study" in data else ()
    return Opened(identifier, data, behind, model, refitter)


def _cells_of(record: Dispute, age: AgeGroup, refitter: Refitter) -> tuple[CellEvidence, ...]:
    """The rates in dispute, at an age.

    Raises:
        KeyError: with a mend, where no study of a side speaks of that age.
    """
    if curated(record, age, refitter.model.knowledge) is None:
        spoken = {a for s in record.sides for f in s.facts for a in refitter.model.knowledge.ages_of(f)}
        ages = ", ".join(a for a in AGE_GROUPS if a in spoken)
        raise KeyError(f"--age ({age}): no study of {record.id} speaks of it. Mend: one of {ages}")
    return tuple(cell_evidence(c.what, c.given, age, refitter) for c in record.cells)


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
    room = max(console.width - LABEL - 32, 20)
    columns = min(48, room)
    table = Table.grid(padding=(0, 1))
    # an address is to be copied and a remark to be read: both go on in the next line rather than being cut
    table.add_column(width=min(LABEL, max(len(row.label) for row in cell.rows)), overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column()
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
