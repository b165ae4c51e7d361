"""Checks of ``words/`` that no schema can make: findings that must exist, classes that must be there, brackets that close."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import KeyPath, Source

_NAMED = re.compile(r"\{([^{}]*)\}")
#: what the language of patterns cannot say, and would read as something else
_NESTED = re.compile(r"\([^()]*\(|\([^()]*\s\.\.\.?\s[^()]*\)")


def word_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Every fault of the words, each where it stands."""
    known = set(knowledge.index.finding_ids)
    classes = {c.id for c in knowledge.words.classes}
    for schema, key in (("wordings", "wordings"), ("statements", "statements"), ("cues", "cues")):
        for source in found[schema]:
            for i, item in enumerate(source.data[key]):
                named = [item["finding"]] if "finding" in item else [*item.get("absent", ()), *item.get("present", ())]
                for finding in named:
                    if finding not in known:
                        mend = did_you_mean(finding, known, "see index.yaml")
                        yield Problem(source.file, source.line((key, i)), f"unknown finding {finding!r}", mend)
                for field in ("says", "denies", "names", "not_when", "words"):
                    for j, pattern in enumerate(item.get(field, ())):
                        yield from _pattern_problems(pattern, classes, source, (key, i, field, j))


def _pattern_problems(pattern: str, classes: set[str], source: Source, path: KeyPath) -> Iterator[Problem]:
    line = source.line(path)
    for name in _NAMED.findall(pattern):
        if name not in classes:
            yield Problem(
                source.file, line, f"unknown word class {name!r}", did_you_mean(name, classes, "see classes.yaml")
            )
    if _NESTED.search(pattern):
        mend = "write each alternative out"
        yield Problem(source.file, line, f"brackets or a gap inside brackets in {pattern[:60]!r}", mend)
    plain = pattern.replace("{", "(").replace("}", ")")
    if plain.count("(") != plain.count(")"):
        yield Problem(source.file, line, f"brackets do not match in {pattern[:60]!r}", "close every bracket")
