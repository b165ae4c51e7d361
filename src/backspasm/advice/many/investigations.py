"""Which tests are indicated for each of many patients; the twin of ``investigations.advise``.

What is advised depends only on which rules hold, and few combinations of rules occur: each is resolved once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from msgspec import Struct

from backspasm.advice.investigations import resolved
from backspasm.advice.many.crowd import Crowd
from backspasm.advice.many.ragged import Positions, row_keys
from backspasm.advice.many.triage import Triage, within
from backspasm.inference.columns import Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.records.care_types import Indication, Situation, Verdict, When


class Advised(Struct, frozen=True):
    """Advice on one test; ``part_of`` names a wider test that contains it."""

    test: str
    verdict: Verdict
    when: When | None
    part_of: str | None


@dataclass(frozen=True)
class Advices:
    """What is advised to each of n patients: each advice that occurs once, and ``place`` (n), its position in ``kept``."""

    kept: tuple[tuple[Advised, ...], ...]
    place: Positions

    def __getitem__(self, i: int) -> tuple[Advised, ...]:
        return self.kept[self.place[i]]


def advised_tests(crowd: Crowd, found: Triage, tests: frozenset[str] | None = None) -> Advices:
    """The tests advised for every patient, the most needed and soonest first.

    Args:
        tests: only these, which is less work; default all.
    """
    rules = _rules_about(tests, crowd.model)
    ask = _Asking(crowd, found)
    held = np.zeros((max(1, len(rules)), len(crowd)), dtype=bool)
    for i, rule in enumerate(rules):
        held[i] = ask.holds(rule.condition)
    patterns, place = np.unique(row_keys(np.packbits(held, axis=0).T), return_inverse=True)
    return Advices(tuple(_of_pattern(row.tobytes(), tests, crowd.model) for row in patterns), place.reshape(-1))


@lru_cache(maxsize=8)
def _rules_about(tests: frozenset[str] | None, model: Model) -> tuple[Indication, ...]:
    """Rules about the tests, and about wider ones that would contain them or make them needless."""
    rules = model.knowledge.indications
    if tests is None:
        return rules
    wanted: set[str] = set()
    more = set(tests)
    while more != wanted:
        wanted = more
        more = wanted | {r.test for r in rules if wanted.intersection((*r.includes, *r.instead_of))}
    return tuple(r for r in rules if r.test in wanted)


@lru_cache(maxsize=65536)
def _of_pattern(pattern: bytes, tests: frozenset[str] | None, model: Model) -> tuple[Advised, ...]:
    rules = _rules_about(tests, model)
    held = np.unpackbits(np.frombuffer(pattern, dtype=np.uint8))[: len(rules)].tolist()
    met = tuple(rule for rule, holds in zip(rules, held, strict=True) if holds)
    found = resolved(met, model.knowledge)
    return tuple(Advised(t.test, t.verdict, t.when, t.part_of) for t in found if tests is None or t.test in tests)


@lru_cache(maxsize=8)
def imaging_tests(model: Model) -> frozenset[str]:
    """Tests that make a picture: those whose report answers a finding of the section of imaging."""
    pictures = set(model.knowledge.index.findings["imaging"])
    return frozenset(t.id for t in model.knowledge.investigations.values() if pictures.intersection(t.reveals))


class _Asking:
    """Situations asked of a crowd."""

    def __init__(self, crowd: Crowd, found: Triage) -> None:
        self.crowd, self.found, self.knowledge = crowd, found, crowd.model.knowledge
        self.everybody = ~crowd.nobody
        names = crowd.model.parameters
        self.probability: dict[str, Array] = {c: crowd.by_cause[i] for i, c in enumerate(names.causes)}
        self.probability |= {c: crowd.sums.complications[:, i] for i, c in enumerate(names.complications)}
        self.probability |= found.groups
        self.flags: dict[str, Array] = {}

    def _flag(self, name: str) -> Array:
        """The most urgent level of a rule that points to a cause or complication (``any``: of any rule); inf for none."""
        known = self.flags.get(name)
        if known is None:
            known = self.flags[name] = np.full(len(self.crowd), np.inf)
            for identifier, fires in reversed(self.found.rules.items()):  # the most urgent last
                rule = self.knowledge.red_flags[identifier]
                if name == "any" or name in rule.points_to:
                    known[fires] = self.knowledge.index.urgency.index(rule.urgency)
        return known

    def holds(self, s: Situation | None) -> Flags:
        """For whom the situation holds; None holds for everybody."""
        crowd, number = self.crowd, self.knowledge.number
        if s is None:
            return self.everybody
        if s.finding is not None:
            return crowd.present(s.finding)
        if s.denied is not None:
            return crowd.absent(s.denied)
        if s.measured is not None:
            return within(crowd, s.measured, s.at_least, s.at_most)
        if s.age_under is not None:
            return np.asarray(crowd.age < number(s.age_under))
        if s.age_from is not None:
            return np.asarray(crowd.age >= number(s.age_from))
        if s.sex is not None:
            return crowd.people.of_sex(s.sex)
        if s.comorbidity is not None:
            return crowd.has(s.comorbidity)
        if s.pregnancy is not None:
            return self._pregnancy(s.pregnancy)
        return self._found(s)

    def _found(self, s: Situation) -> Flags:
        """Situations over what was worked out, and those made of others."""
        number, order = self.knowledge.number, self.knowledge.index.urgency.index
        if s.rule is not None:
            return self.found.rules.get(s.rule, self.crowd.nobody)
        if s.flagged is not None:
            lowest = self._flag(s.flagged)
            return np.isfinite(lowest) if s.level is None else np.asarray(lowest <= order(s.level))
        if s.likely is not None:
            if s.at_least is None:
                return self.crowd.nobody
            likely = np.asarray(self.probability.get(s.likely, np.zeros(len(self.crowd))) >= number(s.at_least))
            if s.within is None:
                return likely
            causes = self.crowd.model.parameters.causes
            if s.likely not in causes:
                return self.crowd.nobody
            best = self.crowd.ranking[:, : round(number(s.within))]
            return np.asarray(likely & (best == causes.index(s.likely)).any(axis=1))
        if s.urgency_from is not None:
            return np.asarray(self.found.level <= order(s.urgency_from))
        parts = [self.holds(part) for part in (*s.all_of, *s.any_of, *s.none_of, *s.count_of)]
        if s.all_of:
            return reduce(np.logical_and, parts)
        if s.any_of:
            return reduce(np.logical_or, parts)
        if s.none_of:
            return ~reduce(np.logical_or, parts)
        return np.asarray(np.sum(parts, axis=0) >= number(s.count or ""))

    def _pregnancy(self, wanted: str) -> Flags:
        crowd, number = self.crowd, self.knowledge.number
        if wanted == "stated":
            return crowd.present("pregnancy")
        male = crowd.people.of_sex("male")
        fertile = (crowd.age >= number("childbearing_age_from")) & (crowd.age < number("childbearing_age_until"))
        return np.asarray((fertile | np.isnan(crowd.age)) & ~crowd.asked("pregnancy") & ~male)
