"""What the words of a knowledge base stand for when they are found: rules, patterns of several classes, kinds of phrases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from backspasm.records.words import Cue

#: one place in a sentence: first word, word after the last
Place = tuple[int, int]
#: cues that answer a question
ANSWERS = frozenset({"answer_yes", "answer_no", "answer_unsure"})


class Rule(Struct, frozen=True):
    """What a matched pattern means."""

    kind: Literal["finding", "statement", "cue", "block"]
    name: str
    source: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    cue: Cue | None = None


class Match(Struct, frozen=True):
    """A pattern found in a sentence: the places of its elements in order."""

    rule: Rule
    start: int
    end: int
    parts: tuple[Place, ...]


#: one of the following classes of a pattern: the class, the gap before it, and whether the gap may hold a comma
Step = tuple[int, int, bool]


class Pattern(Struct, frozen=True):
    """A rule with its sequence of classes: the first, the second with the gap before it, and those that follow.

    ``others``  the classes besides its two rarest
    """

    number: int
    rule: Rule
    blocks: bool
    first: int
    second: int
    gap: int
    commas: bool
    more: tuple[Step, ...]
    others: tuple[int, ...]


class StoredPattern(Struct, frozen=True, array_like=True):
    """A pattern as it is kept: its rule by number, its classes in order, and the classes besides its two rarest."""

    rule: int
    elements: tuple[Step, ...]
    others: tuple[int, ...]


def pattern_of(number: int, stored: StoredPattern, rules: Sequence[Rule]) -> Pattern:
    """The pattern of which this is kept."""
    (first, _, _), (second, gap, commas), *more = stored.elements
    rule = rules[stored.rule]
    return Pattern(number, rule, rule.kind == "block", first, second, gap, commas, tuple(more), stored.others)


class StoredKind(Struct, frozen=True, array_like=True):
    """What the phrases of some classes stand for, as it is kept.

    ``rules``     those that such a phrase completes alone
    ``patterns``  those that hang on it: number of the pattern, and its second rarest class
    ``offers``    its classes that are the second rarest of some pattern
    """

    rules: tuple[int, ...]
    patterns: tuple[tuple[int, int], ...]
    offers: tuple[int, ...]


class Kind:
    """What the phrases of some classes stand for: the rules that they complete alone, the patterns that hang on them.

    Sets of classes are integers, bit *c* for class *c*: a frequent word stands in hundreds of classes, and one *and* of
    two integers intersects them.

    ``offers``     its classes that are the second rarest of some pattern
    ``partners``   the second rarest classes of its own patterns, and ``by_partner`` those patterns by their rank
    ``met``        its patterns of which the second rarest class is one of a set; worked out when first asked for
    """

    __slots__ = (
        "answers", "blocks", "by_partner", "cues", "index", "met", "named", "offers", "partners", "patterns", "says",
    )  # fmt: skip

    def __init__(self, index: int, rules: Sequence[Rule], stored: StoredKind, patterns: Sequence[Pattern]) -> None:
        self.index = index
        self.blocks = tuple(r for r in rules if r.kind == "block")
        self.named = tuple(r for r in rules if r.kind != "block" and r.cue is None)
        self.answers = tuple(r for r in rules if r.cue is not None and r.cue.kind in ANSWERS)
        self.cues = tuple(r for r in rules if r.cue is not None and r.cue.kind not in ANSWERS)
        self.says = len(rules) > len(self.blocks)
        self.patterns = tuple(patterns)
        self.offers = as_mask(stored.offers)
        ranks: dict[int, list[int]] = {}
        for rank, (_, partner) in enumerate(stored.patterns):
            ranks.setdefault(partner, []).append(rank)
        self.partners = as_mask(ranks)
        self.by_partner = ranks
        self.met: dict[int, tuple[Pattern, ...]] = {}


def as_mask(classes: Iterable[int]) -> int:
    """A set of classes as an integer."""
    mask = 0
    for c in classes:
        mask |= 1 << c
    return mask


def ranks_of(kind: Kind, met: int) -> list[int]:
    """The patterns of a kind, by rank, whose second rarest class is one of these."""
    return sorted(rank for c in _members(met) for rank in kind.by_partner[c])


def _members(mask: int) -> list[int]:
    """The classes of a set."""
    out = []
    while mask:
        lowest = mask & -mask
        out.append(lowest.bit_length() - 1)
        mask ^= lowest
    return out
