"""One cause in full: base rate, every step, each answer left out, and on request each study left out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.inference.explain import Step, base_facts, steps, studies_behind, without_each_answer
from backspasm.inference.model import Model
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from backspasm.patients.patient import Patient
from backspasm.presentation import words
from backspasm.presentation.as_json import PLACES, answer_of
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge

Progress = Callable[[int, int, str], None]


class Without(Struct, frozen=True):
    """The cause's probability with one thing left out."""

    what: str
    probability: float


class Explanation(Struct, frozen=True):
    """Why one cause has its probability."""

    cause: str
    base_rate: float
    base_facts: tuple[str, ...]
    probability: float
    steps: tuple[Step, ...]
    without_answers: tuple[Without, ...]
    without_studies: tuple[Without, ...] | None


def explanation(patient: Patient, cause: str, model: Model, progress: Progress | None = None) -> Explanation:
    """Explain one cause for one patient; with ``progress`` also without each study behind the answer.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    answers = answers_of(patient, model.knowledge)
    strata = strata_of(patient, model.knowledge)
    found = posterior(answers.items, strata, model.means, model.layout, model.knowledge)
    c = model.parameters.causes.index(cause)
    base = sum(s.weight * float(_exp(model.means.log_base(s)[c])) for s in strata)
    left_out = without_each_answer(answers.items, strata, model, cause)
    studies: tuple[Without, ...] | None = None
    if progress is not None:
        from backspasm.inference.refitting import Refitter

        refitter = Refitter(model)
        rows = []
        behind = studies_behind(answers.items, strata, model)
        for i, study in enumerate(behind):
            progress(i, len(behind), study)
            other = refitter.without({study})
            p = posterior(answers.items, strata, other.means, other.layout, other.knowledge).causes[c]
            rows.append(Without(study, float(p)))
        progress(len(behind), len(behind), "done")
        studies = tuple(sorted(rows, key=lambda w: -abs(w.probability - float(found.causes[c]))))
    return Explanation(
        cause,
        base,
        tuple(dict.fromkeys(f for s in strata for f in base_facts(s, cause, model))),
        float(found.causes[c]),
        steps(answers.items, strata, model)[cause],
        tuple(Without(words.answer(item, model.knowledge), p) for item, p in left_out),
        studies,
    )


def _exp(x: float) -> float:
    from math import exp

    return exp(x)


def explanation_json(e: Explanation) -> bytes:
    """The explanation as JSON, numbers rounded to six places."""
    data = {
        "cause": e.cause,
        "base_rate": round(e.base_rate, PLACES),
        "base_rate_facts": list(e.base_facts),
        "probability": round(e.probability, PLACES),
        "steps": [
            {
                "finding": s.item.finding,
                "answer": answer_of(s.item),
                "likelihood_ratio": round(s.likelihood_ratio, PLACES),
                "before": round(s.before, PLACES),
                "after": round(s.after, PLACES),
                "facts": list(s.facts),
                "assumed": s.assumed,
            }
            for s in e.steps
        ],
        "without_answer": [{"what": w.what, "probability": round(w.probability, PLACES)} for w in e.without_answers],
        "without_study": None
        if e.without_studies is None
        else [{"study": w.what, "probability": round(w.probability, PLACES)} for w in e.without_studies],
    }
    return json_bytes(data)


def print_explanation(e: Explanation, knowledge: Knowledge, console: Console) -> None:
    """Print the explanation as tables."""
    console.print(
        Text.assemble(
            (words.cause_name(e.cause, knowledge), "bold"),
            f": {words.chance(e.base_rate)} before the answers, {words.chance(e.probability)} after",
        )
    )
    console.print(
        Text(
            f"base rate from {', '.join(e.base_facts) or 'an elicited assumption (no study of such presenters)'}",
            style="dim",
        )
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, justify in (
        ("answer", "left"),
        ("ratio", "right"),
        ("before", "right"),
        ("after", "right"),
        ("without it", "right"),
        ("source", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for step, without in zip(e.steps, e.without_answers, strict=True):
        source = Text(", ".join(step.facts), style="green") if step.facts else Text("assumed", style="black on grey70")
        table.add_row(
            words.answer(step.item, knowledge),
            words.ratio(step.likelihood_ratio),
            words.chance(step.before),
            words.chance(step.after),
            words.chance(without.probability),
            source,
        )
    console.print(table)
    console.print(
        Text(
            "Each ratio is that of the answer given the answers above it; together they multiply to the result.",
            style="dim",
        )
    )
    if e.without_studies is None:
        console.print(Text("`--studies` shows the result without each study in turn.", style="dim"))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("without the study")
    table.add_column("probability", justify="right")
    for w in e.without_studies:
        table.add_row(Text(w.what, style="green"), words.chance(w.probability))
    console.print(table)
