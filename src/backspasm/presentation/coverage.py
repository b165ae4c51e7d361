"""Coverage of the knowledge base as a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from backspasm.inference.coverage import Coverage
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge


def print_coverage(found: Coverage, knowledge: Knowledge, console: Console, weighted: float | None = None) -> None:
    """Print one row a cause, and the totals; ``weighted``: share of the effect on decisions that rests on studies."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("cause")
    for heading in ("base rates studied", "assumed", "findings studied", "assumed", "studies"):
        table.add_column(heading, justify="right")
    for row in found.causes:
        table.add_row(
            words.cause_name(row.cause, knowledge),
            str(len(row.base_rates_studied)),
            str(row.base_rates_assumed),
            str(len(row.findings_studied)),
            str(row.findings_assumed),
            str(row.studies),
        )
    console.print(table)
    console.print(
        f"\n{found.cells_studied} of {found.cells} cause-finding cells rest on a study (the rest on independent elicitations "
        f"of {found.elicited_entries} entries); {found.base_rates_studied} of {found.base_rates} base rates; "
        f"{found.complications_studied} of {found.complications} complication shares."
    )
    if weighted is not None:
        console.print(
            f"Weighted by their effect on decisions, {100 * weighted:.0f} % of the cause-finding cells rest on a study "
            "(`backspasm knowledge priorities` lists them)."
        )
    console.print(
        f"Every cause has a base rate in at least {found.settings_least} settings; {found.causes_in_three_settings} of "
        f"{len(found.causes)} causes have one that rests on a study in three settings or more, "
        f"{found.causes_in_one_setting} in at least one."
    )
    console.print(
        f"{found.studies} studies on file, {found.studies_used} with facts to be used; {found.facts} facts, {found.facts_used} to be used, "
        f"{found.facts_in_model} of them pooled in the model; {found.assumptions} named assumptions."
    )
