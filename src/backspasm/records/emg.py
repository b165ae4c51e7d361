"""The frozen records of ``emg/``: what a measure of a surface EMG recording is held against, and their checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.types import Fact, Record, Study

if TYPE_CHECKING:
    from backspasm.records.yaml_source import Source

EmgMeasure = Literal[
    "flexion_relaxation_ratio", "extension_relaxation_ratio", "resting_uv", "resting_percent_mvc", "asymmetry"
]


class EmgReference(Record, frozen=True, kw_only=True):
    """A published value of one measure. ``compare`` says what the fact's interval is: of a mean, or of the middle half of people."""

    id: str
    measure: EmgMeasure
    fact: str
    compare: Literal["mean", "quartiles", "none"]
    says: str


def emg_problems(studies: dict[str, Study], sources: list[Source]) -> Iterator[Problem]:
    """References to facts that are not there, or that lack the numbers to compare with."""
    known: dict[str, Fact] = {f"{s.id}/{f.id}": f for s in studies.values() for f in s.facts}
    for source in sources:
        seen: set[str] = set()
        for i, item in enumerate(source.data["references"]):
            line = source.line(("references", i))
            if item["id"] in seen:
                yield Problem(source.file, line, f"{item['id']!r} is given twice", "keep one of the two")
            seen.add(item["id"])
            fact = known.get(item["fact"])
            if fact is None:
                what = f"{item['id']}: unknown fact {item['fact']!r}"
                yield Problem(source.file, line, what, did_you_mean(item["fact"], known, "see evidence/studies/"))
                continue
            ends = {"mean": (fact.low, fact.high), "quartiles": (fact.q1, fact.q3), "none": ()}[item["compare"]]
            if None in ends:
                names = "low and high" if item["compare"] == "mean" else "q1 and q3"
                what = f"{item['id']}: {item['fact']} has no {names} to compare with"
                yield Problem(source.file, line, what, "write compare: none, or name another fact")
