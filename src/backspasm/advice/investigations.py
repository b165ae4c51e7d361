"""Which tests and images help this patient, when, which do not, and what follows from their result.

Rules are records (``investigations/indications.yaml``). Of several rules for one test the strictest wins: indicated before
consider before not indicated, then the soonest. A test that a wider one contains is named as its part.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from backspasm.advice.situations import Circumstances, holds
from backspasm.records.care_types import VERDICTS, WHENS, Indication, Investigation, Verdict, When


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


def advise(c: Circumstances) -> tuple[Advice, ...]:
    """Advice on every test for which a rule holds: the most needed and soonest first, then in order of the index."""
    met: dict[str, list[Indication]] = {}
    for rule in c.knowledge.indications:
        if holds(rule.condition, c):
            met.setdefault(rule.test, []).append(rule)
    best = {test: [r for r in rules if _strength(r) == min(map(_strength, rules))] for test, rules in met.items()}
    contained, needless = _wider(best, "includes"), _wider(best, "instead_of")
    out = []
    for test in c.knowledge.index.investigations:
        if test in needless:
            out.append(_needless(c.knowledge.investigations[test], needless[test], c))
        elif test in best:
            out.append(_advice(c.knowledge.investigations[test], best[test], contained.get(test), c))
    return tuple(sorted(out, key=lambda a: (VERDICTS.index(a.verdict), _order(a.when))))


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


def _advice(record: Investigation, rules: list[Indication], wider: Indication | None, c: Circumstances) -> Advice:
    """Advice from the rules of equal strength that decide."""
    asked = rules[0].verdict != "not_indicated"
    limits = tuple(limit for limit in record.limits if asked and holds(limit.condition, c))
    sources = [s for r in rules for s in r.sources] + [s for limit in limits for s in limit.sources]
    return Advice(
        test=record.id,
        verdict=rules[0].verdict,
        when=rules[0].when,
        because=tuple(dict.fromkeys(r.because for r in rules)),
        sources=tuple(dict.fromkeys(sources)),
        cautions=tuple(limit.caution for limit in limits),
        if_positive=record.if_positive,
        if_negative=record.if_negative,
        rules=tuple(r.id for r in rules),
        known=_known(record, c),
        part_of=None if wider is None else wider.test,
    )
