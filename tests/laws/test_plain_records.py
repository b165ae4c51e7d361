"""Records read at once say what they say when they are read one by one; whatever is odd in them, and however they are ordered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from backspasm import Model
from backspasm.patients.from_fhir.many import book
from backspasm.patients.from_fhir.many.book import Book, book_of
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.patient import Patient
from backspasm.population.screen import front
from backspasm.population.screen.case_digest import case_digest
from backspasm.population.screen.front import known_of_batch, plain_of_batch
from backspasm.population.screen.gather import records_batch
from backspasm.population.screen.known import KnownAtEncounters
from backspasm.population.screen.records import Asked, Encountered, Line, encountered, record_from_lines
from tests.doors.test_screen_corrupted import mutated
from tests.laws.rich_records import Drawing, response
from tests.laws.test_screen_laws import lines_by_patient
from tests.population_records import export

Lines = list[tuple[int, int, bytes]]
Records = dict[str, Lines]
PATIENTS = 40
#: what a Patient holds beside where it was read
SEEN = (
    "age_years", "sex", "setting", "present", "absent", "measured", "days_ago", "medications", "allergies", "comorbidities",
    "pregnant", "pregnancy_weeks", "stated",
)  # fmt: skip


WAYS_TO_ASK = (
    Asked(), Asked("all"), Asked("last"), Asked("all", "2025-06-01"), Asked("back-pain", "2025-06-01"),
    Asked("last", "2025-03-01"),
)  # fmt: skip


@pytest.fixture(scope="module")
def records(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Records:
    return lines_by_patient(export(model, tmp_path_factory.mktemp("export"), PATIENTS, seed=11))


def alone(name: str, lines: Lines, asked: Asked, model: Model) -> tuple[list[dict[str, Any]], int]:
    """What is known at each encounter of one patient who is read alone, and the number of problems."""
    problems: list[Any] = []
    found = record_from_lines(name, [Line(*x) for x in lines], problems)
    seen = [] if found is None else encountered(*found, asked, reader_of(model.knowledge))
    return [told(e) for e in seen], len(problems)


def told(e: Encountered) -> dict[str, Any]:
    return {f: getattr(e.patient, f) for f in SEEN} | {
        "encounter": e.encounter, "start": e.start, "site": e.site, "group": e.clinician_group,
        "imaged_days": e.later.imaged_days, "imaged_with": e.later.imaged_with, "before": e.later.imaged_before_days,
        "workup": e.later.workup_days, "followed": e.followed_days, "digest": case_digest(e.patient),
    }  # fmt: skip


def told_at(known: KnownAtEncounters, i: int, digest: str) -> dict[str, Any]:
    patient = known.patient_at(i)

    def days(column: Any) -> float | None:
        return None if np.isnan(column[i]) else float(column[i])

    start: date = known.start[i].astype(object)
    return {f: getattr(patient, f) for f in SEEN} | {
        "encounter": known.encounter[i], "start": start, "site": known.site[i], "group": known.clinician_group[i],
        "imaged_days": days(known.imaged_days), "imaged_with": known.imaged_with[i],
        "before": days(known.imaged_before_days), "workup": days(known.workup_days),
        "followed": days(known.followed_days), "digest": digest,
    }  # fmt: skip


def same(records: Records, asked: Asked, model: Model) -> tuple[int, int]:
    """Holds the two ways together; how many patients were read at once, and at how many encounters."""
    known, slow = known_of_batch(records_batch(list(records.items())), asked, model)
    digests, found = known.digests(), dict[str, list[dict[str, Any]]]()
    for i, name in enumerate(known.patient):
        found.setdefault(name, []).append(told_at(known, i, digests[i]))
    for (name, lines), is_slow in zip(records.items(), slow.tolist(), strict=True):
        if is_slow:
            assert name not in found
        else:
            assert (found.get(name, []), 0) == alone(name, lines, asked, model), name
    return int((~slow).sum()), len(known)


@pytest.mark.parametrize("asked", WAYS_TO_ASK)
def test_virtual_records_are_all_read_at_once_and_alike(asked: Asked, records: Records, model: Model) -> None:
    at_once, encounters = same(records, asked, model)
    # who has no encounter by a day has no day of assessment, and is read alone
    assert at_once == PATIENTS if asked.as_of is None or asked.which != "last" else at_once > PATIENTS / 2
    assert encounters >= PATIENTS or asked.as_of is not None


def shuffled(lines: Lines, rng: random.Random) -> Lines:
    out = [data for _, _, data in lines]
    rng.shuffle(out)
    return [(0, i + 1, data) for i, data in enumerate(out)]


def odd(lines: Lines, rng: random.Random) -> Lines:
    """Some resources with one value made odd."""
    return [(s, n, json.dumps(mutated(json.loads(x), rng)).encode() if rng.random() < 0.05 else x) for s, n, x in lines]


def versions(lines: Lines, rng: random.Random) -> Lines:
    """Some resources several times, changed and with dates of update."""
    out = []
    for s, n, x in lines:
        out.append((s, n, x))
        if rng.random() < 0.03:
            again = json.loads(x) | {
                "meta": {"lastUpdated": rng.choice(["2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])}
            }
            out.append((s, n, json.dumps(again).encode()))
    return out


def cut(lines: Lines, rng: random.Random) -> Lines:
    """Dates without their time, or without their day."""
    length = rng.choice([4, 7, 10, 10, 10, 10])

    def shorter(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: shorter(v) if rng.random() < 0.9 else v for k, v in value.items()}
        if isinstance(value, list):
            return [shorter(v) for v in value]
        return value[:length] if isinstance(value, str) and value[:2] in {"19", "20"} and value[4:5] == "-" else value

    return [(s, n, json.dumps(shorter(json.loads(x))).encode()) for s, n, x in lines]


def turned(lines: Lines, rng: random.Random) -> Lines:
    """Answers and states turned round, so that resources contradict each other."""
    turns = [
        (b'"code":"active"', b'"code":"resolved"'), (b"true", b"false"), (b'"confirmed"', b'"refuted"'),
        (b'"52101004"', b'"2667000"'), (b'"status":"active"', b'"status":"completed"'), (b"Z\"", b"+02:00\""),
        (b'"gender":"female"', b'"gender":"male"'), (b"Encounter/", b"https://a.example/fhir/Encounter/"),
    ]  # fmt: skip
    out = []
    for i, (s, n, x) in enumerate(lines):
        out.append((s, n, x))
        if rng.random() < 0.3:
            old, new = rng.choice(turns)
            again = x.replace(old, new)
            if b'"resourceType":"Patient"' in x or b'"resourceType":"Encounter"' in x or rng.random() < 0.5:
                out[-1] = (s, n, again)
            else:  # beside what it was: a resource of its own
                value = json.loads(again)
                out.append((s, n, json.dumps(value | {"id": f"{value['id']}-{i}"}).encode()))
    return out


@pytest.mark.parametrize("way", [shuffled, odd, versions, cut, turned])
def test_odd_records_are_read_alike(
    way: Callable[[Lines, random.Random], Lines], records: Records, model: Model
) -> None:
    at_once = patients = 0
    for seed in range(6):
        rng = random.Random(seed)
        given = {name: way(lines, rng) for name, lines in list(records.items())[seed * 6 : seed * 6 + 10]}
        asked = rng.choice(WAYS_TO_ASK[:-1])
        at_once += same(given, asked, model)[0]
        patients += len(given)
    assert at_once > patients / 5  # the law is about those who are read at once
    assert (at_once < patients) == (way is not shuffled)  # what is not plain must be found out


def rich(name: str, lines: Lines, rng: random.Random, model: Model) -> Lines:
    """The record with resources of every kind added, about other codes, in other states and of other days."""
    given: list[dict[str, Any]] = [json.loads(x) for _, _, x in lines]
    encounters = [r for r in given if r["resourceType"] == "Encounter"]
    if rng.random() < 0.5:
        given = response(model.knowledge, rng, given)
    for encounter in encounters:
        if rng.random() < 0.2:
            encounter["period"].pop("end")  # it still runs
    data = [json.dumps(r).encode() for r in given]
    data += Drawing(model.knowledge, rng, name, encounters).some(rng.randrange(1, 8))
    return shuffled([(0, 0, x) for x in data], rng)


def test_rich_records_are_read_alike(records: Records, model: Model) -> None:
    at_once = patients = 0
    for seed, asked in enumerate(WAYS_TO_ASK[:5]):
        rng = random.Random(seed)
        given = {name: rich(name, lines, rng, model) for name, lines in rng.sample(sorted(records.items()), 20)}
        at_once += same(given, asked, model)[0]
        patients += len(given)
    assert patients / 3 < at_once < patients  # some contradict themselves, or are odd


def test_a_day_with_its_time_is_for_the_reader_of_one_record(records: Records, model: Model) -> None:
    given = dict(list(records.items())[:5])
    for as_of in ("2025-06", "2025-06-01T10:00:00Z"):
        assert same(given, Asked("all", as_of), model) == (0, 0)


def test_large_batches_are_read_in_parts(records: Records, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by the text that is read at once, whatever a batch holds; and rows do not depend on it."""
    batch = records_batch(list(records.items()))
    whole, places, left = plain_of_batch(batch, Asked("all"), model)
    sizes: list[int] = []
    read = front.known_of_batch

    def counted(part: pa.RecordBatch, asked: Asked, model: Model) -> Any:
        sizes.append(sum(len(x) for x in part.column("lines").flatten().field(2).to_pylist()))
        return read(part, asked, model)

    monkeypatch.setattr(front, "MOST_TEXT", 100_000)
    monkeypatch.setattr(front, "known_of_batch", counted)
    parts, same_places, same_left = plain_of_batch(batch, Asked("all"), model)
    largest = max(sum(len(x) for _, _, x in lines) for lines in records.values())
    assert len(sizes) > 3
    assert max(sizes) <= max(100_000, largest)
    assert places.tolist() == same_places.tolist()
    assert left == same_left == []
    for name, column in whole.as_it_is().items():
        assert column.equals(parts.as_it_is()[name]), name
    assert np.array_equal(whole.people.columns.answers, parts.people.columns.answers)


