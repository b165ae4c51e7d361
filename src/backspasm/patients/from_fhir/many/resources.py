"""The resources of many patients as arrays: their classes, dates and encounters. What is odd sends its patient the slow way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.many.book import ODD, Book
from backspasm.patients.from_fhir.many.kinds import Columns, Kind, Reading
from backspasm.patients.from_fhir.many.lean import WHOLE, lean_of
from backspasm.patients.from_fhir.many.moments import Flags, Ints
from backspasm.patients.from_fhir.structs import (
    Encounter,
    Medication,
    PatientResource,
    Quantity,
    QuestionnaireResponse,
    ResponseItem,
)
from backspasm.patients.from_fhir.visit import references_of

#: lines that are decoded at once: what comes of them stays in the processor's cache until it is let go of
AT_ONCE = 512

_PATIENT = msgspec.json.Decoder(PatientResource)
_MEDICATION = msgspec.json.Decoder(Medication)
_ENCOUNTER = lean_of(Encounter)
_RESPONSE = lean_of(QuestionnaireResponse, nested={"item": tuple[Raw, ...]})


@dataclass(frozen=True)
class Lines:
    """Lines of one type: bytes, the patient (place in the batch) and the position among all lines of the batch."""

    data: Sequence[bytes]
    patient: Ints
    position: Ints

    def __len__(self) -> int:
        return len(self.data)

    def part(self, start: int, end: int) -> Lines:
        """Some of them."""
        return Lines(self.data[start:end], self.patient[start:end], self.position[start:end])


@dataclass(frozen=True)
class Resources:
    """Resources of one type. ``place``: class; ``encounter``: place among the batch's encounters, -1 for none of them.

    ``quantities``: of observations.
    """

    ids: list[str | None]
    patient: Ints
    position: Ints
    place: Ints
    columns: Columns
    quantities: list[Quantity | None] | None = None


@dataclass(frozen=True)
class Encounters:
    """All encounters; ``start``, ``end`` as places in the table of dates."""

    objects: list[Any]
    ids: list[str]
    patient: Ints
    place: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Responses:
    """Responses to questionnaires, at most one for each patient, and all their items in order.

    ``of`` (items): place of the response; ``item``: class of the item; ``authored`` as a place in the table of dates.
    """

    patient: Ints
    place: Ints
    authored: Ints
    encounter: Ints
    of: Ints
    item: Ints


@dataclass(frozen=True)
class People:
    """One for each patient of the batch; None and missing dates where the Patient is not plainly there."""

    born: Ints
    sex: list[str | None]


def decoded(decode: Any, lines: Lines, blank: Any, slow: Flags) -> list[Any]:
    """Every line decoded; where one cannot be, its patient goes the slow way, which lists it."""
    try:
        return list(map(decode, lines.data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        out = []
        for data, patient in zip(lines.data, lines.patient.tolist(), strict=True):
            try:
                out.append(decode(data))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                slow[patient] = True
                out.append(blank)
        return out


def read_resources(name: str, kind: Kind, lines: Lines, book: Book, reading: Reading) -> Resources:
    """The resources of one type."""
    read = [_some(name, kind, lines.part(at, at + AT_ONCE), book, reading) for at in range(0, len(lines), AT_ONCE)]
    ids: list[str | None] = list(chain.from_iterable(own for own, _, _, _ in read))
    one_version(ids, lines.patient, reading.slow)
    place = np.array(list(chain.from_iterable(places for _, places, _, _ in read)), dtype=np.int64)
    reading.slow[lines.patient[place == ODD]] = True
    columns = Columns(*(np.concatenate(c) for c in zip(*(vars(own).values() for _, _, own, _ in read), strict=True)))
    quantities = list(chain.from_iterable(own for _, _, _, own in read))
    return Resources(ids, lines.patient, lines.position, place, columns, quantities or None)


def _some(
    name: str, kind: Kind, lines: Lines, book: Book, reading: Reading
) -> tuple[list[str | None], list[int], Columns, list[Quantity | None]]:
    """Ids, classes, columns and, of observations, numbers of some resources; what was decoded is let go of at once."""
    usual, lean = kind.leans
    try:
        objects = list(map(usual.decode, lines.data))
        lean = usual
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        objects = decoded(lean.decode, lines, lean.decode(b"{}"), reading.slow)
    places = book.classes(name, lean, kind.struct, lean.keys(objects))
    quantities = [o.value_quantity for o in objects] if name == "Observation" else []
    return [o.id for o in objects], places, kind.columns(objects, lines.patient, reading), quantities


def one_version(ids: Sequence[str | None], patient: Ints, slow: Flags) -> None:
    """Of which patient several versions of a resource are there."""
    if len(set(ids)) < len(ids):
        counted = Counter(zip(patient.tolist(), ids, strict=True))
        slow[[p for (p, name), n in counted.items() if n > 1 and name]] = True


def read_people(lines: Lines, names: Sequence[str], reading: Reading) -> People:
    """Who the patients are; each must be there once, under the name by which the lines were brought together."""
    objects = decoded(_PATIENT.decode, lines, PatientResource(), reading.slow)
    slow = np.ones(len(names), dtype=bool)
    sex: list[str | None] = [None] * len(names)
    births: list[str | None] = [None] * len(names)
    for o, p in zip(objects, lines.patient.tolist(), strict=True):
        slow[p] = o.id != names[p]
        sex[p], births[p] = o.gender, o.birth_date
    slow[np.bincount(lines.patient, minlength=len(names)) > 1] = True
    reading.slow |= slow
    return People(reading.date(births, np.arange(len(names))), sex)


def read_encounters(lines: Lines, book: Book, reading: Reading) -> Encounters:
    """All encounters."""
    objects = decoded(_ENCOUNTER.decode, lines, _ENCOUNTER.decode(b'{"id":""}'), reading.slow)
    ids: list[str] = [o.id or "" for o in objects]
    one_version(ids, lines.patient, reading.slow)
    place = np.array(book.classes("Encounter", _ENCOUNTER, Encounter, _ENCOUNTER.keys(objects)), dtype=np.int64)
    odd = (place == ODD) | np.array([not name for name in ids], dtype=bool)
    if len(set(ids)) < len(ids):  # ids of two patients that are the same cannot be told apart below
        counted = Counter(ids)
        odd |= np.array([counted[name] > 1 for name in ids], dtype=bool)
    reading.slow[lines.patient[odd]] = True
    start, end = reading.period([o.period for o in objects], lines.patient)
    return Encounters(objects, ids, lines.patient, place, start, end)


def read_responses(lines: Lines, book: Book, reading: Reading) -> Responses:
    """Responses to questionnaires; who gave several goes the slow way."""
    objects = decoded(_RESPONSE.decode, lines, _RESPONSE.decode(b"{}"), reading.slow)
    classes = book.classes("QuestionnaireResponse", _RESPONSE, QuestionnaireResponse, _RESPONSE.keys(objects))
    place = np.array(classes, dtype=np.int64)
    items = list(map(bytes, chain.from_iterable([o.item for o in objects])))
    of = np.repeat(np.arange(len(objects)), [len(o.item) for o in objects])
    item = np.array(book.classes("item", WHOLE, ResponseItem, items), dtype=np.int64)
    reading.slow[lines.patient[place == ODD]] = True
    reading.slow[lines.patient[of[item == ODD]]] = True
    reading.slow[np.bincount(lines.patient, minlength=len(reading.slow)) > 1] = True
    authored = reading.date([o.authored for o in objects], lines.patient, True)
    return Responses(lines.patient, place, authored, reading.encounter(objects), of, item)


def read_medicines(lines: Lines, reading: Reading) -> None:
    """Medications by themselves: nobody refers to them who does not go the slow way."""
    decoded(_MEDICATION.decode, lines, None, reading.slow)


def encounter_of(references: Sequence[str | None], encounters: Encounters) -> tuple[Ints, Flags]:
    """For each text of a reference the encounter that it means, -1 for none; and which are URNs."""
    by_name = {f"Encounter/{name}": i for i, name in enumerate(encounters.ids)}
    out = np.full(len(references), -1, dtype=np.int64)
    urn = np.zeros(len(references), dtype=bool)
    by_urn: dict[str, int] | None = None
    for i, text in enumerate(references):
        if text is None:
            continue
        found = by_name.get(text)
        if found is None:
            plain = address(text)
            if plain.startswith("urn:"):
                urn[i] = True
                if by_urn is None:
                    by_urn = {f"urn:uuid:{name.lower()}": k for k, name in enumerate(encounters.ids)}
                found = by_urn.get(plain)
            else:
                found = by_name.get(plain)
        if found is not None:
            out[i] = found
    return out, urn


def named_conditions(encounters: Encounters, conditions: Resources, slow: Flags) -> list[tuple[int, int]]:
    """Pairs of an encounter and a condition that it names as its reason or diagnosis."""
    out: list[tuple[int, int]] = []
    naming = [i for i, o in enumerate(encounters.objects) if o.reason_reference or o.diagnosis]
    if not naming:
        return out
    by_name = {f"Condition/{name}": i for i, name in enumerate(conditions.ids)}
    by_urn = {f"urn:uuid:{(name or '').lower()}": i for i, name in enumerate(conditions.ids)}
    for i in naming:
        patient = int(encounters.patient[i])
        for plain in references_of(encounters.objects[i]):
            found = by_name.get(plain, by_urn.get(plain))
            if found is not None and conditions.patient[found] == patient:
                out.append((i, found))
            elif plain.startswith(("urn:", "Encounter/")):
                slow[patient] = True  # it may mean an encounter, or a condition of the same id
    return out
