"""Treatments to consider for this patient: treatment follows the cause.

Where a cause that must not be missed is likely, or the urgency is same day or more, the cause is treated first and
only what is safe meanwhile is proposed. Otherwise each treatment stands by the use for which this patient's causes
and complications speak most.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.advice.prescribing import NotChecked, TreatmentVerdict, not_checked, patient_facts, verdicts
from backspasm.advice.taken_medicines import TakenVerdict, taken_verdicts
from backspasm.inference.strata import age_group_of
from backspasm.patients.answers import Answers
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import Role, Stage, Treatment, Use
from backspasm.records.types import AgeGroup

#: from this urgency on the cause comes first
CAUSE_FIRST_LEVELS = ("emergency", "same_day")
RANK: dict[Role, int] = {"first": 0, "meanwhile": 0, "second": 1, "last": 2}


class Considered(Struct, frozen=True):
    """A treatment to consider: for which causes, how likely these are, and what asks for care.

    The effects of ``use`` begin with those seen at the patient's age; ``age_studied`` is false where there is none, and None
    where the age is unknown or no effect stands on file.
    """

    treatment: str
    use: Use
    causes: tuple[str, ...]
    probability: float | None
    verdict: TreatmentVerdict | None
    age_studied: bool | None = None


class HeldBack(Struct, frozen=True):
    """A treatment that would be considered, were it not for the cause to be treated first."""

    treatment: str
    because: str


class TreatmentAdvice(Struct, frozen=True):
    """``cause_first`` holds the reasons to treat the cause first; it is empty where nothing speaks for that.

    ``avoid``: verdicts on treatments; ``taken``: verdicts on what the patient takes already.
    """

    cause_first: tuple[str, ...]
    stage: Stage
    consider: tuple[Considered, ...]
    not_advised: tuple[Considered, ...]
    held_back: tuple[HeldBack, ...]
    avoid: tuple[TreatmentVerdict, ...]
    taken: tuple[TakenVerdict, ...]
    not_checked: tuple[NotChecked, ...]
    disputes: tuple[str, ...]


def treatment_advice(
    patient: Patient, answers: Answers, probabilities: dict[str, float], urgency: str, knowledge: Knowledge
) -> TreatmentAdvice:
    """Treatments for one patient.

    Args:
        probabilities: of every cause and complication.
        urgency: the level of the assessment.
    """
    facts = patient_facts(patient, answers, knowledge)
    found = verdicts(facts, knowledge)
    first = _cause_first(answers, probabilities, urgency, knowledge)
    stage, stated = _stage(answers, knowledge)
    age = age_group_of(patient.age_years, knowledge)
    chosen = [
        c for t in knowledge.treatments.values() if (c := _best(t, stage, age, probabilities, bool(first), knowledge))
    ]
    chosen = [_told(c, age, found.get(c.treatment), knowledge) for c in chosen]
    allowed = [c for c in chosen if c.verdict is None or c.verdict.verdict != "avoid"]
    consider = sorted((c for c in allowed if c.use.role != "not_advised"), key=lambda c: _order(c, knowledge))
    held = () if not first else _held_back({c.treatment for c in consider}, knowledge)
    named = [c.treatment for c in consider]
    unknown = not_checked(facts, knowledge, named or knowledge.treatments, found)
    if not stated and not first and answers.items:
        unknown = (*unknown, NotChecked("duration", "how long the pain has lasted was not stated: taken as recent"))
    return TreatmentAdvice(
        cause_first=first,
        stage=stage,
        consider=tuple(consider) if answers.items else (),
        not_advised=tuple(c for c in chosen if c.use.role == "not_advised"),
        held_back=held,
        avoid=tuple(sorted(found.values(), key=lambda v: v.verdict != "avoid")),
        taken=taken_verdicts(facts, knowledge),
        not_checked=unknown,
        disputes=() if first else _disputes(set(named), knowledge),
    )


def _disputes(named: set[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Disputed questions about the treatments considered, those about most of them first."""
    about = {d.id: len(named.intersection(d.treatments)) for d in knowledge.treatment_disputes.values()}
    return tuple(sorted((d for d, count in about.items() if count), key=lambda d: (-about[d], d)))


