"""What comes next for one patient: tests and images, pathways, and what to tell the patient."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from backspasm.advice.investigations import Advice, advise
from backspasm.advice.must_not_miss import LedgerEntry
from backspasm.advice.pathways import ShownPathway, pathways
from backspasm.advice.patient_words import Said, patient_words
from backspasm.advice.red_flags import Fired
from backspasm.advice.situations import circumstances
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior
from backspasm.patients.answers import Answers
from backspasm.patients.patient import Patient


class Plan(Struct, frozen=True):
    investigations: tuple[Advice, ...]
    pathways: tuple[ShownPathway, ...]
    words: tuple[Said, ...]
    child: bool

    def sources(self) -> Iterator[str]:
        """Every source behind the plan, in order of appearance."""
        for advice in self.investigations:
            yield from advice.sources
        for pathway in self.pathways:
            for step in pathway.steps:
                yield from step.sources
        for said in self.words:
            yield from said.sources


def plan(
    patient: Patient,
    answers: Answers,
    level: str,
    fired: tuple[Fired, ...],
    found: Posterior,
    listed: tuple[LedgerEntry, ...],
    model: Model,
) -> Plan:
    """Investigations, pathways and words for an assessed patient (``found`` without a draws axis)."""
    c = circumstances(patient, answers, level, fired, found, tuple(e.group for e in listed), model)
    return Plan(advise(c), pathways(c), patient_words(c), c.child)
