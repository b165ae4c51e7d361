"""What to tell the patient, or the parents of a child: what to do now, what to watch for, how soon to come back.

The signs to watch for follow the residual risks: groups of the ledger, complications and likely causes that remain possible.
Some are always said.
"""

from __future__ import annotations

from msgspec import Struct

from backspasm.advice.situations import Circumstances, holds
from backspasm.records.care_types import WHENS, PatientLine, Section, When

#: sections of which only the first line that holds is said
ONE = ("urgency", "what_we_think")


class Said(Struct, frozen=True):
    """One thing to say. ``always``: it stands whatever the residual risks are."""

    id: str
    section: Section
    words: str
    how_soon: When | None
    always: bool
    sources: tuple[str, ...]


def patient_words(c: Circumstances) -> tuple[Said, ...]:
    """All lines that hold, in order of the records; signs to watch for by how soon to come, those always said first."""
    out: list[Said] = []
    for line in c.knowledge.patient_lines:
        if line.section in ONE and any(s.section == line.section for s in out):
            continue
        if line.always or holds(line.condition, c):
            out.append(_said(line, c))
    watch = [s for s in out if s.section == "watch"]
    rest = [s for s in out if s.section != "watch"]
    return (*rest, *sorted(watch, key=lambda s: (WHENS.index(s.how_soon or "planned"), not s.always)))


def _said(line: PatientLine, c: Circumstances) -> Said:
    words = line.child if c.child and line.child is not None else line.adult
    return Said(line.id, line.section, words, line.how_soon, line.always, line.sources)
