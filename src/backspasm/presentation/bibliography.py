"""The studies behind one answer, in order of their influence on it."""

from __future__ import annotations

from math import inf, log

from msgspec import Struct

from backspasm.advice.assessment import Assessment
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact, Study

#: how many of the leading causes decide which study had influence
LEADING = 5


class Reference(Struct, frozen=True):
    """A study with the facts of it that were used for this patient."""

    study: Study
    facts: tuple[str, ...]
    influence: float


def references(assessment: Assessment, knowledge: Knowledge) -> tuple[Reference, ...]:
    """Studies behind the leading causes' base rates and steps, behind the red flags that fired, and behind what comes next."""
    influence: dict[str, float] = {}
    used: dict[str, dict[str, None]] = {}

    def note(address: str, weight: float) -> None:
        study = address.partition("/")[0]
        if study in knowledge.studies:
            influence[study] = influence.get(study, 0.0) + weight
            used.setdefault(study, {})[address] = None

    for flag in assessment.red_flags:
        for address in flag.rule.sources:
            note(address, 1.0)
    for hypothesis in assessment.differential[:LEADING]:
        share = hypothesis.estimate.value
        for address in hypothesis.base_facts:
            note(address, share)
        for step in hypothesis.steps:
            ratio = step.likelihood_ratio
            weight = abs(log(ratio)) if 0 < ratio < inf else 0.0
            for address in step.facts:
                note(address, share * weight)
    for address in assessment.plan.sources():  # moves no probability, so it comes after all that does
        note(address, 0.0)
    for considered in assessment.treatments.consider:  # after those behind the probabilities
        for address in (*considered.use.effects, *considered.use.sources):
            note(address, 0.0)
    for verdict in assessment.treatments.avoid:
        for address in verdict.sources:
            note(address, 0.0)
    order = sorted(influence, key=lambda s: (-influence[s], s))
    return tuple(Reference(knowledge.studies[s], tuple(used[s]), influence[s]) for s in order)


def link(study: Study) -> str | None:
    """Where the study can be opened."""
    if study.doi:
        return f"https://doi.org/{study.doi}"
    if study.pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{study.pmid}/"
    return study.url


def how_read(study: Study, fact: Fact | None = None) -> str:
    """How the authors of the knowledge base know what the study says."""
    read = (fact.read if fact else None) or study.read
    return {"full_text": "read in full", "abstract": "abstract read", "secondary": "quoted by another source"}[read]
