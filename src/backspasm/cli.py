"""The command line. Each command is a thin call into the library; results go to standard output, everything else to standard error.

Exit codes: 0 done, 2 bad input, 1 internal fault.
"""

from __future__ import annotations

import sys
from enum import StrEnum
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


class Source(StrEnum):
    case = "case"
    fhir = "fhir"


File = Annotated[
    str,
    typer.Argument(
        help="A case (YAML or JSON) or a FHIR R4 Bundle (JSON); `-` reads standard input.", metavar="FILE|-"
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
    "backspasm evidence deyo1988/history_of_cancer  ·  backspasm evidence loss  ·  backspasm evidence naproxen"
)
def evidence(
    identifier: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A study, a study/fact, an assumption or a treatment; all if left out."),
    ] = None,
    output: Format = Output.terminal,
) -> None:
    """Open a study, one of its facts, an assumption or a treatment: what it says, how it was read, where it is used."""
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
