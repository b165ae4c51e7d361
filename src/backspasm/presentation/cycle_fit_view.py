"""The population fit on a terminal, as Markdown and as a page with its figures."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from backspasm.presentation.cycle_fit_words import parts
from backspasm.presentation.headings import heading
from backspasm.presentation.rendering import rendered
from backspasm.records.cycle_fit_types import FitPlan, FitRecord

if TYPE_CHECKING:
    from backspasm.records.knowledge import Knowledge


def print_fit(plan: FitPlan, record: FitRecord, console: Console) -> None:
    """Every section with its table."""
    for part in parts(plan, record):
        console.print(heading(part.title))
        for remark in part.said:
            console.print(remark, markup=False, highlight=False)
        if part.columns:
            table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
            for column in part.columns:
                table.add_column(column, overflow="fold")
            for row in part.rows:
                table.add_row(*row)
            console.print(table, highlight=False)


def fit_page(knowledge: Knowledge, markdown: bool) -> bytes:
    """One page that needs nothing else; the Markdown has no figures."""
    from backspasm.presentation.cycle_fit_figure import course_figure, profile_figure

    plan, record = knowledge.cycle_plan, knowledge.cycle_fit
    if markdown:
        return rendered("cycle_fit.md.j2", parts=parts(plan, record), k=knowledge)
    figures = [
        (words, "data:image/png;base64," + b64encode(picture).decode())
        for words, picture in (
            ("Published and simulated courses, with the loop and without it", course_figure(plan, record, "png")),
            ("Profile likelihoods of the unknowns", profile_figure(plan, record, "png")),
        )
    ]
    return rendered("cycle_fit.html.j2", parts=parts(plan, record), figures=figures, k=knowledge, forest_style="")
