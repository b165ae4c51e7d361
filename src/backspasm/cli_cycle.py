"""The commands of the pain-spasm-pain cycle: the course of one patient, and the model for other programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from backspasm.cli_shared import (
    File,
    From,
    bad_input,
    input_patient,
    load_model,
    printed,
    refuse,
    stdout_console,
    write_out,
)

if TYPE_CHECKING:
    from backspasm.records.knowledge import Knowledge

cycle_app = typer.Typer()
model_app = typer.Typer(
    help="The model of the pain-spasm-pain cycle: its fit to published courses, its map, and itself for other programs.",
    no_args_is_help=True,
)


class CourseFormat(StrEnum):
    terminal = "terminal"
    json = "json"
    png = "png"
    svg = "svg"


class Picture(StrEnum):
    png = "png"
    svg = "svg"


Out = Annotated[Path | None, typer.Option("--out", help="Write to this file instead of standard output.")]


@cycle_app.command(
    epilog="Examples:  backspasm simulate examples/strain_after_lifting.yaml  ·  "
    "backspasm simulate case.yaml --option nsaid --option 'tizanidine 4 mg three times a day as needed (pain 50) for 5 days'  ·  "
    "backspasm simulate case.yaml --format png --out course.png"
)
def simulate(
    file: File,
    source: From = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            help="A treatment beside none: nsaid, relaxant, both, or a prescription in words; may be repeated. Default: all three.",
        ),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How far to look ahead.", min=1, max=366)] = 84,
    draws: Annotated[int, typer.Option("--draws", help="Patients drawn for the bands.", min=20, max=20_000)] = 200,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the chance; the same seed gives the same bytes.", min=0)
    ] = None,
    output: Annotated[
        CourseFormat, typer.Option("--format", "-f", help="How the result is written.")
    ] = CourseFormat.terminal,
    out: Out = None,
) -> None:
    """Simulate the course to expect for one patient: untreated and under options, with the loop and without it.

    The loop from pain to spasm to pain is contested, so the rival without it stands beside every number.
    """
    from backspasm.advice.simulation import simulated

    if output in (CourseFormat.png, CourseFormat.svg):
        _check_picture(out, output.value)
    model = load_model()
    patient = input_patient(file, source, model)
    with bad_input():
        found = simulated(patient, model, option, days, draws, seed)
    if output is CourseFormat.terminal:
        from backspasm.presentation.cycle_words import print_course

        printed(lambda console: print_course(found, console), out)
        return
    if output is CourseFormat.json:
        from backspasm.presentation.cycle_words import course_json

        write_out(course_json(found), out)
        return
    from backspasm.presentation.cycle_figure import course_picture

    write_out(course_picture(found, model.knowledge.cycle, output.value), out)


def _check_picture(out: Path | None, form: str) -> None:
    if out is None and sys.stdout.isatty():
        refuse(
            f"--format {form}: a picture is not text. Mend: add --out course.{form}, or redirect standard output to a file"
        )


class ModelFormat(StrEnum):
    sbml = "sbml"
    petab = "petab"


@model_app.command(
    epilog="Examples:  backspasm cycle export > cycle.xml  ·  "
    "backspasm cycle export --prescription 'naproxen 500 mg twice a day for 10 days' --out naproxen.xml  ·  "
    "backspasm cycle export --format petab --out cycle_petab"
)
def export(
    output: Annotated[
        ModelFormat, typer.Option("--format", "-f", help="SBML, or a PEtab problem (a folder).")
    ] = ModelFormat.sbml,
    prescription: Annotated[
        str | None, typer.Option("--prescription", "-p", help="Doses to put into the SBML model.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File instead of standard output; of PEtab, the folder.")
    ] = None,
) -> None:
    """Write the model for other programs (COPASI, Tellurium, AMICI ...): the typical patient, with every dose an event."""
    knowledge = load_model().knowledge
    if output is ModelFormat.petab:
        from backspasm.cycle.petab import petab
        from backspasm.population.output_folder import made

        if prescription is not None:
            refuse("--prescription: the PEtab problem is of untreated courses. Mend: leave it out, or --format sbml")
        if out is None:
            refuse("--out: a PEtab problem is a folder. Mend: add --out FOLDER")
        with bad_input():
            made(out, out)
        for name, data in petab(knowledge).items():
            write_out(data, out / name)
        return
    from backspasm.cycle.typical import typical_sbml

    with bad_input():
        write_out(typical_sbml(knowledge.cycle, prescription), out)


@model_app.command(
    name="map",
    epilog="Examples:  backspasm cycle map --out persistence.png  ·  backspasm cycle map --format svg > persistence.svg",
)
def map_(
    patients: Annotated[
        int, typer.Option("--patients", help="Virtual patients upon the map.", min=0, max=20_000)
    ] = 600,
    seed: Annotated[int, typer.Option("--seed", help="Of the chance.", min=0)] = 1,
    output: Annotated[Picture, typer.Option("--format", "-f", help="How the picture is written.")] = Picture.png,
    out: Out = None,
) -> None:
    """Draw the persistence number over sensitisation and return gain, with patients who recovered and who did not."""
    _check_picture(out, output.value)
    from backspasm.cycle.bifurcation import persistence_map
    from backspasm.presentation.cycle_figure import persistence_picture

    found = persistence_map(load_model().knowledge.cycle, patients, seed)
    drawn = (found.own_sensitisation, found.own_return_gain, found.persists)
    write_out(persistence_picture(found.sensitisation, found.return_gain, found.number, drawn, output.value), out)


class FitFormat(StrEnum):
    terminal = "terminal"
    json = "json"
    html = "html"
    markdown = "markdown"
    png = "png"
    svg = "svg"


@model_app.command(
    epilog="Examples:  backspasm cycle fit --show  ·  backspasm cycle fit --show --format html > fit.html  ·  "
    "backspasm cycle fit --show --format png > profiles.png  ·  backspasm cycle fit --out refitted"
)
def fit(
    show: Annotated[bool, typer.Option("--show", help="Print the stored result; nothing is computed.")] = False,
    output: Annotated[
        FitFormat, typer.Option("--format", "-f", help="How it is shown; png and svg: the profile likelihoods.")
    ] = FitFormat.terminal,
    quick: Annotated[
        bool, typer.Option("--quick", help="A coarse fit for a first look, below a minute; not to be used.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the chance; the same seed gives the same result.", min=0)] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for a new fit; with --show a file instead of standard output.")
    ] = None,
) -> None:
    """Fit the population parameters to published courses: with the loop, without it, and with stronger ones.

    With --out FOLDER the fit is computed (a quarter of an hour) and written as fit.yaml, with parameters.yaml, a page and
    figures, for a person to look at and adopt; with --show the stored result is printed.
    """
    if not show and out is None:
        refuse("--show, --out: name one of them. Mend: --show prints the stored fit, --out FOLDER computes a new one")
    if not show and output is not FitFormat.terminal:
        refuse(f"--format ({output.value}): is of the stored fit. Mend: add --show, or leave it out")
    if show and quick:
        refuse("--quick: is of a new fit. Mend: leave out --show and name a folder with --out, or leave out --quick")
    model = load_model()
    if show:
        _show_fit(model.knowledge, output, out)
        return
    assert out is not None
    from datetime import UTC, datetime

    from backspasm.cli_shared import progress_bar
    from backspasm.cycle.fit.whole import FULL, QUICK, simulator_of
    from backspasm.cycle.fit.whole import fit as fitted
    from backspasm.population.output_folder import made

    with bad_input():
        made(out, out)
    effort, plan, cycle = QUICK if quick else FULL, model.knowledge.cycle_plan, model.knowledge.cycle
    with progress_bar("fit") as bar:
        record = fitted(
            plan,
            simulator_of(plan, cycle, effort.patients, seed),
            effort,
            seed,
            datetime.now(UTC).date().isoformat(),
            lambda what, done, total: bar.moved(done, total, what),
            cycle,
        )
    _write_fit(replace(model.knowledge, cycle_fit=record), out)


def _show_fit(knowledge: Knowledge, output: FitFormat, out: Path | None) -> None:
    from backspasm.presentation.cycle_fit_words import fit_json

    plan, record = knowledge.cycle_plan, knowledge.cycle_fit
    if output is FitFormat.terminal:
        from backspasm.presentation.cycle_fit_view import print_fit

        printed(lambda console: print_fit(plan, record, console), out)
    elif output is FitFormat.json:
        write_out(fit_json(plan, record), out)
    elif output in (FitFormat.png, FitFormat.svg):
        from backspasm.presentation.cycle_fit_figure import profile_figure

        _check_picture(out, output.value)
        write_out(profile_figure(plan, record, output.value), out)
    else:
        from backspasm.presentation.cycle_fit_view import fit_page

        write_out(fit_page(knowledge, output is FitFormat.markdown), out)


def _write_fit(knowledge: Knowledge, out: Path) -> None:
    from backspasm.cycle.fit.adopt import adopted, fit_yaml
    from backspasm.presentation.cycle_fit_figure import course_figure, profile_figure
    from backspasm.presentation.cycle_fit_view import fit_page, print_fit
    from backspasm.records.library import knowledge_folder

    plan, record = knowledge.cycle_plan, knowledge.cycle_fit
    parameters = (knowledge_folder() / "cycle" / "parameters.yaml").read_text(encoding="utf-8")
    for name, data in (
        ("fit.yaml", fit_yaml(record).encode()),
        ("parameters.yaml", adopted(parameters, plan, record).encode()),
        ("fit.html", fit_page(knowledge, markdown=False)),
        ("courses.png", course_figure(plan, record, "png")),
        ("profiles.png", profile_figure(plan, record, "png")),
    ):
        write_out(data, out / name)
    print_fit(plan, record, stdout_console())
