"""The door for notes: found out by itself, read, shown, and never mistaken for a case."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backspasm.patients.reading import detect
from tests.doors.conftest import Run

NOTE = '47M, low back pain 3/52. No fever. ?saddle numbness. Never smoked. PMH: T2DM. <script>alert(1)</script> & "x"'
CASES = [
    b"age_years: 47\npresent: [fever]\n",
    b"# a comment\nage_years: null\n",
    b"age_yeras: 47\n",
    b"present:\n- fever\nage_years: 3\n",
    b'{"age_years": 47}',
    b"[1, 2]",
    b"",
    b"hello",
    b"42",
]
NOTES = [
    NOTE.encode(),
    b"PC: back pain\nHPC: 3 weeks, no trauma\nO/E: SLR neg\n",
    b"Doctor: Any fever?\nPatient: No.\n",
    b"My son won't walk and he's been hot all night.",
    b"Allergies: none\nMedications: ibuprofen\nBack pain after a fall.\n",
]


@pytest.mark.parametrize("data", CASES)
def test_data_is_a_case(data: bytes) -> None:
    assert detect(data) == "case"


@pytest.mark.parametrize("data", NOTES)
def test_prose_is_a_note(data: bytes) -> None:
    assert detect(data) == "note"


@pytest.mark.parametrize("path", sorted(Path("examples").glob("*.yaml")), ids=lambda p: p.name)
def test_every_example_case_stays_a_case(path: Path) -> None:
    assert detect(path.read_bytes()) == "case"


def test_the_json_is_a_case_with_hits(run: Run) -> None:
    done = run("read", "-", "--format", "json", stdin=NOTE.encode())
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert data["age_years"] == 47
    assert data["sex"] == "male"
    assert "diabetes" in data["present"]
    assert {"fever", "smoking"} <= set(data["absent"])
    assert "saddle_anaesthesia" in data["uncertain"]
    assert data["measured"]["duration_days"] == 21
    for hit in data["hits"]:
        assert NOTE[hit["start"] : hit["end"]] == hit["text"]
        assert {"finding", "answer", "cue", "section", "rule", "assertion"} <= set(hit)


def test_a_note_is_assessed_like_any_input(run: Run) -> None:
    done = run("assess", "-", "--from", "note", "--format", "json", stdin=NOTE.encode())
    assert done.code == 0
    data = json.loads(done.out)
    assert any("saddle_anaesthesia" in line for line in data["not_assessed"])
    assert "T2DM" in data["said_by"]["diabetes"]
    assert run("assess", "-", "--format", "json", stdin=NOTE.encode()).out == done.out


def test_the_page_is_whole_and_escapes_the_note(run: Run) -> None:
    done = run("read", "-", "--format", "html", stdin=NOTE.encode())
    assert done.code == 0
    assert "<script" not in done.out
    assert "http://" not in done.out
    seen: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append(tag)

    Page().feed(done.out)
    assert "mark" in seen
    assert "script" not in seen


def test_the_terminal_shows_kinds_without_colour(run: Run) -> None:
    done = run("read", "-", stdin=NOTE.encode())
    assert done.code == 0
    assert "[+ T2DM]" in done.out
    assert "[? saddle numbness]" in " ".join(done.out.split())


@pytest.mark.parametrize("data", [b"", b"  \n ", b"\xff\xfe\x00"])
def test_what_is_no_text_is_refused(run: Run, data: bytes) -> None:
    done = run("read", "-", stdin=data)
    assert done.code == 2
    assert done.out == ""
    assert "backspasm:" in done.err
