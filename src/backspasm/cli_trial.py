"""The command `backspasm trial`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backspasm.cli_shared import (
    PageFormat,
    bad_input,
    load_model,
    printed,
    progress_bar,
    refuse,
    stdout_console,
    write_out,
)

if TYPE_CHECKING:
    from backspasm.cycle.trial.result import TrialResult
    from backspasm.records.knowledge import Knowledge
    from backspasm.records.trial_types import TrialProtocol

trial_app = typer.Typer()


@trial_app.command(
    epilog="Examples:  backspasm trial --list  ·  backspasm trial borenstein1990  ·  "
    "backspasm trial friedman2015 --format html --out friedman.html  ·  "
    "backspasm trial borenstein1990 --protocol > mine.yaml, then backspasm trial mine.yaml --n 100  ·  "
    "backspasm trial --compare-all"
)
def trial(
    protocol: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROTOCOL]",
            help="A protocol (YAML), or the id of one that ships (see --list).",
            show_default=False,
        ),
    ] = None,
    output: PageFormat = "terminal",
    n: Annotated[
        int | None, typer.Option("--n", help="Patients in every arm, instead of the protocol's.", min=2, max=5_000)
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the chance; the same seed gives the same bytes.", min=0)
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", help="Trials drawn to see where such a trial may end.", min=100, max=100_000)
    ] = 1_000,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of standard output.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="The protocols that ship.")] = False,
    shown: Annotated[
        bool, typer.Option("--protocol", help="Print the protocol itself, as a start for one's own.")
    ] = False,
    compare_all: Annotated[
        bool, typer.Option("--compare-all", help="Run every shipped protocol beside what was published.")
    ] = False,
) -> None:
    """Run a virtual trial: screen, randomise, treat and measure patients of the model, with the loop and without it.

    The loop from pain to spasm to pain is contested, so the rival without it runs beside every trial. Formats: docs/trials.md.
    """
    if (protocol is not None) + listed + compare_all != 1:
        refuse(
            "PROTOCOL: name one protocol, or give --list, or --compare-all. Mend: backspasm trial --list shows the ids"
        )
    if shown and protocol is None:
        refuse("--protocol: of which one? Mend: name it, such as backspasm trial borenstein1990 --protocol")
    knowledge = load_model().knowledge
    if listed:
        _list(knowledge, output, out)
        return
    chosen = list(knowledge.trials.values()) if compare_all else [_protocol(protocol or "", knowledge)]
    if shown:
        write_out(_text(chosen[0].id, protocol or ""), out)
        return
    if not chosen:
        refuse("--compare-all: the knowledge folder holds no protocol. Mend: add one to cycle/trials/, or name a file")
    results = _run(chosen, knowledge, n, seed, replicates)
    if output != "terminal":
        write_out(_written(results, knowledge, output, compare_all), out)
        return
    from backspasm.presentation.trial_terminal import print_comparison, print_trial

    if compare_all:
        printed(lambda console: print_comparison(results, knowledge, console), out)
    else:
        printed(lambda console: print_trial(results[0], knowledge, console), out)


def _protocol(name: str, knowledge: Knowledge) -> TrialProtocol:
    from backspasm.cycle.trial.read import ProtocolError, find_protocol

    with bad_input():
        try:
            return find_protocol(name, knowledge)
        except ProtocolError as error:
            refuse(*(str(p) for p in error.problems), f"{len(error.problems)} problem(s) in {name}; nothing was run")
    raise AssertionError("unreachable")


def _run(
    chosen: list[TrialProtocol], knowledge: Knowledge, n: int | None, seed: int | None, replicates: int
) -> list[TrialResult]:
    from backspasm.cycle.trial.run import SEED, run_trial

    results = []
    with bad_input(), progress_bar("trials", len(chosen)) as progress:
        for p in chosen:
            results.append(
                run_trial(
                    p, knowledge.cycle, size=n, seed=SEED if seed is None else seed, replicates=replicates
                )
            )  # fmt: skip
            progress(1)
    return results


def _written(results: list[TrialResult], knowledge: Knowledge, form: str, every: bool) -> bytes:
    if form == "json":
        from backspasm.presentation.trial_json import comparison_json, trial_json

        return comparison_json(results, knowledge) if every else trial_json(results[0], knowledge)
    from backspasm.presentation.trial_page import comparison_page, trial_page

    markdown = form == "markdown"
    if every:
        return comparison_page(results, knowledge, markdown=markdown)
    return trial_page(results[0], knowledge, markdown=markdown)


def _list(knowledge: Knowledge, form: str, out: Path | None) -> None:
    if form == "json":
        from backspasm.presentation.json_bytes import json_bytes

        write_out(
            json_bytes([{"id": p.id, "name": p.name, "question": p.question} for p in knowledge.trials.values()]), out
        )
        return
    if form != "terminal" or out is not None:
        refuse(
            "--list: is for the terminal, or --format json. Mend: leave out --format and --out, or add --format json"
        )
    from backspasm.presentation.trial_terminal import print_list

    print_list(knowledge, stdout_console())


def _text(identifier: str, name: str) -> bytes:
    from backspasm.records.library import knowledge_folder

    path = Path(name)
    shipped = knowledge_folder() / "cycle" / "trials" / f"{identifier}.yaml"
    return (path if path.is_file() else shipped).read_bytes()
