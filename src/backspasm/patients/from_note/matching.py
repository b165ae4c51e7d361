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
    """

    __slots__ = ("blocks", "by_partner", "index", "offers", "partners", "patterns", "rules")

    def __init__(self, index: int) -> None:
        self.index = index
        self.offers = 0
        self.rules: tuple[Rule, ...] = ()
        self.blocks: tuple[Rule, ...] = ()
        self.patterns: tuple[Pattern, ...] = ()
        self.partners = 0
        self.by_partner: dict[int, tuple[int, ...]] = {}

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

    ``blocks`` holds, for the names among ``named`` only, the places of words that do not count for them.
    """

    __slots__ = ("answers", "blocks", "cues", "named")

    def __init__(self) -> None:
        self.cues: list[Match] = []
        self.answers: list[Match] = []
        self.named: list[Match] = []
        self.blocks: dict[str, list[Place]] = {}


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
    places = Places(here, members)
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
        patterns = tried.pop(phrase.index, None) if tried else None
        if patterns is None:
            continue
        for pattern in patterns:
            if pattern.rule.kind == "block":
                blocking.append(pattern)
                continue
            sequences(pattern, places, barriers, several)
            if several:
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
                blocks.setdefault(rule.name, []).append(place)
    for pattern in blocking:
        if pattern.rule.name in names:
            sequences(pattern, places, barriers, several)
            if several:
                blocks.setdefault(pattern.rule.name, []).extend((m.start, m.end) for m in several)
                several.clear()


_ANSWERS = frozenset({"answer_yes", "answer_no", "answer_unsure"})


def _tried(here: list[tuple[Place, Phrase]]) -> dict[int, list[Pattern]]:
    """For each phrase found the patterns of which the two rarest classes stand in the sentence, in their order."""
    offered = 0
    for _, phrase in here:
        offered |= phrase.offers
    out: dict[int, list[Pattern]] = {}
    if not offered:
        return out
    for _, phrase in here:
        met = phrase.partners & offered
        if met and phrase.index not in out:
            by_partner, patterns = phrase.by_partner, phrase.patterns
            if met & (met - 1):
                ranks = [rank for c in _members(met) for rank in by_partner[c]]
                ranks.sort()
            else:
                ranks = [*by_partner[met.bit_length() - 1]]
            out[phrase.index] = [patterns[rank] for rank in ranks]
    return out


class Places:
    """Where the classes stand among the phrases of one sentence, in order; looked up when a pattern asks."""

    __slots__ = ("_by_class", "_by_phrase", "_members", "_present")

    def __init__(self, here: list[tuple[Place, Phrase]], members: Sequence[frozenset[int]]) -> None:
        by_phrase: dict[int, list[Place]] = {}
        for place, phrase in here:
            known = by_phrase.get(phrase.index)
            if known is None:
                by_phrase[phrase.index] = [place]
            else:
                known.append(place)
        self._by_phrase = by_phrase
        self._present = frozenset(by_phrase)
        self._by_class: dict[int, list[Place]] = {}
        self._members = members

    def of(self, c: int) -> list[Place]:
        places = self._by_class.get(c)
        if places is None:
            met = self._members[c] & self._present
            if len(met) == 1:
                (index,) = met
                places = self._by_phrase[index]
            else:
                places = [place for index in met for place in self._by_phrase[index]]
                places.sort()
            self._by_class[c] = places
        return places


def sequences(pattern: Pattern, places: Places, barriers: Sequence[int], out: list[Match]) -> None:
    """Add the matches of a pattern: after each place of its first class the nearest places of the following ones."""
    elements = pattern.elements
    following = [(places.of(c), gap, commas) for c, gap, commas in elements]
    starts = following[0][0]
    for of, _, _ in following:
        if not of:
            return
    del following[0]
    made = 0
    for first in starts:
        parts = [first]
        end = first[1]
        for of, gap, commas in following:
            k = bisect_left(of, (end,)) if len(of) > 1 else 0
            if k == len(of):
                break
            place = of[k]
            at = place[0]
            between = at - end
            if between < 0 or between > gap + _COMMAS:
                break
            crossed = barriers[at] - barriers[end]
            if between - crossed > gap or (crossed and (not commas or crossed >= HARD)):
                break
            parts.append(place)
            end = place[1]
        else:
            out.append(Match(pattern.rule, first[0], end, tuple(parts)))
            made += 1
            if made == _MOST:
                return
