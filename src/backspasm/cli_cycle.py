"""The commands of the pain-spasm-pain cycle: the course of one patient, and the model for other programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backspasm.cli_shared import File, From, bad_input, input_patient, load_model, refuse, stdout_console

cycle_app = typer.Typer()
model_app = typer.Typer(
    help="The model of the pain-spasm-pain cycle: for other programs, and its map.", no_args_is_help=True
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
    from backspasm.advice.assessment import differential_of
    from backspasm.advice.course import course_of, options_of
    from backspasm.cycle.one_patient import SEED

    if output in (CourseFormat.png, CourseFormat.svg):
        _check_picture(out, output.value)
    model = load_model()
    patient = input_patient(file, source, model)
    with bad_input():
        chosen = options_of(option, model.knowledge) if option else None
        causes = differential_of(patient, model)
        found = course_of(patient, causes, model.knowledge, chosen, _days(days), draws, SEED if seed is None else seed)
    if found is None:
        refuse(
            f"{file}: the pain of this patient most probably comes from elsewhere than the back; the model says nothing of it"
        )
    if output is CourseFormat.terminal:
        from backspasm.presentation.cycle_words import print_course

        print_course(found, stdout_console())
        return
    if output is CourseFormat.json:
        from backspasm.presentation.cycle_words import course_json

        _write(course_json(found), out)
        return
    from backspasm.presentation.cycle_figure import course_picture

    _write(course_picture(found, model.knowledge.cycle, output.value), out)


def _days(last: int) -> list[float]:
    """Every day of the first week, then ever fewer."""
    return [
        float(d)
        for d in range(last + 1)
        if d <= 7 or d == last or d in (10, 14) or (d % 7 == 0 and d <= 42) or d % 14 == 0
    ]


def _check_picture(out: Path | None, form: str) -> None:
    if out is None and sys.stdout.isatty():
        refuse(
            f"--format {form}: a picture is not text. Mend: add --out course.{form}, or redirect standard output to a file"
        )


def _write(data: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        refuse(f"--out ({out}): {error.strerror}. Mend: name a file in a folder that exists and may be written to")
