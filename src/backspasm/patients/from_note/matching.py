"""Patterns found among the words of one sentence: a trie over word ids, and sequences over what it finds.

Work grows with the words of the sentence and with what they hit, not with the number of patterns. A pattern of several
classes is tried only where its rarest class and the next rarest both stand in the sentence, which is one intersection
of two sets for each phrase found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from backspasm.patients.from_note import tokens
from backspasm.records.words import Cue

#: counted for a word that no pattern may reach across (but, however), in ``barriers``
HARD = 1000
#: one place in a sentence: first word, word after the last
Place = tuple[int, int]
#: most matches of one pattern in one sentence: keeps absurd text (a thousand times "pain leg") linear
_MOST = 12
#: words more than its gap that may lie between two elements, all of them commas
_COMMAS = 6


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


class Pattern(Struct, frozen=True):
    """A rule with its sequence of (class, gap before it, whether the gap may hold a comma)."""

    rule: Rule
    elements: tuple[tuple[int, int, bool], ...]


class Node:
    """A node of the trie: the phrase that ends here, and the words that may follow."""

    __slots__ = ("following", "phrase")

    def __init__(self) -> None:
        self.phrase: Phrase | None = None
        self.following: dict[int, Node] = {}


class Phrase:
    """What a phrase stands for: the rules it completes alone, the patterns that hang on it.

    Sets of classes are integers, bit *c* for class *c*: a frequent word stands in hundreds of classes, and one *and* of
    two integers intersects them.

    ``offers``     its classes that are the second rarest of some pattern
    ``partners``   the second rarest classes of its own patterns, and ``by_partner`` those patterns by their rank
    ``near``       ranks of the patterns that another phrase of the sentence may complete, of the phrases ``asked``
    """

    __slots__ = ("asked", "blocks", "by_partner", "index", "near", "offers", "partners", "patterns", "rules")

    def __init__(self, index: int) -> None:
        self.index = index
        self.offers = 0
        self.rules: tuple[Rule, ...] = ()
        self.blocks: tuple[Rule, ...] = ()
        self.patterns: tuple[Pattern, ...] = ()
        self.partners = 0
        self.by_partner: dict[int, tuple[int, ...]] = {}
        self.asked: set[int] = set()
        self.near: dict[int, tuple[int, ...]] = {}

    def hang(self, patterns: Sequence[tuple[Pattern, int]], single: Sequence[Rule]) -> None:
        """Give the phrase its patterns, each with its second rarest class, and the rules of phrases."""
        self.rules = tuple(r for r in single if r.kind != "block")
        self.blocks = tuple(r for r in single if r.kind == "block")
        self.patterns = tuple(p for p, _ in patterns)
        ranks: dict[int, list[int]] = {}
        for rank, (_, partner) in enumerate(patterns):
            ranks.setdefault(partner, []).append(rank)
        self.partners = as_mask(ranks)
        self.by_partner = {c: tuple(r) for c, r in ranks.items()}

    def hang_like(self, other: Phrase) -> None:
        """Give the phrase what another one of the same classes has."""
        self.offers, self.rules, self.blocks = other.offers, other.rules, other.blocks
        self.patterns, self.partners, self.by_partner = other.patterns, other.partners, other.by_partner


def as_mask(classes: Iterable[int]) -> int:
    """A set of classes as an integer."""
    mask = 0
    for c in classes:
        mask |= 1 << c
    return mask


def _members(mask: int) -> list[int]:
    """The classes of a set."""
    out = []
    while mask:
        lowest = mask & -mask
        out.append(lowest.bit_length() - 1)
        mask ^= lowest
    return out


class Found:
    """The matches of one sentence by what they are for, each list in order of the text.

    ``blocks`` holds, for the names among ``named`` only, the words that do not count for them.
    """

    __slots__ = ("answers", "blocks", "cues", "named")

    def __init__(self) -> None:
        self.cues: list[Match] = []
        self.answers: list[Match] = []
        self.named: list[Match] = []
        self.blocks: dict[str, list[Match]] = {}


def find(
    trie: dict[int, Node],
    members: Sequence[frozenset[int]],
    numeric: frozenset[int],
    words: Sequence[int],
    start: int,
    end: int,
    barriers: Sequence[int],
) -> Found:
    """Every pattern found among the words ``start`` to ``end`` of one sentence.

    Args:
        trie: the nodes of first words.
        members: the phrases of each class.
        numeric: words that a pattern's ``#`` may stand for.
        barriers: counts the separators before each word, so that a gap can be tested for commas at once.
    """
    here: list[tuple[Place, Phrase]] = []
    for i in range(start, end):
        word = words[i]
        node = trie.get(word)
        if node is None:
            if word not in numeric:
                continue
            node = trie.get(tokens.NUMBER)
            if node is None:
                continue
        j = i + 1
        while True:
            phrase = node.phrase
            if phrase is not None:
                here.append(((i, j), phrase))
            following = node.following
            if j >= end or not following:
                break
            word = words[j]
            node = following.get(word)
            if node is None:
                if word not in numeric:
                    break
                node = following.get(tokens.NUMBER)
                if node is None:
                    break
            j += 1
    out = Found()
    if here:
        _collect(here, members, barriers, out)
    return out


def _collect(
    here: list[tuple[Place, Phrase]], members: Sequence[frozenset[int]], barriers: Sequence[int], out: Found
) -> None:
    named, cues, answers = out.named, out.cues, out.answers
    tried = _tried(here)
    places = Places(here, members) if tried else _NOWHERE
    several: list[Match] = []
    blocking: list[Pattern] = []
    for place, phrase in here:
        for rule in phrase.rules:
            match = Match(rule, place[0], place[1], (place,))
            cue = rule.cue
            if cue is None:
                named.append(match)
            elif cue.kind in _ANSWERS:
                answers.append(match)
            else:
                cues.append(match)
        patterns = tried.pop(phrase.index, None)
        if patterns is None:
            continue
        for pattern in patterns:
            if pattern.rule.kind == "block":
                blocking.append(pattern)
                continue
            sequences(pattern, places, barriers, several)
            if several:  # seldom
                cue = pattern.rule.cue
                if cue is None:
                    named += several
                elif cue.kind in _ANSWERS:
                    answers += several
                else:
                    cues += several
                several.clear()
    if not named:
        return
    names = {m.rule.name for m in named}
    blocks = out.blocks
    for place, phrase in here:
        for rule in phrase.blocks:
            if rule.name in names:
                blocks.setdefault(rule.name, []).append(Match(rule, place[0], place[1], (place,)))
    for pattern in blocking:
        if pattern.rule.name in names:
            sequences(pattern, places, barriers, several)
            if several:
                blocks.setdefault(pattern.rule.name, []).extend(several)
                several.clear()


_ANSWERS = frozenset({"answer_yes", "answer_no", "answer_unsure"})


#: phrases of a sentence up to which pairs of them are remembered, and most pairs remembered in all
_SHORT, _MOST_PAIRS = 24, 200_000
_pairs = [0]


def _tried(here: list[tuple[Place, Phrase]]) -> dict[int, list[Pattern]]:
    """For each phrase found the patterns of which the two rarest classes stand in the sentence, in their order."""
    out: dict[int, list[Pattern]] = {}
    if len(here) <= _SHORT and _pairs[0] < _MOST_PAIRS:
        present = {phrase.index: phrase for _, phrase in here}
        for phrase in present.values():
            if phrase.partners:
                if not phrase.asked.issuperset(present):
                    for index in present.keys() - phrase.asked:
                        _ask(phrase, present[index])
                near = phrase.near
                met = near.keys() & present.keys()
                if met:
                    patterns = phrase.patterns
                    if len(met) == 1:
                        out[phrase.index] = [patterns[r] for r in near[met.pop()]]
                    else:
                        out[phrase.index] = [patterns[r] for r in sorted({r for index in met for r in near[index]})]
        return out
    offered = 0
    for _, phrase in here:
        offered |= phrase.offers
    for _, phrase in here:
        both = phrase.partners & offered
        if both and phrase.index not in out:
            patterns = phrase.patterns
            out[phrase.index] = [patterns[r] for r in _ranks(phrase, both)]
    return out


def _ask(phrase: Phrase, other: Phrase) -> None:
    """Remember which patterns hang on one phrase and find their second rarest class in another."""
    _pairs[0] += 1
    phrase.asked.add(other.index)
    both = phrase.partners & other.offers
    if both:
        phrase.near[other.index] = tuple(_ranks(phrase, both))


def _ranks(phrase: Phrase, met: int) -> list[int]:
    return sorted(rank for c in _members(met) for rank in phrase.by_partner[c])


class Places(dict[int, list[Place]]):
    """Where the classes stand among the phrases of one sentence, in order; looked up when a pattern asks."""

    __slots__ = ("_by_phrase", "_members", "_present")

    def __init__(self, here: list[tuple[Place, Phrase]], members: Sequence[frozenset[int]]) -> None:
        by_phrase: dict[int, list[Place]] = {}
        for place, phrase in here:
            if phrase.index in by_phrase:
                by_phrase[phrase.index].append(place)
            else:
                by_phrase[phrase.index] = [place]
        self._by_phrase = by_phrase
        self._present = frozenset(by_phrase)
        self._members = members

    def __missing__(self, c: int) -> list[Place]:
        met = self._members[c] & self._present
        if len(met) == 1:
            (index,) = met
            places = self._by_phrase[index]
        else:
            places = [place for index in met for place in self._by_phrase[index]]
            places.sort()
        self[c] = places
        return places


#: where no pattern asks
_NOWHERE = Places([], ())


def sequences(pattern: Pattern, places: Places, barriers: Sequence[int], out: list[Match]) -> None:
    """Add the matches of a pattern: after each place of its first class the nearest places of the following ones."""
    elements = pattern.elements
    starts = places[elements[0][0]]
    c, gap, commas = elements[1]
    seconds = places[c]
    if not starts or not seconds or starts[0][0] >= seconds[-1][0]:
        return
    more = elements[2:]
    made = 0
    for first in starts:
        start, end = first
        place = seconds[0]
        if place[0] < end:
            k = bisect_left(seconds, (end,))
            if k == len(seconds):
                continue
            place = seconds[k]
        at = place[0]
        between = at - end
        if between > gap + _COMMAS:
            continue
        crossed = barriers[at] - barriers[end]
        if between - crossed > gap or (crossed and (not commas or crossed >= HARD)):
            continue
        if not more:
            out.append(Match(pattern.rule, start, place[1], (first, place)))
        elif not _goes_on(pattern, (first, place), more, places, barriers, out):
            continue
        made += 1
        if made == _MOST:
            return


def _goes_on(
    pattern: Pattern,
    begun: tuple[Place, Place],
    more: tuple[tuple[int, int, bool], ...],
    places: Places,
    barriers: Sequence[int],
    out: list[Match],
) -> bool:
    """Add the match that began with the places of the first two classes, if the others follow."""
    parts = [*begun]
    end = begun[1][1]
    for c, gap, commas in more:
        of = places[c]
        k = bisect_left(of, (end,))
        if k == len(of):
            return False
        place = of[k]
        at = place[0]
        between = at - end
        crossed = barriers[at] - barriers[end]
        if between > gap + _COMMAS or between - crossed > gap or (crossed and (not commas or crossed >= HARD)):
            return False
        parts.append(place)
        end = place[1]
    out.append(Match(pattern.rule, parts[0][0], end, tuple(parts)))
    return True
