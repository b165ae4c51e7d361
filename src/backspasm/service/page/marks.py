"""The note with its marks: each opens a small menu that corrects what was read there."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.patients.from_note import Reading
from backspasm.presentation import words
from backspasm.presentation.note import MARKS, MEANS, marks
from backspasm.records.knowledge import Knowledge
from backspasm.service.page.entry import Entry


@dataclass(frozen=True)
class Choice:
    """A finding that a mark names. ``state``: as it is held now; ``field``: of a measurement, where to correct it."""

    finding: str
    name: str
    state: str
    field: str


@dataclass(frozen=True)
class Piece:
    """A stretch of the note; a mark where ``kind`` is not empty. ``corrected``: a person said otherwise."""

    text: str
    kind: str = ""
    sign: str = ""
    title: str = ""
    key: str = ""
    choices: tuple[Choice, ...] = ()
    corrected: bool = False


def pieces_of(reading: Reading, entry: Entry, knowledge: Knowledge) -> tuple[Piece, ...]:
    """The whole note in order; the pieces' texts joined are the note."""
    out: list[Piece] = []
    at = 0
    for i, mark in enumerate(marks(reading, knowledge)):
        out.append(Piece(reading.text[at : mark.start]))
        choices = tuple(_choice(f, entry, knowledge) for f in mark.findings)
        corrected = any(entry.says(x.field) != entry.base.get(x.field, "") for x in choices)
        kind = _kind(choices) if corrected else mark.kind
        title = "; ".join(f"{x.name}: {x.state or 'not counted'}" for x in choices) if corrected else mark.title
        text = reading.text[mark.start : mark.end]
        out.append(Piece(text, kind, MARKS[kind][0], title, f"mark-{i}", choices, corrected))
        at = mark.end
    out.append(Piece(reading.text[at:]))
    return tuple(p for p in out if p.text)


def _choice(finding: str, entry: Entry, knowledge: Knowledge) -> Choice:
    record = knowledge.findings[finding]
    field = f"m-{finding}" if record.kind == "measured" else f"f-{finding}"
    return Choice(finding, words.finding_name(finding, knowledge), entry.says(field), field)


def _kind(choices: tuple[Choice, ...]) -> str:
    """How a corrected mark looks: as its first finding that still counts."""
    first = next((x for x in choices if x.state), None)
    if first is None:
        return "other"
    return {"present": "present", "absent": "absent", "unsure": "uncertain"}.get(first.state, "measured")


LEGEND = tuple((kind, MARKS[kind][0], means) for kind, means in MEANS.items())
