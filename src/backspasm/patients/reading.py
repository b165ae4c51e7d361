"""Finds out what an input is (a case, a FHIR Bundle), and reads it. The first door: size, encoding and emptiness are checked here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Literal

from backspasm.patients.case_text import parse_text
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, Patient
from backspasm.records.knowledge import Knowledge

Format = Literal["case", "fhir"]
#: largest input read, in bytes; a record of one patient with decades of care is a few tens of megabytes
LARGEST_RECORD = 200_000_000
#: largest case; it is written by a person or a form
LARGEST_CASE = 1_000_000

_RESOURCE = re.compile(rb'"resourceType"\s*:')


def read_path(name: str, standard_input: BinaryIO) -> bytes:
    """Bytes of a file, or of standard input for ``-``. Raises InputError for what is no readable file."""
    if name == "-":
        data = standard_input.read(LARGEST_RECORD + 1)
    else:
        path = Path(name)
        if path.is_dir():
            raise InputError.one("FILE", name, "is a directory", "name one file; `-` reads standard input")
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST_RECORD + 1)
        except FileNotFoundError:
            raise InputError.one("FILE", name, "does not exist", "check the path; `-` reads standard input") from None
        except OSError as error:
            what = f"cannot be read ({error.strerror or type(error).__name__})"
            raise InputError.one("FILE", name, what, "check its permissions") from None
    if len(data) > LARGEST_RECORD:
        raise InputError.one(
            "FILE", name, f"is larger than {LARGEST_RECORD // 1_000_000} MB", "give the record of one patient"
        )
    return data


def detect(data: bytes) -> Format:
    """FHIR if it is a JSON object that names a resourceType, else a case."""
    start = data[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return "fhir" if start == b"{" and _RESOURCE.search(data) else "case"


def read_patient(data: bytes, knowledge: Knowledge, source: Format | None = None) -> Patient:
    """A patient from the bytes of a case or a FHIR Bundle.

    Raises:
        InputError: naming field, value and mend.
    """
    if not data.strip():
        raise InputError.one("input", "", "the file is empty", "give a case (age_years, present, ...) or a FHIR Bundle")
    kind = source or detect(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError.one(
            "input",
            f"byte {data[error.start]:#04x} at position {error.start}",
            "is not valid UTF-8",
            "save the file as UTF-8 text",
        ) from None
    if kind == "fhir":
        from backspasm.patients.from_fhir import from_fhir  # a case does not need it

        return from_fhir(text.encode(), knowledge)
    if len(data) > LARGEST_CASE:
        what = f"{len(data):,} bytes are too many for a case (at most {LARGEST_CASE:,})"
        raise InputError.one("input", "", what, "give one case, or a FHIR Bundle in JSON")
    return from_case(parse_text(text), knowledge)
