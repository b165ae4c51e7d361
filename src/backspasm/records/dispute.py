"""A question on which studies disagree, with the studies on each side."""

from __future__ import annotations

from typing import Literal

from backspasm.records.types import Record


class DisputedCell(Record, frozen=True, kw_only=True):
    """A rate in dispute: of a finding (or complication), given a cause or a complication."""

    what: str
    given: str


class Side(Record, frozen=True, kw_only=True):
    """What one side of a dispute holds, and the addresses of the facts that say so."""

    holds: str
    facts: tuple[str, ...]


class Dispute(Record, frozen=True, kw_only=True):
    """A question on which studies disagree, written by curators: what, why, and how the system deals with it."""

    id: str
    kind: Literal["diagnosis", "mechanism"]
    name: str
    says: str
    why: str
    handled: str
    about: tuple[str, ...]
    sides: tuple[Side, ...]
    cells: tuple[DisputedCell, ...] = ()
