"""Where studies disagree on what bears on this patient, and what the answer would be if either side were right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from backspasm.advice.assessment import Assessment
from backspasm.advice.verdict import Question, Verdict, verdict
from backspasm.inference.disagreement import Disagreement, disagreements
from backspasm.inference.gathered import Place
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS, Dispute


class SideAnswer(Struct, frozen=True):
    """One side: its facts, and the answer with the disputed rates resting on them alone (None: it does not enter)."""

    holds: str
    facts: tuple[str, ...]
    verdict: Verdict | None


class PatientDispute(Struct, frozen=True):
    """A dispute that bears on a patient. ``record`` is the curators' account, ``measured`` the statistics, where there are."""

    places: tuple[Place, ...]
    ages: tuple[str, ...]
    record: Dispute | None
    measured: Disagreement | None
    sides: tuple[SideAnswer, ...]
    now: Verdict

    @property
    def effect(self) -> tuple[bool, bool, float]:
        """Whether a side changes the urgency, or the leading causes; and the largest change of a probability."""
        verdicts = [s.verdict for s in self.sides if s.verdict is not None]
        return (
            any(v.level != self.now.level for v in verdicts),
            any(v.leading != self.now.leading for v in verdicts),
            max((v.shift(self.now) for v in verdicts), default=0.0),
        )


def disputes_of(assessment: Assessment, model: Model) -> tuple[PatientDispute, ...]:
    """Disputes on this patient's answers, those that would change most first; then those on treatment.

    A rate bears on the patient if its finding was answered, and its studies speak of the patient's age. Each side is the
    model in which the disputed rates rest on that side's studies (and the estimators' opinions) alone.
    """
    from backspasm.inference.refitting import Refitter  # heavy, and not needed where nothing is in dispute

    now = Verdict(
        assessment.urgency.level,
        tuple((h.cause, h.estimate.value) for h in assessment.differential),
        tuple((c.id, c.estimate.value) for c in assessment.complications),
    )
    asked = Question(assessment.answers, assessment.strata, assessment.urgency.floor)
    measured = bearing(assessment, model)
    refitter = Refitter(model)
    out = [
        PatientDispute(
            places,
            ages,
            record,
            statistics,
            tuple(
                SideAnswer(
                    holds, facts, verdict(asked, refitter.with_only({*places}, {*facts}, also=record is not None))
                )
                for holds, facts in sides
            ),
            now,
        )
        for places, ages, record, statistics, sides in _diagnostic(assessment, measured, model)
    ]
    out.sort(key=lambda d: (*(-e for e in d.effect), d.places))
    return (*out, *_others(assessment, now, model.knowledge))


def bearing(assessment: Assessment, model: Model) -> tuple[Disagreement, ...]:
    """Disagreements on findings that this patient's answers count, and on complications, at the patient's age."""
    ages = _ages(assessment, model)
    return tuple(d for d in disagreements(model.knowledge, _whats(assessment, model)) if ages & {*d.ages})


def _whats(assessment: Assessment, model: Model) -> set[str]:
    items = assessment.answers.items
    return {*(i.finding for i in items), *(i.given for i in items if i.given), *model.parameters.complications}


def _ages(assessment: Assessment, model: Model) -> set[str]:
    return {AGE_GROUPS[age_group(model.parameters, s)] for s in assessment.strata}


Entry = tuple[
    tuple[Place, ...], tuple[str, ...], Dispute | None, Disagreement | None, tuple[tuple[str, tuple[str, ...]], ...]
]


def _diagnostic(assessment: Assessment, measured: tuple[Disagreement, ...], model: Model) -> Iterator[Entry]:
    """Curated disputes first; what they cover is not shown twice."""
    whats, ages = _whats(assessment, model), _ages(assessment, model)
    covered: set[Place] = set()
    for record in model.knowledge.disputes.values():
        places = tuple((c.what, c.given) for c in record.cells)
        if record.kind != "diagnosis" or not {what for what, _ in places} & whats:
            continue
        spoken = {age for side in record.sides for address in side.facts for age in _ages_of(address, model.knowledge)}
        if not ages & spoken:
            continue
        covered |= set(places)
        statistics = next((d for d in measured if d.place in places), None)
        yield places, tuple(sorted(ages & spoken)), record, statistics, tuple((s.holds, s.facts) for s in record.sides)
    for d in measured:
        if d.place in covered:
            continue
        sides = tuple(
            (holds, tuple(s.address for s in part)) for holds, part in (("rarer", d.low), ("commoner", d.high))
        )
        yield (d.place,), tuple(sorted(ages & {*d.ages})), None, d, sides


def _ages_of(address: str, knowledge: Knowledge) -> tuple[str, ...]:
    found = knowledge.fact(address)
    return () if found is None else found[1].ages or found[0].ages


def _others(assessment: Assessment, now: Verdict, knowledge: Knowledge) -> Iterator[PatientDispute]:
    """Disputes on treatment or mechanism that concern the leading cause; they do not enter the differential."""
    kinds: tuple[Literal["treatment", "mechanism"], ...] = ("treatment", "mechanism")
    for record in knowledge.disputes.values():
        if record.kind in kinds and assessment.differential[0].cause in record.about:
            sides = tuple(SideAnswer(s.holds, s.facts, None) for s in record.sides)
            yield PatientDispute((), (), record, None, sides, now)
