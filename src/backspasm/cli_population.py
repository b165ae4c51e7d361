"""The commands `backspasm cohort` and `backspasm validate`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from backspasm.cli_shared import (
    SheetFormat,
    bad_input,
    check_out,
    load_model,
    progress_bar,
    refuse,
    stdout_console,
    write_out,
)

population_app = typer.Typer()


#: mean size of a record where none is asked for, kB
KILOBYTES = 20.0


class CohortFormat(StrEnum):
    cases = "cases"
    parquet = "parquet"
    ndjson = "ndjson"


@population_app.command(
    epilog="Examples:  backspasm cohort --n 1000 --out cohort  ·  "
    "backspasm cohort --n 100000 --format parquet --setting emergency --age-from 18 --answered 0.5 --out adults  ·  "
    "backspasm cohort --n 50 --cause discitis --age-to 10 --out children; "
    "head -1 children/records/cases.jsonl | backspasm assess -  ·  "
    "backspasm cohort --n 5000 --seed 7 --format ndjson --out records"
)
def cohort(
    n: Annotated[int, typer.Option("--n", help="How many patients, 1 or more.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write: records/ and truth.parquet.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same patients.")] = 1,
    output: Annotated[
        CohortFormat,
        typer.Option(
            "--format",
            "-f",
            help="cases: a case a line, as `assess` reads it; parquet: a row each; ndjson: FHIR R4 records.",
        ),
    ] = CohortFormat.cases,
    setting: Annotated[
        str | None, typer.Option(help="Where they present; all places by their share if left out.")
    ] = None,
    age_from: Annotated[float | None, typer.Option(help="Youngest, in years.")] = None,
    age_to: Annotated[float | None, typer.Option(help="Oldest, in years.")] = None,
    sex: Annotated[str | None, typer.Option(help="male or female; both if left out.")] = None,
    cause: Annotated[list[str] | None, typer.Option(help="Only patients with this cause; may be given again.")] = None,
    answered: Annotated[float, typer.Option(help="Share of all questions that are asked.")] = 0.3,
    draw: Annotated[
        int | None, typer.Option(help="Number of a joint parameter draw to draw from; the fixed set if left out.")
    ] = None,
    kilobytes: Annotated[
        float | None,
        typer.Option(help="ndjson: mean size of a record in kB (20); the encounter alone takes about 10."),
    ] = None,
    grouped: Annotated[bool, typer.Option("--grouped", help="ndjson: one file, patient after patient.")] = False,
    gzip: Annotated[bool, typer.Option("--gzip", help="ndjson: compress the files.")] = False,
) -> None:
    """Draw virtual patients from the model; what is true of them is kept apart from what was asked."""
    from backspasm.population.cohort import Cohort, Wanted
    from backspasm.population.cohort_files import write_cohort
    from backspasm.population.synthetic.files import Layout, summary, write_records

    if output != CohortFormat.ndjson:
        for name, given in (("--grouped", grouped), ("--gzip", gzip), ("--kilobytes", kilobytes is not None)):
            if given:
                refuse(f"{name}: is for --format ndjson. Mend: add it, or leave out {name}")
    model = load_model()
    wanted = Wanted(setting, age_from, age_to, sex, tuple(cause or ()), answered, seed, draw)
    with bad_input(), progress_bar("patients", n) as advance:
        if output == CohortFormat.ndjson:
            layout = Layout(KILOBYTES if kilobytes is None else kilobytes, grouped, gzip)
            written = write_records(Cohort(wanted, model), n, out, layout, advance)
            print(f"backspasm: wrote {written.records} and {written.truth}: {summary(written, n)}", file=sys.stderr)
            return
        form: Literal["cases", "parquet"] = "cases" if output == CohortFormat.cases else "parquet"
        for place in write_cohort(Cohort(wanted, model), n, out, form, advance):
            print(f"backspasm: wrote {place}", file=sys.stderr)


@population_app.command(
    epilog="Examples:  backspasm validate --rules rules.yaml  ·  backspasm validate --cases known.jsonl --format json  ·  "
    "backspasm validate --calibration --n 200  ·  "
    "backspasm validate --dependence  ·  backspasm validate --rules rules.yaml --calibration --html report.html"
)
def validate(
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Published rules (YAML): the model's accuracy against the study's.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Cases with known answers (JSON lines: case, gold): scores.")
    ] = None,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Simulated worlds: do 90 % intervals hold the truth? (minutes)")
    ] = False,
    dependence: Annotated[
        bool,
        typer.Option("--dependence", help="Correlations of findings: the model's beside published ones. (minutes)"),
    ] = False,
    output: SheetFormat = "terminal",
    html: Annotated[Path | None, typer.Option("--html", help="Also write one HTML page with figures.")] = None,
    n: Annotated[
        int | None,
        typer.Option("--n", help="Virtual patients behind each rule (200,000) or worlds of the calibration (200)."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")] = 1,
) -> None:
    """Hold the model against published rules, cases with known answers, and its own simulated patients."""
    from backspasm.population.validation import Request, validated
    from backspasm.population.validation_text import print_validation, validation_json
    from backspasm.records.problems import KnowledgeError

    if rules is None and cases is None and not calibration and not dependence:
        refuse("nothing to validate on. Mend: give --rules FILE, --cases FILE, --calibration or --dependence")
    if html is not None:
        check_out(html, "--html")
    model = load_model()
    try:
        with bad_input():
            found = validated(Request(rules, cases, calibration, n, seed, dependence), model, progress_bar)
    except KnowledgeError as error:
        refuse(*(str(p) for p in error.problems))
    if html is not None or output == "html":
        from backspasm.population.validation_page import validation_page

        page = validation_page(found, model.knowledge)
        if html is not None:
            write_out(page.encode(), html, "--html")
        if output == "html":
            print(page, end="")
    if output == "json":
        sys.stdout.buffer.write(validation_json(found))
        for remark in found.remarks:
            print(f"backspasm: {remark}", file=sys.stderr)
    elif output == "terminal":
        print_validation(found, model.knowledge, stdout_console())
