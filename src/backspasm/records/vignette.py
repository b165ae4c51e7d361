"""A made-up patient with the advice that clinicians expect."""

from __future__ import annotations

from typing import Any

from backspasm.records.types import Record


class Expected(Record, frozen=True, kw_only=True):
    """Levels of urgency that would be right, causes of which one should lead, groups that must stand in the ledger."""

    urgency: tuple[str, ...]
    leading: tuple[str, ...]
    must_not_miss: tuple[str, ...] = ()


class Vignette(Record, frozen=True, kw_only=True):
    """A patient with the advice that clinicians expect. ``case`` is in the format of a case."""

    id: str
    story: str
    case: dict[str, Any]
    expected: Expected
