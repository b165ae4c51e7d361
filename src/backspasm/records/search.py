"""What was looked for where a rate rests on opinions alone: a search, and what it brought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.types import Record

if TYPE_CHECKING:
    from backspasm.records.knowledge import Knowledge
    from backspasm.records.yaml_source import Source

#: stands for the frequency of a cause among presenters, where a finding would stand
BASE_RATE = "base_rate"


class Search(Record, frozen=True, kw_only=True):
    """One search, with the terms and what came back.

    For the rate of a finding in a cause; for the share with a complication, which then stands as ``finding``; for the
    frequency of a cause (``base_rate``); or, without a cause, for how a finding goes together with an ``other``.
    """

    finding: str
    date: str
    where: str
    terms: str
    found: str
    cause: str | None = None
    other: str | None = None


def search_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    """Unknown causes, complications and findings."""
    index = knowledge.index
    causes = (*index.cause_ids, *index.complications)
    findings = (*index.finding_ids, *index.complications, BASE_RATE)
    for source in sources:
        for i, record in enumerate(source.data["searches"]):
            for key, known in (("cause", causes), ("finding", findings), ("other", findings)):
                named = record.get(key)
                if named is not None and named not in known:
                    what = f"search: unknown {key} {named!r}"
                    mend = did_you_mean(named, known, "see index.yaml")
                    yield Problem(source.file, source.line(("searches", i)), what, mend)
