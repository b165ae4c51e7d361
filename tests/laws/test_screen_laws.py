"""A row of screening is what ``assess`` says of the encounter, and nothing that happened later can change it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from backspasm import Model, assess, from_fhir
from backspasm.advice.many.investigations import imaging_tests
from backspasm.patients.from_fhir.moments import Moment, moment_of
from backspasm.patients.from_fhir.record import patient_at, reader_of, visits_of
from backspasm.population.screen.batch import assessed
from backspasm.population.screen.gather import records_batch
from backspasm.population.screen.lines import head_of
from backspasm.population.screen.records import Asked, Line, record_from_lines
from tests.population_records import export

PATIENTS = 24


def lines_by_patient(folder: Path) -> dict[str, list[tuple[int, int, bytes]]]:
    """The lines of an export by patient, shared ones left out."""
    out: dict[str, list[tuple[int, int, bytes]]] = {}
    for path in sorted(folder.glob("*.ndjson*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for i, line in enumerate(data.splitlines()):
            patient = head_of(line).patient
            if patient is not None:
                out.setdefault(patient, []).append((0, i + 1, line))
    return out


@pytest.fixture(scope="module")
def lines(model: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, int, bytes]]]:
    return lines_by_patient(export(model, tmp_path_factory.mktemp("export"), PATIENTS))


def rows_of(lines: dict[str, list[tuple[int, int, bytes]]], asked: Asked, model: Model) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = assessed(records_batch(list(lines.items())), asked, model).to_pylist()
    assert [r["problem"] for r in found if r["problem"]] == []
    return found


def test_a_row_is_what_assess_says_of_the_same_record(
    lines: dict[str, list[tuple[int, int, bytes]]], model: Model
) -> None:
    pictures = imaging_tests(model)
    rows = {r["patient"]: r for r in rows_of(lines, Asked("last"), model)}
    assert len(rows) == PATIENTS
    for patient, own in list(lines.items())[:8]:
        entries = [{"resource": msgspec.json.decode(data)} for _, _, data in own]
        bundle = msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})
        one, row = assess(from_fhir(bundle, model.knowledge), model, draws=2), rows[patient]
        assert row["urgency"] == one.urgency.level
        assert row["floor"] == one.urgency.floor
        assert row["red_flags"] == [f.rule.id for f in one.red_flags]
        assert row["causes"] == [h.cause for h in one.differential[:5]]
        assert row["probabilities"] == pytest.approx([h.estimate.value for h in one.differential[:5]], abs=1e-6)
        assert row["must_not_miss"] == [e.group for e in one.must_not_miss]
        assert row["must_not_miss_probability"] == pytest.approx([e.probability for e in one.must_not_miss], abs=1e-6)
        assert row["must_not_miss_asked"] == [list(e.asked) for e in one.must_not_miss]
        assert row["must_not_miss_not_asked"] == [list(e.not_asked) for e in one.must_not_miss]
        tests = [t for t in one.plan.investigations if t.test in pictures]
        assert row["imaging_indicated"] == [t.test for t in tests if t.verdict == "indicated"]
        assert row["imaging_not_indicated"] == [t.test for t in tests if t.verdict == "not_indicated"]
        assert row["imaging"] == (tests[0].verdict if tests else None)
        for verdict in ("avoid", "caution"):
            taken = [t.verdict for t in one.treatments.taken if t.verdict.verdict == verdict]
            expected = [f"{v.treatment}:{r.rule}" for v in taken for r in v.reasons if r.verdict == verdict]
            assert row[verdict] == expected
        assert row["knowledge_digest"] == one.knowledge_digest


def test_rows_do_not_depend_on_how_they_are_batched(
    lines: dict[str, list[tuple[int, int, bytes]]], model: Model
) -> None:
    whole = rows_of(lines, Asked("all"), model)
    assert len(whole) > PATIENTS
    single = [row for name, own in lines.items() for row in rows_of({name: own}, Asked("all"), model)]
    assert pa.array(single) == pa.array(whole)


def after(data: bytes, until: Moment) -> bool:
    """Whether any date in a resource lies after a moment (its birth date and its updates do not count)."""

    def later(value: Any) -> bool:
        if isinstance(value, dict):
            return any(later(v) for k, v in value.items() if k not in {"meta", "birthDate"})
        if isinstance(value, list):
            return any(map(later, value))
        moment = moment_of(value) if isinstance(value, str) and value[:4].isdigit() and "-" in value else None
        return moment is not None and moment.after(until)

    return later(msgspec.json.decode(data))


def test_no_look_into_the_future(lines: dict[str, list[tuple[int, int, bytes]]], model: Model) -> None:
    """At every encounter the patient is the same when all that came later is struck from the record."""
    reader = reader_of(model.knowledge)
    compared = struck = 0
    for name, own in lines.items():
        found = record_from_lines(name, [Line(*x) for x in own], [])
        assert found is not None
        for visit in visits_of(found[0], "all", None, reader):
            assert visit.until is not None
            kept = [
                x
                for x in own
                if not after(x[2], visit.until) or f'"{(visit.reference or "").split("/")[1]}"'.encode() in x[2]
            ]
            struck += len(own) - len(kept)
            past = record_from_lines(name, [Line(*x) for x in kept], [])
            assert past is not None
            same = next(v for v in visits_of(past[0], "all", None, reader) if v.reference == visit.reference)
            now, then = patient_at(found[0], visit, reader), patient_at(past[0], same, reader)
            for field in ("age_years", "sex", "setting", "present", "absent", "measured", "days_ago", "medications",
                          "allergies", "comorbidities", "pregnant", "pregnancy_weeks", "stated"):  # fmt: skip
                assert getattr(now, field) == getattr(then, field), (name, visit.reference, field)
            compared += 1
    assert compared > PATIENTS
    assert struck > compared  # the records hold much that came later


def test_as_of_a_day_is_the_record_as_it_stood(lines: dict[str, list[tuple[int, int, bytes]]], model: Model) -> None:
    everything = rows_of(lines, Asked("all"), model)
    days = sorted(r["start"] for r in everything)
    middle = days[len(days) // 2].isoformat()
    before = rows_of(lines, Asked("all", middle), model)
    assert 0 < len(before) < len(everything)
    assert max(r["start"] for r in before).isoformat() <= middle
    moment = moment_of(middle)
    assert moment is not None
    known = {name: [x for x in own if not after(x[2], moment)] for name, own in lines.items()}
    for row, same in zip(before, rows_of(known, Asked("all", middle), model), strict=True):
        assert (row["patient"], row["encounter"]) == (same["patient"], same["encounter"])
        assert (row["urgency"], row["red_flags"], row["causes"]) == (same["urgency"], same["red_flags"], same["causes"])
