"""The door for notes: found out by itself, read, shown, and never mistaken for a case."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backspasm.patients.reading import detect, note_text
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


@pytest.mark.parametrize("path", ["examples/cauda_equina.yaml", "examples/fhir_adult_emergency.json"])
def test_data_is_refused_as_a_note_since_its_denials_would_be_lost(path: str, run: Run) -> None:
    for command in (("read", path), ("assess", "--from", "note", path)):
        done = run(*command)
        assert (done.code, done.out) == (2, "")
        assert "not a note" in done.err
        assert "Mend: `backspasm assess FILE`" in done.err


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_denial_ends_with_its_line_however_lines_end(end: str, run: Run) -> None:
    note = f"46M back pain{end}No fever{end}Saddle numbness 🦴{end}incontinent of urine{end}"
    data = json.loads(run("read", "-", "--format", "json", stdin=note.encode()).out)
    assert data["absent"] == ["fever"]
    assert {"saddle_anaesthesia", "urinary_incontinence"} <= {*data["present"]}
    assert all(note[h["start"] : h["end"]] == h["text"] for h in data["hits"])
    shown = run("read", "-", stdin=note.encode()).out
    assert "\N{REPLACEMENT CHARACTER}" not in shown
    assert shown.startswith("46M back pain\n[− No fever]\n[+ Saddle numbness] 🦴\n")


def test_an_assessment_says_what_it_read_in_a_note(run: Run) -> None:
    note = "47M back pain 3/7. No fever. Pain down both legs. ?saddle numbness \x1b[31m. CRP 12. On naproxen."
    for form in ("terminal", "html", "markdown"):
        shown = " ".join(run("assess", "-", "--from", "note", "--format", form, stdin=note.encode()).out.split())
        assert "What was read" in shown
        for said in ("Fever “No fever”", "Bilateral leg pain “Pain down both legs”", "mg/L “CRP 12”", "naproxen"):
            assert said in shown or said.replace("“No fever”", "“fever”") in shown
        assert shown.lower().count("ask again, what was read leaves it open: saddle anaesthesia") == 1
        assert "\x1b" not in shown


def test_words_of_a_note_cannot_steer_a_terminal(run: Run) -> None:
    note = "47M, saddle \x1b[31m numbness, night\x07 pain and weight\x9b loss, no fever"
    for command in (("read", "-"), ("assess", "-", "--from", "note")):
        assert not {"\x1b", "\x07", "\x9b"} & {*run(*command, stdin=note.encode()).out}


def test_a_case_says_itself_what_it_holds(run: Run) -> None:
    assert "What was read" not in run("assess", "examples/cauda_equina.yaml").out
    assert "“Observation/crp”" in run("assess", "examples/fhir_adult_emergency.json").out


def test_a_reading_is_edited_and_assessed_as_it_is(run: Run) -> None:
    note = "47M back pain 3/7. No fever. Pain down both legs. ?saddle numbness."
    reading = json.loads(run("read", "-", "--format", "json", stdin=note.encode()).out)
    straight = json.loads(run("assess", "-", "--from", "note", "--format", "json", stdin=note.encode()).out)

    def assessed() -> dict[str, object]:
        done = run("assess", "-", "--format", "json", stdin=json.dumps(reading).encode())
        assert (done.code, done.err) == (0, "")
        return dict(json.loads(done.out))

    found = assessed()
    for same in ("differential", "urgency", "red_flags", "not_assessed", "treatments"):
        assert found[same] == straight[same]
    reading["present"].append("saddle_anaesthesia")
    corrected = assessed()
    assert corrected["urgency"] != straight["urgency"]
    assert not any("saddle_anaesthesia" in str(line) for line in corrected["not_assessed"])  # type: ignore[attr-defined]
    reading["uncertain"].append("sadle_anaesthesia")
    refused = run("assess", "-", stdin=json.dumps(reading).encode())
    assert (refused.code, refused.out) == (2, "")
    assert "did you mean 'saddle_anaesthesia'" in refused.err


def test_fields_of_a_reading_alone_make_no_reading(run: Run) -> None:
    refused = run("assess", "-", stdin=b'{"age_years": 4, "uncertain": ["fever"]}')
    assert (refused.code, refused.out) == (2, "")
    assert "uncertain: unknown field" in refused.err


def test_looking_whether_a_note_is_one_takes_time_in_proportion_to_its_length() -> None:
    for text in ("\n" * 900_000 + "a", " " * 900_000 + "a", "{ \n" * 300_000 + "a", "'age_years " * 80_000):
        start = time.process_time()
        assert note_text(text) == text
        assert time.process_time() - start < 0.5
