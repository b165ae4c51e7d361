"""What is due at once for one patient: tests, steps of the pathways, and medicines on the list that must not be taken on.

Nothing is decided here; it is the urgent part of the plan and of the verdicts on treatments, taken out.
"""

from __future__ import annotations

from msgspec import Struct

from backspasm.advice.assessment import Assessment
from backspasm.advice.investigations import Advice
from backspasm.advice.pathways import ShownPathway
from backspasm.advice.prescribing import TreatmentVerdict
from backspasm.patients.medicines import taken
from backspasm.records.care_types import When
from backspasm.records.knowledge import Knowledge

AT_ONCE: tuple[When, ...] = ("now", "today")


class Barred(Struct, frozen=True):
    """A medicine on the patient's list, as it was named there, that must not be given to this patient."""

    name: str
    verdict: TreatmentVerdict


class DueNow(Struct, frozen=True):
    """``pathways`` hold the due steps alone; ``later`` all others, of causes that are too unlikely to act on among them."""

    tests: tuple[Advice, ...]
    pathways: tuple[ShownPathway, ...]
    barred: tuple[Barred, ...]
    later: tuple[ShownPathway, ...]
    unlikely: tuple[ShownPathway, ...]


def due_now(a: Assessment, knowledge: Knowledge) -> DueNow:
    """Tests due now or today, due steps of the pathways likely enough to act on, and barred medicines that are taken.

    In an emergency a step is due when it stands for now, else also when it stands for today. A pathway that is shown only
    because its cause must not be missed waits until that cause is likely (``pathway_probability``).
    """
    least = knowledge.number("pathway_probability")
    leading = a.differential[0].cause if a.differential else ""
    likely = tuple(p for p in a.plan.pathways if p.probability >= least or p.id == leading)
    soon = AT_ONCE[:1] if a.urgency.level == knowledge.index.urgency[0] else AT_ONCE

    def part(p: ShownPathway, due: bool) -> ShownPathway:
        return ShownPathway(p.id, p.shown_for, p.probability, tuple(s for s in p.steps if (s.by_when in soon) is due))

    return DueNow(
        tests=tuple(
            t for t in a.plan.investigations if t.verdict == "indicated" and t.when in AT_ONCE and t.part_of is None
        ),
        pathways=tuple(p for x in likely if (p := part(x, True)).steps),
        barred=_barred(a, knowledge),
        later=tuple(p for x in likely if (p := part(x, False)).steps),
        unlikely=tuple(p for p in a.plan.pathways if p not in likely),
    )


def _barred(a: Assessment, knowledge: Knowledge) -> tuple[Barred, ...]:
    on_list = taken(a.patient.medications, knowledge)
    return tuple(
        Barred(on_list[medicine], verdict)
        for verdict in a.treatments.avoid
        if verdict.verdict == "avoid"
        for medicine in knowledge.treatments[verdict.treatment].medicines
        if medicine in on_list
    )
