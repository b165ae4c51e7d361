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
from backspasm.presentation.treatments import AGE_NOT_STUDIED, ROLES, alike, avoided, treatment_name
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import TreatmentDispute
from backspasm.records.types import Fact


@dataclass(frozen=True)
class ReasonView:
    """Why a treatment is barred or asks for care; ``met``: what of the patient makes it so; ``about``: which treatments
    of the card, where it is not all of them."""

    because: str
    met: str
    sources: tuple[Source, ...]
    about: str


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
    """What one study found of one outcome in a dispute, with every comparison that found the same.

    ``direction`` is empty for what is no trial.
    """

    study: str
    size: str
    direction: str
    found: str
    compared: tuple[str, ...]
    sources: tuple[Source, ...]


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
    held_back: tuple[tuple[tuple[str, ...], str], ...]
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
        held_back=_held_back(advice, knowledge),
        avoid=tuple(v for v in verdicts if v.verdict == "avoid"),
        care=tuple(v for v in verdicts if v.verdict != "avoid"),
        not_checked=tuple(
            (n.what, tuple(treatment_name(t, knowledge) for t in n.treatments)) for n in advice.not_checked
        ),
        disputes=tuple(
            dispute_view(knowledge.treatment_disputes[d], f"td{i}", knowledge) for i, d in enumerate(advice.disputes)
        ),
    )


def _reasons(verdicts: Iterable[TreatmentVerdict], knowledge: Knowledge) -> tuple[ReasonView, ...]:
    """Every reason once, with the sources of all rules that give it and the treatments it is about; the commonest first."""
    found: dict[tuple[str, str], list[tuple[str, Reason]]] = {}
    every = tuple(verdicts)
    for verdict in every:
        for r in verdict.reasons:
            found.setdefault((r.because, ", ".join(r.met)), []).append((verdict.treatment, r))
    out = []
    for (because, met), reasons in sorted(found.items(), key=lambda item: -len(item[1])):
        about = _about({t for t, _ in reasons}, [v.treatment for v in every], knowledge)
        sources = cited((s for _, r in reasons for s in r.sources), knowledge)
        out.append(ReasonView(because, met, sources, about))
    return tuple(out)


def _about(some: set[str], every: list[str], knowledge: Knowledge) -> str:
    """Which of all are meant, said the shorter way; nothing where all are."""
    own = [treatment_name(t, knowledge) for t in every if t in some]
    others = [treatment_name(t, knowledge) for t in every if t not in some]
    if not others:
        return ""
    return f"{', '.join(own)} only" if len(own) <= len(others) else f"not {', '.join(others)}"


def _held_back(advice: TreatmentAdvice, knowledge: Knowledge) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Treatments held back for the same reason together."""
    grouped: dict[str, list[str]] = {}
    for h in advice.held_back:
        grouped.setdefault(h.because, []).append(treatment_name(h.treatment, knowledge))
    return tuple((tuple(names), because) for because, names in grouped.items())


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
        studied=(
            *dict.fromkeys(r.studied for r in records),
            *((AGE_NOT_STUDIED,) if first.age_studied is False else ()),
        ),
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


def dispute_view(d: TreatmentDispute, key: str, knowledge: Knowledge) -> TreatmentDisputeView:
    """A dispute on treatments with its trials side by side. ``key`` keeps the ids of its plots apart from others on a page."""
    sides = tuple((s.says, s.facts) for s in d.sides)
    plots = effect_plots(sides, key, knowledge, sides=True)
    drawn = frozenset(f for p in plots for f in p.facts)
    return TreatmentDisputeView(
        d.question,
        tuple(SideOfTrials(says, _trials(facts, drawn, knowledge)) for says, facts in sides),
        plots,
        d.why_they_differ,
        d.reading,
    )


def _trials(addresses: tuple[str, ...], drawn: frozenset[str], knowledge: Knowledge) -> tuple[TrialView, ...]:
    """What a side rests on; comparisons of one study with the same outcome and result together."""
    grouped: dict[tuple[str, ...], list[tuple[Source, Fact | None]]] = {}
    for s in cited(addresses, knowledge):
        found = knowledge.fact(s.address)
        fact = found[1] if found is not None and found[1].kind in {"treatment_effect", "adverse_event"} else None
        study = s.study.id if s.study is not None else s.address
        same = (study, s.says) if fact is None else (study, fact.outcome or "", fact.at or "", fact.direction or "")
        grouped.setdefault(same, []).append((s, fact))
    return tuple(_trial(group, drawn) for group in grouped.values())


def _trial(group: list[tuple[Source, Fact | None]], drawn: frozenset[str]) -> TrialView:
    first, fact = group[0]
    study = first.study
    parts = [words.plain(study.design), f"n {study.n:,}" if study.n else ""] if study else []
    sources = tuple(s for s, _ in group)
    name, size = study.id if study else first.address, ", ".join(p for p in parts if p)
    if fact is None:
        return TrialView(name, size, "", first.says, (), sources)
    when = f", {fact.at}" if fact.at else ""
    found = f"{words.plain(fact.outcome or '')}{when}: {DIRECTION[fact.direction or 'unclear']}"
    compared = tuple(_compared(f, s.address in drawn) for s, f in group if f is not None)
    return TrialView(name, size, fact.direction or "unclear", found, compared, sources)


def _compared(fact: Fact, drawn: bool) -> str:
    """What was compared, with its numbers unless a plot shows them."""
    said = f"{fact.given} against {fact.against.described}" if fact.against else fact.given or ""
    size = "" if drawn else size_words(fact)
    return f"{said}: {size}" if size else said


__all__ = ["TreatmentsView", "dispute_view", "treatments_view"]
