"""The record of ``back_pain.yaml``, what makes an encounter one for back pain, and its checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.types import Code, Record

if TYPE_CHECKING:
    from backspasm.records.knowledge import Knowledge
    from backspasm.records.yaml_source import Source


class BackPainCodes(Record, frozen=True, kw_only=True):
    """Codes of the pain itself; and the groups of causes, complications and findings whose codes count as well.

    ``chronic``: those codes of ``symptoms`` that say that the pain is chronic.
    """

    symptoms: tuple[Code, ...] = ()
    chronic: tuple[str, ...] = ()
    cause_groups: tuple[str, ...] = ()
    complications: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def back_pain_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    """Ids that do not exist, codes given twice, and a prefix of a system whose codes have no hierarchy in them."""
    known: dict[str, Iterable[str]] = {
        "cause_groups": knowledge.index.causes,
        "complications": knowledge.index.complications,
        "findings": knowledge.index.finding_ids,
        "chronic": [c.code for c in knowledge.back_pain.symptoms],
    }
    for source in sources:
        for part, names in known.items():
            for i, name in enumerate(source.data[part]):
                if name not in names:
                    what = f"{part}: unknown {name!r}"
                    yield Problem(
                        source.file, source.line((part, i)), what, did_you_mean(name, names, "see index.yaml")
                    )
        seen: set[tuple[str, str]] = set()
        for i, row in enumerate(source.data["symptoms"]):
            key = (row["system"], row["code"])
            if key in seen:
                yield Problem(source.file, source.line(("symptoms", i)), f"{row['code']} is given twice", "keep one")
            seen.add(key)
            if row.get("match") == "prefix" and row["system"] != "icd10cm":
                what = f"{row['code']}: only codes of ICD-10-CM can be matched by their beginning"
                yield Problem(source.file, source.line(("symptoms", i)), what, "leave out match")
