"""The command line. Each command is a thin call into the library; results go to standard output, everything else to standard error.

Exit codes: 0 done, 2 bad input, 1 internal fault.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.models import CommandInfo

from backspasm.cli_audit import audit_app
from backspasm.cli_cycle import cycle_app, model_app
from backspasm.cli_emg import emg_app
from backspasm.cli_knowledge import knowledge_app
from backspasm.cli_mcp import mcp_app
from backspasm.cli_population import population_app
from backspasm.cli_screen import screen_app
from backspasm.cli_serve import serve_app
from backspasm.cli_shared import (
    AgeGroup,
    AssessFormat,
    File,
    From,
    LeafletFormat,
    PageFormat,
    SheetFormat,
    bad_input,
    input_patient,
    load_knowledge,
    load_model,
    progress_bar,
    refuse,
    stdout_console,
)
from backspasm.cli_store import store_app
from backspasm.cli_trial import trial_app

app = typer.Typer(
    name="backspasm",
    help="Assess a patient with a back spasm: red flags, urgency, a ranked differential, and the study behind every number.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Decision support for professionals, not a certified medical device.",
)
app.add_typer(population_app)  # without a name: its commands stand beside those below
app.add_typer(screen_app)
app.add_typer(audit_app)
app.add_typer(cycle_app)
app.add_typer(trial_app)
app.add_typer(emg_app)
app.add_typer(serve_app)
app.add_typer(mcp_app)
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(model_app, name="cycle")
app.add_typer(store_app, name="store")


@app.command(
    epilog="Examples:  backspasm assess examples/cauda_equina.yaml  ·  "
    "backspasm assess record.json --format json  ·  cat case.json | backspasm assess -  ·  "
    "backspasm assess case.yaml --format html > report.html"
)
def assess(file: File, source: From = None, output: AssessFormat = "terminal") -> None:
    """Assess one patient: urgency and why, red flags, differential with intervals, what to ask, order and give next.

    `--format html` writes one file that needs nothing else: every number opens its steps, studies and forest plots.
    `--format fhir` writes an R4 Bundle: risk assessments, clinical impression, detected issues, proposals, guidance.
    """
    from backspasm.advice.assessment import assess as assess_patient

    model = load_model()
    patient = input_patient(file, source, model)
    with bad_input():
        result = assess_patient(patient, model)
    if output == "json":
        from backspasm.presentation.as_json import to_json

        sys.stdout.buffer.write(to_json(result, model.knowledge))
        return
    if output == "fhir":
        from backspasm.presentation.fhir.bundle import to_fhir

        sys.stdout.buffer.write(to_fhir(result, model.knowledge))
        return
    if output != "terminal":
        from backspasm.presentation.report import report

        sys.stdout.buffer.write(report(result, model, markdown=output == "markdown"))
        return
    from backspasm.presentation.terminal import print_assessment

    print_assessment(result, model.knowledge, stdout_console())


@app.command(epilog="Examples:  backspasm read note.txt  ·  backspasm read note.txt --format html > note.html")
def read(
    note: Annotated[str, typer.Argument(help="A note in plain text; `-` reads standard input.", metavar="NOTE|-")],
    output: SheetFormat = "terminal",
) -> None:
    """Read a note: the findings that it names, with the words that carry each of them."""
    from backspasm.patients.from_note import read_note
    from backspasm.patients.reading import decoded, note_text, read_path
    from backspasm.presentation.note import html, print_reading, reading_json

    knowledge = load_knowledge()
    with bad_input():
        reading = read_note(note_text(decoded(read_path(note, sys.stdin.buffer))), knowledge)
    if output == "json":
        sys.stdout.buffer.write(reading_json(reading))
    elif output == "html":
        sys.stdout.buffer.write(html(reading, knowledge).encode())
    else:
        print_reading(reading, knowledge, stdout_console())


@app.command(
    epilog="Examples:  backspasm leaflet examples/strain_after_lifting.yaml  ·  "
    "backspasm leaflet child.json --format html > leaflet.html"
)
def leaflet(
    file: File,
    source: From = None,
    form: Annotated[
        LeafletFormat, typer.Option("--format", "-f", help="How the page is written.")
    ] = LeafletFormat.text,
) -> None:
    """One page for the patient, or for the parents of a child: what to do now, and when to come back."""
    from backspasm.advice.assessment import assess as assess_patient
    from backspasm.presentation.leaflet import leaflet as page_of
    from backspasm.presentation.leaflet import render

    model = load_model()
    patient = input_patient(file, source, model)
    with bad_input():
        result = assess_patient(patient, model)
    sys.stdout.buffer.write(render(page_of(result, model.knowledge), form.value).encode())


@app.command(
    epilog="Examples:  backspasm interview  ·  backspasm interview examples/cauda_equina.yaml  ·  "
    "backspasm interview --save talk.json, later backspasm interview --resume talk.json  ·  "
    'echo \'{"case": {"age_years": 47}}\' | backspasm interview --json'
)
def interview(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="What is known already: a case, a FHIR R4 Bundle or a note.")
    ] = None,
    source: From = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Lines of JSON in and out, for other front ends (docs/interview.md).")
    ] = False,
    save: Annotated[Path | None, typer.Option("--save", help="Write every answer to this file.")] = None,
    resume: Annotated[Path | None, typer.Option("--resume", help="Take up an interview that --save wrote.")] = None,
    one_by_one: Annotated[
        bool, typer.Option("--one-by-one", help="Ask every finding alone, never several in one breath.")
    ] = False,
) -> None:
    """Ask the question that would change the decision most, until no question would; then assess.

    Answers: yes, no, ? (don't know), a value with or without its unit, the numbers of what is so in a list; back, why, quit.
    """
    from backspasm.presentation.interview_run import run

    if file == "-":
        refuse("FILE (-): standard input is needed for the answers. Mend: name a file")
    if file is not None and resume is not None:
        refuse("FILE: a resumed interview has its patient already. Mend: leave out FILE or --resume")
    model = load_model()
    start = input_patient(file, source, model) if file is not None else None
    with bad_input():
        run(model, start, resume, save, as_json, not one_by_one)


@app.command(
    epilog="Examples:  backspasm explain disc_herniation examples/cauda_equina.yaml  ·  "
    "backspasm explain discitis child.json --studies"
)
def explain(
    cause: Annotated[str, typer.Argument(help="A cause, such as disc_herniation.")],
    file: File,
    source: From = None,
    output: PageFormat = "terminal",
    studies: Annotated[bool, typer.Option("--studies", help="Also without each study in turn (some seconds).")] = False,
) -> None:
    """Show every step from the base rate to the probability of one cause, and what each answer or study changes."""
    from backspasm.presentation.explanation import explanation, explanation_json, print_explanation

    model = load_model()
    if cause not in model.parameters.causes:
        from backspasm.records.problems import did_you_mean

        known = model.parameters.causes
        refuse(f"CAUSE ({cause}): unknown cause. Mend: {did_you_mean(cause, known, 'one of ' + ', '.join(known))}")
    patient = input_patient(file, source, model)
    with bad_input():
        if studies:
            with progress_bar("studies left out") as progress:
                found = explanation(patient, cause, model, progress.moved)
        else:
            found = explanation(patient, cause, model)
    if output == "json":
        sys.stdout.buffer.write(explanation_json(found))
    elif output != "terminal":
        from backspasm.presentation.explanation_page import explanation_page

        sys.stdout.buffer.write(explanation_page(found, patient, model, markdown=output == "markdown"))
    else:
        print_explanation(found, model.knowledge, stdout_console())


@app.command(
    epilog="Examples:  backspasm evidence  ·  backspasm evidence deyo1988  ·  "
    "backspasm evidence deyo1988/history_of_cancer  ·  backspasm evidence loss  ·  backspasm evidence naproxen  ·  "
    "backspasm evidence discitis/fever --age young_child  ·  backspasm evidence fever --cause spinal_epidural_abscess  ·  "
    "backspasm evidence retention_in_cauda_equina  ·  backspasm evidence fever --format html > fever.html"
)
def evidence(
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A study, a study/fact, an assumption, a treatment, a dispute, a cause (how common it is, by place), or a rate: "
            "CAUSE/FINDING, or a finding; a list of all if left out.",
        ),
    ] = None,
    cause: Annotated[
        str | None, typer.Option("--cause", help="The cause (or complication) in which the finding is looked at.")
    ] = None,
    age: Annotated[AgeGroup, typer.Option("--age", help="The age group of a rate.")] = AgeGroup.adult,
    output: SheetFormat = "terminal",
) -> None:
    """Open a study, a fact, an assumption, a treatment, or a rate with all its studies and opinions as a forest plot.

    Where studies disagree, each side is tried out: what the rate would be, and whose advice among the examples would change.
    """
    from backspasm.presentation.evidence_cells import opened

    if cause is not None and identifier is None:
        refuse(f"--cause ({cause}): is of a finding, and none is named. Mend: backspasm evidence fever --cause {cause}")
    model = load_model()
    try:
        found = opened(identifier, cause, age.value, model)
    except KeyError as error:
        refuse(str(error.args[0]))
    if output == "json":
        sys.stdout.buffer.write(found.as_json())
    elif output == "html":
        sys.stdout.buffer.write(found.as_html())
    else:
        found.print(stdout_console())


def _version(wanted: bool) -> None:
    if wanted:
        from backspasm.records.library import package_version

        print(f"backspasm {package_version()}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def only(name: str) -> typer.Typer:
    """The application with one command: to make all of them out of their signatures takes a tenth of an assessment's time.

    Another first word, such as an option or a misspelt command, leaves all: help and the message name them.
    """
    from copy import copy

    from typer.main import get_command_name

    def named(commands: list[CommandInfo]) -> list[CommandInfo]:
        return [c for c in commands if (c.name or get_command_name(getattr(c.callback, "__name__", ""))) == name]

    out = copy(app)
    out.registered_commands = named(app.registered_commands)
    out.registered_groups = [g for g in app.registered_groups if g.name == name]
    for group in app.registered_groups:
        if not isinstance(group.name, str) and group.typer_instance is not None:
            found = named(group.typer_instance.registered_commands)
            if found:
                own, of_group = copy(group), copy(group.typer_instance)
                of_group.registered_commands, own.typer_instance = found, of_group
                out.registered_groups.append(own)
    return out if len(out.registered_commands) + len(out.registered_groups) == 1 else app


def main() -> None:
    """Entry point: any unexpected fault ends with exit code 1 and without patient data in the message."""
    try:
        only(sys.argv[1] if len(sys.argv) > 1 else "")()
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except Exception as error:  # the last door: nothing of the patient may reach a log through a traceback
        print(
            f"backspasm: internal fault ({type(error).__name__}); set BACKSPASM_TRACEBACK=1 for details",
            file=sys.stderr,
        )
        import os

        if os.environ.get("BACKSPASM_TRACEBACK"):
            raise
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
