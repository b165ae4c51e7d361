"""Where studies disagree on what bears on this patient, and what the answer would be if either side were right."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from msgspec import Struct

from backspasm.advice.assessment import Assessment
from backspasm.advice.verdict import Question, Verdict, verdict
from backspasm.inference.disagreement import Disagreement, kept_disagreements
from backspasm.inference.gathered import Place
from backspasm.inference.model import Model
from backspasm.inference.strata import Ages
from backspasm.records.dispute import Dispute
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AgeGroup


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


class Bearing(Struct, frozen=True):
    """A dispute that bears on a patient, not yet tried out: (what a side holds, its facts) for each side."""

    places: tuple[Place, ...]
    ages: tuple[str, ...]
    record: Dispute | None
    measured: Disagreement | None
    sides: tuple[tuple[str, tuple[str, ...]], ...]


def disputes_of(assessment: Assessment, model: Model) -> tuple[PatientDispute, ...]:
    """Disputes on this patient's answers, those that would change most first; then those on mechanism.

    Each side is the model in which the disputed rates rest on that side's studies alone, without opinions.
    """
    from backspasm.inference.refitting import Refitter  # heavy, and not needed where nothing is in dispute

    now = Verdict(
        assessment.urgency.level,
        tuple((h.cause, h.estimate.value) for h in assessment.differential),
        tuple((c.id, c.estimate.value) for c in assessment.complications if c.id in model.parameters.complications),
    )
    asked = Question(assessment.answers, assessment.strata, assessment.urgency.floor)
    refitter = Refitter(model)
    out = []
    for b in bearing(assessment, model.knowledge):
        answers = tuple(
            SideAnswer(
                holds,
                facts,
                verdict(asked, refitter.with_only({*b.places}, {*facts}, also=b.record is not None))
                if b.places
                else None,
            )
            for holds, facts in b.sides
        )
        out.append(PatientDispute(b.places, b.ages, b.record, b.measured, answers, now))
    return tuple(sorted(out, key=lambda d: (not d.places, *(-e for e in d.effect), d.places)))


def bearing(assessment: Assessment, knowledge: Knowledge) -> tuple[Bearing, ...]:
    """Disputes that bear on a patient: curated ones first, and what they cover is not listed twice.

    A rate bears if its finding was answered (or it is the share of a complication) and its studies speak of the patient's
    age; a dispute on mechanism bears if it is about the leading cause.
    """
    groups = Ages.of(knowledge)
    ages: set[str] = {groups.group(s.band) for s in assessment.strata}
    items = assessment.answers.items
    whats = {*(i.finding for i in items), *(i.given for i in items if i.given)}
    whats |= {c.id for c in assessment.complications}
    measured = tuple(d for d in kept_disagreements(knowledge) if d.what in whats and ages & {*d.ages})
    out: list[Bearing] = []
    for record in knowledge.disputes.values():
        sides = tuple((s.holds, s.facts) for s in record.sides)
        places = tuple((c.what, c.given) for c in record.cells)
        if record.kind != "diagnosis":
            if assessment.differential[0].cause in record.about:
                out.append(Bearing((), (), record, None, sides))
            continue
        spoken = {age for side in record.sides for address in side.facts for age in knowledge.ages_of(address)}
        if {what for what, _ in places} & whats and ages & spoken:
            statistics = next((d for d in measured if d.place in places), None)
            out.append(Bearing(places, tuple(sorted(ages & spoken)), record, statistics, sides))
    covered = {place for b in out for place in b.places}
    out += [_measured(d, ages & {*d.ages}) for d in measured if d.place not in covered]
    return tuple(out)


def disputed(place: Place, age: AgeGroup, knowledge: Knowledge) -> Bearing | None:
    """The dispute on one rate at one age, whoever the patient: the curators' account, else what the studies' numbers say."""
    measured = next((d for d in kept_disagreements(knowledge) if d.place == place and age in d.ages), None)
    for record in knowledge.disputes.values():
        if any((c.what, c.given) == place for c in record.cells):
            return curated(record, age, knowledge)
    return None if measured is None else _measured(measured, {age})


def curated(record: Dispute, age: AgeGroup, knowledge: Knowledge) -> Bearing | None:
    """A dispute of the curators at one age; None where no study of a side speaks of it."""
    if not any(age in knowledge.ages_of(address) for side in record.sides for address in side.facts):
        return None
    places = tuple((c.what, c.given) for c in record.cells)
    statistics = next((d for d in kept_disagreements(knowledge) if d.place in places and age in d.ages), None)
    return Bearing(places, (age,), record, statistics, tuple((s.holds, s.facts) for s in record.sides))


def _measured(d: Disagreement, ages: AbstractSet[str]) -> Bearing:
    """A dispute that nobody wrote down: the studies' numbers alone."""
    parts = (("rarer", d.low), ("commoner", d.high))
    sides = tuple((holds, tuple(s.address for s in part)) for holds, part in parts)
    return Bearing((d.place,), tuple(sorted(ages)), None, d, sides)
