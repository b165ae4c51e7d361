"""What stands in the form: every field as text. All that the page knows of a patient travels in it; the server keeps nothing.

A field that follows the note changes with the note; one that a person has changed stays as it was left. To tell them apart,
the form carries beside each field what the note said when the field was last filled (``base``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from backspasm.patients.from_note import Reading
from backspasm.patients.patient import Patient, Unread

#: fields of which there is one
SINGLE = ("age", "sex", "setting", "pregnant", "weeks", "medications", "allergies", "c-none")
#: fields of which there is one for each measurement, finding, finding with a time, comorbidity
KINDS = ("m-", "f-", "d-", "c-")
#: before the name of a field: what the note said
BASE = "n-"
STATES = ("present", "absent", "unsure")
#: written in a list of medicines or allergies where there are none
NONE = "none"


class Entry(Struct, frozen=True):
    """The form. ``fields``: text by field, empty ones left out; ``base``: what the note said of them.

    ``unread``, ``remarks``: what a record said that was not understood, or not used.
    """

    fields: dict[str, str] = {}
    base: dict[str, str] = {}
    note: str = ""
    unread: tuple[Unread, ...] = ()
    remarks: tuple[str, ...] = ()

    def says(self, field: str) -> str:
        return self.fields.get(field, "")

    @property
    def empty(self) -> bool:
        """Whether nothing at all was entered."""
        return not (self.fields or self.note.strip() or self.unread)

    def findings(self) -> dict[str, str]:
        """The state of each finding that was answered."""
        return {k[2:]: v for k, v in self.fields.items() if k.startswith("f-")}

    def replaced(self, field: str, text: str) -> Entry:
        """The form with one field changed by a person."""
        fields = {k: v for k, v in self.fields.items() if k != field} | ({field: text} if text else {})
        return msgspec.structs.replace(self, fields=fields)


def known_field(name: str) -> bool:
    return name in SINGLE or name.startswith(KINDS)


def read_entry(form: Mapping[str, str], unread: Iterable[str] = (), remarks: Iterable[str] = ()) -> Entry:
    """The form as a browser sent it. Names that are no field are no part of it.

    Args:
        form: text by name; line ends as browsers send them.
        unread: each entry as JSON of its two texts.
        remarks: remarks of the reader of a record.
    """
    fields, base = {}, {}
    for name, text in form.items():
        clean = _lines(text)
        if known_field(name) and clean.strip():
            fields[name] = clean.strip()
        elif name.startswith(BASE) and known_field(name[2:]) and clean.strip():
            base[name[2:]] = clean.strip()
    return Entry(fields, base, _lines(form.get("note", "")), tuple(map(_unread, unread)), tuple(remarks))


def _unread(text: str) -> Unread:
    try:
        what, why = msgspec.json.decode(text, type=tuple[str, str])
    except (msgspec.MsgspecError, UnicodeError):
        return Unread("a part of the record", "could not be taken over")
    return Unread(what, why)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def entry_of(patient: Patient) -> Entry:
    """The form filled with a patient: of an example, or read from a record."""
    return Entry(fields_of(patient), unread=patient.unread, remarks=patient.notes)


def fields_of(patient: Patient, unsure: Iterable[str] = ()) -> dict[str, str]:
    """A patient as text by field."""
    p = patient
    out = {
        "age": "" if p.age_years is None else _number(p.age_years),
        "sex": "" if p.sex == "unknown" else p.sex,
        "setting": p.setting or "",
        "pregnant": {True: "yes", False: "no", None: ""}[p.pregnant],
        "weeks": "" if p.pregnancy_weeks is None else _number(p.pregnancy_weeks),
        "medications": _listed("medications", p.medications, p),
        "allergies": _listed("allergies", p.allergies, p),
        "c-none": "yes" if "comorbidities" in p.stated and not p.comorbidities else "",
    }
    out |= {f"c-{name}": "yes" for name in p.comorbidities}
    out |= {f"m-{name}": _number(value) for name, value in p.measured.items()}
    out |= {f"d-{name}": _number(days) for name, days in p.days_ago.items()}
    for state, names in zip(STATES, (p.present, p.absent, tuple(unsure)), strict=True):
        out |= {f"f-{name}": state for name in names}
    return {field: text for field, text in out.items() if text}


def _listed(field: str, names: tuple[str, ...], patient: Patient) -> str:
    return "\n".join(names) if names else NONE if field in patient.stated else ""


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def resolved(entry: Entry, reading: Reading | None) -> Entry:
    """The form after its note was read: what follows the note takes what the note says now, all else stays."""
    said = fields_of(reading.patient, reading.uncertain) if reading is not None else {}
    fields = {}
    for name in dict.fromkeys((*entry.fields, *entry.base, *said)):
        mine, was, says = entry.says(name), entry.base.get(name, ""), said.get(name, "")
        text = says if mine == was else mine
        if text:
            fields[name] = text
    return msgspec.structs.replace(entry, fields=fields, base=said)
