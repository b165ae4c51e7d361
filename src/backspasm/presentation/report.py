"""The assessment as a page that can be handed on: HTML in one file, or Markdown. Every number opens what stands behind it."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from backspasm.advice.assessment import Assessment
from backspasm.advice.disputes import PatientDispute, disputes_of
from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.advice.verdict import LEADING, Verdict
from backspasm.inference.explain import complication_steps
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.parameters import cell_key
from backspasm.inference.refitting import Refitter
from backspasm.presentation import words
from backspasm.presentation.bibliography import references
from backspasm.presentation.cycle_view import course_view
from backspasm.presentation.forest import STYLE as FOREST_STYLE
from backspasm.presentation.plan_views import plan_view
from backspasm.presentation.reasons import leading_steps, why_urgent
from backspasm.presentation.rendering import anchor, rendered
from backspasm.presentation.said import left_open, told
from backspasm.presentation.sources import Source, cited, sources_in
from backspasm.presentation.treatment_views import treatments_view
from backspasm.presentation.tried_sides import statistics
from backspasm.presentation.views import (
    DisputeView,
    Evidence,
    FlagView,
    LedgerView,
    NumberView,
    SideView,
    number_view,
)
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS, AgeGroup, Study

#: causes whose evidence is drawn; every cause has its steps
DRAWN = 6
#: sections of the page after what is due now
PARTS = (
    ("red-flags", "Red flags"),
    ("ledger", "Not to be missed"),
    ("differential", "Differential"),
    ("next", "Ask and test next"),
    ("tests", "Tests and imaging"),
    ("pathways", "Pathways"),
    ("come-back", "When to come back"),
    ("treatments", "Treatments"),
    ("not-assessed", "Not assessed"),
    ("sources", "Studies"),
)
#: causes in the first screen
FIRST = 3
#: disputes shown with plots; the others are listed
DISPUTES = 4
#: a dispute that moves no probability by this much is only counted
VISIBLE = 0.001


def report(assessment: Assessment, model: Model, markdown: bool = False) -> bytes:
    """The whole assessment as one HTML file that needs nothing else, or as Markdown; UTF-8.

    The same assessment and knowledge give the same bytes.
    """
    a, knowledge = assessment, model.knowledge
    stratum = max(a.strata, key=lambda s: s.weight)
    refitter = Refitter(model)
    evidence = Evidence(AGE_GROUPS[age_group(model.parameters, stratum)], stratum.setting, model, refitter)
    causes = tuple(cause_view(i, a, evidence) for i in range(len(a.differential)))
    complications = complication_views(a, evidence)
    disputes = tuple(dispute_view(d, i, evidence) for i, d in enumerate(disputes_of(a, model)))
    flags = flag_views(a, knowledge)
    plan = plan_view(a, knowledge)
    treatments = treatments_view(a.treatments, a.urgency.level, knowledge)
    shown = [d for d in disputes if d.kind != "diagnosis" or d.effect >= VISIBLE]
    return rendered(
        "assessment.md.j2" if markdown else "assessment.html.j2",
        a=a,
        k=knowledge,
        who=words.patient_line(a.patient.age_years, a.patient.sex, a.patient.setting),
        why=why_urgent(a, knowledge),
        loss=[(words.URGENCY[x][0].lower(), a.urgency.expected.needed[x]) for x in knowledge.index.urgency],
        flags=flags,
        plan=plan,
        treatments=treatments,
        parts=PARTS,
        ledger=ledger_views(a, knowledge),
        causes=causes,
        first=FIRST,
        complications=complications,
        course=course_view(a, knowledge.cycle),
        disputes=shown[:DISPUTES],
        more_disputes=shown[DISPUTES:],
        quiet=len(disputes) - len(shown),
        told=told(a.patient, knowledge),
        left_open=left_open(a.patient, knowledge),
        derived=[
            (words.finding_name(d.finding, knowledge), d.answer, d.because, words.plain(d.source))
            for d in a.answers.derived
        ],
        outdated=[(words.finding_name(d.finding, knowledge), d.because) for d in a.answers.outdated],
        answers=[words.answer(i, knowledge) for i in a.answers.items],
        forest_style=Markup(FOREST_STYLE),
        studies=_studies(a, knowledge, sources_in((flags, causes, complications, shown, plan, treatments))),
    )


def flag_views(a: Assessment, knowledge: Knowledge) -> tuple[FlagView, ...]:
    """The red flags that fired, with what fired them."""
    return tuple(
        FlagView(
            f.rule.name,
            f.rule.plain,
            f.rule.urgency,
            tuple(words.cause_name(c, knowledge) for c in f.rule.points_to),
            tuple(words.said(x, a.answers, knowledge) for x in f.findings),
            cited(f.rule.sources, knowledge),
        )
        for f in a.red_flags
    )


def cause_view(rank: int, a: Assessment, evidence: Evidence) -> NumberView:
    """The cause of this rank with its steps; the first few with their plots."""
    h = a.differential[rank]
    leading = tuple(
        f"{words.answer(s.item, evidence.knowledge)} ({words.ratio(s.likelihood_ratio)})" for s in leading_steps(h)
    )
    return number_view(
        h.cause, h.estimate, (h.base_rate, h.base_facts), h.steps, f"c{rank}", evidence, rank < DRAWN, leading
    )


def complication_views(a: Assessment, evidence: Evidence, only: str | None = None) -> tuple[NumberView, ...]:
    """Every complication with its steps, or one."""
    every = complication_steps(a.answers.items, a.strata, evidence.model)
    ages = dict.fromkeys(evidence.model.parameters.ages.group(s.band) for s in a.strata)
    out = []
    for i, c in enumerate(a.complications):
        if only is not None and c.id != only:
            continue
        steps = every.get(c.id, ())
        base = steps[0].before if steps else c.estimate.value
        keys = (cell_key(c.id, h.cause, age) for h in a.differential[:DRAWN] for age in ages)
        backing = (evidence.model.parameters.backing.get(key) for key in keys)
        facts = tuple(dict.fromkeys(f for b in backing if b is not None for f in b.facts))
        out.append(number_view(c.id, c.estimate, (base, facts), steps, f"k{i}", evidence, True))
    return tuple(out)


def ledger_views(a: Assessment, knowledge: Knowledge) -> tuple[LedgerView, ...]:
    """What must not be missed: asked, not asked, against."""
    causes = {h.cause: h.estimate.value for h in a.differential}
    complications = {c.id: c.estimate.value for c in a.complications}

    def member(name: str) -> tuple[str, str, float]:
        kind = "complication" if name in COMPRESSIONS else "cause"
        return anchor(kind, name), words.cause_name(name, knowledge), {**causes, **complications}[name]

    def said(findings: Iterable[str]) -> tuple[str, ...]:
        return tuple(words.said(f, a.answers, knowledge) for f in findings)

    return tuple(
        LedgerView(
            words.GROUP[e.group],
            e.probability,
            tuple(sorted((member(c) for c in e.causes), key=lambda m: -m[2])),
            said(e.asked),
            said(e.not_asked),
            said(e.against),
        )
        for e in a.must_not_miss
    )


def dispute_view(d: PatientDispute, rank: int, evidence: Evidence) -> DisputeView:
    """A dispute on answers of this patient: what each side would make of them."""
    knowledge = evidence.knowledge
    given: AgeGroup = (
        evidence.age if evidence.age in d.ages or not d.ages else next(g for g in AGE_GROUPS if g in d.ages)
    )
    places = [p for p in d.places if p[0] != ""]
    views = (evidence.cell(p, f"d{rank}x{i}", given, always=True) for i, p in enumerate(places))
    urgency, order, effect = d.effect
    changes = "Either way the urgency and the three leading causes stay as they are."
    if urgency:
        changes = "The urgency depends on which side is right."
    elif order:
        changes = "The order of the leading causes depends on which side is right; the urgency does not."
    return DisputeView(
        d.record.name if d.record else words.place_name(d.places[0], knowledge),
        d.record.kind if d.record else "diagnosis",
        d.record.says if d.record else "",
        d.record.why if d.record else "",
        d.record.handled if d.record else "",
        statistics(d.measured),
        tuple(
            SideView(
                s.holds if d.record else f"If it is {s.holds}",
                cited(s.facts, knowledge),
                s.verdict,
                _leading(s.verdict, d.now, knowledge),
                _changed_complications(s.verdict, d.now, knowledge),
            )
            for s in d.sides
        ),
        tuple(v for v in views if v is not None),
        changes if d.places else "",
        effect,
    )


def _leading(verdict: Verdict | None, now: Verdict, knowledge: Knowledge) -> str:
    """The leading cause and whatever this side changes visibly: all leading ones where their order is another."""
    if verdict is None:
        return ""
    before = dict(now.causes)
    reordered = verdict.leading != now.leading
    shown = [
        (cause, p)
        for rank, (cause, p) in enumerate(verdict.causes)
        if rank == 0 or (reordered and rank < LEADING) or abs(p - before[cause]) >= VISIBLE * 10
    ]
    return ", ".join(
        f"{words.cause_name(c, knowledge) if i == 0 else words.lower_first(words.cause_name(c, knowledge))} {words.chance(p)}"
        for i, (c, p) in enumerate(shown)
    )


def _changed_complications(verdict: Verdict | None, now: Verdict, knowledge: Knowledge) -> str:
    """Complications whose probability this side changes visibly."""
    if verdict is None:
        return ""
    before = dict(now.complications)
    moved = [(k, p) for k, p in verdict.complications if abs(p - before[k]) >= VISIBLE * 10]
    return ", ".join(f"{words.cause_name(k, knowledge)} {words.chance(p)}" for k, p in moved)


def _studies(
    a: Assessment, knowledge: Knowledge, shown: Iterable[Source]
) -> tuple[tuple[Study, tuple[Source, ...]], ...]:
    """Every study that the page names with the facts it is named for: the most influential first, then by id."""
    used: dict[str, dict[str, None]] = {}
    order = references(a, knowledge)
    for address in (*(f for r in order for f in r.facts), *(s.address for s in shown)):
        study = address.partition("/")[0]
        if study in knowledge.studies:
            used.setdefault(study, {})[address] = None
    first = [r.study.id for r in order]
    names = (*first, *sorted(set(used) - set(first)))
    return tuple((knowledge.studies[s], cited(used[s], knowledge)) for s in names)
