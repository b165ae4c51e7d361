"""Finds out what an input is (a case, a FHIR Bundle, a note), and reads it.

The first door: size, encoding and emptiness are checked here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Literal

from backspasm.patients.case_text import parse_text
from backspasm.patients.from_case import FIELDS, from_case
from backspasm.patients.patient import InputError, Patient
from backspasm.records.knowledge import Knowledge

Format = Literal["case", "fhir", "note"]
#: largest input read, in bytes; a record of one patient with decades of care is a few tens of megabytes
LARGEST_RECORD = 200_000_000
#: largest case; it is written by a person or a form
LARGEST_CASE = 1_000_000
#: largest note; the longest discharge letters are a hundred times smaller
LARGEST_NOTE = 2_000_000

#: beginnings of files that hold no plain text: what they are, and how their words are had
_OTHER_FORMATS = (
    ("%PDF-", "is a PDF, not plain text", "copy its text into a .txt file"),
    ("{\\rtf", "is Rich Text, not plain text", "save it as plain text"),
    ("PK\x03\x04", "is a Word or ZIP file, not plain text", "save the document as plain text"),
)
#: the root of an XML document, in the namespace of FHIR or another (such as a CDA document)
_XML = re.compile(r"\s*(?:<\?xml\b|<\w+[^>]*\bxmlns\s*=)")
_JSON_OBJECT = re.compile(r'\s*\{\s*"')
_RESOURCE = re.compile(rb'"resourceType"\s*:')
#: the field that every case has, and no note
_CASE = re.compile(r"^[ \t{]*[\"']?age_years[\"']?[ \t]*:", re.MULTILINE)
#: a line of a case that is not indented: a field, an entry of a list, a comment, the start of a document
_CASE_LINE = re.compile(r"(?:[a-z_]+\s*:(?:\s|$)|['\"]?[a-z_]+['\"]?\s*:|- |#|---|\.\.\.|[\]}{\[])")
_FIELD = re.compile(rf"^['\"]?(?:{'|'.join(FIELDS)}|[a-z]+_[a-z_]+)['\"]?\s*:", re.MULTILINE)


def read_path(name: str, standard_input: BinaryIO) -> bytes:
    """Bytes of a file, or of standard input for ``-``. Raises InputError for what is no readable file."""
    if name == "-":
        data = standard_input.read(LARGEST_RECORD + 1)
    else:
        if not name:
            raise InputError.one("FILE", "''", "names nothing", "name one file; `-` reads standard input")
        path = Path(name)
        try:
            if path.is_dir():
                raise InputError.one("FILE", name, "is a directory", "name one file; `-` reads standard input")
            with path.open("rb") as file:
                data = file.read(LARGEST_RECORD + 1)
        except FileNotFoundError:
            raise InputError.one("FILE", name, "does not exist", "check the path; `-` reads standard input") from None
        except OSError as error:
            what = f"cannot be read ({error.strerror or type(error).__name__})"
            raise InputError.one(
                "FILE", name, what, "check its permissions" if isinstance(error, PermissionError) else "check its name"
            ) from None
    if len(data) > LARGEST_RECORD:
        raise InputError.one(
            "FILE", name, f"is larger than {LARGEST_RECORD // 1_000_000} MB", "give the record of one patient"
        )
    return data


def detect(data: bytes) -> Format:
    """FHIR if it is a JSON object that names a resourceType; a case if it is data; a note if it is prose."""
    start = data[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{" and _RESOURCE.search(data):
        return "fhir"
    return "note" if _is_prose(data) else "case"


def _is_prose(data: bytes) -> bool:
    """Whether a text is written in sentences or as a form, and not as the fields of a case.

    A case has its fields in small letters at the start of its lines, and nothing else there. A single word or number
    is no note: it is refused as a case, which says what was expected.
    """
    try:
        text = data[:20_000].decode("utf-8-sig", errors="ignore")
    except ValueError:
        return False
    if "\0" in text or text.lstrip()[:1] in tuple("{[!%&"):
        return False
    lines = [line for line in text.splitlines() if line.strip() and not line[0].isspace()]
    if _FIELD.search(text) and all(_CASE_LINE.match(line) for line in lines):
        return False
    words = re.findall(r"[^\W\d_]{2,}", text)
    return len(words) >= 3 and not all(_CASE_LINE.match(line) for line in lines)


def read_patient(data: bytes, knowledge: Knowledge, source: Format | None = None) -> Patient:
    """A patient from the bytes of a case, a FHIR Bundle or a note.

    Raises:
        InputError: naming field, value and mend.
    """
    if not data.strip():
        raise InputError.one(
            "input", "", "the file is empty", "give a case (age_years, present, ...), a FHIR Bundle or a note"
        )
    kind = source or detect(data)
    text = decoded(data)
    if kind == "fhir":
        from backspasm.patients.from_fhir import from_fhir  # a case does not need it

        return from_fhir(text.encode(), knowledge)
    if kind == "note":
        from backspasm.patients.from_note import from_note  # compiles the words: only for those who have a note

        return from_note(note_text(text), knowledge)
    if len(data) > LARGEST_CASE:
        what = f"{len(data):,} bytes are too many for a case (at most {LARGEST_CASE:,})"
        raise InputError.one("input", "", what, "give one case, or a FHIR Bundle in JSON")
    return from_case(parse_text(text), knowledge)


def decoded(data: bytes) -> str:
    """The text of an input. Raises InputError where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError.one(
            "input",
            f"byte {data[error.start]:#04x} at position {error.start}",
            "is not valid UTF-8",
            "save the file as UTF-8 text",
        ) from None


def note_text(text: str) -> str:
    """The text of a note.

    Raises:
        InputError: empty, too long, or not prose at all: a document or a record read word by word would look like a note
            in which nothing was found.
    """
    if not text.strip():
        raise InputError.one("input", "", "the note is empty", "give the text of a note")
    for beginning, what, mend in _OTHER_FORMATS:
        if text.startswith(beginning):
            raise InputError.one("input", "", what, mend)
    if _XML.match(text):
        raise InputError.one(
            "input", "", "is XML, which is not read", "give FHIR R4 as JSON, or the note as plain text"
        )
    if _CASE.search(text) or (text.lstrip()[:1] == "{" and _RESOURCE.search(text.encode())):
        what = "is a case or a FHIR resource, not a note: its `absent` would be read as words"
        raise InputError.one("input", "", what, "`backspasm assess FILE` takes it as it is; leave out --from note")
    if _JSON_OBJECT.match(text):
        raise InputError.one(
            "input", "", "is JSON, not a note", "give it as a case or a FHIR Bundle: backspasm assess FILE"
        )
    if len(text) > LARGEST_NOTE:
        what = f"{len(text):,} characters are too many for a note (at most {LARGEST_NOTE:,})"
        raise InputError.one("input", "", what, "give the note of one visit")
    return text
