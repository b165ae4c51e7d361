"""The command line. Each command is a thin call into the library; results go to standard output, everything else to standard error.

Exit codes: 0 done, 2 bad input, 1 internal fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class Page(StrEnum):
    terminal = "terminal"
    json = "json"
    html = "html"
    markdown = "markdown"


class Sheet(StrEnum):
    terminal = "terminal"
    json = "json"
    html = "html"


class AgeGroup(StrEnum):
    young_child = "young_child"
    teen = "teen"
    adult = "adult"
    older = "older"


class LeafletFormat(StrEnum):
    text = "text"
    markdown = "markdown"
    html = "html"


class Source(StrEnum):
    case = "case"
    fhir = "fhir"
    note = "note"


class Sex(StrEnum):
    male = "male"
    female = "female"


File = Annotated[
    str,
    typer.Argument(
        help="A case (YAML or JSON), a FHIR R4 Bundle (JSON) or a note (text); `-` reads standard input.",
        metavar="FILE|-",
    ),
]
From = Annotated[Source | None, typer.Option("--from", help="What the input is; found out by itself if left out.")]
PageFormat = Annotated[Page, typer.Option("--format", "-f", help="How the result is written.")]
SheetFormat = Annotated[Sheet, typer.Option("--format", "-f", help="How the result is written.")]
Format = Annotated[Output, typer.Option("--format", "-f", help="How the result is written.")]


@app.command(
    epilog="Examples:  backspasm assess examples/cauda_equina.yaml  ·  "
    "backspasm assess record.json --format json  ·  cat case.json | backspasm assess -  ·  "
    "backspasm assess case.yaml --format html > report.html"
)
def assess(file: File, source: From = None, output: PageFormat = Page.terminal) -> None:
    """Assess one patient: red flags, urgency, what must not be missed, differential, complications.

    `--format html` writes one file that needs nothing else: every number opens its steps, studies and forest plots.
    """
    from backspasm.advice.assessment import assess as assess_patient

    model = _model()
    patient = _patient(file, source, model)
    with _bad_input():
        result = assess_patient(patient, model)
    if output is Page.json:
        from backspasm.presentation.as_json import to_json

        sys.stdout.buffer.write(to_json(result, model.knowledge))
        return
    if output is not Page.terminal:
        from backspasm.presentation.report import report

        sys.stdout.buffer.write(report(result, model, markdown=output is Page.markdown))
        return
    from backspasm.presentation.terminal import print_assessment

    print_assessment(result, model.knowledge, _console())


@app.command(epilog="Examples:  backspasm read note.txt  ·  backspasm read note.txt --format html > note.html")
def read(
    note: Annotated[str, typer.Argument(help="A note in plain text; `-` reads standard input.", metavar="NOTE|-")],
    output: Annotated[Sheet, typer.Option("--format", "-f", help="How the result is written.")] = Sheet.terminal,
) -> None:
    """Read a note: the findings that it names, with the words that carry each of them."""
    from backspasm.patients.from_note import read_note
    from backspasm.patients.reading import decoded, note_text, read_path
    from backspasm.presentation.note import html, print_reading, reading_json

    knowledge = _model().knowledge
    with _bad_input():
        reading = read_note(note_text(decoded(read_path(note, sys.stdin.buffer))), knowledge)
    if output is Sheet.json:
        sys.stdout.buffer.write(reading_json(reading))
    elif output is Sheet.html:
        sys.stdout.buffer.write(html(reading, knowledge).encode())
    else:
        print_reading(reading, knowledge, _console())


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

    model = _model()
    patient = _patient(file, source, model)
    with _bad_input():
        result = assess_patient(patient, model)
    sys.stdout.buffer.write(render(page_of(result, model.knowledge), form.value).encode())


@app.command(
    epilog="Examples:  backspasm explain disc_herniation examples/cauda_equina.yaml  ·  "
    "backspasm explain discitis child.json --studies"
)
def explain(
    cause: Annotated[str, typer.Argument(help="A cause, such as disc_herniation.")],
    file: File,
    source: From = None,
    output: PageFormat = Page.terminal,
    studies: Annotated[bool, typer.Option("--studies", help="Also without each study in turn (some seconds).")] = False,
) -> None:
    """Show every step from the base rate to the probability of one cause, and what each answer or study changes."""
    from backspasm.presentation.explanation import explanation, explanation_json, print_explanation

    model = _model()
    if cause not in model.parameters.causes:
        from backspasm.records.problems import did_you_mean

        known = model.parameters.causes
        _refuse(f"CAUSE ({cause}): unknown cause. Mend: {did_you_mean(cause, known, 'one of ' + ', '.join(known))}")
    patient = _patient(file, source, model)
    with _bad_input(), _progress("studies left out", studies) as progress:
        found = explanation(patient, cause, model, progress if studies else None)
    if output is Page.json:
        sys.stdout.buffer.write(explanation_json(found))
    elif output is not Page.terminal:
        from backspasm.presentation.explanation_page import explanation_page

        sys.stdout.buffer.write(explanation_page(found, patient, model, markdown=output is Page.markdown))
    else:
        print_explanation(found, model.knowledge, _console())


@app.command(
    epilog="Examples:  backspasm evidence  ·  backspasm evidence deyo1988  ·  "
    "backspasm evidence deyo1988/history_of_cancer  ·  backspasm evidence loss  ·  "
    "backspasm evidence discitis/fever --age young_child  ·  backspasm evidence fever --cause spinal_epidural_abscess  ·  "
    "backspasm evidence fever --format html > fever.html"
)
def evidence(
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A study, a study/fact, an assumption, or a rate: CAUSE/FINDING, or a finding; a list of all if left out.",
        ),
    ] = None,
    cause: Annotated[
        str | None, typer.Option("--cause", help="The cause (or complication) in which the finding is looked at.")
    ] = None,
    age: Annotated[AgeGroup, typer.Option("--age", help="The age group of a rate.")] = AgeGroup.adult,
    output: SheetFormat = Sheet.terminal,
) -> None:
    """Open a study, a fact, an assumption, or a rate with all its studies and opinions as a forest plot."""
    from backspasm.presentation.evidence_cells import opened

    model = _model()
    try:
        found = opened(identifier, cause, age.value, model)
    except KeyError as error:
        _refuse(str(error.args[0]))
    if output is Sheet.json:
        sys.stdout.buffer.write(found.as_json())
    elif output is Sheet.html:
        sys.stdout.buffer.write(found.as_html())
    else:
        found.print(_console())


class CohortFormat(StrEnum):
    cases = "cases"
    parquet = "parquet"


@app.command(
    epilog="Examples:  backspasm cohort --n 1000 --out cohort  ·  "
    "backspasm cohort --n 100000 --format parquet --setting emergency --age-from 18 --answered 0.5 --out adults  ·  "
    "backspasm cohort --n 50 --cause discitis --age-to 10 --out children; "
    "head -1 children/records/cases.jsonl | backspasm assess -"
)
def cohort(
    n: Annotated[int, typer.Option("--n", min=1, help="How many patients.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write: records/ and truth.parquet.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same patients.")] = 1,
    output: Annotated[
        CohortFormat,
        typer.Option("--format", "-f", help="cases: a case a line, as `assess` reads it; parquet: a row each."),
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
) -> None:
    """Draw virtual patients from the model; what is true of them is kept apart from what was asked."""
    from backspasm.population.cohort import Cohort, Wanted
    from backspasm.population.cohort_files import write_cohort

    model = _model()
    wanted = Wanted(setting, age_from, age_to, sex, tuple(cause or ()), answered, seed, draw)
    with _bad_input(), _bar("patients", n) as advance:
        for place in write_cohort(Cohort(wanted, model), n, out, output.value, advance):
            print(f"backspasm: wrote {place}", file=sys.stderr)


@app.command(
    epilog="Examples:  backspasm validate --rules rules.yaml  ·  backspasm validate --cases known.jsonl --format json  ·  "
    "backspasm validate --calibration --n 200  ·  backspasm validate --rules rules.yaml --calibration --html report.html"
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
    output: Annotated[Sheet, typer.Option("--format", "-f", help="How the result is written.")] = Sheet.terminal,
    html: Annotated[Path | None, typer.Option("--html", help="Also write one HTML page with figures.")] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=1, help="Virtual patients behind each rule (200,000) or worlds of the calibration (200)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")] = 1,
) -> None:
    """Hold the model against published rules, cases with known answers, and its own simulated patients."""
    from backspasm.population.validation import Request, validated
    from backspasm.population.validation_text import print_validation, validation_json
    from backspasm.records.problems import KnowledgeError

    if rules is None and cases is None and not calibration:
        _refuse("nothing to validate on. Mend: give --rules FILE, --cases FILE or --calibration")
    model = _model()
    try:
        with _bad_input():
            found = validated(Request(rules, cases, calibration, n, seed), model, _bar)
    except KnowledgeError as error:
        _refuse(*(str(p) for p in error.problems))
    if html is not None or output is Sheet.html:
        from backspasm.population.validation_page import validation_page

        page = validation_page(found, model.knowledge)
        if html is not None:
            html.write_text(page, encoding="utf-8")
        if output is Sheet.html:
            print(page, end="")
    if output is Sheet.json:
        sys.stdout.buffer.write(validation_json(found))
    elif output is Sheet.terminal:
        print_validation(found, model.knowledge, _console())


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


@knowledge_app.command(
    "impact",
    epilog="Examples:  backspasm knowledge impact deyo1988  ·  backspasm knowledge impact deyo1988/history_of_cancer  ·  "
    "backspasm knowledge impact davis2020b --patients my/cases --format json",
)
def knowledge_impact(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A study, or one fact of it (study/fact).")],
    patients: Annotated[
        list[Path] | None,
        typer.Option("--patients", help="A folder with cases, instead of the examples and vignettes; may be repeated."),
    ] = None,
    output: Format = Output.terminal,
) -> None:
    """Leave out a study and see whose urgency or three leading causes change, among examples and vignettes."""
    from backspasm.advice.impact import impact
    from backspasm.patients.gathered import examples_folder, patients_in, vignette_patients
    from backspasm.presentation.impact import impact_json, print_impact
    from backspasm.records.problems import did_you_mean

    model = _model()
    knowledge = model.knowledge
    if identifier not in knowledge.studies and knowledge.fact(identifier) is None:
        known = (*knowledge.studies, *(f"{s.id}/{f.id}" for s, f in knowledge.facts()))
        _refuse(
            f"ID ({identifier}): unknown study. Mend: {did_you_mean(identifier, known, '`backspasm evidence` lists all')}"
        )
    with _bad_input():
        examples = examples_folder()
        folders = patients or ([examples] if examples else [])
        chosen = {name: p for folder in folders for name, p in patients_in(folder, knowledge).items()}
        if not patients:
            chosen |= vignette_patients(knowledge)
        with _progress("patients") as progress:
            found = impact(identifier, chosen, model, progress)
    if output is Output.json:
        sys.stdout.buffer.write(impact_json(found))
    else:
        print_impact(found, knowledge, _console())


@knowledge_app.command(
    "export",
    epilog="Examples:  backspasm knowledge export --setting emergency --age 40-49 --sex male --out network.bifxml  ·  "
    "backspasm knowledge export --setting paediatric_clinic --age 5-9 --sex female > child.bifxml",
)
def knowledge_export(
    setting: Annotated[str, typer.Option("--setting", "-s", help="Where the patient presents, such as emergency.")],
    age: Annotated[str, typer.Option("--age", "-a", help="An age band, such as 40-49.", metavar="BAND")],
    sex: Annotated[Sex, typer.Option("--sex", "-x", help="Sex of the patient.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; standard output if left out.", metavar="FILE")
    ] = None,
) -> None:
    """Write the model of one stratum as a Bayesian network (XMLBIF), for pyAgrum and other engines to read.

    Cause, complications and every finding are variables; measured findings are bins. The file says what an answer means.
    """
    from backspasm.inference.strata import Stratum
    from backspasm.presentation.network_file import network_file
    from backspasm.records.problems import did_you_mean

    model = _model()
    for name, value, known in (
        ("--setting", setting, model.parameters.settings),
        ("--age", age, model.parameters.ages.bands),
    ):
        if value not in known:
            _refuse(f"{name} ({value}): unknown. Mend: {did_you_mean(value, known, 'one of ' + ', '.join(known))}")
    text = network_file(model, Stratum(setting, age, sex.value))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(f"--out ({out}): cannot be written ({error.strerror or type(error).__name__}). Mend: name another file")
    print(f"backspasm: wrote {out}", file=sys.stderr)


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


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields the function that moves it on."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def _progress(what: str, wanted: bool = True) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error; it shows only where someone watches, and leaves nothing behind."""
    if not wanted:
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def moved(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)

        yield moved


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
