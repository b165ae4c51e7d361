"""What to do, by when and by whom, for the leading causes and for everything that must not be missed here."""

from __future__ import annotations

from msgspec import Struct

from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.advice.situations import Circumstances
from backspasm.inference.strata import age_group_of
from backspasm.records.care_types import WHENS, PathwayStep


class ShownPathway(Struct, frozen=True):
    """The pathway of one cause or complication. ``shown_for``: ``leading``, or the ledger group it belongs to."""

    id: str
    shown_for: str
    probability: float
    steps: tuple[PathwayStep, ...]


def pathways(c: Circumstances) -> tuple[ShownPathway, ...]:
    """Pathways of the leading causes, of likely complications, and of the likeliest member of each listed group."""
    knowledge = c.knowledge
    least = knowledge.number("pathway_probability")
    chosen: dict[str, str] = {}
    for group in c.listed:
        if group == "compression":
            own = list(COMPRESSIONS)
        else:
            own = [x.id for x in knowledge.causes.values() if x.must_not_miss == group]
        chosen.setdefault(max(own, key=lambda name: c.probability[name]), group)
    for name in c.ranking[: round(knowledge.number("leading_causes"))]:
        if c.probability[name] >= least or name == c.ranking[0]:
            chosen.setdefault(name, "leading")
    for name in knowledge.index.complications:
        if c.probability.get(name, 0) >= least:
            chosen.setdefault(name, "leading")
    group_of_age = age_group_of(c.patient.age_years, knowledge)
    out = []
    for name, why in chosen.items():
        steps = knowledge.pathways[name].steps
        fitting = [s for s in steps if not s.ages or group_of_age is None or group_of_age in s.ages]
        in_time = tuple(sorted(fitting, key=lambda s: WHENS.index(s.by_when)))
        out.append(ShownPathway(name, why, c.probability[name], in_time))
    return tuple(sorted(out, key=lambda p: -p.probability))
