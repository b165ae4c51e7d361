"""The door of the reader: a note in, a reading with its reasons or a patient out."""

from __future__ import annotations

from msgspec import Struct

from backspasm.patients.from_note.assemble import Assembled, assemble
from backspasm.patients.from_note.document import Document, read_document
from backspasm.patients.from_note.hits import Hit, find_hits
from backspasm.patients.from_note.lexicon import lexicon_of
from backspasm.patients.from_note.spans import Span
from backspasm.patients.from_note.values import Values, find_values
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge


class Reading(Struct, frozen=True):
    """What a note says: the patient, every hit behind it, and what stayed uncertain.

    Offsets of hits count characters of ``text``, the note as given.
    """

    text: str
    patient: Patient
    hits: tuple[Hit, ...]
    uncertain: tuple[str, ...]
    values: Values

    @property
    def present(self) -> tuple[str, ...]:
        return self.patient.present

    @property
    def absent(self) -> tuple[str, ...]:
        return self.patient.absent

    @property
    def days_ago(self) -> dict[str, float]:
        return self.patient.days_ago


def read_note(text: str, knowledge: Knowledge) -> Reading:
    """Read a clinical note, a letter, a transcript or a patient's own words.

    Never raises for any text; takes time in proportion to its length. A finding that the note both affirms and denies
    becomes uncertain and stands in neither list.
    """
    lexicon = lexicon_of(knowledge)
    doc = read_document(text, lexicon.speller, lexicon.headings)
    hits, scopes = find_hits(doc, lexicon)
    spans = sentence_spans(doc)
    values = find_values(text, doc.parts, spans, knowledge)
    made: Assembled = assemble(doc, hits, scopes, spans, values, knowledge, lexicon)
    return Reading(text, made.patient, made.hits, made.uncertain, values)


def from_note(text: str, knowledge: Knowledge) -> Patient:
    """The patient of a note; ``sources`` holds the words that said each finding."""
    return read_note(text, knowledge).patient


def sentence_spans(doc: Document) -> list[Span]:
    """The sentences as stretches of the text."""
    return [Span(doc.starts[s.first], doc.ends[s.last - 1]) for s in doc.sentences]
