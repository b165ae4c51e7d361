"""What the studies say, by cell of the model: gathered once, compared, and restricted to one side of a dispute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from backspasm.inference.measurements import Constraint, constraints
from backspasm.inference.observations import Cell, Sighting, complication_sightings, rate_sightings
from backspasm.records.knowledge import Knowledge

T = TypeVar("T")


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


def only(gathered: Gathered, what: str, given: str, keep: frozenset[str]) -> Gathered:
    """The same, but of one finding (or complication) given one cause or complication only these facts, at every age."""

    def kept(table: dict[Cell, tuple[Sighting, ...]]) -> dict[Cell, tuple[Sighting, ...]]:
        out = {}
        for cell, sightings in table.items():
            if (cell.what, cell.given) == (what, given):
                sightings = tuple(s for s in sightings if s.address in keep)
            if sightings:
                out[cell] = sightings
        return out

    return replace(gathered, rates=kept(gathered.rates), complications=kept(gathered.complications))


def differing(one: Mapping[Cell, T], other: Mapping[Cell, T]) -> set[Cell]:
    """Cells of which the two say different things."""
    return {cell for cell in {*one, *other} if one.get(cell) != other.get(cell)}
