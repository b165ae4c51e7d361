"""Checks of what is asked next: safety questions, and the burden of asking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import Source

#: what a row of the assumption ``burden_of_asking`` weighs
BURDENS = ("time", "discomfort", "cost", "radiation", "delay")


def question_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Unknown ids, safety questions that cannot be answered with yes or no."""
    yield from _safety_problems(knowledge, found["safety_questions"])
    yield from _burden_problems(knowledge)


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
    known = {*index.findings, *index.finding_ids}
    for name, row in rows.items():
        if name not in known:
            mend = did_you_mean(name, known, "name a section or a finding")
            yield Problem(file, 1, f"burden_of_asking: unknown id {name!r}", mend)
        for column in {*BURDENS} ^ {*row}:
            yield Problem(file, 1, f"burden_of_asking: {name}: {column!r}", f"give exactly {', '.join(BURDENS)}")
    for name in index.findings:
        if name not in rows:
            yield Problem(file, 1, f"burden_of_asking lacks {name!r}", "add a row")


def _unknown_findings(knowledge: Knowledge, source: Source, line: int, names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if name not in knowledge.index.finding_ids:
            mend = did_you_mean(name, knowledge.index.finding_ids, "see index.yaml")
            yield Problem(source.file, line, f"unknown finding {name!r}", mend)
