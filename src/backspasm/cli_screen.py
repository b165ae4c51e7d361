"""The command `backspasm screen`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from backspasm.cli_shared import bad_input, load_model, refuse

if TYPE_CHECKING:
    from backspasm.population.screen.run import Progress

screen_app = typer.Typer()


@screen_app.command(
    epilog="Examples:  backspasm screen export/ --out screened  ·  "
    "backspasm screen export/ --out screened --encounters last --as-of 2026-06-30  ·  "
    "backspasm screen cases.parquet --out screened  ·  backspasm screen bundles/ --out screened --jobs 8"
)
def screen(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A Bulk Data export (folder of NDJSON, also .gz or .zst), one NDJSON file, a folder of Bundles, "
            "or a table of cases (Parquet, CSV, JSON lines).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write; of a run that was stopped, to go on with.")],
    encounters: Annotated[
        Literal["back-pain", "all", "last"],
        typer.Option(help="back-pain: all about back pain; all: whatever about; last: the one that `assess` takes."),
    ] = "back-pain",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Last day (YYYY-MM-DD) that counts as known; later encounters are left out."),
    ] = None,
    grouped: Annotated[
        bool, typer.Option("--grouped", help="The lines of each patient stand together: no sorting is needed.")
    ] = False,
    bucket: Annotated[
        float, typer.Option("--bucket", help="Text that a process holds at a time, in MB: less needs less memory.")
    ] = 24,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare", help="Folder of another knowledge base: whose urgency changes, and because of which study."
        ),
    ] = None,
    only: Annotated[
        Literal["probabilities"] | None,
        typer.Option(
            "--only", help="Of a table in Parquet only the probability of every cause, for millions of cases."
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "spark"],
        typer.Option(help="spark: on a cluster, by the extra `backspasm[spark]` and Java 17."),
    ] = "local",
    master: Annotated[
        str | None,
        typer.Option("--master", help="Address of the Spark cluster, such as local[2] or spark://host:7077."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Processes at a time; as many as processors if left out.")
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Then audit what was screened, into the folder audit/ (see `audit`).")
    ] = False,
) -> None:
    """Assess a whole population: one row for each encounter, as known at that encounter.

    Writes `assessments.parquet` (above 200,000 rows a folder of partitions), `problems.parquet` with every resource that
    could not be read, a data dictionary and a manifest. Stopped at any moment, the same command goes on where it stopped.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # processes share the cores; read when NumPy is imported
        os.environ.setdefault(name, "1")
    from backspasm.patients.from_fhir.moments import moment_of
    from backspasm.population.screen.records import Asked
    from backspasm.population.screen.run import Request
    from backspasm.population.screen.run import screen as run
    from backspasm.population.screen.spark import screen_on_spark as on_spark

    if as_of is not None and moment_of(as_of) is None:
        refuse(f"--as-of ({as_of}): is not a date. Mend: write it as 2026-06-30")
    if jobs is not None and jobs < 1:
        refuse(f"--jobs ({jobs}): is not a number of processes. Mend: give 1 or more")
    if master is not None and engine != "spark":
        refuse(f"--master ({master}): is only for Spark. Mend: add --engine spark, or leave it out")
    if not 0 < bucket < float("inf"):
        refuse(f"--bucket ({bucket:g}): is not a size. Mend: give megabytes above 0, such as 24")
    if engine == "spark" and (compare is not None or only is not None):
        refuse("--compare, --only: work on the local engine only. Mend: leave out --engine spark")
    if compare is not None and only is not None:
        refuse("--only: probabilities have no urgency to compare. Mend: leave out --compare or --only")
    model = load_model()
    if compare is not None:
        _check_knowledge(compare)
    size = max(1, round(bucket * 1_000_000))
    request = Request(
        place, out, Asked(encounters, as_of), grouped, jobs or os.cpu_count() or 1, size, compare, only is not None
    )
    with bad_input(), _bar() as progress:
        try:
            summary = run(request, model, progress) if engine == "local" else on_spark(request, master, model)
        except KeyboardInterrupt:
            print("backspasm: stopped; the same command goes on where it stopped", file=sys.stderr)
            raise typer.Exit(1) from None
    said = "was finished before" if summary.again else f"wrote {out / summary.assessments}"
    levels = ", ".join(f"{count:,} {level.replace('_', ' ')}" for level, count in summary.urgency.items())
    print(
        f"backspasm: {said}: {summary.encounters:,} encounters of {summary.patients:,} patients"
        + (f" ({levels})" if levels else ""),
        file=sys.stderr,
    )
    if summary.changed is not None:
        print(
            f"backspasm: {summary.changed:,} encounters change urgency, listed in {out / 'changes.parquet'}"
            + _reasons(out / "changes.parquet"),
            file=sys.stderr,
        )
    if summary.deleted:
        print(f"backspasm: {summary.deleted:,} resources named as deleted were left out", file=sys.stderr)
    if summary.problems:
        some = "1 problem" if summary.problems == 1 else f"{summary.problems:,} problems"
        print(f"backspasm: {some}, listed in {out / 'problems.parquet'}", file=sys.stderr)
    if summary.read_alone:
        print(f"backspasm: {alone_in_words(summary.read_alone)}", file=sys.stderr)
    if audit:
        from backspasm.population.audit.files import parts_of, write_audit

        with bad_input():
            write_audit(parts_of(out), out / "audit", model.knowledge)
        print(f"backspasm: wrote {out / 'audit' / 'audit.html'}", file=sys.stderr)


