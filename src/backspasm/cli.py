"""The command line. Each command is a thin call into the library; results go to standard output, everything else to standard error.

Exit codes: 0 done, 2 bad input, 1 internal fault.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from backspasm.inference.model import Model
    from backspasm.patients.patient import Patient

app = typer.Typer(
    name="backspasm",
    help="Assess a patient with a back spasm: red flags, urgency, a ranked differential, and the study behind every number.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Decision support for professionals, not a certified medical device.",
)
knowledge_app = typer.Typer(
    help="Check the knowledge base, and see what rests on studies and what on assumptions.", no_args_is_help=True
)
app.add_typer(knowledge_app, name="knowledge")


class Output(StrEnum):
    terminal = "terminal"
    json = "json"


class NoteOutput(StrEnum):
    terminal = "terminal"
    json = "json"
    html = "html"


class Source(StrEnum):
    case = "case"
    fhir = "fhir"
    note = "note"


File = Annotated[
    str,
    typer.Argument(
        help="A case (YAML or JSON), a FHIR R4 Bundle (JSON) or a note (text); `-` reads standard input.",
        metavar="FILE|-",
    ),
]
From = Annotated[Source | None, typer.Option("--from", help="What the input is; found out by itself if left out.")]
Format = Annotated[Output, typer.Option("--format", "-f", help="How the result is written.")]


@app.command(
    epilog="Examples:  backspasm assess examples/cauda_equina.yaml  ·  "
    "backspasm assess record.json --format json  ·  cat case.json | backspasm assess -"
)
def assess(file: File, source: From = None, output: Format = Output.terminal) -> None:
    """Assess one patient: red flags, urgency, what must not be missed, differential, complications."""
    from backspasm.advice.assessment import assess as assess_patient

    model = _model()
    patient = _patient(file, source, model)
    with _bad_input():
        result = assess_patient(patient, model)
    if output is Output.json:
        from backspasm.presentation.as_json import to_json

        sys.stdout.buffer.write(to_json(result, model.knowledge))
        return
    from backspasm.presentation.terminal import print_assessment

    print_assessment(result, model.knowledge, _console())


@app.command(epilog="Examples:  backspasm read note.txt  ·  backspasm read note.txt --format html > note.html")
def read(
    note: Annotated[str, typer.Argument(help="A note in plain text; `-` reads standard input.", metavar="NOTE|-")],
    output: Annotated[
        NoteOutput, typer.Option("--format", "-f", help="How the result is written.")
    ] = NoteOutput.terminal,
) -> None:
    """Read a note: the findings that it names, with the words that carry each of them."""
    from backspasm.patients.from_note import read_note
    from backspasm.patients.reading import decoded, note_text, read_path
    from backspasm.presentation.note import html, print_reading, reading_json

    knowledge = _model().knowledge
    with _bad_input():
        reading = read_note(note_text(decoded(read_path(note, sys.stdin.buffer))), knowledge)
    if output is NoteOutput.json:
        sys.stdout.buffer.write(reading_json(reading))
    elif output is NoteOutput.html:
        sys.stdout.buffer.write(html(reading, knowledge).encode())
    else:
        print_reading(reading, knowledge, _console())


@app.command(
    epilog="Examples:  backspasm interview  ·  backspasm interview examples/cauda_equina.yaml  ·  "
    "backspasm interview --save talk.json, later backspasm interview --resume talk.json  ·  "
    'echo \'{"case": {"age_years": 47}}\' | backspasm interview --json'
)
def interview(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="What is known already: a case or a FHIR R4 Bundle.")
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
        _refuse("FILE (-): standard input is needed for the answers. Mend: name a file")
    if file is not None and resume is not None:
        _refuse("FILE: a resumed interview has its patient already. Mend: leave out FILE or --resume")
    model = _model()
    start = _patient(file, source, model) if file is not None else None
    with _bad_input():
        run(model, start, resume, save, as_json, not one_by_one)


@app.command(
    epilog="Examples:  backspasm explain disc_herniation examples/cauda_equina.yaml  ·  "
    "backspasm explain discitis child.json --studies"
)
def explain(
    cause: Annotated[str, typer.Argument(help="A cause, such as disc_herniation.")],
    file: File,
    source: From = None,
    output: Format = Output.terminal,
    studies: Annotated[
        bool, typer.Option("--studies", help="Also without each study in turn (fits the model anew: some minutes).")
    ] = False,
) -> None:
    """Show every step from the base rate to the probability of one cause, and what each answer or study changes."""
    from backspasm.presentation.explanation import explanation, explanation_json, print_explanation

    model = _model()
    if cause not in model.parameters.causes:
        from backspasm.records.problems import did_you_mean

        known = model.parameters.causes
        _refuse(f"CAUSE ({cause}): unknown cause. Mend: {did_you_mean(cause, known, 'one of ' + ', '.join(known))}")
    patient = _patient(file, source, model)
    with _bad_input():
        found = explanation(patient, cause, model, _progress if studies else None)
    if output is Output.json:
        sys.stdout.buffer.write(explanation_json(found))
    else:
        print_explanation(found, model.knowledge, _console())


@app.command(
    epilog="Examples:  backspasm evidence  ·  backspasm evidence deyo1988  ·  "
    "backspasm evidence deyo1988/history_of_cancer  ·  backspasm evidence loss"
)
def evidence(
    identifier: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A study, a study/fact or an assumption; a list of all if left out."),
    ] = None,
    output: Format = Output.terminal,
) -> None:
    """Open a study, one of its facts, or an assumption: what it says, how it was read, and where it is used."""
    from backspasm.presentation.evidence import evidence_data, print_evidence

    model = _model()
    try:
        data = evidence_data(identifier, model)
    except KeyError as error:
        _refuse(str(error.args[0]))
    if output is Output.json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")
    else:
        print_evidence(data, _console())


@knowledge_app.command("check", epilog="Example:  BACKSPASM_KNOWLEDGE=my/knowledge backspasm knowledge check")
def knowledge_check() -> None:
    """Check every knowledge file; all problems at once, each with file, line and mend."""
    from backspasm.inference.model import fit_model
    from backspasm.inference.reconcile import unreconciled
    from backspasm.records.library import read_knowledge
    from backspasm.records.problems import KnowledgeError

    console = _console()
    try:
        knowledge = read_knowledge()
    except KnowledgeError as error:
        _refuse(*(str(p) for p in error.problems), f"{len(error.problems)} problem(s) found")
    model = fit_model(knowledge)
    tight = unreconciled(model)
    console.print(
        f"[green]No problem[/] in {len(knowledge.studies)} studies, {len(knowledge.assumptions)} assumptions, "
        f"{len(knowledge.elicitations)} elicitations, {len(knowledge.red_flags)} red flags. Digest {knowledge.digest[:12]}."
    )
    if tight:
        console.print(
            f"{len(tight)} rate(s) are lower than their complications alone would give; the complications' strengths "
            "were lowered there so that the model keeps the rate:"
        )
        for t in tight[:40]:
            console.print(
                f"  {t.finding} | {t.cause} | {t.age}: rate {t.rate:.3f}, complications alone {t.complications:.3f}"
            )
        if len(tight) > 40:
            console.print(f"  and {len(tight) - 40} more")


@knowledge_app.command("coverage", epilog="Example:  backspasm knowledge coverage --format json")
def knowledge_coverage(output: Format = Output.terminal) -> None:
    """For each cause: base rates, findings with evidence, findings assumed; and the totals."""
    from backspasm.inference.coverage import coverage

    model = _model()
    found = coverage(model)
    if output is Output.json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        return
    from backspasm.presentation.coverage import print_coverage

    print_coverage(found, model.knowledge, _console())


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


# --- shared by the commands ----------------------------------------------------------------------------------------


class _bad_input:  # noqa: N801 (reads as a statement: with _bad_input())
    """Turns an InputError into exit code 2 with its message on standard error."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from backspasm.patients.patient import InputError

        if isinstance(error, InputError):
            _refuse(*(str(p) for p in error.problems))


def _refuse(*messages: str) -> NoReturn:
    for message in messages:
        print(f"backspasm: {message}", file=sys.stderr)
    raise typer.Exit(2)


def _model() -> Model:
    from backspasm.inference.model import load
    from backspasm.records.problems import KnowledgeError

    try:
        return load(
            on_fit=lambda: print("backspasm: preparing the knowledge base (once, some seconds) ...", file=sys.stderr)
        )
    except KnowledgeError as error:
        _refuse(*(str(p) for p in error.problems), "the knowledge base has problems; nothing was assessed")


def _patient(file: str, source: Source | None, model: Model) -> Patient:
    from backspasm.patients.reading import read_path, read_patient

    with _bad_input():
        return read_patient(read_path(file, sys.stdin.buffer), model.knowledge, source.value if source else None)
    raise AssertionError("unreachable")


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _progress(done: int, total: int, what: str) -> None:
    print(f"\rbackspasm: {done}/{total} {what:<30}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def main() -> None:
    """Entry point: any unexpected fault ends with exit code 1 and without patient data in the message."""
    try:
        app()
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
