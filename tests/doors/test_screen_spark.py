"""Spark gives what the local engine gives: the real command, a real session of two cores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from backspasm import Model
from backspasm.population.screen.run import Request, screen
from tests.doors.conftest import Run
from tests.population_records import export

PATIENTS = 30


def test_spark_gives_the_same_rows_and_problems(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", PATIENTS)
    path = records / "Observation.ndjson"
    lines = path.read_bytes().splitlines()
    lines[3], lines[40] = lines[3][:50], lines[40].replace(b'"status"', b'"status":5,"was"')
    path.write_bytes(b"\n".join(lines) + b"\n")
    screen(Request(records, tmp_path / "local"), model)
    command = [sys.executable, "-m", "backspasm.cli", "screen", str(records), "--out", str(tmp_path / "spark")]
    done = subprocess.run([*command, "--engine", "spark", "--master", "local[2]"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{PATIENTS} encounters of {PATIENTS} patients" in done.stderr

    def rows(engine: str, name: str, *keys: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = ds.dataset(tmp_path / engine / name).to_table().to_pylist()
        return sorted(found, key=lambda row: [str(row[k]) for k in keys])

    mine = rows("local", "assessments.parquet", "patient", "encounter")
    theirs = rows("spark", "assessments", "patient", "encounter")
    assert len(mine) == PATIENTS
    for one, other in zip(mine, theirs, strict=True):
        for name in ("probabilities", "must_not_miss_probability"):
            assert one.pop(name) == pytest.approx(other.pop(name), abs=1e-6)
        assert one.pop("top_probability") == pytest.approx(other.pop("top_probability"), abs=1e-6)
        assert one == other
    problems = rows("local", "problems.parquet", "file", "line")
    assert problems == rows("spark", "problems.parquet", "file", "line")
    assert {p["line"] for p in problems} == {4, 41}


def test_a_master_without_spark_is_refused(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "cases.jsonl"
    place.write_text('{"age_years": 4}\n', encoding="utf-8")
    done = run("screen", str(place), "--out", str(tmp_path / "out"), "--master", "local[2]")
    assert done.code == 2
    assert "is only for Spark. Mend: add --engine spark" in " ".join(done.err.split())
