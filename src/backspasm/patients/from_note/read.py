"""The door of the reader: a note in, a reading with its reasons or a patient out."""

from __future__ import annotations

import re

from msgspec import Struct

from backspasm.patients.from_note.assemble import Assembled, assemble
from backspasm.patients.from_note.collecting import not_collecting
from backspasm.patients.from_note.document import Document, read_document
from backspasm.patients.from_note.hits import Hit, find_hits
from backspasm.patients.from_note.lexicon import Lexicon, lexicon_of
from backspasm.patients.from_note.spans import Span
from backspasm.patients.from_note.values import Values, find_values
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

#: line ends beside the line feed that records and conversions from other formats hold
_LINE_ENDS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
_LONE_RETURN = re.compile(r"\r(?!\n)")


class NoteError(Exception):
    """The reader itself failed. Says where in the program and with which kind of error; never a word of the note."""


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

    No text is known to make it raise; a fault of the reader itself is a NoteError, which holds nothing of the note. Takes
    time in proportion to the length. A finding that the note both affirms and denies
    becomes uncertain and stands in neither list.
    """
    lexicon = lexicon_of(knowledge)
    try:
        with not_collecting():
            return _read(text, knowledge, lexicon)
    except Exception as error:  # its message, or that of what caused it, may quote the note
        where = _place(error)
    raise NoteError(f"the reader of notes failed ({where}); this is a fault of the program, please report it")


def _read(text: str, knowledge: Knowledge, lexicon: Lexicon) -> Reading:
    lines = with_line_ends(text)
    doc = read_document(lines, lexicon.speller, lexicon.headings)
    hits, scopes = find_hits(doc, lexicon)
    spans = sentence_spans(doc)
    values = find_values(lines, doc.parts, spans, knowledge)
    made: Assembled = assemble(doc, hits, scopes, spans, values, knowledge, lexicon)
    return Reading(text, made.patient, made.hits, made.uncertain, values)


def with_line_ends(text: str) -> str:
    """The text with every kind of line end (form feed, lone carriage return, separators of Unicode) as a line feed.

    Every character keeps its place. Without it the lines would be one sentence, and "no" would deny all that follows it.
    """
    if text.count("\r") > text.count("\r\n"):
        text = _LONE_RETURN.sub("\n", text)
    for end in _LINE_ENDS:
        text = text.replace(end, "\n")
    return text


def _place(error: BaseException) -> str:
    """The kind of an error, and the module and line from which it came."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"


def from_note(text: str, knowledge: Knowledge) -> Patient:
    """The patient of a note; ``sources`` holds the words that said each finding."""
    return read_note(text, knowledge).patient


def sentence_spans(doc: Document) -> list[Span]:
    """The sentences as stretches of the text."""
    return [Span(doc.starts[s.first], doc.ends[s.last - 1]) for s in doc.sentences]
