"""What a page shows of what comes next: what is due now, questions, tests, pathways, signs to come back for."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.advice.assessment import Assessment
from backspasm.advice.due_now import DueNow, due_now
from backspasm.advice.investigations import Advice
from backspasm.advice.pathways import ShownPathway
from backspasm.presentation import words
from backspasm.presentation.next_step import REASON, turn_lines, useful_questions, why, why_test
from backspasm.presentation.plan import COME, VERDICT, WHEN
from backspasm.presentation.rendering import anchor
from backspasm.presentation.sources import Source, cited
from backspasm.records.knowledge import Knowledge

#: questions in the first screen
ASK_FIRST = 3


@dataclass(frozen=True)
class TestView:
    """Advice on one test. ``known``: its findings that are answered already; ``wider``: the test that contains it."""

    name: str
    verdict: str
    says: str
    when: str
    because: tuple[str, ...]
    cautions: tuple[str, ...]
    if_positive: str
    if_negative: str
    known: tuple[str, ...]
    wider: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class StepDo:
    do: str
    when: str
    who: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class PathwayView:
    """``why``: the group of the ledger for which it is shown, empty for a leading cause."""

    key: str
    name: str
    probability: float
    why: str
    steps: tuple[StepDo, ...]


@dataclass(frozen=True)
class BarredView:
    """A medicine on the list that this patient must not be given, with the reasons and what of the patient makes them hold."""

    name: str
    because: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class NowView:
    tests: tuple[TestView, ...]
    pathways: tuple[PathwayView, ...]
    barred: tuple[BarredView, ...]
    ask: tuple[str, ...]


@dataclass(frozen=True)
class NextView:
    reason: str
    questions: tuple[tuple[str, str], ...]
    tests: tuple[tuple[str, str], ...]
    turns: tuple[str, ...]


@dataclass(frozen=True)
class SignsView:
    heading: str
    signs: tuple[tuple[str, tuple[Source, ...]], ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple({s.address: s for _, found in self.signs for s in found}.values())


@dataclass(frozen=True)
class PlanView:
    """All of it. ``likely`` and ``unlikely``: pathways of what is likely, and of what only must not be missed."""

    now: NowView
    next: NextView
    tests: tuple[TestView, ...]
    likely: tuple[PathwayView, ...]
    unlikely: tuple[PathwayView, ...]
    come_back: tuple[SignsView, ...]
    whom: str


def plan_view(a: Assessment, knowledge: Knowledge) -> PlanView:
    """What comes next for one patient, ready for a template."""
    due = due_now(a, knowledge)
    unlikely = {p.id for p in due.unlikely}
    return PlanView(
        now=_now(a, due, knowledge),
        next=_next(a, knowledge),
        tests=tuple(_test(t, knowledge) for t in a.plan.investigations),
        likely=tuple(_pathway(p, knowledge) for p in a.plan.pathways if p.id not in unlikely),
        unlikely=tuple(_pathway(p, knowledge) for p in due.unlikely),
        come_back=_come_back(a, knowledge),
        whom="the parents" if a.plan.child else "the patient",
    )


def _now(a: Assessment, due: DueNow, knowledge: Knowledge) -> NowView:
    return NowView(
        tests=tuple(_test(t, knowledge) for t in due.tests),
        pathways=tuple(_pathway(p, knowledge) for p in due.pathways),
        barred=tuple(
            BarredView(
                b.name,
                tuple({r.because: (r.because, ", ".join(r.met)) for r in b.verdict.reasons}.values()),
                cited(b.verdict.sources, knowledge),
            )
            for b in due.barred
        ),
        ask=tuple(knowledge.findings[q.finding].ask for q in useful_questions(a)[:ASK_FIRST]),
    )


def _test(t: Advice, knowledge: Knowledge) -> TestView:
    record = knowledge.investigations
    return TestView(
        record[t.test].name,
        t.verdict,
        VERDICT[t.verdict],
        WHEN[t.when] if t.when else "",
        t.because,
        t.cautions,
        t.if_positive,
        t.if_negative,
        tuple(words.finding_name(f, knowledge) for f in t.known),
        record[t.part_of].name if t.part_of else "",
        cited(t.sources, knowledge),
    )


def _pathway(p: ShownPathway, knowledge: Knowledge) -> PathwayView:
    return PathwayView(
        anchor("complication" if p.id in knowledge.complications else "cause", p.id),
        words.cause_name(p.id, knowledge),
        p.probability,
        "" if p.shown_for == "leading" else words.GROUP[p.shown_for],
        tuple(StepDo(s.do, WHEN[s.by_when], s.who, cited(s.sources, knowledge)) for s in p.steps),
    )


def _next(a: Assessment, knowledge: Knowledge) -> NextView:
    step = a.next
    return NextView(
        REASON[step.reason],
        tuple((knowledge.findings[q.finding].ask, why(q, knowledge)) for q in useful_questions(a)),
        tuple((knowledge.investigations[t.test].name, why_test(t, knowledge)) for t in step.tests),
        tuple(turn_lines(step.up, step.down, knowledge)),
    )


def _come_back(a: Assessment, knowledge: Knowledge) -> tuple[SignsView, ...]:
    out = []
    for soon, heading in COME.items():
        signs = tuple((s.words, cited(s.sources, knowledge)) for s in a.plan.words if s.how_soon == soon)
        if signs:
            out.append(SignsView(heading, signs))
    return tuple(out)
