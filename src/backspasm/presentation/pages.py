"""Generated pages: what rests on studies and what on assumptions, and every red-flag rule, as Markdown."""

from __future__ import annotations

import sys
from pathlib import Path

from backspasm.inference.coverage import Coverage, coverage
from backspasm.inference.model import Model, load
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge


def coverage_page(found: Coverage, knowledge: Knowledge) -> str:
    """Coverage as a table."""
    rows = [
        f"| {words.cause_name(r.cause, knowledge)} | {len(r.base_rates_studied)} | {r.base_rates_assumed} "
        f"| {len(r.findings_studied)} | {r.findings_assumed} | {r.studies} |"
        for r in found.causes
    ]
    head = [
        "# What rests on studies",
        "",
        f"{found.cells_studied} of {found.cells} cells rest on a study, {found.base_rates_studied} of {found.base_rates} base rates; "
        f"{found.facts_in_model} facts are pooled. Knowledge {knowledge.digest[:12]}.",
        "",
        "| cause | base rates studied | assumed | findings studied | assumed | studies |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *rows, ""])


def rules_page(knowledge: Knowledge) -> str:
    """All red-flag rules, the most urgent first."""
    order = knowledge.index.urgency.index
    rules = sorted(knowledge.red_flags.values(), key=lambda r: (order(r.urgency), r.id))
    rows = [f"| {words.URGENCY[r.urgency][0].lower()} | {r.name} | {r.plain} | {', '.join(r.sources)} |" for r in rules]
    return "\n".join(
        ["# Red-flag rules", "", "| at least | rule | meaning | sources |", "|---|---|---|---|", *rows, ""]
    )


def write_pages(folder: Path, model: Model) -> list[Path]:
    """Write both pages; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "coverage.md": coverage_page(coverage(model), model.knowledge),
        "red_flags.md": rules_page(model.knowledge),
    }
    for name, text in pages.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


if __name__ == "__main__":
    for page in write_pages(Path(sys.argv[1]), load()):
        print(page)
