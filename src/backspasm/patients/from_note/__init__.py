"""Reads clinical prose: what was said about the patient, the words that said it, and what could not be decided."""

from backspasm.patients.from_note.hits import Hit
from backspasm.patients.from_note.read import NoteError, Reading, from_note, read_note

__all__ = ["Hit", "NoteError", "Reading", "from_note", "read_note"]