def _reasons(changes: Path, most: int = 5) -> str:
    """The reasons that stand behind most changes, with their number."""
    from collections import Counter

    import pyarrow.parquet as pq

    rows = pq.read_table(changes, columns=["because"]).column("because").to_pylist()
    counted = Counter(reason for reasons in rows for reason in reasons).most_common(most)
    return f" (because of {', '.join(f'{reason}: {count:,}' for reason, count in counted)})" if counted else ""


def _check_knowledge(folder: Path) -> None:
    """Read and fit the other knowledge once, so that its problems are told before anything is written."""
    from backspasm.inference.model import load
    from backspasm.records.problems import KnowledgeError

    if not folder.is_dir():
        refuse(f"--compare ({folder}): is not a folder. Mend: name a knowledge folder")
    try:
        load(folder, on_fit=lambda: print("backspasm: preparing the other knowledge base (once) ...", file=sys.stderr))
    except KnowledgeError as error:
        refuse(*(str(p) for p in error.problems), "the knowledge base of --compare has problems; nothing was assessed")


@contextmanager
def _bar() -> Iterator[Progress]:
    """How far it is, the time left, patients and their number a second; only where someone watches."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from backspasm.population.screen.run import Moved

    columns = (
        TextColumn("screening"),
        BarColumn(20),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    start = time.monotonic()
    before: list[int] = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def moved(m: Moved) -> None:
            if not m.bytes:  # of a run that was stopped
                before[:] = [m.patients]
            rate = (m.patients - sum(before)) / max(time.monotonic() - start, 1)
            problems = f", {m.problems:,} problems" if m.problems else ""
            said = f"{m.patients:,} patients ({rate:,.0f}/s){problems}" if m.patients else "sorting by patient"
            bar.update(task, completed=m.bytes, total=m.total, description=said)

        yield moved


def alone_in_words(read_alone: dict[str, int]) -> str:
    """How many patients were read one by one, and why; a fault of the program is told by its kind alone."""
    from backspasm.population.screen.batch import BUNDLE, FAULT, NOT_PLAIN

    faults = {r.removeprefix(FAULT): n for r, n in read_alone.items() if r.startswith(FAULT)}
    words = {BUNDLE: "come as Bundles", NOT_PLAIN: "have records that are not plain"}
    said = [f"{read_alone[reason]:,} {why}" for reason, why in words.items() if reason in read_alone]
    said += [
        f"{n:,} since reading many at once failed ({kind}), which is a fault to report" for kind, n in faults.items()
    ]
    return f"{sum(read_alone.values()):,} patients were read one by one, which is slower: {'; '.join(said)}"
