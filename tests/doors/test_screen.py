"""What `screen` reads, writes and refuses; and that the same input gives the same bytes whatever the way there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import Model
from backspasm.population.screened import COLUMNS
from tests.doors.conftest import Run
from tests.population_records import contents, export

PATIENTS = 20


@pytest.fixture(scope="module")
def records(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(model, tmp_path_factory.mktemp("export"), PATIENTS)


@pytest.fixture(scope="module")
def screened(records: Path, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one plain run."""
    from backspasm.population.screen.run import Request, screen

    out = tmp_path_factory.mktemp("screened") / "out"
    screen(Request(records, out), model)
    return out


def rows(out: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(out / "assessments.parquet").to_pylist()
    return found


def test_a_run_writes_rows_problems_dictionary_and_manifest(run: Run, records: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("screen", str(records), "--out", str(out), "--jobs", "1")
    assert (done.code, done.out) == (0, "")
    assert f"{PATIENTS} encounters of {PATIENTS} patients" in done.err
    assert set(contents(out)) == {
        "assessments.parquet", "problems.parquet", "DICTIONARY.md", "dictionary.json", "manifest.json",
    }  # fmt: skip
    table = pq.read_table(out / "assessments.parquet")
    assert table.column_names == [name for name, _, _ in COLUMNS]
    assert len(set(table.column("patient").to_pylist())) == PATIENTS
    assert None not in table.column("urgency").to_pylist()
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["summary"]["encounters"] == PATIENTS
    assert manifest["resources"]["Patient"] == PATIENTS
    assert manifest["passed_over"] == ["manifest.json"]
    words = (out / "DICTIONARY.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in words for name in table.column_names)
    again = run("screen", str(records), "--out", str(out), "--jobs", "1")
    assert again.code == 0
    assert "was finished before" in again.err


def test_two_processes_write_what_one_does(run: Run, records: Path, tmp_path: Path) -> None:
    small = ("--bucket", "0.1")
    for jobs in ("1", "2"):
        assert run("screen", str(records), "--out", str(tmp_path / jobs), "--jobs", jobs, *small).code == 0
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def by_encounter(out: Path) -> dict[tuple[object, object], dict[str, object]]:
    """Whole rows, the digest of the input among them: it does not tell where the input was read."""
    return {(r["patient"], r["encounter"]): r for r in rows(out)}


def test_grouped_compressed_and_bundled_records_give_the_same_rows(
    run: Run, records: Path, screened: Path, model: Model, tmp_path: Path
) -> None:
    plain = by_encounter(screened)
    grouped = export(model, tmp_path / "g", PATIENTS, grouped=True)
    packed = export(model, tmp_path / "z", PATIENTS, zipped=True)
    for i, path in enumerate(sorted(packed.glob("*.gz"))):
        if i % 2:  # every second file as zstd
            data = gzip.decompress(path.read_bytes())
            with pa.CompressedOutputStream(str(path.with_suffix(".zst")), "zstd") as out:
                out.write(data)
            path.unlink()
    bundles = tmp_path / "b"
    bundles.mkdir()
    by_patient: dict[str, list[object]] = {}
    for line in (grouped / "records.ndjson").read_bytes().splitlines():
        resource = json.loads(line)
        who = resource["id"] if resource["resourceType"] == "Patient" else resource["subject"]["reference"][8:] \
            if "subject" in resource else resource["patient"]["reference"][8:]  # fmt: skip
        by_patient.setdefault(who, []).append({"resource": resource})
    for name, entries in by_patient.items():
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        (bundles / f"{name}.json").write_text(json.dumps(bundle), encoding="utf-8")
    for place in (grouped, packed, bundles):
        out = tmp_path / f"out-{place.parent.name}-{place.name}"
        assert run("screen", str(place), "--out", str(out), "--jobs", "1").code == 0
        assert by_encounter(out) == plain, place
    manifest = json.loads((tmp_path / "out-g-records" / "manifest.json").read_bytes())
    assert manifest["resources"]["Patient"] == PATIENTS


def test_tables_of_cases(run: Run, tmp_path: Path) -> None:
    """JSON lines, Parquet and CSV of the same cases give the same assessments."""
    for form in ("cases", "parquet"):
        assert run("cohort", "--n", "30", "--format", form, "--out", str(tmp_path / form)).code == 0
    table = pq.read_table(tmp_path / "parquet" / "records" / "cases.parquet")
    lines = tmp_path / "cases" / "records" / "cases.jsonl"
    cases = [
        {"id": name, "case": json.loads(line)}
        for name, line in zip(table.column("id").to_pylist(), lines.read_text().splitlines(), strict=True)
    ]
    (tmp_path / "wrapped.jsonl").write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    header = table.column_names
    body = [
        ",".join("" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row.values())
        for row in table.to_pylist()
    ]
    (tmp_path / "cases.csv").write_text("\n".join([",".join(header), *body]) + "\n", encoding="utf-8")
    found = []
    for place in (tmp_path / "wrapped.jsonl", tmp_path / "parquet" / "records", tmp_path / "cases.csv"):
        out = tmp_path / f"out-{place.name}"
        assert run("screen", str(place), "--out", str(out), "--jobs", "1").code == 0
        found.append([(r["patient"], r["urgency"], r["red_flags"], r["causes"], r["probabilities"]) for r in rows(out)])
    assert len(found[0]) == 30
    assert found[0] == found[1] == found[2]


def test_a_wrong_case_is_listed_and_the_others_assessed(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "cases.jsonl"
    cases = [
        '{"age_years": 40, "present": ["fever"]}',
        '{"age_years": 4000}',
        "{",
        '{"age_years": 5, "present": ["fevr"]}',
    ]
    place.write_text("\n".join(cases), encoding="utf-8")
    done = run("screen", str(place), "--out", str(tmp_path / "out"), "--jobs", "1")
    assert done.code == 0
    assert [r["patient"] for r in rows(tmp_path / "out")] == ["line-1"]
    problems = pq.read_table(tmp_path / "out" / "problems.parquet").to_pylist()
    assert [(p["file"], p["line"]) for p in problems] == [("cases.jsonl", n) for n in (2, 3, 4)]
    assert "did you mean 'fever'?" in problems[2]["reason"]
    assert "3 problems, listed in" in done.err


def test_encounters_asked_for(run: Run, records: Path, screened: Path, tmp_path: Path) -> None:
    assert run("screen", str(records), "--out", str(tmp_path / "all"), "--encounters", "all", "--jobs", "1").code == 0
    everything, about_back = by_encounter(tmp_path / "all"), by_encounter(screened)
    assert set(about_back) < set(everything)
    for key, row in about_back.items():
        assert everything[key]["urgency"] == row["urgency"]
    middle = sorted(str(r["start"]) for r in everything.values())[len(everything) // 2]
    options = ("--encounters", "all", "--as-of", middle, "--jobs", "1")
    assert run("screen", str(records), "--out", str(tmp_path / "then"), *options).code == 0
    earlier = by_encounter(tmp_path / "then")
    assert set(earlier) == {key for key, r in everything.items() if str(r["start"]) <= middle}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing",), "INPUT (missing): does not exist. Mend: name a folder or a file"),
        (("empty",), "holds nothing that can be screened. Mend: give files ending in .ndjson"),
        (("mixed",), "mixes kinds: a.csv (cases) and a.json (bundles). Mend: screen each kind by itself"),
        (("note.txt",), "is of no kind that can be screened"),
        (
            ("a.csv",),
            "INPUT a.csv, column (fevr): neither a field of a case nor a finding. Mend: did you mean 'fever'?",
        ),
        (("torn.parquet",), "cannot be read"),
        (("cases.jsonl", "--jobs", "0"), "--jobs (0): is not a number of processes. Mend: give 1 or more"),
        (("cases.jsonl", "--bucket", "0"), "--bucket (0): is not a size. Mend: give megabytes above 0, such as 24"),
        (("cases.jsonl", "--as-of", "yesterday"), "--as-of (yesterday): is not a date. Mend: write it as 2026-06-30"),
        (("cases.jsonl", "--out", "full"), "is not empty. Mend: name a new folder"),
        (("cases.jsonl", "--out", "note.txt"), "is a file. Mend: name a folder"),
    ],
)
def test_what_is_refused(
    run: Run, arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "mixed", "full"):
        (tmp_path / folder).mkdir()
    for name, text in {
        "mixed/a.json": "{}", "mixed/a.csv": "age_years\n4\n", "full/theirs": "x", "note.txt": "back pain",
        "a.csv": "age_years,fevr\n4,true\n", "torn.parquet": "PAR1", "cases.jsonl": '{"age_years": 4}\n',
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = arguments if "--out" in arguments else (*arguments, "--out", "out")
    done = run("screen", *given)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())
    assert not (tmp_path / "out").exists()


def test_another_run_is_not_mixed_into_an_unfinished_one(run: Run, tmp_path: Path) -> None:
    place, out = tmp_path / "cases.jsonl", tmp_path / "out"
    place.write_text('{"age_years": 4}\n', encoding="utf-8")
    (out / ".screen").mkdir(parents=True)
    (out / ".screen" / "plan").write_text("of another run", encoding="utf-8")
    done = run("screen", str(place), "--out", str(out))
    assert done.code == 2
    assert "holds an unfinished run of another input, other options or other knowledge" in " ".join(done.err.split())


def test_help_says_how_to_begin(run: Run) -> None:
    done = run("screen", "--help")
    assert done.code == 0
    for word in ("INPUT", "--out", "--encounters", "--as-of", "--grouped", "--jobs", "Examples:"):
        assert word in done.out


def test_compared_with_the_same_knowledge_nothing_changes(run: Run, tmp_path: Path) -> None:
    from backspasm.records.library import knowledge_folder

    place, out = tmp_path / "cases.jsonl", tmp_path / "out"
    place.write_text('{"age_years": 4, "present": ["fever"]}\n', encoding="utf-8")
    done = run("screen", str(place), "--out", str(out), "--jobs", "1", "--compare", str(knowledge_folder()))
    assert done.code == 0
    assert "0 encounters change urgency, listed in" in done.err
    assert pq.read_table(out / "changes.parquet").num_rows == 0
    bad = run("screen", str(place), "--out", str(tmp_path / "b"), "--compare", str(tmp_path / "none"))
    assert bad.code == 2
    assert "is not a folder. Mend: name a knowledge folder" in " ".join(bad.err.split())
