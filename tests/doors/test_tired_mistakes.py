"""What a tired person types at each door: every mistake is told with field, value and mend, before any work is done for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backspasm.patients.patient import shortened
from tests.doors.conftest import Run

CASE = b"age_years: 47\npresent: [fever]\n"
BUNDLE = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []})


def told(run: Run, *arguments: str | Path, stdin: bytes = b"") -> str:
    """What is said of a mistake: exit code 2, nothing on standard output, a mend in every line."""
    done = run(*map(str, arguments), stdin=stdin)
    assert (done.code, done.out) == (2, ""), done
    for line in done.err.splitlines():
        assert line.startswith("backspasm: ")
        assert ". Mend: " in line
    return done.err


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    """A file that stands where a folder is wanted."""
    place = tmp_path / "a_file"
    place.write_bytes(CASE)
    return place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age_years: '46'", "age_years ('46'): is text, not a number. Mend: write 46, without quotes"),
        ("age_years: true", "age_years (true): is not a number"),
        ("age_years: 46 years", "age_years (46 years): is not a number"),
        ("age_years: 46\nsex: no", "sex (false): unknown. Mend: use one of male, female, unknown"),
        ("age_years: 46\nmeasured: {temperature: '38,5'}", "measured.temperature ('38,5'): is text, not a number. Mend: write 38.5"),
        ("age_years: 46\nmeasured: {crp: }", "measured.crp (null): is not a number"),
        ("age_years: 46\nmeasured: {crp: 24 mg/L}", "measured.crp (24 mg/L): is not a number. Mend: give a plain number in mg/L"),
        ("age_years: 30\nsex: male\npregnant: true", "pregnant (true): contradicts sex (male)"),
    ],
)  # fmt: skip
def test_a_case_names_the_value_as_it_was_written(run: Run, text: str, said: str) -> None:
    assert said in told(run, "assess", "-", stdin=text.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "is a PDF, not plain text"),
        (r"{\rtf1\ansi Back pain and fever}", "is Rich Text, not plain text"),
        ("PK\x03\x04\x14\0\0\0word/document.xml", "is a Word or ZIP file, not plain text"),
        ("<?xml version='1.0'?>\n<note>Back pain</note>", "is XML, which is not read. Mend: give FHIR R4 as JSON"),
        ("<Bundle xmlns='http://hl7.org/fhir'><type value='collection'/></Bundle>", "is XML"),
        (BUNDLE, "is a case or a FHIR resource, not a note"),
        (' {\n "age_years": 46}', "is a case or a FHIR resource, not a note"),
        (' {"mood": "low"}', "is JSON, not a note. Mend: give it as a case or a FHIR Bundle"),
        (" \n\n ", "the note is empty"),
    ],
)
def test_what_is_no_note_is_never_read_as_a_note_without_findings(run: Run, text: str, said: str) -> None:
    assert said in told(run, "read", "-", stdin=text.encode())
    if not text.strip():
        return  # an empty input is told by the door before
    assert said in told(run, "assess", "-", "--from", "note", stdin=text.encode())


@pytest.mark.parametrize(
    "text",
    ["<5 days of back pain. No fever.", "<b>Back pain</b> and fever", "{back pain} since Monday", "PK: back pain"],
)
def test_a_note_that_begins_oddly_is_still_a_note(run: Run, text: str) -> None:
    assert run("read", "-", stdin=text.encode()).code == 0


def test_record_in_xml_is_told_and_not_assessed_as_prose(run: Run) -> None:
    xml = b"<Bundle xmlns='http://hl7.org/fhir'><entry><resource><Patient/></resource></entry></Bundle>"
    assert "is XML, which is not read. Mend: give FHIR R4 as JSON" in told(run, "assess", "-", stdin=xml)


def test_an_export_of_many_patients_is_told_from_a_broken_record(run: Run) -> None:
    lines = b'{"resourceType": "Patient", "id": "a"}\n{"resourceType": "Patient", "id": "b"}\n'
    assert "holds one resource a line" in told(run, "assess", "-", stdin=lines)
    assert "backspasm screen FILE --out FOLDER" in told(run, "assess", "-", stdin=lines)
    assert "not valid JSON" in told(run, "assess", "-", stdin=b'{"resourceType": "Patient",\n{"id": "b"}}')


def test_a_name_that_is_no_file_is_named(run: Run) -> None:
    assert "FILE (''): names nothing. Mend: name one file" in told(run, "assess", "")
    assert "cannot be read (File name too long)" in told(run, "assess", "x" * 5000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--age-from", "-1"), "age-from (-1): is not an age"),
        (("--age-to", "nan"), "age-to (nan): is not an age"),
        (("--age-from", "300"), "age (from 300): nobody of that age presents"),
        (("--age-from", "50", "--age-to", "20"), "age-to (20): is not above --age-from"),
        (("--grouped",), "--grouped: is for --format ndjson"),
        (("--gzip", "--format", "parquet"), "--gzip: is for --format ndjson"),
        (("--kilobytes", "40"), "--kilobytes: is for --format ndjson"),
        (("--format", "ndjson", "--kilobytes", "nan"), "kilobytes (nan): is not a size"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    out = tmp_path / "out"
    assert said in told(run, "cohort", "--n", "3", "--out", out, *arguments)
    assert not out.exists()


@pytest.mark.parametrize("form", ["cases", "parquet", "ndjson"])
def test_a_cohort_has_its_folder_or_says_why_not(run: Run, a_file: Path, form: str) -> None:
    for out in (a_file, a_file / "below"):
        said = told(run, "cohort", "--n", "3", "--out", out, "--format", form)
        assert f"--out ({shortened(str(out))}): cannot be made (" in said


def test_screening_and_audit_have_their_folder_or_say_why_not(run: Run, a_file: Path, tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("age_years\n40\n", encoding="utf-8")
    out = a_file / "below"
    assert f"--out ({shortened(str(out))}): cannot be made (Not a directory)" in told(
        run, "screen", table, "--out", out
    )
    assert run("screen", str(table), "--out", str(tmp_path / "screened"), "--jobs", "1").code == 0
    assert f"--out ({shortened(str(out))}): cannot be made" in told(run, "audit", tmp_path / "screened", "--out", out)


def test_a_bucket_without_bounds_is_no_size(run: Run, a_file: Path, tmp_path: Path) -> None:
    for size in ("inf", "nan", "0"):
        assert "--bucket" in told(run, "screen", a_file, "--out", tmp_path / "out", "--bucket", size)


def test_known_cases_that_are_no_text_are_named(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "known.jsonl"
    place.write_bytes(bytes(range(256)))
    assert "known.jsonl: is not valid UTF-8 (byte 128). Mend: save the file as UTF-8" in told(
        run, "validate", "--cases", place
    )
    place.write_text('{"case": {"age_years": 4}, "gold": {"cause": "discitis"}}\n', encoding="utf-8")
    assert "gold with its cause and urgency" in told(run, "validate", "--cases", place)


def test_a_page_that_cannot_be_written_is_told_before_the_work(run: Run, tmp_path: Path) -> None:
    for html, why in ((tmp_path / "none" / "x.html", "No such file or directory"), (tmp_path, "Is a directory")):
        said = told(run, "validate", "--calibration", "--html", html)  # the work takes minutes
        assert f"--html ({html}): cannot be written ({why}). Mend: " in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--show, --out: name one of them"),
        (("--quick",), "--show, --out: name one of them"),
        (("--show", "--quick"), "--quick: is of a new fit"),
        (("--out", "fit", "--format", "json"), "--format (json): is of the stored fit. Mend: add --show"),
    ],
)
def test_a_fit_is_shown_or_made(run: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in told(run, "cycle", "fit", *arguments)


def test_what_is_shown_on_the_terminal_is_also_written_to_a_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "fit.txt"
    assert run("cycle", "fit", "--show", "--out", str(out)) == (0, "", "")
    assert "held out" in out.read_text(encoding="utf-8")
    course = tmp_path / "course.txt"
    done = run("simulate", "-", "--draws", "20", "--out", str(course), stdin=b"age_years: 40\n")
    assert done == (0, "", "")
    assert "Course to expect" in course.read_text(encoding="utf-8")


def test_a_cause_without_a_finding_opens_nothing(run: Run) -> None:
    assert "--cause (discitis): is of a finding, and none is named. Mend: " in told(
        run, "evidence", "--cause", "discitis"
    )


def test_an_interview_that_cannot_be_saved_does_not_begin(run: Run, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "talk.json"):
        assert f"--save ({shortened(str(place))}): cannot be written" in told(run, "interview", "--save", place)
    assert list(tmp_path.iterdir()) == []


def test_patients_to_try_are_there(run: Run, tmp_path: Path) -> None:
    said = told(run, "knowledge", "impact", "deyo1988", "--patients", tmp_path)
    assert f"folder ({tmp_path}): holds no case. Mend: put cases there (.json, .yaml, .yml)" in said


@pytest.mark.parametrize("command", [("knowledge", "check"), ("assess", "-")])
def test_a_knowledge_folder_that_is_none_is_named_once(a_file: Path, command: tuple[str, ...]) -> None:
    for place in (a_file, a_file.parent / "none"):
        done = subprocess.run(
            [sys.executable, "-m", "backspasm.cli", *command],
            input=CASE,
            capture_output=True,
            env=os.environ | {"BACKSPASM_KNOWLEDGE": str(place)},
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, b"")
        assert (
            f"BACKSPASM_KNOWLEDGE: {place} is no folder. Mend: name a copy of the knowledge folder"
            in done.stderr.decode()
        )
        assert len(done.stderr.splitlines()) <= 3


def test_the_store_that_cannot_be_used_is_named(run: Run, tmp_path: Path) -> None:
    store, config = tmp_path / "store.db", tmp_path / "service.toml"
    store.write_bytes(b"no database" * 100)
    config.write_text(f'[store]\nurl = "sqlite:///{store}"\nsecret_file = "{tmp_path / "secret"}"\n', encoding="utf-8")
    assert f"store.url (sqlite:///{store}): cannot be used (DatabaseError)" in told(
        run, "store", "audit", "--config", config
    )
    config.write_text("prot = 80\n", encoding="utf-8")
    assert "Object contains unknown field `prot`. Mend: see docs/service-running.md" in told(
        run, "store", "audit", "--config", config
    )
