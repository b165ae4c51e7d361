"""Which tests and images help this patient, when, which do not, and what follows from their result.

Rules are records (``investigations/indications.yaml``). Of several rules for one test the strictest wins: indicated before
consider before not indicated, then the soonest. A test that a wider one contains is named as its part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from backspasm.advice.situations import Circumstances, holds
from backspasm.records.care_types import VERDICTS, WHENS, Indication, Investigation, Verdict, When
from backspasm.records.knowledge import Knowledge


class Advice(Struct, frozen=True):
    """Advice on one test. ``known``: findings of it that are already answered; ``part_of``: the wider test that contains it."""

    test: str
    verdict: Verdict
    when: When | None
    because: tuple[str, ...]
    sources: tuple[str, ...]
    cautions: tuple[str, ...]
    if_positive: str
    if_negative: str
    rules: tuple[str, ...]
    known: tuple[str, ...] = ()
    part_of: str | None = None


class Resolved(Struct, frozen=True):
    """What the rules that hold make of one test: those that decide, the rule of a wider test that contains it
    (``contained``), or of one that makes it needless."""

    test: str
    verdict: Verdict
    when: When | None
    rules: tuple[Indication, ...]
    contained: Indication | None = None
    needless: Indication | None = None

    @property
    def part_of(self) -> str | None:
        """The wider test that contains this one."""
        return None if self.contained is None else self.contained.test


def resolved(met: Iterable[Indication], knowledge: Knowledge) -> tuple[Resolved, ...]:
    """Every test that the rules name: the most needed and soonest first, then in order of the index."""
    by_test: dict[str, list[Indication]] = {}
    for rule in met:
        by_test.setdefault(rule.test, []).append(rule)
    best = {test: [r for r in rules if _strength(r) == min(map(_strength, rules))] for test, rules in by_test.items()}
    contained, needless = _wider(best, "includes"), _wider(best, "instead_of")
    out = []
    for test in knowledge.index.investigations:
        if test in needless:
            out.append(Resolved(test, "not_indicated", None, (), needless=needless[test]))
        elif test in best:
            rule = best[test][0]
            out.append(Resolved(test, rule.verdict, rule.when, tuple(best[test]), contained.get(test)))
    return tuple(sorted(out, key=lambda a: (VERDICTS.index(a.verdict), _order(a.when))))


def advise(c: Circumstances) -> tuple[Advice, ...]:
    """Advice on every test for which a rule holds: the most needed and soonest first, then in order of the index."""
    met = [rule for rule in c.knowledge.indications if holds(rule.condition, c)]
    out = []
    for test in resolved(met, c.knowledge):
        record = c.knowledge.investigations[test.test]
        if test.needless is not None:
            out.append(_needless(record, test.needless, c))
        else:
            out.append(_advice(record, test, c))
    return tuple(out)


def _order(when: When | None) -> int:
    return len(WHENS) if when is None else WHENS.index(when)


def _strength(rule: Indication) -> tuple[int, int]:
    return VERDICTS.index(rule.verdict), _order(rule.when)


def _wider(best: dict[str, list[Indication]], how: Literal["includes", "instead_of"]) -> dict[str, Indication]:
    """For each test that another one contains or makes needless, the rule of that other: indicated, and at least as soon."""
    out: dict[str, Indication] = {}
    for rule in (r for rules in best.values() for r in rules if r.verdict == "indicated"):
        for test in rule.includes if how == "includes" else rule.instead_of:
            own = best.get(test)
            if own and own[0].verdict != "not_indicated" and _order(rule.when) <= _order(own[0].when):
                out.setdefault(test, rule)
    return out


def _known(record: Investigation, c: Circumstances) -> tuple[str, ...]:
    return tuple(f for f in record.done_by if c.answers.asked(f))


def _needless(record: Investigation, wider: Indication, c: Circumstances) -> Advice:
    return Advice(
        test=record.id,
        verdict="not_indicated",
        when=None,
        because=(f"the {c.knowledge.investigations[wider.test].name} is done instead",),
        sources=wider.sources,
        cautions=(),
        if_positive=record.if_positive,
        if_negative=record.if_negative,
        rules=(wider.id,),
        known=_known(record, c),
    )


def _advice(record: Investigation, test: Resolved, c: Circumstances) -> Advice:
    """Advice from the rules of equal strength that decide."""
    asked = test.verdict != "not_indicated"
    limits = tuple(limit for limit in record.limits if asked and holds(limit.condition, c))
    sources = [s for r in test.rules for s in r.sources] + [s for limit in limits for s in limit.sources]
    return Advice(
        test=record.id,
        verdict=test.verdict,
        when=test.when,
        because=tuple(dict.fromkeys(r.because for r in test.rules)),
        sources=tuple(dict.fromkeys(sources)),
        cautions=tuple(limit.caution for limit in limits),
        if_positive=record.if_positive,
        if_negative=record.if_negative,
        rules=tuple(r.id for r in test.rules),
        known=_known(record, c),
        part_of=test.part_of,
    )
