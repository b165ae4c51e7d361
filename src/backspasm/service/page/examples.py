"""Patients to try the page with: the invented patients of the knowledge base, and notes in a clinician's shorthand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from backspasm.patients.from_case import from_case
from backspasm.records.knowledge import Knowledge
from backspasm.service.page.entry import Entry, entry_of

#: notes by id, with what they tell
NOTES = {
    "numb_when_wiping": "a note from an emergency department",
    "toddler_who_will_not_walk": "a note from a paediatric clinic",
}


@dataclass(frozen=True)
class Example:
    id: str
    story: str


@cache
def note_text_of(name: str) -> str:
    """The text of an example note."""
    return (files("backspasm.service.page") / "notes" / f"{name}.txt").read_text(encoding="utf-8")


def examples(knowledge: Knowledge) -> tuple[Example, ...]:
    """Notes first, then patients."""
    patients = (Example(v.id, v.story) for v in knowledge.vignettes.values())
    return (*(Example(name, story) for name, story in NOTES.items()), *patients)


def example(name: str, knowledge: Knowledge) -> Entry | None:
    """The form filled with an example; None where none has this id."""
    if name in NOTES:
        return Entry(note=note_text_of(name))
    vignette = knowledge.vignettes.get(name)
    return None if vignette is None else entry_of(from_case(vignette.case, knowledge))
