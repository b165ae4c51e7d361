"""All words of the knowledge base compiled once into one trie over word ids, and the patterns over what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.collecting import not_collecting
from backspasm.patients.from_note.headings import HeadingFinder
from backspasm.patients.from_note.matching import Found, Node, Pattern, Phrase, Rule, as_mask, find
from backspasm.patients.from_note.patterns import Element, parse
from backspasm.patients.from_note.spelling import Speller
from backspasm.patients.medicines import find_medicines, ingredients
from backspasm.records.knowledge import Knowledge

#: words by which a pattern holds its own negation
_DENIALS = ("no", "not", "cannot", "nor", "neither", "without", "never", "nothing", "none", "nil")


class Lexicon:
    """The compiled words. Build with ``lexicon_of``; reading never changes what it means (only its memory of spellings)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        spelling = knowledge.words.spelling
        self.speller = Speller(spelling)
        self.word_of = self.speller.word_id
        self._roots = Node()
        self.trie = self._roots.following
        self.members: list[frozenset[int]] = []
        self.class_ids: dict[str, int] = {}
        self._phrases_found: list[tuple[Phrase, set[int]]] = []
        #: the classes of what each phrase of the lists stands for: most stand in many alternations
        self._inserted: dict[str, tuple[set[int], ...]] = {}
        self.hard: frozenset[int] = frozenset()
        self.only: frozenset[int] = frozenset()
        self.joins: frozenset[int] = frozenset()
        self.links: frozenset[int] = frozenset()
        self.letter_n = -2
        self.yes_no: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
        self.yes: frozenset[int] = frozenset()
        self.no: frozenset[int] = frozenset()
        self.denials: frozenset[int] = frozenset()
        self.headings = HeadingFinder(knowledge.words.headings)
        self._members: dict[str, tuple[str, ...]] = {c.id: c.words for c in knowledge.words.classes}
        self.order = {f: i for i, f in enumerate(knowledge.index.finding_ids)}
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
        self.yes_no = (
            frozenset(self.word_of(w) for w in ("yes", "y")),
            frozenset(self.word_of(w) for w in ("no", "n")),
        )

    def _number_words(self, node: Node) -> None:
        """Let number words of the lists (``3``, ``two``) lead wherever ``#`` leads; reading follows only one way."""
        waiting, seen = [node], {id(node)}
        while waiting:
            following = waiting.pop().following
            any_number = following.get(tokens.NUMBER)
            for word, child in following.items():
                if any_number is not None and word in self.speller.numeric and word not in _MARKS:
                    self._merge(child, any_number)
                if id(child) not in seen:
                    seen.add(id(child))
                    waiting.append(child)

    def _merge(self, node: Node, other: Node) -> None:
        """Give a node what another one leads to: its phrase and its words. What it lacks it shares with the other."""
        if node is other:
            return
        if other.phrase is not None:
            if node.phrase is None:
                node.phrase = Phrase(len(self._phrases_found))
                self._phrases_found.append((node.phrase, set()))
            self._phrases_found[node.phrase.index][1].update(self._phrases_found[other.phrase.index][1])
        for word, child in other.following.items():
            mine = node.following.setdefault(word, child)
            self._merge(mine, child)

    def _ids(self, *words: str) -> frozenset[int]:
        return frozenset(i for w in words for i in self.speller.phrase_ids(w))

    def _index(self) -> None:
        """Hang every pattern on one of its classes: the one whose words are in the fewest classes, so seldom in vain."""
        singles: dict[int, list[Rule]] = {}
        several: list[tuple[Rule, tuple[tuple[int, int, bool], ...]]] = []
        for rule, written in self._patterns:
            ids = tuple((self._class(e.name), e.gap, e.commas) for e in written)
            if len(ids) == 1:
                singles.setdefault(ids[0][0], []).append(rule)
            else:
                several.append((rule, ids))
        self._number_words(self._roots)
        cost = [0] * len(self.class_ids)
        for _, classes in self._phrases_found:
            for i in classes:
                cost[i] += len(classes)
        anchored: dict[int, list[tuple[Pattern, int]]] = {}
        rarest = [sorted({i for i, _, _ in ids}, key=lambda i: (cost[i], i)) for _, ids in several]
        partners = {of[:2][-1] for of in rarest}
        # classes are numbered anew, those of partners first, so that their sets are small integers
        bit: dict[int, int] = {}
        for i in (*sorted(partners), *sorted({i for of in rarest for i in of})):
            bit.setdefault(i, len(bit))
        for (rule, ids), of in zip(several, rarest, strict=True):
            elements = tuple((bit[i], gap, commas) for i, gap, commas in ids)
            pattern = Pattern(rule, elements)
            anchored.setdefault(of[0], []).append((pattern, bit[of[:2][-1]]))
        members: list[list[int]] = [[] for _ in bit]
        alike: dict[tuple[int, ...], Phrase] = {}
        for phrase, classes in self._phrases_found:
            ordered = tuple(sorted(classes))
            for i in ordered:
                if i in bit:
                    members[bit[i]].append(phrase.index)
            like = alike.setdefault(ordered, phrase)
            if like is not phrase:  # a synonym: most phrases of one class stand in no other
                phrase.hang_like(like)
                continue
            phrase.offers = as_mask(bit[i] for i in ordered if i in partners)
            phrase.hang(
                [p for i in ordered for p in anchored.get(i, ())], [r for i in ordered for r in singles.get(i, ())]
            )
        self.members = [frozenset(of) for of in members]
        self._phrases_found.clear()
        self._inserted.clear()
        self._patterns.clear()

    def _add(self, patterns: Iterable[str], rule: Rule) -> None:
        for pattern in patterns:
            for written in parse(pattern):
                # "numb .. (his|her) leg": words without weight are not looked for, and what is left must be a pattern
                weighty = tuple(e for e in written if self.speller.weighs(e.name))
                elements = weighty if len(weighty) > 1 else written
                # "fracture of" would block every fracture, and "not right" disarm every "not": "of", "right" are no words
                takes_back = rule.kind == "block" or (rule.cue is not None and rule.cue.kind == "pseudo")
                if takes_back and len(elements) == 1 and self.speller.cut_short(elements[0].name):
                    continue
                self._patterns.append((rule, elements))

    def _class(self, name: str) -> int:
        known = self.class_ids.get(name)
        if known is not None:
            return known
        number = self.class_ids[name] = len(self.class_ids)
        inserted = self._inserted
        for phrase in self._phrases(name):
            of = inserted.get(phrase)
            if of is None:
                of = inserted[phrase] = self._insert(phrase)
            for classes in of:
                classes.add(number)
        return number

    def _phrases(self, name: str) -> tuple[str, ...]:
        """The phrases of a class ``{id}``, of an alternation ``(a|b|{id})``, or the phrase itself."""
        if name.startswith("{"):
            return self._members.get(name[1:-1], ())
        if name.startswith("("):
            return tuple(p for option in name[1:-1].split("|") for p in self._phrases(option.strip()))
        return (name,) if name else ()

    def _insert(self, phrase: str) -> tuple[set[int], ...]:
        """Put a phrase into the trie; the classes of the phrases it stands for, to be added to."""
        if "<level>" in phrase and "<level>" in phrase.split():
            return tuple(of for level in tokens.LEVELS for of in self._insert(phrase.replace("<level>", level, 1)))
        ids = self.speller.phrase_ids(phrase)
        if not ids or (len(ids) == 1 and self.speller.mutilated(phrase)):
            return ()
        node = self._roots
        for i in ids:
            following = node.following.get(i)
            if following is None:
                following = node.following[i] = Node()
            node = following
        if node.phrase is None:
            node.phrase = Phrase(len(self._phrases_found))
            self._phrases_found.append((node.phrase, set()))
        return (self._phrases_found[node.phrase.index][1],)

    def implied_by(self, medicine: str) -> tuple[str, ...]:
        """The findings that a medicine, named as in the note, implies."""
        known = self._implied.get(medicine)
        if known is None:
            found = [i for m in find_medicines(medicine, self.knowledge) for i in ingredients(m, self.knowledge)]
            known = tuple(dict.fromkeys(f for m in found for f in self.knowledge.medicines[m].implies))
            if len(self._implied) < _MOST_MEDICINES:
                self._implied[medicine] = known
        return known

    # --- matching ------------------------------------------------------------------------------------------------

    def matches(self, words: Sequence[int], start: int, end: int, barriers: Sequence[int]) -> Found:
        """Every pattern found among the words ``start`` to ``end`` of one sentence."""
        return find(self.trie, self.members, self.speller.numeric, words, start, end, barriers)


#: words of the trie that stand for many: any number, any year
_MARKS = frozenset({tokens.NUMBER, tokens.YEAR})
#: medicines remembered
_MOST_MEDICINES = 5_000

_COMPILED: list[tuple[Knowledge, Lexicon]] = []


def lexicon_of(knowledge: Knowledge) -> Lexicon:
    """The compiled words of a knowledge base; compiled on first use and kept (the last two)."""
    for known, lexicon in _COMPILED:
        if known is knowledge:
            return lexicon
    with not_collecting():
        lexicon = Lexicon(knowledge)
    _COMPILED.append((knowledge, lexicon))
    del _COMPILED[:-2]
    return lexicon
