"""Scores the reader against the corpus of notes: precision, recall and F1 over the lists of present and absent findings.

    .venv/bin/python -m tests.notes.score [--errors] [--style]

The reader was developed on the notes about adults, children and in patients' own words, and on the even ones of
``blind.yaml``; the odd ones of that file are held out, so of those only the score is printed, never an error.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from backspasm.patients.from_note.read import Reading, read_note
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import read_knowledge

CORPUS = Path(__file__).parent / "corpus"
#: how far a duration may lie from the gold, relative to it
NEAR = 0.2


class Score(NamedTuple):
    """Counts of findings read and meant."""

    right: int
    read: int
    meant: int

    @property
    def precision(self) -> float:
        return self.right / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.meant if self.meant else 1.0

    @property
    def f1(self) -> float:
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p + r else 0.0

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}  recall {self.recall:.3f}  F1 {self.f1:.3f}  ({self.right}/{self.read}/{self.meant})"


def corpus() -> list[dict[str, Any]]:
    """Every note with its gold answer."""
    return [
        entry for path in sorted(CORPUS.glob("*.yaml")) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def even(entry: dict[str, Any]) -> bool:
    return int(str(entry["id"])[-1]) % 2 == 0


def held_out(entry: dict[str, Any]) -> bool:
    """Whether the note was never looked at while the reader was developed."""
    return str(entry["id"]).startswith("blind-") and not even(entry)


def halves(entries: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The notes of the first corpus, and those written blind: the half developed on and the half held out."""
    out: dict[str, list[dict[str, Any]]] = {"first": [], "blind": [], "held out": []}
    for entry in entries:
        name = "held out" if held_out(entry) else "blind" if str(entry["id"]).startswith("blind-") else "first"
        out[name].append(entry)
    return out


def score(entries: Iterable[tuple[dict[str, Any], Reading]], lists: Sequence[str] = ("present", "absent")) -> Score:
    """Right answers, answers read and answers meant, over the named lists counted apart."""
    right = read = meant = 0
    for entry, reading in entries:
        for name in lists:
            gold, got = set(entry["case"].get(name, ())), set(getattr(reading, name))
            right += len(gold & got)
            read += len(got)
            meant += len(gold)
    return Score(right, read, meant)


def readings(entries: Sequence[dict[str, Any]], knowledge: Knowledge) -> list[tuple[dict[str, Any], Reading]]:
    return [(entry, read_note(entry["note"], knowledge)) for entry in entries]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--errors", action="store_true", help="list the errors, but for those of the half held out")
    options.add_argument("--style", action="store_true", help="scores by style")
    given = options.parse_args()
    knowledge = read_knowledge()
    entries = corpus()
    for name, half in halves(entries).items():
        done = readings(half, knowledge)
        print(f"{name:8} {len(half):4}\n           all      {score(done)}")
        for which in ("present", "absent"):
            print(f"           {which:8} {score(done, [which])}")
        fields = Counter[str]()
        for entry, reading in done:
            case = entry["case"]
            fields["age"] += case.get("age_years") == reading.patient.age_years
            fields["sex"] += (case.get("sex") or "unknown") == reading.patient.sex
            gold, got = (c.get("duration_days") for c in (case.get("measured", {}), reading.patient.measured))
            fields["duration"] += gold == got or (bool(gold and got) and abs(got / gold - 1) <= NEAR)  # type: ignore[operator]
        print("           " + "  ".join(f"{k} {v / len(done):.3f}" for k, v in fields.items()))
        if given.style:
            for style in sorted({e["style"] for e in half}):
                print(f"           {style:18} {score([d for d in done if d[0]['style'] == style])}")
        if name != "held out" and given.errors:
            errors(done)


def errors(done: Sequence[tuple[dict[str, Any], Reading]]) -> None:
    """Each wrong or missing answer, by finding."""
    rows: dict[tuple[str, str], list[str]] = {}
    for entry, reading in done:
        for which in ("present", "absent"):
            gold, got = set(entry["case"].get(which, ())), set(getattr(reading, which))
            for f in sorted(got - gold):
                words = [
                    f"{h.rule}:{reading.text[h.start : h.end]!r}"
                    for h in reading.hits
                    if h.finding == f and h.answer == which
                ]
                rows.setdefault((f, f"+{which}"), []).append(f"{entry['id']} {words[:2]}")
            for f in sorted(gold - got):
                seen = [f"{h.assertion}:{reading.text[h.start : h.end]!r}" for h in reading.hits if h.finding == f]
                rows.setdefault((f, f"-{which}"), []).append(f"{entry['id']} {seen[:2]}")
    for (finding, kind), where in sorted(rows.items(), key=lambda r: -len(r[1])):
        print(f"{finding} {kind} ({len(where)})")
        for line in where:
            print("     ", " ".join(line.split()))


if __name__ == "__main__":
    main()
