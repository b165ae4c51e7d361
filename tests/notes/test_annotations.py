"""The reader against passages of public notes annotated by hand (``annotations.yaml``).

The notes themselves are not part of the project; the environment variable ``BACKSPASM_NOTES`` names the folder with the
files ``mts_dialog.jsonl`` and ``aci_bench.jsonl``.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.read import read_note

Half = Literal["even", "odd"]

#: lowest precision and recall that the reader may have on the half on which it was not developed (just below what it has)
PRECISION_FLOOR = 0.79
RECALL_FLOOR = 0.78

_FOLDER = os.environ.get("BACKSPASM_NOTES")
needs_notes = pytest.mark.skipif(_FOLDER is None, reason="BACKSPASM_NOTES does not name the folder of the public notes")


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that a passage states, and where in the field the words stand."""

    finding: str
    answer: Literal["present", "absent", "uncertain"]
    start: int
    end: int


class Passage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of one field of one record; the head of the file says what the fields mean."""

    file: str
    id: str
    index: int
    field: Literal["note", "dialogue"]
    start: int
    end: int
    half: Half
    sha256: str
    findings: list[Mark]
    may: frozenset[str] = frozenset()

    def stated(self, answer: str) -> set[str]:
        return {mark.finding for mark in self.findings if mark.answer == answer}


class Score(msgspec.Struct, frozen=True):
    """Counts over passages, present and absent apart and then added up; uncertain ones belong to neither."""

    right: int
    read: int
    stated: int

    @property
    def precision(self) -> float:
        return self.right / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.stated if self.stated else 1.0


PASSAGES = msgspec.yaml.decode(Path(__file__).with_name("annotations.yaml").read_bytes(), type=list[Passage])


@cache
def _records(file: str) -> list[dict[str, Any]]:
    assert _FOLDER is not None
    return [json.loads(line) for line in (Path(_FOLDER) / file).read_text(encoding="utf-8").splitlines()]


def _words(passage: Passage) -> str:
    field: str = _records(passage.file)[passage.index][passage.field]
    return field[passage.start : passage.end]


def score(half: Half, knowledge: Knowledge) -> Score:
    """Reads each passage of one half by itself and counts what was read, what is stated and what agrees."""
    right = read = stated = 0
    for passage in PASSAGES:
        if passage.half != half:
            continue
        reading = read_note(_words(passage), knowledge)
        for answer, found in (("present", reading.present), ("absent", reading.absent)):
            gold = passage.stated(answer)
            got = set(found) - passage.may
            right += len(got & gold)
            read += len(got)
            stated += len(gold)
    return Score(right, read, stated)


def test_the_annotations_are_sound(knowledge: Knowledge) -> None:
    """Ids are known, places lie inside their passage, and each half has thirty passages or more."""
    for passage in PASSAGES:
        named = [mark.finding for mark in passage.findings]
        assert len(named) == len(set(named)), passage.id
        assert not passage.may & set(named), passage.id
        assert {*named, *passage.may} <= set(knowledge.findings), passage.id
        assert passage.half == ("odd" if passage.index % 2 else "even"), passage.id
        for mark in passage.findings:
            assert passage.start <= mark.start < mark.end <= passage.end, passage.id
    for half in ("even", "odd"):
        assert sum(passage.half == half for passage in PASSAGES) >= 30


@needs_notes
def test_the_passages_are_those_that_were_annotated() -> None:
    for passage in PASSAGES:
        assert _records(passage.file)[passage.index]["id"] == passage.id
        assert hashlib.sha256(_words(passage).encode()).hexdigest() == passage.sha256, (passage.id, passage.start)


@needs_notes
def test_precision_and_recall(knowledge: Knowledge, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures of both halves are printed; only those of the odd half have a floor."""
    for half in ("even", "odd"):
        figures = score(half, knowledge)
        with capsys.disabled():
            print(
                f"\nannotated passages, {half} half: precision {figures.precision:.3f}, recall {figures.recall:.3f} "
                f"({figures.right} right of {figures.read} read and {figures.stated} stated)"
            )
    assert figures.precision >= PRECISION_FLOOR
    assert figures.recall >= RECALL_FLOOR
