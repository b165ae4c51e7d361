"""Published rules that combine findings: the format, and a reader that reports every problem at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import KnowledgeError, Problem, did_you_mean
from backspasm.records.schemas import schema_problems
from backspasm.records.types import Study
from backspasm.records.yaml_source import KeyPath, Source, read_yaml

Measure = Literal["sensitivity", "specificity", "lr_pos", "lr_neg", "prevalence"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
COMBINING = ("any_of", "all_of", "count")
AGES = ("age_over", "age_under")


class Clause(Struct, frozen=True):
    """A finding, or an age in years that is reached or not reached, or at least so many of several clauses."""

    finding: str | None = None
    age_over: float | None = None
    age_under: float | None = None
    parts: tuple[Clause, ...] = ()
    at_least: int = 0

    def findings(self) -> tuple[str, ...]:
        """Findings in order; one that stands twice is given twice."""
        own = (self.finding,) if self.finding else ()
        return own + tuple(f for part in self.parts for f in part.findings())

    def ages(self) -> tuple[float, ...]:
        own = tuple(a for a in (self.age_over, self.age_under) if a is not None)
        return own + tuple(a for part in self.parts for a in part.ages())


class Figure(Struct, frozen=True):
    """What a study reported: counts, or a value with or without its interval."""

    hits: int | None = None
    of: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Rule(Struct, frozen=True):
    """One rule with its population, its target and what was published. ``clause`` is None where only a share is known."""

    id: str
    source: str
    target: tuple[str, ...]
    published: dict[Measure, Figure]
    clause: Clause | None = None
    comparator: tuple[str, ...] = ()
    setting: str | None = None
    age_years: tuple[float | None, float | None] = (None, None)
    sex: str | None = None
    excludes: tuple[str, ...] = ()


def read_rules(path: Path, knowledge: Knowledge) -> tuple[Rule, ...]:
    """The rules of a YAML or JSON file.

    Raises:
        KnowledgeError: with every problem of the file, each with line and mend.
        OSError: where the file cannot be read.
    """
    source, problems = read_yaml(path, path.parent)
    if not problems:
        problems = schema_problems(source, "rules")
    if not problems:
        problems = _Checker(source, knowledge).problems()
    if problems:
        raise KnowledgeError(problems)
    return tuple(_rule(data) for data in source.data)


class _Checker:
    """What a schema cannot say: that ids exist, and that a rule fits what was published of it."""

    def __init__(self, source: Source, knowledge: Knowledge) -> None:
        self.source = source
        self.knowledge = knowledge
        self.found: list[Problem] = []

    def fault(self, path: KeyPath, what: str, mend: str) -> None:
        self.found.append(Problem(self.source.file, self.source.line(path), what, mend))

    def problems(self) -> list[Problem]:
        seen: set[str] = set()
        for i, rule in enumerate(self.source.data):
            if rule["id"] in seen:
                self.fault((i, "id"), f"{rule['id']}: there are two rules of this id", "give each its own")
            seen.add(rule["id"])
            self._rule(rule, (i,))
        return self.found

    def _rule(self, rule: dict[str, Any], path: KeyPath) -> None:
        index = self.knowledge.index
        targets = (*index.cause_ids, *(c.id for c in self.knowledge.complications.values() if c.modelled))
        for key in ("target", "comparator"):
            for j, name in enumerate(rule.get(key, ())):
                self._known(name, targets, (*path, key, j), f"{rule['id']}: unknown cause or complication")
        population = rule["population"]
        if "setting" in population:
            where = (*path, "population", "setting")
            self._known(population["setting"], index.settings, where, f"{rule['id']}: unknown setting")
        low, high = population.get("age_years", (0, 1))
        if low >= high:
            self.fault((*path, "population", "age_years"), f"{rule['id']}: ages {low} to {high}", "write [low, high]")
        oldest = self.knowledge.number("oldest_presenter")
        if low >= oldest:
            what = f"{rule['id']}: nobody of {low} to {high} years presents"
            self.fault((*path, "population", "age_years"), what, f"begin below {oldest:g}")
        keys = [k for k in COMBINING if k in rule]
        if len(keys) > 1:
            self.fault(path, f"{rule['id']}: has {' and '.join(keys)}", "nest one in the other")
        needs = [m for m in rule["published"] if m != "prevalence"]
        if needs and not keys:
            self.fault(path, f"{rule['id']}: has {needs[0]} but no rule", f"add one of {', '.join(COMBINING)}")
        self._count(rule, path, rule["id"])
        for key in keys:
            self._parts(rule[key], (*path, key), rule["id"])
        for measure, figure in rule["published"].items():
            self._figure(measure, figure, (*path, "published", measure), rule["id"])

    def _known(self, name: str, known: tuple[str, ...], path: KeyPath, what: str) -> None:
        if name not in known:
            self.fault(path, f"{what} {name!r}", did_you_mean(name, known, "see `backspasm knowledge coverage`"))

    def _count(self, part: dict[str, Any], path: KeyPath, rule: str) -> None:
        if ("count" in part) != ("at_least" in part):
            lacking = "at_least" if "count" in part else "count"
            self.fault(path, f"{rule}: count and at_least belong together", f"add {lacking}")
        elif "count" in part and part["at_least"] > len(part["count"]):
            what = f"{rule}: at least {part['at_least']} of {len(part['count'])} can never hold"
            self.fault((*path, "at_least"), what, "lower at_least, or add findings")

    def _parts(self, parts: list[Any], path: KeyPath, rule: str) -> None:
        for i, part in enumerate(parts):
            where = (*path, i)
            if isinstance(part, str):
                self._finding(part, where, rule)
                if part in parts[:i]:
                    self.fault(where, f"{rule}: {part} is named twice side by side", "name it once")
                continue
            keys = [k for k in (*COMBINING, *AGES) if k in part]
            if len(keys) != 1:
                said = " and ".join(keys) or "nothing"
                mend = f"keep one of {', '.join((*COMBINING, *AGES))}"
                self.fault(where, f"{rule}: a part must say one thing, this says {said}", mend)
            self._count(part, where, rule)
            for key in keys:
                if key in COMBINING:
                    self._parts(part[key], (*where, key), rule)

    def _finding(self, name: str, path: KeyPath, rule: str) -> None:
        findings = self.knowledge.findings
        if name in findings and findings[name].kind == "measured":
            mend = "a rule takes yes-or-no findings and ages; take a finding that says it, such as fever"
            self.fault(path, f"{rule}: {name} is a measured value, not a yes-or-no finding", mend)
            return
        booleans = tuple(f.id for f in findings.values() if f.kind == "boolean")
        self._known(name, booleans, path, f"{rule}: unknown yes-or-no finding")

    def _figure(self, measure: str, figure: dict[str, Any], path: KeyPath, rule: str) -> None:
        if "of" not in figure and "value" not in figure:
            self.fault(path, f"{rule}: {measure} has neither counts nor a value", "write {hits, of} or {value}")
        if figure.get("hits", 0) > figure.get("of", figure.get("hits", 0)):
            self.fault(path, f"{rule}: {measure}: hits are larger than of", "read the table again")
        share = measure not in {"lr_pos", "lr_neg"}
        if share and any(figure.get(key, 0) > 1 for key in ("value", "low", "high")):
            self.fault(path, f"{rule}: {measure} is above 1", "write a share from 0 to 1")
        if not share and "of" in figure:
            self.fault(path, f"{rule}: {measure} is a ratio, not {figure['of']} patients", "write {value, low, high}")
        if "low" in figure and not figure["low"] <= figure["value"] <= figure["high"]:
            self.fault(path, f"{rule}: {measure}: value outside low to high", "read the table again")


def _rule(data: dict[str, Any]) -> Rule:
    population = data["population"]
    return Rule(
        id=data["id"],
        source=data["source"],
        target=tuple(data["target"]),
        published={m: Figure(**data["published"][m]) for m in MEASURES if m in data["published"]},
        clause=_clause(data) if any(k in data for k in COMBINING) else None,
        comparator=tuple(data.get("comparator", ())),
        setting=population.get("setting"),
        age_years=tuple(population.get("age_years", (None, None))),
        sex=population.get("sex"),
        excludes=tuple(data.get("excludes", ())),
    )


def _clause(data: Any) -> Clause:
    if isinstance(data, str):
        return Clause(finding=data)
    if "age_over" in data:
        return Clause(age_over=float(data["age_over"]))
    if "age_under" in data:
        return Clause(age_under=float(data["age_under"]))
    key = next(k for k in COMBINING if k in data)
    parts = tuple(_clause(part) for part in data[key])
    wanted = {"any_of": 1, "all_of": len(parts)}.get(key) or data["at_least"]
    return Clause(parts=parts, at_least=wanted)


def own_studies(rule: Rule, knowledge: Knowledge) -> tuple[str, ...]:
    """Studies that must not be evidence when validating on the rule: those it names and its own, found by the citation.

    A study is the rule's own where year, volume and page of the source stand in its citation, or where its id begins the
    rule's id. Studies of the same patients (``lineage``) go with it.
    """
    own = {s.id for s in knowledge.studies.values() if s.id in rule.excludes or _same_paper(rule, s)}
    lineages = {knowledge.studies[s].lineage for s in own} - {None}
    return tuple(s.id for s in knowledge.studies.values() if s.id in own or s.lineage in lineages)


def not_on_file(rules: Iterable[Rule], knowledge: Knowledge) -> tuple[str, ...]:
    """For each study that a rule excludes and that is not on file, a remark: nothing of it could be left out."""
    known = tuple(knowledge.studies)
    return tuple(
        f"{rule.id} excludes {name}, which is not on file: nothing was left out for it. If one was meant: "
        f"{did_you_mean(name, known, '`backspasm evidence` lists all studies')}"
        for rule in rules
        for name in rule.excludes
        if name not in knowledge.studies
    )


_PLACE = re.compile(r"\d{4};\s*\d+(?:\(\d+\))?:\w+")


def _same_paper(rule: Rule, study: Study) -> bool:
    places = [re.sub(r"\(\d+\)|\s", "", p) for p in _PLACE.findall(rule.source)]
    citation = re.sub(r"\(\d+\)|\s", "", study.citation)
    return rule.id == study.id or rule.id.startswith(f"{study.id}_") or any(p in citation for p in places)
