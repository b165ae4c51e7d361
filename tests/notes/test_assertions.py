"""The reader against ``assertions.yaml``: sentences of which each is made hard by one known phenomenon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.read import read_note

#: what can make a sentence hard; a row of the table has exactly one of these
PHENOMENA = (
    "negation",
    "negation over list",
    "negation scope ends",
    "double negation",
    "not only",
    "post-cue",
    "denies-but-reports",
    "pseudo-negation",
    "uncertain",
    "past resolved",
    "family",
    "other person",
    "hypothetical",
    "question without answer",
    "question with answer",
    "check box",
    "normal examination",
    "headings",
    "british abbreviations",
    "american abbreviations",
    "lay words of patients",
    "lay words of parents",
    "typing errors",
    "times",
    "planned or ordered",
    "contradiction",
    "ambiguous words",
    "pain that grows",
    "care that failed",
    "walking and moving",
    "bladder and bowel",
    "beside and on the spine",
    "statement with a question",
    "felt before and found now",
    "numbers between the words",
    "fields of a urine dip",
    "words of two uses",
    "angles of the leg raise",
)
#: rows that the reader is known to get wrong; they must leave this list when it gets them right (strict xfail)
MISSED: frozenset[str] = frozenset()
#: what follows from an answer anyway, so that a reading may list it although no row asks for it
FOLLOWS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("absent", "motor_weakness"): ("severe_motor_weakness",),
    ("absent", "radicular_leg_pain"): ("bilateral_leg_pain",),
    ("absent", "straight_leg_raise"): ("crossed_straight_leg_raise",),
    ("absent", "spinal_deformity"): ("painful_scoliosis",),
    ("absent", "history_of_cancer"): ("minor_skin_cancer_only",),
    ("present", "radiograph_normal"): (
        "radiograph_fracture",
        "radiograph_pars_defect",
        "radiograph_slip",
        "radiograph_destruction",
    ),
    ("present", "mri_normal"): (
        "mri_infection",
        "mri_epidural_collection",
        "mri_tumour",
        "mri_root_compression",
        "mri_cauda_or_cord_compression",
        "mri_fracture_oedema",
        "mri_pars_oedema",
        "mri_sacroiliitis",
        "mri_stenosis",
    ),
}

Answer = Literal["present", "absent", "uncertain"]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table; the head of the file says what the fields mean."""

    id: str
    phenomenon: str
    text: str
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()
    days_ago: dict[str, float] = {}
    may: dict[Answer, frozenset[str]] = {}

    def free(self, answer: Answer) -> frozenset[str]:
        """Findings that a reading may, but need not, list under this answer."""
        implied: set[str] = set(self.may.get(answer, ()))
        if answer == "absent":
            for finding in self.absent:
                implied.update(FOLLOWS.get(("absent", finding), ()))
            for finding in self.present:
                implied.update(FOLLOWS.get(("present", finding), ()))
        return frozenset(implied)


ROWS = msgspec.yaml.decode(Path(__file__).with_name("assertions.yaml").read_bytes(), type=list[Row])


def _parameter(row: Row) -> object:
    marks = [pytest.mark.xfail(reason="known miss")] if row.id in MISSED else []
    return pytest.param(row, id=f"{row.phenomenon}, {row.id}", marks=marks)


def test_the_table_is_sound(knowledge: Knowledge) -> None:
    """Every id is known, no answer stands twice, and each phenomenon has enough rows."""
    assert len({row.id for row in ROWS}) == len(ROWS) >= 220
    assert not MISSED - {row.id for row in ROWS}
    rows = Counter(row.phenomenon for row in ROWS)
    assert set(rows) == set(PHENOMENA)
    assert min(rows.values()) >= 5
    named: set[str] = set()
    for row in ROWS:
        answers = [*row.present, *row.absent, *row.uncertain]
        free = {finding for findings in row.may.values() for finding in findings}
        assert len(answers) == len(set(answers)), row.id
        assert not free & set(answers), row.id
        assert {*answers, *free, *row.days_ago} <= set(knowledge.findings), row.id
        assert set(row.days_ago) <= row.present, row.id
        named.update(answers)
    assert len(named) >= 70


@pytest.mark.parametrize("row", [_parameter(row) for row in ROWS])
def test_a_careful_reader_takes_this_and_no_more(row: Row, knowledge: Knowledge) -> None:
    reading = read_note(row.text, knowledge)
    assert set(reading.present) - row.free("present") == row.present, row.text
    assert set(reading.absent) - row.free("absent") == row.absent, row.text
    assert set(reading.uncertain) - row.free("uncertain") == row.uncertain, row.text
    for finding, days in row.days_ago.items():
        assert reading.days_ago.get(finding) == pytest.approx(days), row.text