def _cause_first(
    answers: Answers, probabilities: dict[str, float], urgency: str, knowledge: Knowledge
) -> tuple[str, ...]:
    reasons = []
    if not answers.items:
        reasons.append("nothing was asked, so nothing is known of the cause")
    if urgency in CAUSE_FIRST_LEVELS:
        reasons.append(f"the urgency is {urgency.replace('_', ' ')}")
    serious = {c.id: probabilities.get(c.id, 0.0) for c in knowledge.causes.values() if c.must_not_miss}
    limit = knowledge.number("treatment_serious")
    if sum(serious.values()) >= limit:
        likeliest = max(serious, key=lambda c: serious[c])
        name = knowledge.causes[likeliest].name
        reasons.append(f"a cause that must not be missed is likely enough, above all: {name}")
    for complication in COMPRESSIONS:
        if probabilities.get(complication, 0.0) >= limit:
            reasons.append(f"{knowledge.complications[complication].name} is likely enough")
    return tuple(reasons)


def _stage(answers: Answers, knowledge: Knowledge) -> tuple[Stage, bool]:
    """Acute or chronic, and whether that was stated; unknown counts as acute."""
    days = answers.measured.get("duration_days")
    stage: Stage = "chronic" if days is not None and days >= knowledge.number("chronic_pain_from_days") else "acute"
    return stage, days is not None


def _best(
    treatment: Treatment,
    stage: Stage,
    age: AgeGroup | None,
    probabilities: dict[str, float],
    cause_first: bool,
    knowledge: Knowledge,
) -> Considered | None:
    """The use of a treatment for which most speaks, or None where none is relevant."""
    least = knowledge.number("treatment_relevance")
    found: list[Considered] = []
    for use in treatment.uses:
        if (use.role == "meanwhile") is not cause_first and not (cause_first and use.role == "not_advised"):
            continue
        # of unknown age: only what holds at every age, since unknown never means adult
        if use.ages and (age is None or age not in use.ages):
            continue
        if use.stages and stage not in use.stages:
            continue
        causes = tuple(c for c in use.causes if probabilities.get(c, 0.0) > 0)
        p = _relevance(use.causes, probabilities, knowledge) if use.causes else None
        if p is None or p >= least:
            found.append(Considered(treatment.id, use, causes, p, None))
    return max(found, key=lambda c: -1.0 if c.probability is None else c.probability, default=None)


def _told(c: Considered, age: AgeGroup | None, verdict: TreatmentVerdict | None, knowledge: Knowledge) -> Considered:
    """With the verdict, and the effects seen at this age before the others."""
    if age is None or not c.use.effects:
        return msgspec.structs.replace(c, verdict=verdict)
    fitting = {a for a in c.use.effects if age in knowledge.ages_of(a)}
    effects = tuple(sorted(c.use.effects, key=lambda a: a not in fitting))
    use = msgspec.structs.replace(c.use, effects=effects)
    return msgspec.structs.replace(c, use=use, verdict=verdict, age_studied=bool(fitting))


def _relevance(causes: tuple[str, ...], probabilities: dict[str, float], knowledge: Knowledge) -> float:
    """Probability of any of the causes (they exclude each other), or of the likeliest complication if that is more."""
    own = sum(probabilities.get(c, 0.0) for c in causes if c in knowledge.causes)
    return max([own, *(probabilities.get(c, 0.0) for c in causes if c in knowledge.complications)])


def _order(c: Considered, knowledge: Knowledge) -> tuple[int, bool, bool, float, int]:
    """First choice before second, measures before drugs, what needs no care before what does, then the likelier."""
    kind: Literal["drug", "measure"] = knowledge.treatments[c.treatment].kind
    return (
        RANK[c.use.role],
        kind == "drug",
        c.verdict is not None,
        -(c.probability or 0.0),
        knowledge.index.treatment_ids.index(c.treatment),
    )


def _held_back(considered: set[str], knowledge: Knowledge) -> tuple[HeldBack, ...]:
    return tuple(
        HeldBack(t.id, t.held_back)
        for t in knowledge.treatments.values()
        if t.held_back is not None and t.id not in considered
    )
