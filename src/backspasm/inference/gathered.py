"""What the studies say, by cell of the model: gathered once, compared, and restricted to one side of a dispute."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

from backspasm.inference.measurements import Constraint, constraints
from backspasm.inference.observations import Cell, Sighting, complication_sightings, rate_sightings
from backspasm.records.knowledge import Knowledge

T = TypeVar("T")

#: a rate at every age: a finding (or complication), given a cause or complication
Place = tuple[str, str]


@dataclass(frozen=True)
class Gathered:
    """Sightings of rates (and strengths) and of complication shares; constraints of measured values with their facts."""

    rates: dict[Cell, tuple[Sighting, ...]]
    complications: dict[Cell, tuple[Sighting, ...]]
    values: dict[Cell, tuple[Constraint, ...]]
    value_facts: dict[Cell, tuple[str, ...]]


def gather(knowledge: Knowledge, without: frozenset[str] = frozenset()) -> Gathered:
    """Everything that studies say of single cells, leaving out the studies or facts named."""
    values, facts = constraints(knowledge, without)
    return Gathered(rate_sightings(knowledge, without), complication_sightings(knowledge, without), values, facts)


def only(
    knowledge: Knowledge, gathered: Gathered, cells: AbstractSet[Place], keep: frozenset[str], also: bool = False
) -> Gathered:
    """The same, but at some places only these facts count, at every age; all other cells keep what they have.

    Args:
        cells: (finding or complication, cause or complication) pairs.
        keep: addresses of facts.
        also: whether facts of ``keep`` that are marked as not to be pooled count here.
    """
    whats = {what for what, _ in cells}
    others = frozenset(
        address
        for study, fact in knowledge.facts()
        if {fact.finding, fact.complication} & whats and (address := f"{study.id}/{fact.id}") not in keep
    )
    extra = keep if also else frozenset()

    def mixed(
        table: dict[Cell, tuple[Sighting, ...]], side: dict[Cell, tuple[Sighting, ...]]
    ) -> dict[Cell, tuple[Sighting, ...]]:
        out = {cell: seen for cell, seen in table.items() if (cell.what, cell.given) not in cells}
        return out | {cell: seen for cell, seen in side.items() if (cell.what, cell.given) in cells}

    return replace(
        gathered,
        rates=mixed(gathered.rates, rate_sightings(knowledge, others, extra)),
        complications=mixed(gathered.complications, complication_sightings(knowledge, others, extra)),
    )


def differing(one: Mapping[Cell, T], other: Mapping[Cell, T]) -> set[Cell]:
    """Cells of which the two say different things."""
    return {cell for cell in {*one, *other} if one.get(cell) != other.get(cell)}
