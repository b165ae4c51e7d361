"""Checks of what is asked next: what investigations reveal, safety questions, and the burden of asking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import Source

#: what a row of the assumption ``burden_of_asking`` weighs
BURDENS = ("time", "discomfort", "cost", "radiation", "delay")


def question_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Unknown ids, investigations without a record or given twice, safety questions that cannot be answered with yes or no."""
    yield from _reveal_problems(knowledge, found["reveals"])
    yield from _safety_problems(knowledge, found["safety_questions"])
    yield from _burden_problems(knowledge)


def _reveal_problems(knowledge: Knowledge, sources: Iterable[Source]) -> Iterator[Problem]:
    known, seen = knowledge.index.investigations, set()
    file = "investigations/reveals.yaml"
    for source in sources:
        for i, row in enumerate(source.data["reveals"]):
            line, name = source.line(("reveals", i)), row["investigation"]
            if name not in known:
                mend = did_you_mean(name, known, "see index.yaml")
                yield Problem(source.file, line, f"unknown investigation {name!r}", mend)
            if name in seen:
                yield Problem(source.file, line, f"{name!r} is given twice", "keep one of the two")
            seen.add(name)
            yield from _unknown_findings(knowledge, source, line, (*row["reveals"], *row.get("asked_too", ())))
    for name in known:
        if name not in seen:
            yield Problem(file, 1, f"lacks the investigation {name!r}", "say what it reveals; an empty list if nothing")


def _safety_problems(knowledge: Knowledge, sources: Iterable[Source]) -> Iterator[Problem]:
    for source in sources:
        for part in ("safety", "together", "not_asked_of"):
            for i, row in enumerate(source.data[part]):
                line = source.line((part, i))
                yield from _unknown_findings(knowledge, source, line, row["findings"])
                for address in row.get("sources", ()):
                    if address not in knowledge.assumptions and knowledge.fact(address) is None:
                        mend = "name study/fact or an assumption"
                        yield Problem(source.file, line, f"unknown source {address!r}", mend)
        listed: set[str] = set()
        for i, row in enumerate(source.data["together"]):
            for name in row["findings"]:
                if name in listed:
                    what = f"{name!r} is in two lists that are asked together"
                    yield Problem(source.file, source.line(("together", i)), what, "keep it in one")
                listed.add(name)
        rows = [(part, i, row) for part in ("safety", "together") for i, row in enumerate(source.data[part])]
        for part, i, row in rows:
            for name in row["findings"]:
                if name in knowledge.findings and knowledge.findings[name].kind != "boolean":
                    what = f"{name!r} is a measurement, and a question of this place is answered with yes or no"
                    yield Problem(source.file, source.line((part, i)), what, "name a yes-or-no finding")


def _burden_problems(knowledge: Knowledge) -> Iterator[Problem]:
    index, file = knowledge.index, "evidence/assumptions.yaml"
    if "burden_of_asking" not in knowledge.assumptions:
        yield Problem(file, 1, "lacks the assumption 'burden_of_asking'", "restore it")
        return
    rows = knowledge.tables("burden_of_asking")
    known = {*index.findings, *index.finding_ids, *index.investigations}
    for name, row in rows.items():
        if name not in known:
            mend = did_you_mean(name, known, "name a section, a finding or an investigation")
            yield Problem(file, 1, f"burden_of_asking: unknown id {name!r}", mend)
        for column in {*BURDENS} ^ {*row}:
            yield Problem(file, 1, f"burden_of_asking: {name}: {column!r}", f"give exactly {', '.join(BURDENS)}")
    for name in (*index.findings, *index.investigations):
        if name not in rows:
            yield Problem(file, 1, f"burden_of_asking lacks {name!r}", "add a row")


def _unknown_findings(knowledge: Knowledge, source: Source, line: int, names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if name not in knowledge.index.finding_ids:
            mend = did_you_mean(name, knowledge.index.finding_ids, "see index.yaml")
            yield Problem(source.file, line, f"unknown finding {name!r}", mend)
