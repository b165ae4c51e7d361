"""The commands of `backspasm knowledge`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from backspasm.cli_shared import (
    Format,
    Sex,
    bad_input,
    load_model,
    progress_bar,
    refuse,
    stdout_console,
    write_out,
)

knowledge_app = typer.Typer(
    help="Check the knowledge base, and see what rests on studies and what on assumptions.", no_args_is_help=True
)


@knowledge_app.command("check", epilog="Example:  BACKSPASM_KNOWLEDGE=my/knowledge backspasm knowledge check")
def knowledge_check() -> None:
    """Check every knowledge file; all problems at once, each with file, line and mend."""
    from backspasm.inference.model import fit_model
    from backspasm.inference.reconcile import unreconciled
    from backspasm.records.library import read_knowledge
    from backspasm.records.problems import KnowledgeError

    console = stdout_console()
    try:
        knowledge = read_knowledge()
    except KnowledgeError as error:
        refuse(*(str(p) for p in error.problems), f"{len(error.problems)} problem(s) found")
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
def knowledge_coverage(
    output: Format = "terminal",
    effects: Annotated[bool, typer.Option(help="Also weigh what rests on studies by its effect on decisions.")] = True,
) -> None:
    """For each cause: base rates, findings with evidence, findings assumed; and the totals, plain and by their effect.

    The effect of a rate on decisions takes a minute to work out, once for a knowledge base: --no-effects leaves it out.
    """
    from backspasm.inference.coverage import coverage
    from backspasm.population.priorities import kept_effects

    model = load_model()
    found = coverage(model)
    weighted = kept_effects(model, partial(progress_bar, "causes")).studied_share if effects else None
    if output == "json":
        import msgspec

        from backspasm.presentation.json_bytes import json_bytes

        data = msgspec.to_builtins(found) | ({} if weighted is None else {"effect_on_studies": weighted})
        sys.stdout.buffer.write(json_bytes(data))
        return
    from backspasm.presentation.coverage import print_coverage

    print_coverage(found, model.knowledge, stdout_console(), weighted)


@knowledge_app.command(
    "priorities",
    epilog="Examples:  backspasm knowledge priorities --top 20  ·  backspasm knowledge priorities --top 100 --format json",
)
def knowledge_priorities(
    top: Annotated[int, typer.Option("--top", min=1, help="How many pairs of a finding and a cause.")] = 100,
    patients: Annotated[
        int | None, typer.Option("--patients", min=1, help="Virtual patients; the usual number, kept, if left out.")
    ] = None,
    output: Format = "terminal",
) -> None:
    """Rank rates by their effect on decisions: where a study would be worth most, and what was searched for it.

    Virtual patients are drawn; the effect of a rate is the expected loss that knowing it would spare. Takes a minute,
    once for a knowledge base.
    """
    from backspasm.population.priorities import kept_effects, worked_out
    from backspasm.population.priorities_text import print_priorities, priorities_json

    model = load_model()
    bar = partial(progress_bar, "causes")
    found = kept_effects(model, bar) if patients is None else worked_out(model, bar, patients)
    if output == "json":
        sys.stdout.buffer.write(priorities_json(found, top))
    else:
        print_priorities(found, top, model.knowledge, stdout_console())


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
    output: Format = "terminal",
) -> None:
    """Leave out a study and see whose urgency or three leading causes change, among examples and vignettes."""
    from backspasm.advice.impact import impact
    from backspasm.patients.gathered import patients_in, patients_on_file
    from backspasm.presentation.impact import impact_json, print_impact
    from backspasm.records.problems import did_you_mean

    model = load_model()
    knowledge = model.knowledge
    if identifier not in knowledge.studies and knowledge.fact(identifier) is None:
        known = (*knowledge.studies, *knowledge.addresses())
        refuse(
            f"ID ({identifier}): unknown study. Mend: {did_you_mean(identifier, known, '`backspasm evidence` lists all')}"
        )
    with bad_input():
        chosen = {name: p for folder in patients or () for name, p in patients_in(folder, knowledge).items()}
        if not patients:
            chosen = patients_on_file(knowledge)
        with progress_bar("patients") as progress:
            found = impact(identifier, chosen, model, progress.moved)
    if output == "json":
        sys.stdout.buffer.write(impact_json(found))
    else:
        print_impact(found, knowledge, stdout_console())


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

    model = load_model()
    for name, value, known in (
        ("--setting", setting, model.parameters.settings),
        ("--age", age, model.parameters.ages.bands),
    ):
        if value not in known:
            refuse(f"{name} ({value}): unknown. Mend: {did_you_mean(value, known, 'one of ' + ', '.join(known))}")
    text = network_file(model, Stratum(setting, age, sex.value))
    write_out(text.encode(), out)
    if out is not None:
        print(f"backspasm: wrote {out}", file=sys.stderr)
