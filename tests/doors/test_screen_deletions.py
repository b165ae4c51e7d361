"""Is what an export names as deleted left out, wholly and nothing else, and what cannot be read of it listed?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from backspasm import Model
from backspasm.population.screen import partition
from backspasm.population.screen.deletions import deletions_of
from backspasm.population.screen.inputs import find_input
from backspasm.population.screen.lines import WANTED, head_of
from backspasm.population.screen.run import Request, screen
from tests.doors.conftest import Run
from tests.population_records import export

PATIENTS = 12


def bundle(*urls: str, method: str = "DELETE") -> bytes:
    """A line of deletions."""
    entries = [{"request": {"method": method, "url": url}} for url in urls]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode() + b"\n"


def names_of(records: Path) -> list[tuple[str, str | None]]:
    """Name and patient of each resource of an export."""
    heads = [head_of(line) for path in sorted(records.glob("*.ndjson")) for line in path.read_bytes().splitlines()]
    return [(head.name, head.patient) for head in heads]


def rows(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "assessments.parquet").to_pylist()
    return found


@pytest.mark.parametrize("grouped", [False, True])
def test_deletions_give_what_an_export_without_those_lines_gives(
    grouped: bool, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition, "STRETCH", 40_000)
    with_them = export(model, tmp_path / "a", PATIENTS, seed=5, grouped=grouped)
    without = export(model, tmp_path / "b", PATIENTS, seed=5, grouped=grouped)
    named = names_of(with_them)
    patients = {name.removeprefix("Patient/") for name, _ in named if name.startswith("Patient/")}
    gone_patients = set(sorted(patients)[::4])
    kinds = ("Condition/", "Observation/", "QuestionnaireResponse/", "Encounter/", "AllergyIntolerance/")
    gone = {name for name, _ in named if name.startswith(kinds)}
    gone = set(sorted(gone)[::7])
    urls = [*sorted(gone), *(f"http://server/fhir/Patient/{one}/_history/3" for one in sorted(gone_patients))]
    (with_them / "deleted.ndjson").write_bytes(bundle(*urls[:5]) + b"\n" + bundle(*urls[5:]) + bundle(*urls[:3]))
    read = 0
    for path in without.glob("*.ndjson"):
        lines = path.read_bytes().splitlines(keepends=True)
        heads = [head_of(line) for line in lines]
        keep = [head.name not in gone and head.patient not in gone_patients for head in heads]
        read += sum(1 for head, kept in zip(heads, keep, strict=True) if not kept and head.type in WANTED)
        path.write_bytes(b"".join(line for line, kept in zip(lines, keep, strict=True) if kept))
    for place, out in ((with_them, "with"), (without, "without")):
        screen(Request(place, tmp_path / out), model)
    assert rows(tmp_path / "with") == rows(tmp_path / "without")
    assert {row["patient"] for row in rows(tmp_path / "with")} <= patients - gone_patients
    problems = [pq.read_table(tmp_path / out / "problems.parquet").num_rows for out in ("with", "without")]
    assert problems == [0, 0]
    manifest = json.loads((tmp_path / "with" / "manifest.json").read_bytes())
    assert manifest["deletions"]["files"][0]["name"] == "deleted.ndjson"
    assert manifest["deletions"]["lines_not_read"] == read
    assert sum(manifest["deletions"]["resources"].values()) == len(gone) + len(gone_patients)
    assert manifest["deletions"]["resources"]["Patient"] == len(gone_patients)
    assert "deletions" not in json.loads((tmp_path / "without" / "manifest.json").read_bytes())


def test_a_deleted_medicine_that_patients_share_is_not_read(model: Model, tmp_path: Path) -> None:
    lines = [
        {"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"},
        {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": {"reference": "Patient/p"},
         "period": {"start": "2025-01-01"}, "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.9"}]}]},
        {"resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order", "subject": {"reference": "Patient/p"},
         "medicationReference": {"reference": "Medication/m"}, "authoredOn": "2024-12-01"},
        {"resourceType": "Medication", "id": "m", "code": {"coding": [
            {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7258", "display": "naproxen"}]}},
    ]  # fmt: skip
    place = tmp_path / "in"
    place.mkdir()
    (place / "all.ndjson").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = []
    for turn in range(2):
        screen(Request(place, tmp_path / f"out{turn}"), model)
        (row,) = rows(tmp_path / f"out{turn}")
        found.append(row["input_digest"])
        (place / "deleted.ndjson").write_bytes(bundle("Medication/m"))
    assert found[0] != found[1]


def test_deletions_are_found_by_name_by_manifest_and_by_content(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"a"}\n', encoding="utf-8")
    (tmp_path / "deleted.0001.ndjson.gz").write_bytes(gzip.compress(bundle("Patient/1")))
    (tmp_path / "removed.ndjson").write_bytes(b"not readable\n" + bundle("Patient/2"))
    (tmp_path / "Bundle.000.ndjson").write_bytes(bundle("Patient/3"))
    (tmp_path / "Bundle.001.ndjson").write_bytes(bundle("Patient/4", method="PUT"))
    (tmp_path / "deletions").mkdir()
    (tmp_path / "deletions" / "x.txt").write_text("of people", encoding="utf-8")
    listed = {"output": [], "deleted": [{"type": "Bundle", "url": "https://server/files/removed.ndjson?token=1"}]}
    (tmp_path / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    given = find_input(tmp_path)
    assert [f.name for f in given.files] == ["Bundle.001.ndjson", "Patient.ndjson"]
    assert [f.name for f in given.deletions] == ["Bundle.000.ndjson", "deleted.0001.ndjson.gz", "removed.ndjson"]
    assert given.passed_over == ("deletions/x.txt", "manifest.json")
    found = deletions_of(given)
    assert found is not None
    assert found.names([b"Patient/1", b"Patient/2", b"Patient/3", b"Patient/4"]).tolist() == [True, True, True, False]


def test_deletions_that_cannot_be_read_are_listed(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    (place / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"a"}\n', encoding="utf-8")
    lines = [
        bundle("Patient/1"),
        b"{\n",
        b'{"resourceType":"Patient","id":"2"}\n',
        bundle("Patient?identifier=3", "Patien/4", "5"),
        bundle("Patient/6", method="PUT"),
        b'{"resourceType":"Bundle","entry":[{}, {"request":{"method":5,"url":[]}}, {"request":{"method":"DELETE","url":"Group/7"}}]}\n',
        b'{"resourceType":"Bundle","entry":5}\n',
        b"\xff\n",
    ]
    (place / "deleted.ndjson").write_bytes(b"".join(lines))
    done = run("screen", str(place), "--out", str(tmp_path / "out"), "--jobs", "1")
    assert done.code == 0
    assert "2 resources named as deleted were left out" in done.err
    problems = pq.read_table(tmp_path / "out" / "problems.parquet").to_pylist()
    assert {p["file"] for p in problems} == {"deleted.ndjson"}
    assert [p["line"] for p in problems] == [2, 3, 4, 4, 4, 5, 6, 6, 7, 8]
    assert all(p["reason"].endswith("nothing was deleted") or "nothing was deleted: " in p["reason"] for p in problems)
    assert problems[2]["resource"] == "Bundle.entry[0]"
    assert "url names no single resource" in problems[2]["reason"]
    assert "method is not DELETE" in problems[5]["reason"]


def test_beside_bundles_and_tables_a_file_of_deletions_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    (tmp_path / "deleted.ndjson").write_bytes(bundle("Patient/1"))
    given = find_input(tmp_path)
    assert given.deletions == ()
    assert given.passed_over == ("deleted.ndjson",)
