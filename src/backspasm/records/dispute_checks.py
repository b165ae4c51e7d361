"""Checks of the curated disputes: sides name facts that exist, and facts that speak of what is in dispute."""

from __future__ import annotations

from collections.abc import Iterator

from backspasm.records.dispute import Dispute
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.types import Fact
from backspasm.records.yaml_source import Source

#: kinds of fact from which a rate can be worked out
RATES = {"rate", "accuracy", "complication_rate"}


def dispute_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    """Unknown ids and addresses, facts on two sides, facts that do not bear on the cells."""
    for source in sources:
        for i, record in enumerate(source.data["disputes"]):
            dispute = knowledge.disputes[record["id"]]
            for what, mend in _problems(knowledge, dispute):
                yield Problem(source.file, source.line(("disputes", i)), f"{dispute.id}: {what}", mend)


def _problems(knowledge: Knowledge, dispute: Dispute) -> Iterator[tuple[str, str]]:
    index = knowledge.index
    patients = {*index.cause_ids, *index.complications}
    known = {*patients, *index.finding_ids}
    for about in dispute.about:
        if about not in known:
            yield f"unknown id {about!r} in about", did_you_mean(about, known, "see index.yaml")
    for cell in dispute.cells:
        whats = {*index.finding_ids, *index.complications}
        if cell.what not in whats:
            yield f"unknown finding {cell.what!r}", did_you_mean(cell.what, whats, "see index.yaml")
        if cell.given not in patients:
            yield f"unknown cause {cell.given!r}", did_you_mean(cell.given, patients, "see index.yaml")
    if (dispute.kind == "diagnosis") != bool(dispute.cells):
        yield "a dispute about diagnosis names its cells, and no other does", "add or remove cells"
    seen: dict[str, str] = {}
    for side in dispute.sides:
        for address in side.facts:
            if address in seen:
                yield f"{address} stands on two sides", "keep it on one"
            seen[address] = side.holds
            found = knowledge.fact(address)
            if found is None:
                addresses = knowledge.addresses()
                yield f"unknown fact {address!r}", did_you_mean(address, addresses, "see evidence/studies")
            elif dispute.cells and not _bears(found[1], dispute):
                yield f"{address} says nothing of the cells", "name a rate of this finding, or another cell"


def _bears(fact: Fact, dispute: Dispute) -> bool:
    groups = {*fact.causes, *((fact.complication,) if fact.complication else ())}
    groups |= set(fact.comparator.causes if fact.comparator else ())
    about = fact.finding if fact.kind != "complication_rate" else fact.complication
    return fact.kind in RATES and any(c.what == about and c.given in groups for c in dispute.cells)
