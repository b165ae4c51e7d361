"""The command `backspasm audit`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from backspasm.cli_shared import SheetFormat, bad_input, load_model, progress_bar, refuse, stdout_console

audit_app = typer.Typer()


@audit_app.command(
    epilog="Examples:  backspasm audit screened  ·  backspasm audit screened --out audited  ·  "
    "backspasm audit screened --format json --small-cell 10"
)
def audit(
    folder: Annotated[
        Path, typer.Argument(metavar="SCREENED_DIR", help="What `backspasm screen INPUT --out SCREENED_DIR` wrote.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="New folder for audit.html, the rows (Parquet) and candidates.parquet, the list."),
    ] = None,
    output: SheetFormat = "terminal",
    small_cell: Annotated[
        float | None,
        typer.Option("--small-cell", help="Counts above 0 and below this are not shown; an assumption if left out."),
    ] = None,
) -> None:
    """Candidates for missed warning signs, needless images and risky prescriptions, with denominators and intervals.

    candidates.parquet names patients: keep it where their records are kept. Everything else holds counts alone.
    """
    from backspasm.population.audit.files import audit as audited
    from backspasm.population.audit.files import parts_of, size_of, write_audit
    from backspasm.population.audit.page import audit_json, audit_page, print_audit

    if out is not None and out.exists():
        refuse(f"--out ({out}): is there already. Mend: name a new folder, or remove the old one")
    knowledge = load_model().knowledge
    with bad_input():
        parts = parts_of(folder)
        with progress_bar("encounters", size_of(parts)) as advance:
            if out is None:
                found = audited(parts, knowledge, small_cell, progress=advance)
            else:
                found = write_audit(parts, out, knowledge, small_cell, advance)
    if out is not None:
        print(f"backspasm: wrote {out / 'audit.html'}, and beside it the rows and the candidates", file=sys.stderr)
    if output == "html":
        sys.stdout.buffer.write(audit_page(found, knowledge))
    elif output == "json":
        sys.stdout.buffer.write(audit_json(found))
    else:
        print_audit(found, stdout_console())
