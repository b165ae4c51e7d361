"""What a dispute is worth whoever the patient: each side's rate, and whose advice would be another if that side were right."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from backspasm.advice.disputes import Bearing
from backspasm.advice.impact import PatientImpact, changed
from backspasm.advice.verdict import Question, Verdict, question, verdict
from backspasm.inference.cell_evidence import Row, pooled
from backspasm.inference.gathered import only
from backspasm.inference.observations import Cell
from backspasm.inference.refitting import Refitter
from backspasm.patients.patient import Patient
from backspasm.records.types import AgeGroup


class TriedSide(Struct, frozen=True):
    """One side: for each disputed rate what it comes to on the side's facts alone (None: they say nothing of this age),
    and every patient who was asked about it, as advised now and under this side.
    """

    holds: str
    facts: tuple[str, ...]
    rates: tuple[Row | None, ...]
    patients: tuple[PatientImpact, ...]

    @property
    def changed(self) -> tuple[PatientImpact, ...]:
        """Those whose urgency or three leading causes are others under this side."""
        return changed(self.patients)

    @property
    def shift(self) -> float:
        """The largest change of any probability of any of them."""
        return max((p.before.shift(p.after) for p in self.patients), default=0.0)


class Tried(Struct, frozen=True):
    """A dispute with its sides tried out on patients; ``now`` holds its rates as the model pools them."""

    bearing: Bearing
    age: AgeGroup
    now: tuple[Row, ...]
    sides: tuple[TriedSide, ...]


class Trials:
    """Tries disputes on the same patients; what does not depend on a dispute is worked out once.

    Raises:
        InputError: where a patient's answers contradict each other.
    """

    def __init__(self, patients: Mapping[str, Patient], refitter: Refitter) -> None:
        self.refitter = refitter
        self.model = refitter.model
        self._asked = {name: question(patient, self.model) for name, patient in patients.items()}
        self._now: dict[str, Verdict] = {}

    def tried(self, bearing: Bearing, age: AgeGroup) -> Tried:
        """Each side as the model in which the disputed rates rest on that side's facts alone, without opinions."""
        names = [name for name, asked in self._asked.items() if self._concerns(bearing, asked)]
        now = tuple(pooled(what, given, age, self.model) for what, given in bearing.places)
        sides = tuple(self._side(bearing, holds, facts, age, names) for holds, facts in bearing.sides)
        return Tried(bearing, age, now, sides)

    def _side(self, bearing: Bearing, holds: str, facts: tuple[str, ...], age: AgeGroup, names: list[str]) -> TriedSide:
        also = bearing.record is not None
        places, keep = {*bearing.places}, frozenset(facts)
        under = self.refitter.with_only(places, keep, also)
        said = only(self.model.knowledge, self.refitter.gathered, places, keep, also)
        spoken = {*said.rates, *said.complications}
        impacts = [PatientImpact(n, self._verdict_now(n), verdict(self._asked[n], under)) for n in names]
        rates = tuple(
            pooled(what, given, age, under) if Cell(what, given, age) in spoken else None
            for what, given in bearing.places
        )
        return TriedSide(holds, facts, rates, tuple(impacts))

    def _verdict_now(self, name: str) -> Verdict:
        if name not in self._now:
            self._now[name] = verdict(self._asked[name], self.model)
        return self._now[name]

    def _concerns(self, bearing: Bearing, asked: Question) -> bool:
        """Whether a disputed rate enters the patient's answer: its finding was asked, or it is a complication's share."""
        items = asked.answers.items
        whats = {*(i.finding for i in items), *(i.given for i in items if i.given)}
        whats |= {*self.model.parameters.complications}
        return any(what in whats for what, _ in bearing.places)
