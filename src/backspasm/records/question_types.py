"""Records of `safety_questions.yaml`: what is always asked, what is asked in one breath, what is not put to some people."""

from __future__ import annotations

from typing import Literal

from backspasm.records.types import Record


class SafetySet(Record, frozen=True, kw_only=True):
    """Questions that are asked before an interview stops, whatever their value."""

    id: str
    of: Literal["everyone", "children", "adults"]
    findings: tuple[str, ...]
    why: str
    sources: tuple[str, ...]


class Together(Record, frozen=True, kw_only=True):
    """Findings that are asked in one breath."""

    id: str
    findings: tuple[str, ...]


class NotAskedOf(Record, frozen=True, kw_only=True):
    """Questions that are not put to some people."""

    people: Literal["adults", "children", "males", "females"]
    findings: tuple[str, ...]
    why: str
