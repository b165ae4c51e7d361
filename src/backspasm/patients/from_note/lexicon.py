"""All words of the knowledge base compiled once into one trie over word ids, and the patterns over what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from backspasm.patients.answers import find_medicine
from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.headings import HeadingFinder
from backspasm.patients.from_note.patterns import Element, parse
from backspasm.patients.from_note.spelling import Speller
from backspasm.records.knowledge import Knowledge
from backspasm.records.words import Cue

#: counted for a word that no pattern may reach across (but, however), in ``barriers``
HARD = 1000
#: key of a trie node under which the classes stand that end there
_END = -1
#: one place in a sentence: first word, word after the last
Place = tuple[int, int]
Node = dict[int, Any]
#: words by which a pattern holds its own negation
_DENIALS = ("no", "not", "cannot", "nor", "neither", "without", "never", "nothing", "none", "nil")


class Rule(Struct, frozen=True):
    """What a matched pattern means."""

    kind: Literal["finding", "statement", "cue", "block"]
    name: str
    source: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    cue: Cue | None = None
    contiguous: bool = False


class Match(Struct, frozen=True):
    """A pattern found in a sentence: the places of its elements in order."""

    rule: Rule
    start: int
    end: int
    parts: tuple[Place, ...]


class Pattern(Struct, frozen=True):
    """A rule with its sequence of (class, gap before it, whether the gap may hold a comma), and the set of its classes."""

    rule: Rule
    elements: tuple[tuple[int, int, bool], ...]
    mask: int


class Phrase(Struct):
    """What ends at a node of the trie: the classes of the phrase as a set of bits, and what it starts or completes.

    Sets of classes are integers, bit *c* for class *c*: a frequent word stands in hundreds of classes, and one *or* of
    two integers unites them.
    """

    classes: set[int] = msgspec.field(default_factory=set)
    mask: int = 0
    rules: tuple[Rule, ...] = ()
    patterns: tuple[Pattern, ...] = ()


class Lexicon:
    """The compiled words. Build with ``lexicon_of``; reading never changes what it means (only its memory of spellings)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        spelling = knowledge.words.spelling
        self.speller = Speller(spelling)
        self.word_of = self.speller.word_id
        self.trie: Node = {}
        self.class_ids: dict[str, int] = {}
        self.phrases: list[Phrase] = []
        self.hard: frozenset[int] = frozenset()
        self.only: frozenset[int] = frozenset()
        self.joins: frozenset[int] = frozenset()
        self.links: frozenset[int] = frozenset()
        self.letter_n = -2
        self.yes: frozenset[int] = frozenset()
        self.no: frozenset[int] = frozenset()
        self.denials: frozenset[int] = frozenset()
        self.headings = HeadingFinder(knowledge.words.headings)
        self._members: dict[str, tuple[str, ...]] = {c.id: c.words for c in knowledge.words.classes}
        self._implied: dict[str, tuple[str, ...]] = {}
        self._patterns: list[tuple[Rule, tuple[Element, ...]]] = []
        self._compile()

    # --- compiling -----------------------------------------------------------------------------------------------

    def _compile(self) -> None:
        for finding in self.knowledge.findings.values():
            if finding.kind != "boolean":
                continue
            self._add(finding.counts_as, Rule("finding", finding.id, "counts_as", present=(finding.id,)))
            self._add(finding.does_not_count_as, Rule("block", finding.id, "does_not_count_as", blocks=(finding.id,)))
        for w in self.knowledge.words.wordings:
            self._add(w.says, Rule("finding", w.finding, "says", present=(w.finding,)))
            self._add(w.denies, Rule("finding", w.finding, "denies", absent=(w.finding,)))
            # "no (injury|fall)": the words themselves, denied in any other way ("denies fever or any injury"), deny it too
            named = [d.removeprefix("no ").strip() for d in w.denies if d.startswith("no ")]
            self._add(named, Rule("finding", w.finding, "mention", absent=(w.finding,)))
            self._add(w.names, Rule("finding", w.finding, "name", present=(w.finding,)))
            self._add(w.not_when, Rule("block", w.finding, "not_when", blocks=(w.finding,)))
        for s in self.knowledge.words.statements:
            self._add(
                s.says,
                Rule(
                    "statement",
                    s.id,
                    "trouble" if s.kind == "trouble" else "statements",
                    present=s.present,
                    absent=s.absent,
                ),
            )
            self._add(s.not_when, Rule("block", s.id, "not_when", blocks=(s.id,)))
        for c in self.knowledge.words.cues:
            self._add(c.words, Rule("cue", c.id, "cues", cue=c))
        self._index()
        hard = [c for c in self.knowledge.words.cues if c.kind == "termination" and c.reach == "sentence"]
        # only single words: "with the exception of" must not keep patterns from reaching across every "with"
        self.hard = frozenset(
            ids[0] for cue in hard for w in cue.words for ids in (self.speller.phrase_ids(w),) if len(ids) == 1
        )
        self.only = self._ids("only", "just", "merely", "simply")
        self.joins = self._ids("or", "nor")
        self.links = self._ids("or", "nor", "and")
        self.denials = self._ids(*_DENIALS)
        self.letter_n = min(self._ids("n"))
        self.yes, self.no = self._ids("yes", "y"), self._ids("no", "n")
        self.speller.seal()

    def _ids(self, *words: str) -> frozenset[int]:
        return frozenset(i for w in words for i in self.speller.phrase_ids(w))

    def _index(self) -> None:
        """Hang every pattern on one of its classes: the one whose words are in the fewest classes, so seldom in vain."""
        singles: dict[int, list[Rule]] = {}
        several: list[tuple[Rule, tuple[tuple[int, int, bool], ...]]] = []
        for rule, elements in self._patterns:
            ids = tuple((self._class(e.name), e.gap, e.commas) for e in elements)
            if len(ids) == 1:
                singles.setdefault(ids[0][0], []).append(rule)
            else:
                several.append((rule, ids))
        cost = [0] * len(self.class_ids)
        for phrase in self.phrases:
            for i in phrase.classes:
                cost[i] += len(phrase.classes)
        anchored: dict[int, list[Pattern]] = {}
        for rule, ids in several:
            mask = 0
            for i, _, _ in ids:
                mask |= 1 << i
            anchor = min((i for i, _, _ in ids), key=lambda i: (cost[i], i))
            anchored.setdefault(anchor, []).append(Pattern(rule, ids, mask))
        for phrase in self.phrases:
            for i in sorted(phrase.classes):
                phrase.mask |= 1 << i
                phrase.rules += tuple(singles.get(i, ()))
                phrase.patterns += tuple(anchored.get(i, ()))

    def _add(self, patterns: Iterable[str], rule: Rule) -> None:
        for pattern in patterns:
            for elements in parse(pattern):
                # "fracture of" would block every fracture, since "of" is no word for the trie
                if rule.kind == "block" and len(elements) == 1 and self.speller.cut_short(elements[0].name):
                    continue
                self._patterns.append((rule, elements))

    def _class(self, name: str) -> int:
        known = self.class_ids.get(name)
        if known is not None:
            return known
        number = self.class_ids[name] = len(self.class_ids)
        for phrase in self._phrases(name):
            self._insert(phrase, number)
        return number

    def _phrases(self, name: str) -> tuple[str, ...]:
        """The phrases of a class ``{id}``, of an alternation ``(a|b|{id})``, or the phrase itself."""
        if name.startswith("{"):
            return self._members.get(name[1:-1], ())
        if name.startswith("("):
            return tuple(p for option in name[1:-1].split("|") for p in self._phrases(option.strip()))
        return (name,) if name else ()

    def _insert(self, phrase: str, number: int) -> None:
        if "<level>" in phrase.split():
            for level in tokens.LEVELS:
                self._insert(phrase.replace("<level>", level, 1), number)
            return
        ids = self.speller.phrase_ids(phrase)
        if not ids or (len(ids) == 1 and self.speller.mutilated(phrase)):
            return
        node = self.trie
        for i in ids:
            node = node.setdefault(i, {})
        phrase_here = node.get(_END)
        if phrase_here is None:
            phrase_here = node[_END] = Phrase()
            self.phrases.append(phrase_here)
        phrase_here.classes.add(number)

    def implied_by(self, medicine: str) -> tuple[str, ...]:
        """The findings that a medicine, named as in the note, implies."""
        known = self._implied.get(medicine)
        if known is None:
            found = find_medicine(medicine, self.knowledge)
            known = () if found is None else self.knowledge.medicines[found].implies
            if len(self._implied) < _MOST_MEDICINES:
                self._implied[medicine] = known
        return known

    # --- matching ------------------------------------------------------------------------------------------------

    def matches(self, words: Sequence[int], start: int, end: int, barriers: Sequence[int]) -> list[Match]:
        """Every pattern found among the words ``start`` to ``end`` of one sentence.

        ``barriers[i]`` counts the separators before word ``i``, so that a gap can be tested for commas at once.
        """
        trie = self.trie
        found = 0
        here: list[tuple[Place, Phrase]] = []
        number = tokens.NUMBER
        numeric = self.speller.numeric
        for i in range(start, end):
            word = words[i]
            node = trie.get(word)
            if node is None:
                if word not in numeric:
                    continue
                node = trie.get(number)
                if node is None:
                    continue
            j = i + 1
            while True:
                phrase = node.get(_END)
                if phrase is not None:
                    here.append(((i, j), phrase))
                    found |= phrase.mask
                if j >= end:
                    break
                word = words[j]
                following = node.get(word)
                if following is None:
                    if word not in numeric:
                        break
                    following = node.get(number)
                    if following is None:
                        break
                node = following
                j += 1
        out: list[Match] = []
        places: dict[int, list[Place]] = {}
        done: set[int] = set()
        for place, phrase in here:
            for rule in phrase.rules:
                out.append(Match(rule, place[0], place[1], (place,)))
            if phrase.patterns and id(phrase) not in done:
                done.add(id(phrase))
                for pattern in phrase.patterns:
                    mask = pattern.mask
                    if mask & found == mask:
                        for c, _, _ in pattern.elements:
                            if c not in places:
                                places[c] = [p for p, other in here if c in other.classes]
                        _sequence(pattern, places, barriers, out)
        return out


