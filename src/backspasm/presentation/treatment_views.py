"""What a page shows of treatments: those to consider, those to avoid, what was not checked, and where trials disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backspasm.advice.prescribing import Reason, TreatmentVerdict
from backspasm.advice.treatments import Considered, TreatmentAdvice
from backspasm.presentation import words
from backspasm.presentation.effect_plots import EffectPlot, effect_plots
from backspasm.presentation.effects import DIRECTION, effect_words, leading_fact, size_words
from backspasm.presentation.sources import Source, cited
from backspasm.presentation.treatments import ROLES, alike, avoided, treatment_name
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import TreatmentDispute
from backspasm.records.types import Fact


@dataclass(frozen=True)
class ReasonView:
    """Why a treatment is barred or asks for care; ``met``: what of the patient makes it so."""

    because: str
    met: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class TreatmentView:
    """Treatments of which the same is known for this patient, on one card."""

    names: tuple[str, ...]
    role: str
    for_what: str
    probability: float | None
    because: str
    effect: str
    harm: str
    studied: tuple[str, ...]
    care: tuple[ReasonView, ...]
    effects: tuple[Source, ...]
    harms: tuple[Source, ...]
    uses: tuple[Source, ...]
    doses: tuple[Source, ...]
    plots: tuple[EffectPlot, ...]


@dataclass(frozen=True)
class AvoidView:
    """Treatments with the same verdict for the same reasons."""

    names: tuple[str, ...]
    verdict: str
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True)
class TrialView:
    """One trial in a dispute: what it compared, what it found; ``direction`` is empty for what is no trial."""

    source: Source
    study: str
    size: str
    direction: str
    compared: str
    found: str


@dataclass(frozen=True)
class SideOfTrials:
    says: str
    trials: tuple[TrialView, ...]


@dataclass(frozen=True)
class TreatmentDisputeView:
    question: str
    sides: tuple[SideOfTrials, ...]
    plots: tuple[EffectPlot, ...]
    why: str
    reading: str


@dataclass(frozen=True)
class TreatmentsView:
    """``cause_first``: reasons to treat the cause first; ``fasting``: whether an operation may be near."""

    cause_first: tuple[str, ...]
    fasting: bool
    consider: tuple[TreatmentView, ...]
    not_advised: tuple[tuple[str, str, tuple[Source, ...]], ...]
    held_back: tuple[tuple[str, str], ...]
    avoid: tuple[AvoidView, ...]
    care: tuple[AvoidView, ...]
    not_checked: tuple[tuple[str, tuple[str, ...]], ...]
    disputes: tuple[TreatmentDisputeView, ...]


def treatments_view(advice: TreatmentAdvice, urgency: str, knowledge: Knowledge) -> TreatmentsView:
    """Treatments of one patient, ready for a template."""
    verdicts = tuple(
        AvoidView(names, group[0].verdict, _reasons(group, knowledge)) for names, group in avoided(advice, knowledge)
    )
    return TreatmentsView(
        cause_first=advice.cause_first,
        fasting=bool(advice.cause_first) and urgency == knowledge.index.urgency[0],
        consider=tuple(
            _treatment(group, f"t{i}", knowledge) for i, group in enumerate(alike(advice.consider, knowledge))
        ),
        not_advised=tuple(
            (treatment_name(c.treatment, knowledge), c.use.because, cited((*c.use.effects, *c.use.sources), knowledge))
            for c in advice.not_advised
        ),
        held_back=tuple((treatment_name(h.treatment, knowledge), h.because) for h in advice.held_back),
        avoid=tuple(v for v in verdicts if v.verdict == "avoid"),
        care=tuple(v for v in verdicts if v.verdict != "avoid"),
        not_checked=tuple(
            (n.what, tuple(treatment_name(t, knowledge) for t in n.treatments)) for n in advice.not_checked
        ),
        disputes=tuple(
            _dispute(knowledge.treatment_disputes[d], f"td{i}", knowledge) for i, d in enumerate(advice.disputes)
        ),
    )


def _reasons(verdicts: Iterable[TreatmentVerdict], knowledge: Knowledge) -> tuple[ReasonView, ...]:
    """Every reason once, with the sources of all rules that give it."""
    found: dict[tuple[str, str], list[Reason]] = {}
    for verdict in verdicts:
        for r in verdict.reasons:
            found.setdefault((r.because, ", ".join(r.met)), []).append(r)
    return tuple(
        ReasonView(because, met, cited((s for r in reasons for s in r.sources), knowledge))
        for (because, met), reasons in found.items()
    )


def _treatment(group: tuple[Considered, ...], key: str, knowledge: Knowledge) -> TreatmentView:
    first = group[0]
    records = [knowledge.treatments[c.treatment] for c in group]
    harms = tuple(a for r in records for a in r.harms)
    effects = tuple(a for c in group for a in c.use.effects)
    return TreatmentView(
        names=tuple(r.name for r in records),
        role=ROLES[first.use.role],
        for_what=", ".join(words.cause_name(x, knowledge) for x in first.causes),
        probability=first.probability,
        because=first.use.because,
        effect=_leading(effects, knowledge),
        harm=_leading(harms, knowledge),
        studied=tuple(dict.fromkeys(r.studied for r in records)),
        care=_reasons((c.verdict for c in group if c.verdict is not None), knowledge),
        effects=cited(effects, knowledge),
        harms=cited(harms, knowledge),
        uses=cited((a for c in group for a in c.use.sources), knowledge),
        doses=cited((a for r in records for a in (*r.dose, *r.advice, *r.authorised)), knowledge),
        plots=effect_plots((("Effects, 95 % interval", effects), ("Harms, 95 % interval", harms)), key, knowledge),
    )


def _leading(addresses: tuple[str, ...], knowledge: Knowledge) -> str:
    found = leading_fact(addresses, knowledge)
    return effect_words(found[1]) if found is not None else ""


def _dispute(d: TreatmentDispute, key: str, knowledge: Knowledge) -> TreatmentDisputeView:
    sides = tuple((s.says, s.facts) for s in d.sides)
    return TreatmentDisputeView(
        d.question,
        tuple(SideOfTrials(says, tuple(_trial(s, knowledge) for s in cited(facts, knowledge))) for says, facts in sides),
        effect_plots(sides, key, knowledge),
        d.why_they_differ,
        d.reading,
    )


def _trial(found: Source, knowledge: Knowledge) -> TrialView:
    fact = (knowledge.fact(found.address) or (None, None))[1]
    study = found.study
    name = study.id if study is not None else found.address
    if fact is None or fact.kind not in {"treatment_effect", "adverse_event"}:
        return TrialView(found, name, words.plain(study.design) if study else "", "", "", found.says)
    size = f"{words.plain(study.design)}, n {study.n:,}" if study and study.n else words.plain(study.design) if study else ""
    return TrialView(found, name, size, fact.direction or "unclear", _compared(fact), _found(fact))


def _compared(fact: Fact) -> str:
    return f"{fact.given} against {fact.against.described}" if fact.against else fact.given or ""


def _found(fact: Fact) -> str:
    what = words.plain(fact.outcome or "")
    said = f"{what}, {fact.at}: {DIRECTION[fact.direction or 'unclear']}" if fact.at else what
    size = size_words(fact)
    return f"{said}; {size}" if size else said


__all__ = ["TreatmentsView", "treatments_view"]
