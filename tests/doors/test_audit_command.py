"""`cohort --format ndjson`, `screen` and `audit` one after the other, as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from backspasm import Knowledge
from backspasm.population.audit.files import parts_of
from backspasm.population.audit.recovered import recovered

COUNT = 250


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "backspasm.cli", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Virtual records, screened; the audit stands in the folder audit."""
    cohort = tmp_path_factory.mktemp("audit") / "cohort"
    made = run(
        "cohort", "--n", str(COUNT), "--seed", "9", "--format", "ndjson", "--kilobytes", "12", "--out", str(cohort)
    )
    assert made.returncode == 0, made.stderr
    assert b"kB a patient on average" in made.stderr
    screened = cohort.parent / "screened"
    done = run("screen", str(cohort / "records"), "--out", str(screened), "--jobs", "1", "--audit")
    assert done.returncode == 0, done.stderr
    return cohort, screened


def test_records_are_a_bulk_export_with_the_truth_apart(folders: tuple[Path, Path]) -> None:
    cohort, _ = folders
    manifest = msgspec.json.decode((cohort / "records" / "manifest.json").read_bytes())
    for entry in manifest["output"]:
        lines = (cohort / "records" / entry["url"]).read_bytes().splitlines()
        assert len(lines) == entry["count"]
        assert {msgspec.json.decode(line)["resourceType"] for line in lines} == {entry["type"]}
    assert pq.read_metadata(cohort / "truth.parquet").num_rows == COUNT
    assert {p.name for p in cohort.iterdir()} == {"records", "truth.parquet"}


def test_what_was_planted_is_found(knowledge: Knowledge, folders: tuple[Path, Path]) -> None:
    cohort, screened = folders
    found = {r.what: r for r in recovered(parts_of(screened), cohort / "truth.parquet", knowledge)}
    for event in ("missed red flag", "risky prescription"):
        assert found[f"sensitivity: {event}"].of > 0
        assert found[f"sensitivity: {event}"].share == 1.0
    # a serious cause that no warning sign told of: the image was not needless, though nothing asked for it
    assert (found["precision: imaging without indication"].share or 0) > 0.8
    assert found["urgency later than needed"].of == COUNT
    assert (found["urgency later than needed"].share or 0) < 0.15


def test_screen_writes_the_audit_beside_the_rows(folders: tuple[Path, Path]) -> None:
    _, screened = folders
    assert {p.name for p in (screened / "audit").iterdir()} == {
        "audit.html", "rates.parquet", "times.parquet", "alerts.parquet", "candidates.parquet",
    }  # fmt: skip
    page = (screened / "audit" / "audit.html").read_text()
    assert f"Audit of {COUNT} encounters" in page
    candidates = pq.read_table(screened / "audit" / "candidates.parquet")
    assert candidates.num_rows > 10
    assert not any(name in page for name in candidates["patient"].to_pylist())  # the page names nobody


def test_audit_says_the_same_in_every_format(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    _, screened = folders
    shown = run("audit", str(screened), "--small-cell", "5")
    assert shown.returncode == 0
    assert b"A candidate is a record to look at" in shown.stdout
    told = run("audit", str(screened), "--format", "json", "--out", str(tmp_path / "audited"))
    rows = msgspec.json.decode(told.stdout)
    assert rows["encounters"] == COUNT
    assert (tmp_path / "audited" / "audit.html").read_bytes() == (screened / "audit" / "audit.html").read_bytes()
    assert b"Warning sign without work-up" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("audit", "{empty}"), b"holds no assessments.parquet"),
        (("audit", "{screened}", "--small-cell", "0"), b"small-cell (0.0): is not a count"),
        (("audit", "{screened}", "--out", "{empty}"), b"is there already"),
        (("cohort", "--n", "3", "--format", "ndjson", "--kilobytes", "0", "--out", "{empty}/a"), b"is not a size"),
        (("cohort", "--n", "0", "--format", "ndjson", "--out", "{empty}/a"), b"1 or more"),
    ],
)
def test_bad_input_is_refused_and_nothing_written(
    arguments: tuple[str, ...], says: bytes, tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    places = {"empty": tmp_path, "screened": folders[1]}
    done = run(*(a.format(**places) for a in arguments))
    assert done.returncode == 2
    assert says in done.stderr
    assert b"Mend:" in done.stderr
    assert done.stdout == b""
    assert list(tmp_path.iterdir()) == []
