"""What a page shows of numbers, ready for a template: cells with their plots, steps with their sources, sides of disputes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from backspasm.advice.verdict import Verdict
from backspasm.inference.cell_evidence import CellEvidence, cell_evidence
from backspasm.inference.explain import Step
from backspasm.inference.gathered import Place
from backspasm.inference.model import Model
from backspasm.inference.refitting import Refitter
from backspasm.presentation import words
from backspasm.presentation.bars import interval_bar
from backspasm.presentation.forest import described, forest_svg
from backspasm.presentation.rendering import anchor
from backspasm.presentation.sources import Source, cited
from backspasm.probability import Estimate
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AgeGroup


@dataclass(frozen=True)
class CellView:
    """One rate with its studies; ``plot`` where several studies (or a side of a dispute) are to be compared."""

    key: str
    title: str
    sources: tuple[Source, ...]
    plot: Markup | None
    in_words: str
    remark: str


@dataclass(frozen=True)
class StepView:
    answer: str
    ratio: float
    before: float
    after: float
    sources: tuple[Source, ...]
    own: tuple[Source, ...]  # those that speak of this very cause or complication
    through: tuple[tuple[str, str], ...]  # complications whose studies stand behind it too: key and name
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class NumberView:
    """A cause or complication: its number, and what it opens."""

    key: str
    name: str
    plain: str
    estimate: Estimate
    bar: Markup
    base_rate: float
    base_sources: tuple[Source, ...]
    steps: tuple[StepView, ...]
    leading: tuple[str, ...]


@dataclass(frozen=True)
class SideView:
    holds: str
    sources: tuple[Source, ...]
    verdict: Verdict | None
    leading: str
    complications: str


@dataclass(frozen=True)
class DisputeView:
    name: str
    kind: str
    says: str
    why: str
    handled: str
    statistics: str
    sides: tuple[SideView, ...]
    cells: tuple[CellView, ...]
    changes: str
    effect: float


@dataclass(frozen=True)
class LedgerView:
    name: str
    probability: float
    members: tuple[tuple[str, str, float], ...]  # key, name, probability
    asked: tuple[str, ...]
    not_asked: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True)
class FlagView:
    name: str
    plain: str
    level: str
    towards: tuple[str, ...]
    findings: tuple[str, ...]
    sources: tuple[Source, ...]


class Evidence:
    """Draws cells for one patient; each cell once on a page."""

    def __init__(self, age: AgeGroup, setting: str, model: Model, refitter: Refitter) -> None:
        self.age = age
        self.setting = setting
        self.model = model
        self.refitter = refitter
        self.knowledge = model.knowledge

    def cell(self, place: Place, key: str, age: AgeGroup | None = None, always: bool = False) -> CellView | None:
        """The cell at the patient's age; None where no study speaks of it."""
        what, given = place
        try:
            found = cell_evidence(what, given, age or self.age, self.refitter, self.setting)
        except KeyError:
            return None
        if not found.studies:
            return None
        return cell_view(found, key, self.knowledge, plot=always or len(found.studies) > 1)


def cell_title(cell: CellEvidence, knowledge: Knowledge) -> str:
    """What a cell is the rate of, in words."""
    what = words.finding_name(cell.what, knowledge)
    if cell.kind == "complication":
        what = words.cause_name(cell.what, knowledge)
    return f"{words.cause_name(cell.given, knowledge)}: {words.lower_first(what)} ({words.plain(cell.age)})"


def cell_view(cell: CellEvidence, key: str, knowledge: Knowledge, plot: bool = True) -> CellView:
    """A cell with its studies, and its plot."""
    title = cell_title(cell, knowledge)
    sources = cited((row.label for row in cell.studies), knowledge)
    return CellView(
        key, title, sources, forest_svg(cell, title, key, styled=False) if plot else None, described(cell), cell.remark
    )


def step_view(step: Step, given: str, key: str, evidence: Evidence, drawn: bool) -> StepView:
    """A step with its sources; where drawn, with its cell. Cells of complications are drawn with the complication."""
    knowledge = evidence.knowledge
    view = evidence.cell((step.item.finding, given), key) if drawn and step.facts else None
    own = view.sources if view is not None else ()
    others = set(step.facts) - {s.address for s in own}
    drivers = [
        k for k in knowledge.findings[step.item.finding].driven_by if k in evidence.model.parameters.complications
    ]
    return StepView(
        words.answer(step.item, knowledge),
        step.likelihood_ratio,
        step.before,
        step.after,
        cited(step.facts, knowledge),
        own,
        tuple((anchor("complication", k), words.cause_name(k, knowledge)) for k in drivers if others and k != given),
        () if view is None or view.plot is None else (view,),
    )


def number_view(
    name: str,
    estimate: Estimate,
    base: tuple[float, Sequence[str]],
    steps: Sequence[Step],
    key: str,
    evidence: Evidence,
    drawn: bool,
    leading: tuple[str, ...] = (),
) -> NumberView:
    """A cause or complication with its steps from the base rate; ``base``: that rate and its facts."""
    knowledge = evidence.knowledge
    kind = "complication" if name in knowledge.complications else "cause"
    record = knowledge.complications[name] if kind == "complication" else knowledge.causes[name]
    rate, facts = base
    return NumberView(
        anchor(kind, name),
        record.name,
        record.plain,
        estimate,
        interval_bar(estimate, record.name),
        rate,
        cited(facts, knowledge),
        tuple(step_view(s, name, f"{key}s{j}", evidence, drawn) for j, s in enumerate(steps)),
        leading,
    )