#: medicines remembered
_MOST_MEDICINES = 5_000
#: most matches of one pattern in one sentence: keeps absurd text (a thousand times "pain leg") linear
_MOST = 12


def _sequence(pattern: Pattern, places: dict[int, list[Place]], barriers: Sequence[int], out: list[Match]) -> None:
    elements = pattern.elements
    last = len(elements)
    made = 0
    for first in places[elements[0][0]]:
        parts = [first]
        end = first[1]
        for k in range(1, last):
            c, gap, commas = elements[k]
            for place in places[c]:
                between = place[0] - end
                if between < 0:
                    continue
                if between > gap + 6:
                    break
                crossed = barriers[place[0]] - barriers[end]
                if (crossed and (not commas or crossed >= HARD)) or between - crossed > gap:
                    break
                parts.append(place)
                end = place[1]
                break
            else:
                break
            if len(parts) != k + 1:
                break
        if len(parts) == last:
            out.append(Match(pattern.rule, first[0], end, tuple(parts)))
            made += 1
            if made == _MOST:
                return


_COMPILED: list[tuple[Knowledge, Lexicon]] = []


def lexicon_of(knowledge: Knowledge) -> Lexicon:
    """The compiled words of a knowledge base; compiled on first use and kept (the last two)."""
    for known, lexicon in _COMPILED:
        if known is knowledge:
            return lexicon
    lexicon = Lexicon(knowledge)
    _COMPILED.append((knowledge, lexicon))
    del _COMPILED[:-2]
    return lexicon
