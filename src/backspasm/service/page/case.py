"""From the fields of the form to the patient: the same case that a file would hold, with each fault at its field."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.from_note import Reading
from backspasm.patients.patient import InputError, InputProblem, Patient
from backspasm.patients.typed_value import typed_value
from backspasm.records.knowledge import Knowledge
from backspasm.service.page.entry import NONE, Entry

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_MONTHS = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:m|mo|mos|months?)")
MONTHS_OF_A_YEAR = 12


class Fault(Struct, frozen=True):
    """What is wrong at a field (empty: nowhere in particular), and how to mend it."""

    field: str
    text: str
    mend: str


class Made(Struct, frozen=True):
    """The patient of a form, or what keeps it from being one. ``case``: as a file would hold it."""

    case: dict[str, Any]
    patient: Patient | None
    faults: tuple[Fault, ...]


def patient_of(entry: Entry, reading: Reading | None, knowledge: Knowledge) -> Made:
    """The patient of a form whose note was read."""
    faults: list[Fault] = []
    case = case_of(entry, knowledge, faults)
    patient: Patient | None = None
    try:
        patient = from_case(case, knowledge)
        patient = msgspec.structs.replace(patient, **_origins(entry, reading))
        answers_of(patient, knowledge)
    except InputError as error:
        faults += [_fault(p, entry) for p in error.problems]
    return Made(case, None if faults else patient, tuple(faults))


def _origins(entry: Entry, reading: Reading | None) -> dict[str, Any]:
    """What was not understood of a record or note, and the words behind each finding."""
    unread, remarks, sources = entry.unread, entry.remarks, {}
    if reading is not None:
        unread, remarks = (*unread, *reading.patient.unread), (*remarks, *reading.patient.notes)
        sources = reading.patient.sources
    return {"unread": unread, "notes": remarks, "sources": sources}


def case_of(entry: Entry, knowledge: Knowledge, faults: list[Fault]) -> dict[str, Any]:
    """The case that the fields say; what is no number goes to ``faults``."""
    states = entry.findings()
    case: dict[str, Any] = {
        "age_years": _age(entry.says("age"), faults),
        "sex": entry.says("sex") or "unknown",
        "setting": entry.says("setting") or None,
        "present": [f for f, state in states.items() if state == "present"],
        "absent": [f for f, state in states.items() if state == "absent"],
        "measured": {},
        "days_ago": {},
        "pregnant": {"yes": True, "no": False}.get(entry.says("pregnant")),
        "pregnancy_weeks": _plain("weeks", entry.says("weeks"), "completed weeks", faults),
    }
    for field in ("medications", "allergies"):
        if entry.says(field):
            case[field] = names_in(entry.says(field))
    for field, text in entry.fields.items():
        kind, name = field[:2], field[2:]
        if kind == "m-" and name in knowledge.findings:
            try:
                case["measured"][name] = typed_value(text, name, knowledge)
            except InputError as error:
                faults += [Fault(field, _said(p), p.mend) for p in error.problems]
        elif kind == "m-":
            case["measured"][name] = text  # the door of cases says what is wrong with it
        elif kind == "d-" and states.get(name) in {"present", "absent"}:
            days = _plain(field, text, "days since it happened", faults)
            if days is not None:
                case["days_ago"][name] = days
    diseases = [f[2:] for f in entry.fields if f.startswith("c-") and f != "c-none"]
    if diseases or entry.says("c-none"):
        case["comorbidities"] = diseases
    return case


def names_in(text: str) -> list[str]:
    """The names of a list, one a line or between commas; ``none`` says that there are none."""
    names = [n.strip() for n in re.split(r"[\n,;]", text) if n.strip()]
    return [] if [n.lower() for n in names] == [NONE] else names


def _age(text: str, faults: list[Fault]) -> float | None:
    months = _MONTHS.fullmatch(text.lower())
    if months:
        return float(months[1].replace(",", ".")) / MONTHS_OF_A_YEAR
    return _plain("age", text, "age in years, or as `18 months`", faults)


def _plain(field: str, text: str, means: str, faults: list[Fault]) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        faults.append(Fault(field, f"“{text[:40]}” is not a number", f"give the {means}"))
        return None
    return float(text.replace(",", "."))


#: the field of the form in which a field of the case stands
_HOMES = {"age_years": "age", "pregnancy_weeks": "weeks"}


def _fault(problem: InputProblem, entry: Entry) -> Fault:
    head, _, tail = problem.field.partition(".")
    field = _HOMES.get(head, head)
    if head == "measured" and tail:
        field = f"m-{tail}"
    elif head == "days_ago" and tail:
        field = f"d-{tail}"
    elif head in {"present", "absent"}:
        field = f"f-{problem.value}"
    elif head == "comorbidities" and entry.says(f"c-{problem.value}"):
        field = f"c-{problem.value}"
    return Fault(field, _said(problem), problem.mend)


def _said(problem: InputProblem) -> str:
    return f"{problem.value} {problem.what}" if problem.value else problem.what
