"""Corrupted resources: every one is listed with its file and line, and every sound patient stays as it was."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from backspasm import Model
from backspasm.population.screen.batch import assessed
from backspasm.population.screen.gather import records_batch
from backspasm.population.screen.lines import head_of
from backspasm.population.screen.records import Asked
from backspasm.population.screen.run import Request, screen
from tests.population_records import export

PATIENTS = 60
#: share of the lines that are corrupted
SHARE = 0.02


def changed(**fields: Any) -> Callable[[bytes], bytes]:
    return lambda line: json.dumps(json.loads(line) | fields).encode()


def without(*names: str) -> Callable[[bytes], bytes]:
    return lambda line: json.dumps({k: v for k, v in json.loads(line).items() if k not in names}).encode()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda line: line[: len(line) // 2],
    "not UTF-8": lambda line: line[:-2] + b"\xff\xfe" + line[-2:],
    "two on one line": lambda line: line + line,
    "not an object": lambda line: b"[" + line + b"]",
    "no type": without("resourceType"),
    "unknown type": changed(resourceType="Obsrvation"),
    "wrong kind of value": changed(id=5),
    "no subject": without("subject", "patient"),
    "about somebody who is not there": changed(subject={"reference": "Patient/nobody"}, patient={"reference": "Patient/nobody"}),
    "garbled": lambda line: bytes(b ^ 0x15 for b in line).replace(b"\n", b"?"),
}  # fmt: skip


def test_every_corruption_is_listed_and_sound_patients_do_not_change(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", PATIENTS, seed=9)
    screen(Request(records, tmp_path / "before"), model)
    rng = random.Random(4)
    planted: set[tuple[str, int]] = set()
    struck: set[str] = set()
    lines = {path: path.read_bytes().splitlines() for path in sorted(records.glob("*.ndjson"))}
    places = [
        (path, i)
        for path, of_file in lines.items()
        if path.name not in {"Patient.ndjson", "Organization.ndjson", "PractitionerRole.ndjson"}
        for i in range(len(of_file))
    ]
    chosen = rng.sample(places, max(len(WAYS) * 2, round(SHARE * len(places))))
    for turn, (path, i) in enumerate(chosen):
        struck.add(head_of(lines[path][i]).patient or "")
        lines[path][i] = list(WAYS.values())[turn % len(WAYS)](lines[path][i])
        planted.add((path.name, i + 1))
    dates = [(path, i) for path, i in places if (path, i) not in chosen and path.name == "Observation.ndjson"][:5]
    for path, i in dates:  # a date that is none is listed too; the rest of the resource stands
        struck.add(head_of(lines[path][i]).patient or "")
        lines[path][i] = changed(effectiveDateTime="the other day")(lines[path][i])
        planted.add((path.name, i + 1))
    for path, of_file in lines.items():
        path.write_bytes(b"\n".join(of_file) + b"\n")
    screen(Request(records, tmp_path / "after"), model)
    problems = pq.read_table(tmp_path / "after" / "problems.parquet").to_pylist()
    listed = [(p["file"], p["line"]) for p in problems]
    assert set(listed) == planted
    assert len(listed) == len(planted)  # each once
    assert all(p["reason"] for p in problems)
    before, after = (
        {r["patient"]: r for r in pq.read_table(tmp_path / when / "assessments.parquet").to_pylist()}
        for when in ("before", "after")
    )
    sound = [name for name in before if name not in struck]
    assert len(sound) > PATIENTS / 4
    assert [after[name] for name in sound] == [before[name] for name in sound]


def test_a_patient_who_cannot_be_read_is_listed_with_all_that_is_about_them(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", 3)
    path = records / "Patient.ndjson"
    first, *rest = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([changed(birthDate=5)(first), *rest]) + b"\n")
    summary = screen(Request(records, tmp_path / "out"), model)
    assert summary.encounters == 2
    problems = pq.read_table(tmp_path / "out" / "problems.parquet").to_pylist()
    name = json.loads(first)["id"]
    about = [
        line for p in records.glob("*.ndjson") for line in p.read_bytes().splitlines() if head_of(line).patient == name
    ]
    assert {p["resource"] for p in problems} == {f"Patient/{name}", f"about Patient/{name}"}
    assert 1 < len(problems) <= len(about)


def test_a_compressed_file_that_is_cut_short_is_listed(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", 5, zipped=True)
    path = records / "Observation.ndjson.gz"
    path.write_bytes(path.read_bytes()[:-200])
    summary = screen(Request(records, tmp_path / "out"), model)
    assert summary.encounters == 5
    problems = pq.read_table(tmp_path / "out" / "problems.parquet").to_pylist()
    assert {p["file"] for p in problems} == {path.name}
    assert any("cannot be read further" in p["reason"] for p in problems)


ODD: tuple[Any, ...] = (
    None, 5, -1e308, "x", "", [], {}, [{}], {"coding": [{}]}, True, "2020-13-45", "9999-12-31T23:59:59+14:00", "0001-01-01",
    {"value": 1e308, "unit": "mg"}, "Patient/", "#",
)  # fmt: skip


def mutated(value: Any, rng: random.Random) -> Any:
    """The same with one value somewhere in it made odd; whose it is stays."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        if key in {"resourceType", "subject", "patient"}:
            return value
        return value | {key: rng.choice(ODD) if rng.random() < 0.4 else mutated(value[key], rng)}
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        return [*value[:place], mutated(value[place], rng), *value[place + 1 :]]
    return rng.choice(ODD)


def test_odd_values_never_make_a_fault_of_ours(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", 25, seed=6, grouped=True)
    by_patient: dict[str, list[bytes]] = {}
    for line in (records / "records.ndjson").read_bytes().splitlines():
        by_patient.setdefault(head_of(line).patient or "", []).append(line)
    rng = random.Random(7)
    listed = 0
    for turn in range(8):
        rows = [
            (name, [(0, i + 1, json.dumps(mutated(json.loads(x), rng)).encode() if rng.random() < 0.3 else x)
                    for i, x in enumerate(own)])
            for name, own in by_patient.items()
        ]  # fmt: skip
        asked = Asked(("all", "last", "back-pain")[turn % 3], (None, "2025-06-01")[turn % 2])
        problems = [r["problem"] for r in assessed(records_batch(rows), asked, model).to_pylist() if r["problem"]]
        assert [p for p in problems if "internal fault" in p["reason"]] == []
        listed += len(problems)
    assert listed > 50
