"""From the lines of one patient to the encounters to assess: decoded once, every malformed resource listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from backspasm.patients.from_fhir.bundle import READ, Found
from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.moments import Moment, days_between, moment_of
from backspasm.patients.from_fhir.record import Reader, Record, Which, patient_at, record_of, visits_of
from backspasm.patients.from_fhir.structs import Element, PatientResource, Period
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.patient import Patient
from backspasm.population.follow_up import TYPES, FollowUp, Later, follow_up
from backspasm.population.screen.lines import head_of, type_of


class Line(Struct, frozen=True):
    """One line of an input file: position of the file, number of the line (0: the file is a Bundle), bytes."""

    source: int
    line: int
    data: bytes


class Problem(Struct, frozen=True):
    """A resource that could not be read, or not wholly, and why."""

    source: int
    line: int
    resource: str
    reason: str


class Encountered(Struct, frozen=True):
    """One patient at one encounter: as known then, and what the record holds later (for audits alone)."""

    patient_id: str
    patient: Patient
    encounter: str | None
    start: date | None
    site: str | None
    clinician_group: str | None
    later: FollowUp
    followed_days: float | None


class Asked(Struct, frozen=True):
    """Which encounters are assessed, and the last day whose news counts."""

    which: Which = "back-pain"
    as_of: str | None = None

    @property
    def moment(self) -> Moment | None:
        return moment_of(self.as_of)


@lru_cache(maxsize=1)
def _decoders() -> dict[str, msgspec.json.Decoder[Element]]:
    return {name: msgspec.json.Decoder(kind) for name, kind in READ.items()}


_LATER = msgspec.json.Decoder(Later)
#: fields of resources that hold dates, as they are named here; the same field of every type
_DATES = (
    "birth_date", "onset_date_time", "abatement_date_time", "recorded_date", "effective_date_time", "effective_instant",
    "issued", "authored_on", "date_asserted", "performed_date_time", "date", "authored",
)  # fmt: skip
_PERIODS = ("period", "onset_period", "abatement_period", "effective_period", "performed_period")


def record_from_lines(
    patient: str, lines: Iterable[Line], problems: list[Problem]
) -> tuple[Record, tuple[Later, ...]] | None:
    """The record of one patient from the lines of an export, and what serves the audit; None without a Patient.

    Of several versions of a resource the newest is read; of several that are equally new, the last.
    """
    newest: dict[tuple[str, str], tuple[str, Found, Later | None]] = {}
    given = list(lines)
    for line in given:
        read = _decoded(line, problems)
        if read is not None:
            found, updated, later = read
            key = (found.type, found.reference)  # what is not read has no id: it is told apart by its line
            if key not in newest or updated >= newest[key][0]:
                newest[key] = (updated, found, later)
    found_all = tuple(found for _, found, _ in newest.values() if found.resource is not _NOTHING)
    if not any(isinstance(f.resource, PatientResource) for f in found_all):
        mended = "the Patient that it is about is not in the export, or could not be read"
        listed = {(p.source, p.line) for p in problems}
        rest = [x for x in given if (x.source, x.line) not in listed]
        problems += [Problem(x.source, x.line, f"about Patient/{patient}", mended) for x in rest]
        return None
    return record_of(found_all), tuple(later for _, _, later in newest.values() if later is not None)


_NOTHING = Element()


def _decoded(line: Line, problems: list[Problem]) -> tuple[Found, str, Later | None] | None:
    """A resource with its date of update; None for what is not read, or is listed as malformed."""
    kind = type_of(line.data)
    resource: Any = _NOTHING
    try:
        if kind in READ:
            resource = _decoders()[kind].decode(line.data)
        elif kind not in TYPES:
            return None
        later = _LATER.decode(line.data) if kind in TYPES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        name = head_of(line.data).name
        problems.append(Problem(line.source, line.line, name, f"malformed: {error}"))
        return None
    own = getattr(resource, "id", None)
    reference = f"{kind}/{own}" if own else f"{kind}/line-{line.line}"
    wrong = wrong_dates(resource)
    if wrong:
        reason = f"malformed: {', '.join(wrong)} is not a date; left out"
        problems.append(Problem(line.source, line.line, reference, reason))
    meta = getattr(resource, "meta", None)
    return Found(kind, reference, None, resource), (meta.last_updated or "") if meta else "", later


class _Entry(Struct):
    resource: msgspec.Raw = msgspec.Raw(b"null")


class _Bundle(Struct):
    entry: tuple[_Entry, ...] = ()


def later_in_bundle(data: bytes) -> tuple[Later, ...]:
    """What of a Bundle serves the audit; what cannot be read is listed by the reader of the record."""
    out = []
    try:
        entries = msgspec.json.decode(data, type=_Bundle).entry
    except (msgspec.DecodeError, RecursionError):
        return ()
    for entry in entries:
        raw = bytes(entry.resource)
        if type_of(raw) in TYPES:
            with suppress(msgspec.DecodeError, RecursionError):
                out.append(_LATER.decode(raw))
    return tuple(out)


def wrong_dates(resource: Element) -> list[str]:
    """Names of the fields that should hold a date and do not."""
    dates, periods = _dated_fields(type(resource))
    wrong = []
    for name in dates:
        text = getattr(resource, name)
        if text is not None and moment_of(text) is None:
            wrong.append(_camel(name))
    for name in periods:
        period: Period | None = getattr(resource, name)
        if period is not None:
            for end in ("start", "end"):
                text = getattr(period, end)
                if text is not None and moment_of(text) is None:
                    wrong.append(f"{_camel(name)}.{end}")
    return wrong


@lru_cache(maxsize=64)
def _dated_fields(kind: type[Element]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fields of a type that hold dates, and periods."""
    fields = kind.__struct_fields__
    return tuple(f for f in fields if f in _DATES), tuple(f for f in fields if f in _PERIODS)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def encountered(record: Record, later: tuple[Later, ...], asked: Asked, reader: Reader) -> Iterator[Encountered]:
    """Every encounter that is asked for, in order of time."""
    for visit in visits_of(record, asked.which, asked.moment, reader):
        patient = patient_at(record, visit, reader)
        yield _at(record, visit, patient, later, asked.moment)


def _at(record: Record, visit: Visit, patient: Patient, later: tuple[Later, ...], as_of: Moment | None) -> Encountered:
    encounter, start = visit.encounter, visit.start
    latest = record.latest if as_of is None or record.latest is None or not record.latest.after(as_of) else as_of
    followed = days_between(start, latest) if start is not None and latest is not None else None
    who = next((p.individual for p in encounter.participant if p.individual), None) if encounter else None
    return Encountered(
        patient_id=record.owner.reference.removeprefix("Patient/"),
        patient=patient,
        encounter=visit.reference.removeprefix("Encounter/") if visit.reference else None,
        start=start.day() if start is not None else None,
        site=_named(encounter.service_provider.reference if encounter and encounter.service_provider else None),
        clinician_group=_named(who.reference if who else None),
        later=follow_up(later, start, visit.reference) if start is not None else FollowUp(),
        followed_days=followed,
    )


def _named(reference: str | None) -> str | None:
    return address(reference) if reference else None
