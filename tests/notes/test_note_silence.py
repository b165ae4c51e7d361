"""No word of a note reaches a log, a warning, an error message or standard error, whichever way reading fails."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
import warnings

import pytest

from backspasm import InputError, Knowledge
from backspasm.patients.from_note import NoteError, read, read_note
from backspasm.patients.reading import LARGEST_NOTE, read_patient
from tests.doors.conftest import Run, run
from tests.notes.score import corpus

__all__ = ["run"]  # the fixture
MARK = "Zebrafinch"
NOTE = f"{MARK} says: back pain 3/52 since {MARK} fell. No fever, ?{MARK}. T 39.9. Takes {MARK}ofen 200mg. 47M."
STAGES = ["read_document", "find_hits", "find_values", "assemble", "sentence_spans", "Reading"]


def messages(error: BaseException) -> str:
    """The message with everything that a log of the error would hold, causes included."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.__cause__) + str(error.__context__)


@pytest.mark.parametrize("stage", STAGES)
def test_a_fault_of_the_reader_names_no_word(stage: str, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        try:
            raise KeyError(NOTE)
        except KeyError as error:
            raise ValueError(f"could not convert {NOTE!r}") from error

    monkeypatch.setattr(read, stage, broken)
    with pytest.raises(NoteError) as caught:
        read_note(NOTE, knowledge)
    assert MARK.lower() not in messages(caught.value).lower()
    assert "ValueError" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("note", NOTE.encode() + b"\xff\xfe"),
        ("note", NOTE.encode("utf-16")),
        ("note", (NOTE * (LARGEST_NOTE // len(NOTE) + 1)).encode()),
        ("fhir", NOTE.encode()),
        ("case", NOTE.encode()),
        ("case", f"{MARK} has back pain".encode()),
        ("case", f"Seen with {MARK}: back pain".encode()),
        ("case", f"{MARK} and {{ {MARK}".encode()),
        (None, f'{{"{MARK}"'.encode()),
        (None, NOTE.encode() + b"\xff"),
    ],
)
def test_a_refused_note_is_not_quoted(source: str | None, data: bytes, knowledge: Knowledge) -> None:
    with pytest.raises(InputError) as caught:
        read_patient(data, knowledge, source)  # type: ignore[arg-type]
    assert MARK.lower() not in str(caught.value).lower()


def test_reading_writes_nothing(
    knowledge: Knowledge, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.NOTSET), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for entry in corpus()[:10]:
            read_note(NOTE + entry["note"], knowledge)
    out, err = capfd.readouterr()
    assert (out, err, caplog.text, warned) == ("", "", "", [])


@pytest.mark.parametrize(
    "command", [("read", "-"), ("assess", "-", "--from", "note"), ("leaflet", "-", "--from", "note")]
)
def test_nothing_on_standard_error(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, stdin=NOTE.encode())
    assert done.code == 0
    assert done.err == ""


@pytest.mark.parametrize("shown", ["terminal"])
def test_a_command_that_breaks_does_not_quote_the_note(shown: str) -> None:
    """The whole program, with a view that breaks on the note's own words."""
    program = (
        "import sys, backspasm.cli, backspasm.presentation.note as view\n"
        "def broken(reading, *_): raise ValueError(reading.text)\n"
        "view.print_reading = view.reading_json = view.html = broken\n"
        f"sys.argv = ['backspasm', 'read', '-', '--format', '{shown}']\n"
        "backspasm.cli.main()\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "BACKSPASM_TRACEBACK"}
    done = subprocess.run(
        [sys.executable, "-c", program], input=NOTE.encode(), capture_output=True, check=False, env=environment
    )
    assert done.returncode == 1
    assert b"ValueError" in done.stderr
    assert MARK.lower().encode() not in (done.stdout + done.stderr).lower()