def test_lines_that_are_no_resources_send_their_patient_the_other_way(records: Records, model: Model) -> None:
    given = dict(list(records.items())[:6])
    names = list(given)
    wrong = (b"{", b"[]", b"", b'{"resourceType":"Observation","id":5}', b'{"resourceType":"Condition","code":"\xff"}')
    for name, line in zip(names, wrong, strict=False):
        given[name] = [*given[name], (0, 999, line)]
    _, slow = known_of_batch(records_batch(list(given.items())), Asked(), model)
    # of a line without a type nobody reads anything, here as there
    assert slow.tolist() == [bool(alone(name, lines, Asked(), model)[1]) for name, lines in given.items()]
    same(given, Asked(), model)


def test_what_is_remembered_is_bounded(records: Records, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different resources come, no more is kept than the bound and what one batch holds."""
    monkeypatch.setattr(book, "MOST_CLASSES", 50)
    monkeypatch.setattr(book, "MOST_EFFECTS", 50)
    monkeypatch.setattr(book, "_BOOKS", {})
    own: Book = book_of(reader_of(model.knowledge))
    largest = 0
    for name, lines in records.items():
        same({name: lines}, Asked(), model)
        assert book_of(reader_of(model.knowledge)) is own
        largest = max(largest, len(own))
    one = max(len(lines) for lines in records.values())
    assert largest < 2 * (50 + 50) + 10 * one


def test_the_digest_is_of_the_case_and_not_of_where_it_was_read(records: Records, model: Model) -> None:
    known, _ = known_of_batch(records_batch(list(records.items())), Asked(), model)
    digests = known.digests()
    assert len(set(digests)) == len(digests)
    again = {name: shuffled(lines, random.Random(1)) for name, lines in records.items()}
    assert known_of_batch(records_batch(list(again.items())), Asked(), model)[0].digests() == digests
    for i in range(len(known)):
        patient = known.patient_at(i)
        assert case_digest(patient) == digests[i]
        noted = msgspec.structs.replace(patient, notes=("said twice",), sources={"fever": ("Observation/1",)})
        assert case_digest(noted) == digests[i]
        older = msgspec.structs.replace(patient, age_years=(patient.age_years or 0) + 1)
        assert case_digest(older) != digests[i]
    whole = Patient(40.0, measured={"temperature": 38.0}, pregnancy_weeks=12.0)
    assert case_digest(whole) == case_digest(Patient(40, measured={"temperature": 38}, pregnancy_weeks=12))
