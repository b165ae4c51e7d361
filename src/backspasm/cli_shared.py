"""What the commands share: the choices and types of their options, refusals, the model, the patient, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from backspasm.inference.model import Model
    from backspasm.patients.patient import Patient
    from backspasm.records.knowledge import Knowledge

T = TypeVar("T")


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


#: how a result may be written; a command offers some of the forms
_FORMAT = typer.Option("--format", "-f", help="How the result is written.")
Format = Annotated[Literal["terminal", "json"], _FORMAT]
SheetFormat = Annotated[Literal["terminal", "json", "html"], _FORMAT]
PageFormat = Annotated[Literal["terminal", "json", "html", "markdown"], _FORMAT]
AssessFormat = Annotated[Literal["terminal", "json", "html", "markdown", "fhir"], _FORMAT]


class bad_input:  # noqa: N801 (reads as a statement: with bad_input())
    """Turns an InputError into exit code 2 with its message on standard error."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from backspasm.patients.patient import InputError

        if isinstance(error, InputError):
            refuse(*(str(p) for p in error.problems))


def refuse(*messages: str) -> NoReturn:
    for message in messages:
        print(f"backspasm: {message}", file=sys.stderr)
    raise typer.Exit(2)


def write_out(data: bytes, out: Path | None, option: str = "--out") -> None:
    """To the file that an option names, or to standard output."""
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        _cannot_write(out, error, option)


def check_out(out: Path, option: str = "--out") -> None:
    """Refuse a file that cannot be written, before minutes of work are done for it; what stands in it is kept till then."""
    new = not out.exists()
    try:
        with out.open("ab"):
            pass
    except OSError as error:
        _cannot_write(out, error, option)
    if new:
        out.unlink()


def _cannot_write(out: Path, error: OSError, option: str) -> NoReturn:
    why = error.strerror or type(error).__name__
    refuse(
        f"{option} ({out}): cannot be written ({why}). Mend: name a file in a folder that exists and may be written to"
    )


def printed(show: Callable[[Console], None], out: Path | None) -> None:
    """Show on the terminal, or write the same as plain text to the file that ``--out`` names."""
    if out is None:
        show(stdout_console())
        return
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    show(Console(file=text, width=100, highlight=False))
    write_out(text.getvalue().encode(), out)


def load_model() -> Model:
    from backspasm.inference.model import load

    return _loaded(lambda: load(on_fit=_preparing))


def load_knowledge() -> Knowledge:
    """The knowledge base without its model, for commands that assess nobody: they start without numpy."""
    from backspasm.records import kept

    return _loaded(lambda: kept.load_knowledge(on_read=_preparing))


def _preparing() -> None:
    print("backspasm: preparing the knowledge base (once, some seconds) ...", file=sys.stderr)


def _loaded(load: Callable[[], T]) -> T:
    from backspasm.records.problems import KnowledgeError

    try:
        return load()
    except KnowledgeError as error:
        refuse(*(str(p) for p in error.problems), "the knowledge base has problems; nothing was assessed")


def input_patient(file: str, source: Source | None, model: Model) -> Patient:
    from backspasm.patients.reading import read_path, read_patient

    with bad_input():
        return read_patient(read_path(file, sys.stdin.buffer), model.knowledge, source.value if source else None)
    raise AssertionError("unreachable")


def stdout_console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


class Progress:
    """A bar on standard error: called, it counts on; ``moved`` says how far it is, of how many, and at what."""

    def __init__(self, bar: RichProgress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def __call__(self, count: int) -> None:
        self._bar.advance(self._task, count)

    def moved(self, done: int, total: int, name: str) -> None:
        self._bar.update(self._task, completed=done, total=total, description=name)


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Progress]:
    """A bar on standard error; it shows only where someone watches, and leaves nothing behind."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Progress(bar, bar.add_task("", total=total))
