"""From a batch of records to what is known of everybody at each encounter: plain records at once, the others one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backspasm.advice.many.people import People, lists_of
from backspasm.inference.columns import SEXES, UNKNOWN, Codes, Columns, contradictory
from backspasm.inference.model import Model
from backspasm.patients.answers import said_by
from backspasm.patients.from_fhir.many.book import Book, book_of
from backspasm.patients.from_fhir.many.decide import Decided
from backspasm.patients.from_fhir.many.moments import EPOCH, Flags, Ints
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.patient import Patient
from backspasm.population.screen.at_once import Plain, read_plain
from backspasm.population.screen.known import KnownAtEncounters
from backspasm.population.screen.records import Asked, Line
from backspasm.population.screen.schemas import LINE
from backspasm.population.screen.seen import Seen, joined, seen_of
from backspasm.population.screen.types_of_lines import types_of
from backspasm.population.screened import SCHEMA

#: bytes of text that are read at once
MOST_TEXT = 16_000_000
#: a patient to be read alone: place in the batch, id, lines
Left = tuple[int, str, list[Line]]


@dataclass(frozen=True)
class BatchLines:
    """All lines of a batch: bytes, place of the type in ``lines.KINDS`` (-1 where nobody has looked), file, number in the
    file, and the patient as a place in the batch."""

    data: list[bytes]
    kind: Ints
    source: Ints
    number: Ints
    patient: Ints


def lines_of_batch(batch: pa.RecordBatch) -> BatchLines:
    """The lines of a batch of records."""
    column = batch.column("lines")
    fields = dict(zip(LINE.names, column.flatten().flatten(), strict=True))
    counts = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    data = fields["data"]
    _, offsets, values = data.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[data.offset : data.offset + len(data) + 1]
    whole = memoryview(values)[ends[0] : ends[-1]].tobytes() if values is not None else b""
    return BatchLines(
        data=[whole[a:b] for a, b in pairwise((ends - ends[0]).tolist())],
        kind=fields["kind"].to_numpy().astype(np.int64),
        source=fields["source"].to_numpy(),
        number=fields["line"].to_numpy(),
        patient=np.repeat(np.arange(len(counts)), counts),
    )


def lines_of_patients(batch: pa.RecordBatch) -> list[list[Line]]:
    """The lines of each patient of a batch of records."""
    own = lines_of_batch(batch)
    lines = [Line(*each) for each in zip(own.source.tolist(), own.number.tolist(), own.data, strict=True)]
    ends = np.searchsorted(own.patient, np.arange(batch.num_rows + 1)).tolist()
    return [lines[a:b] for a, b in pairwise(ends)]


def plain_of_batch(batch: pa.RecordBatch, asked: Asked, model: Model) -> tuple[Seen, Ints, list[Left]]:
    """The encounters of patients whose records are plain, each with the place of its patient; and who is to be read alone."""
    parts, places, left = list[Seen](), list[Ints](), list[Left]()
    for start, end in _stretches(batch):
        part = batch.slice(start, end - start)
        known, slow = known_of_batch(part, asked, model)
        parts.append(seen_of_known(known))
        places.append(known.order + start)
        if slow.any():
            names, lines = part.column("patient").to_pylist(), lines_of_patients(part)
            left += [(start + p, names[p], lines[p]) for p in np.flatnonzero(slow).tolist()]
    if not parts:
        return seen_of([], model), np.zeros(0, dtype=np.int64), left
    return joined(parts), np.concatenate(places), left


def _stretches(batch: pa.RecordBatch) -> list[tuple[int, int]]:
    """Patients whose lines are read together: as many as have so much text, or one who has more."""
    column = batch.column("lines")
    sizes = pc.binary_length(column.flatten().flatten()[LINE.get_field_index("data")]).to_numpy(zero_copy_only=False)
    ends = np.cumsum(pc.list_value_length(column).to_numpy(zero_copy_only=False))
    text = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])[ends]
    out, start, before = list[tuple[int, int]](), 0, 0
    while start < len(text):
        end = max(int(np.searchsorted(text, before + MOST_TEXT, side="right")), start + 1)
        out.append((start, end))
        start, before = end, int(text[end - 1])
    return out


def known_of_batch(batch: pa.RecordBatch, asked: Asked, model: Model) -> tuple[KnownAtEncounters, Flags]:
    """What is known at every encounter of the patients whose records are plain; and whose are not."""
    names: list[str] = batch.column("patient").to_pylist()
    lines = lines_of_batch(batch)
    slow = np.zeros(len(names), dtype=bool)
    slow[lines.patient[lines.number == 0]] = True  # Bundles
    moment = asked.moment
    if moment is not None and (moment.partial or moment.instant is not None):  # only whole days are for many at once
        slow[:] = True
        asked = Asked(asked.which)
    plain = read_plain(names, lines.data, types_of(lines.data, lines.kind), lines.patient, slow, asked, model)
    return _known(plain, names, model), plain.slow


def seen_of_known(known: KnownAtEncounters) -> Seen:
    """The same as what is assessed."""

    def column(name: str, values: object, **more: Any) -> pa.Array:
        return pa.array(values, SCHEMA.field(name).type, **more)

    people = People(
        columns=known.columns,
        age=known.age,
        medications=lists_of(known.medications),
        allergies=lists_of(known.allergies),
        comorbidities=lists_of(known.comorbidities),
        weeks=known.weeks,
        patient_at=known.patient_at,
    )
    return Seen(
        people=people,
        patient=column("patient", known.patient),
        encounter=column("encounter", known.encounter),
        start=column("start", known.start),
        site=column("site", known.site),
        clinician_group=column("clinician_group", known.clinician_group),
        input_digest=column("input_digest", known.digests()),
        imaged_days=column("imaged_days", known.imaged_days, from_pandas=True),
        imaged_with=column("imaged_with", known.imaged_with),
        imaged_before_days=column("imaged_before_days", known.imaged_before_days, from_pandas=True),
        workup_days=column("workup_days", known.workup_days, from_pandas=True),
        followed_days=column("followed_days", known.followed_days, from_pandas=True),
    )


def _known(plain: Plain, names: Sequence[str], model: Model) -> KnownAtEncounters:
    """The arrays of what is known; who contradicts himself is left to be read alone."""
    p, found, visits = model.parameters, plain.decided, plain.visits
    book = book_of(reader_of(model.knowledge))
    pregnancy = p.booleans.index("pregnancy")
    own = found.answers.copy()
    pregnant = own[pregnancy].copy()
    own[pregnancy] = 0
    answers = own.copy()
    answers[pregnancy] = pregnant
    wrong = _apply_lists(answers, found, book, {f: i for i, f in enumerate(p.booleans)})
    _retire(answers, found, p.measured.index("duration_days"), p.booleans, book)
    settings = {s: i for i, s in enumerate(p.settings)}
    columns = Columns(
        answers.T,
        found.measured.T,
        np.array([settings.get(s or "", UNKNOWN) for s in plain.setting], dtype=np.int8),
        np.where(np.isnan(plain.age), UNKNOWN, np.searchsorted(p.ages.starts, plain.age, side="right") - 1).astype(
            np.int8
        ),
        np.array([SEXES.index(s) if s in SEXES else UNKNOWN for s in plain.sex], dtype=np.int8),
    )
    if len(visits):
        wrong |= contradictory(columns, p, model.knowledge)
    plain.slow[visits.patient[wrong]] = True
    kept = np.flatnonzero(~plain.slow[visits.patient])
    whole = KnownAtEncounters(
        order=visits.patient,
        patient=[names[i] for i in visits.patient.tolist()],
        encounter=plain.encounter,
        start=(visits.start.day - EPOCH).astype("datetime64[D]"),
        site=plain.site,
        clinician_group=plain.clinician_group,
        columns=columns,
        own=own,
        age=plain.age,
        medications=found.medications,
        allergies=found.allergies,
        comorbidities=found.comorbidities,
        stated=found.stated,
        pregnant=pregnant,
        weeks=np.where(pregnant > 0, found.weeks, np.nan),
        days_ago=found.days_ago,
        imaged_days=plain.follow_ups.imaged_days,
        imaged_with=plain.follow_ups.imaged_with,
        imaged_before_days=plain.follow_ups.imaged_before_days,
        workup_days=plain.follow_ups.workup_days,
        followed_days=plain.followed_days,
        parameters=p,
    )
    return whole if len(kept) == len(whole) else whole.take(kept)


def _apply_lists(answers: Codes, found: Decided, book: Book, place: dict[str, int]) -> Flags:
    """Enter what medicines and comorbidities say about findings; whose lists contradict their answers."""
    said = np.zeros(answers.shape, dtype=bool)
    for field, lists in (("medications", found.medications), ("comorbidities", found.comorbidities)):
        for visit, names in enumerate(lists):
            for name in names:
                for finding in book.implied(field, name):
                    said[place[finding], visit] = True
    wrong: Flags = np.any(said & (answers < 0), axis=0)
    answers[said & (answers == 0)] = 1
    return wrong


def _retire(answers: Codes, found: Decided, pain: int, booleans: Sequence[str], book: Book) -> None:
    """Leave out what happened too long ago, or after the pain began; as ``answers.said_by``."""
    knowledge = book.reader.knowledge
    place = {f: i for i, f in enumerate(booleans) if knowledge.findings[f].time is not None}
    for visit, ago in found.days_ago.items():
        timed = {f: days for f, days in ago.items() if f in place}
        if timed:
            lasts = float(found.measured[pain, visit])
            measured = {} if np.isnan(lasts) else {"duration_days": lasts}
            still = said_by(Patient(None, present=tuple(timed), measured=measured, days_ago=timed), knowledge)
            for finding in timed.keys() - still.keys():
                answers[place[finding], visit] = 0
