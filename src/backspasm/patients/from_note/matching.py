"""Patterns found among the words of one sentence: a trie over word ids, and sequences over what it finds.

Work grows with the words of the sentence and with what they hit, not with the number of patterns. A pattern of several
classes is tried only where its rarest class and the next rarest stand close enough in the sentence; which patterns two
kinds of phrases may complete together is one intersection of two sets, worked out once and remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Any

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.kinds import (
    ANSWERS,
    Kind,
    Match,
    Pattern,
    Place,
    Rule,
    StoredKind,
    StoredPattern,
    pattern_of,
    ranks_of,
)
from backspasm.patients.from_note.sequences import Places, sequences

#: key of a node of the trie for what ends there; no word has it
HERE = -1
_OFFERS = attrgetter("offers")
#: most sets of classes, of those that meet a kind of phrase in a sentence, for which its patterns are remembered
_MOST_REMEMBERED = 200_000


class Found:
    """The matches of one sentence by what they are for, each list in order of the text.

    ``blocks`` holds, for the names among ``named`` only, the words that do not count for them.
    """

    __slots__ = ("answers", "blocks", "counted", "cues", "named")

    def __init__(self) -> None:
        self.cues: list[Match] = []
        self.answers: list[Match] = []
        self.named: list[Match] = []
        self.blocks: dict[str, list[Match]] = {}
        self.counted: list[Match] | None = None


class _Members(dict[int, frozenset[int]]):
    """The kinds of each class as a set, made when first asked for."""

    __slots__ = ("_members",)

    def __init__(self, members: Sequence[Sequence[int]]) -> None:
        self._members = members

    def __missing__(self, c: int) -> frozenset[int]:
        known = self[c] = frozenset(self._members[c])
        return known


#: where no pattern asks
NOWHERE = Places((), (), {})


class Matcher:
    """Every phrase and pattern of a knowledge base. Kinds and classes are made when a note first holds their words.

    Args:
        trie: from the first word of a phrase to the words that may follow; ``HERE`` leads to the number of the kind of
            the phrase that ends there. Where no word follows, that number stands for the node.
        members: the kinds of each class.
        numeric: words that a pattern's ``#`` may stand for.
    """

    def __init__(
        self,
        trie: dict[int, Any],
        rules: Sequence[Rule],
        patterns: Sequence[StoredPattern],
        kinds: Sequence[StoredKind],
        members: Sequence[Sequence[int]],
        numeric: frozenset[int],
    ) -> None:
        self._trie, self._numeric = trie, numeric
        self._rules, self._patterns, self._stored = rules, patterns, kinds
        self._kinds: list[Kind | None] = [None] * len(kinds)
        self._members = _Members(members)
        self._made: dict[int, Pattern] = {}
        self._remembered = 0

    def find(self, words: Sequence[int], barriers: Sequence[int]) -> Found:
        """Every pattern found among the words of one sentence.

        ``barriers`` counts the separators before each word and before the end, so that a gap is tested for commas at once.
        """
        trie, numeric, kinds = self._trie, self._numeric, self._kinds
        places: list[Place] = []
        here: list[Kind] = []
        end = len(words)
        for i, word in enumerate(words):
            node = trie.get(word)
            if node is None:
                if word not in numeric:
                    continue
                node = trie.get(tokens.NUMBER)
                if node is None:
                    continue
            j = i + 1
            while True:
                if node.__class__ is int:
                    places.append((i, j))
                    here.append(kinds[node] or self._kind(node))
                    break
                ends = node.get(HERE)
                if ends is not None:
                    places.append((i, j))
                    here.append(kinds[ends] or self._kind(ends))
                if j >= end:
                    break
                word = words[j]
                following = node.get(word)
                if following is None:
                    if word not in numeric:
                        break
                    following = node.get(tokens.NUMBER)
                    if following is None:
                        break
                node = following
                j += 1
        out = Found()
        if here:
            self._collect(places, here, barriers, out)
        return out

    def _kind(self, index: int) -> Kind:
        stored = self._stored[index]
        made = self._made
        patterns = []
        for number, _ in stored.patterns:
            pattern = made.get(number)
            if pattern is None:
                pattern = made[number] = pattern_of(number, self._patterns[number], self._rules)
            patterns.append(pattern)
        kind = self._kinds[index] = Kind(index, [self._rules[r] for r in stored.rules], stored, patterns)
        return kind

    def _collect(self, found: list[Place], here: list[Kind], barriers: Sequence[int], out: Found) -> None:
        named, cues, answers = out.named, out.cues, out.answers
        tried = self._tried(here)
        places = Places(found, here, self._members) if tried else NOWHERE
        present = places.present
        members = self._members
        several: list[Match] = []
        blocking: list[Pattern] = []
        matched: set[int] = set()
        for place, kind in zip(found, here, strict=True):
            if kind.says:
                start, end = place
                parts = (place,)
                for rule in kind.named:
                    named.append(Match(rule, start, end, parts))
                for rule in kind.cues:
                    cues.append(Match(rule, start, end, parts))
                for rule in kind.answers:
                    answers.append(Match(rule, start, end, parts))
            patterns = tried.pop(kind.index, None)
            if patterns is None:
                continue
            for pattern in patterns:
                for c in pattern.others:
                    if members[c].isdisjoint(present):
                        break
                else:
                    if pattern.blocks:
                        blocking.append(pattern)
                        continue
                    sequences(pattern, places, barriers, several)
                    if several:
                        if pattern.number not in matched:
                            matched.add(pattern.number)
                            cue = pattern.rule.cue
                            if cue is None:
                                named += several
                            elif cue.kind in ANSWERS:
                                answers += several
                            else:
                                cues += several
                        several.clear()
        if not named:
            return
        names = {m.rule.name for m in named}
        blocks = out.blocks
        for place, kind in zip(found, here, strict=True):
            for rule in kind.blocks:
                if rule.name in names:
                    blocks.setdefault(rule.name, []).append(Match(rule, place[0], place[1], (place,)))
        for pattern in blocking:
            if pattern.rule.name in names and pattern.number not in matched:
                matched.add(pattern.number)
                sequences(pattern, places, barriers, several)
                if several:
                    blocks.setdefault(pattern.rule.name, []).extend(several)
                    several.clear()

    def _tried(self, here: list[Kind]) -> dict[int, tuple[Pattern, ...]]:
        """For each kind found the patterns of which the two rarest classes stand in the sentence, in their order."""
        out: dict[int, tuple[Pattern, ...]] = {}
        offered = reduce(or_, map(_OFFERS, here))
        for kind in here:
            met = kind.partners & offered
            if met:
                patterns = kind.met.get(met)
                if patterns is None:
                    patterns = self._met(kind, met)
                out[kind.index] = patterns
        return out

    def _met(self, kind: Kind, met: int) -> tuple[Pattern, ...]:
        """The patterns that hang on a kind and find their second rarest class among these; remembered."""
        patterns = tuple(kind.patterns[rank] for rank in ranks_of(kind, met))
        if self._remembered < _MOST_REMEMBERED:
            self._remembered += 1
            kind.met[met] = patterns
        return patterns
