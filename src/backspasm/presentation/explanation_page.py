"""The explanation of one cause as a page: HTML in one file, or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, fields

from markupsafe import Markup

from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.refitting import Refitter
from backspasm.inference.strata import strata_of
from backspasm.patients.patient import Patient
from backspasm.presentation import words
from backspasm.presentation.explanation import Explanation
from backspasm.presentation.forest import STYLE as FOREST_STYLE
from backspasm.presentation.rendering import rendered
from backspasm.presentation.sources import Source, source
from backspasm.presentation.views import Evidence, StepView, step_view
from backspasm.records.types import AGE_GROUPS


@dataclass(frozen=True)
class ExplainedStep(StepView):
    """A step with the probability if its answer had not been given."""

    without: float


@dataclass(frozen=True)
class ExplainedCause:
    """One cause with its steps, as the templates of an assessment know it."""

    name: str
    plain: str
    base_rate: float
    base_sources: tuple[Source, ...]
    steps: tuple[ExplainedStep, ...]


def explanation_page(e: Explanation, patient: Patient, model: Model, markdown: bool = False) -> bytes:
    """One cause in full, as one HTML file that needs nothing else or as Markdown; plots where several studies speak."""
    knowledge = model.knowledge
    stratum = max(strata_of(patient, knowledge), key=lambda s: s.weight)
    evidence = Evidence(AGE_GROUPS[age_group(model.parameters, stratum)], stratum.setting, model, Refitter(model))
    c = explained_cause(e, evidence)
    base, steps = c.base_sources, c.steps
    used = dict.fromkeys((*base, *(s for step in steps for s in step.sources)))
    studies = dict.fromkeys(s.study.id for s in used if s.study is not None)
    return rendered(
        "explanation.md.j2" if markdown else "explanation.html.j2",
        k=knowledge,
        c=c,
        who=words.patient_line(patient.age_years, patient.sex, patient.setting),
        probability=e.probability,
        without_studies=e.without_studies,
        forest_style=Markup(FOREST_STYLE),
        studies=[(knowledge.studies[s], [f for f in used if f.study is not None and f.study.id == s]) for s in studies],
    )


def explained_cause(e: Explanation, evidence: Evidence) -> ExplainedCause:
    """The cause with every step, its plots, and the result without each answer."""
    knowledge = evidence.knowledge
    record = knowledge.causes[e.cause]
    steps = []
    for j, (step, without) in enumerate(zip(e.steps, e.without_answers, strict=True)):
        view = step_view(step, e.cause, f"s{j}", evidence, True)
        everything = {f.name: getattr(view, f.name) for f in fields(view)}
        # here no section of complications holds the other studies, so they stand with the step
        everything |= {"own": view.sources, "through": ()}
        steps.append(ExplainedStep(**everything, without=without.probability))
    base = tuple(source(f, knowledge) for f in e.base_facts)
    return ExplainedCause(record.name, record.plain, e.base_rate, base, tuple(steps))
