"""All words of a knowledge base compiled into one trie over word ids, and the patterns over what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.compiled import Compiled, leaves
from backspasm.patients.from_note.kinds import Rule, StoredKind, StoredPattern
from backspasm.patients.from_note.matching import HERE
from backspasm.patients.from_note.patterns import Element, parse
from backspasm.patients.from_note.spelling import Speller
from backspasm.records.types import Finding
from backspasm.records.words import Words

#: words by which a pattern holds its own negation
_DENIALS = ("no", "not", "cannot", "nor", "neither", "without", "never", "nothing", "none", "nil")
#: words of the trie that stand for many: any number, any year
_MARKS = frozenset({tokens.NUMBER, tokens.YEAR})

Elements = tuple[tuple[int, int, bool], ...]


def compile_words(words: Words, findings: Iterable[Finding]) -> Compiled:
    """The words of ``words/`` and of the findings, compiled. Takes half a second."""
    return _Compiler(words, findings).compiled()


class _Compiler:
    """Reads every pattern once; asked for the result once."""

    def __init__(self, words: Words, findings: Iterable[Finding]) -> None:
        self.words = words
        self.speller = Speller(words.spelling)
        self.trie: dict[int, Any] = {}
        self.class_ids: dict[str, int] = {}
        #: classes of each phrase, and the node of the trie where it ends
        self.phrases: list[tuple[dict[int, Any], set[int]]] = []
        #: the classes of what each phrase of the lists stands for: most stand in many alternations
        self.inserted: dict[str, tuple[set[int], ...]] = {}
        self.members = {c.id: c.words for c in words.classes}
        self.rules: list[Rule] = []
        self.patterns: list[tuple[int, tuple[Element, ...]]] = []
        for finding in findings:
            if finding.kind != "boolean":
                continue
            self.add(finding.counts_as, Rule("finding", finding.id, "counts_as", present=(finding.id,)))
            self.add(finding.does_not_count_as, Rule("block", finding.id, "does_not_count_as", blocks=(finding.id,)))
        for w in words.wordings:
            self.add(w.says, Rule("finding", w.finding, "says", present=(w.finding,)))
            self.add(w.denies, Rule("finding", w.finding, "denies", absent=(w.finding,)))
            # "no (injury|fall)": the words themselves, denied in any other way ("denies fever or any injury"), deny it too
            named = [d.removeprefix("no ").strip() for d in w.denies if d.startswith("no ")]
            self.add(named, Rule("finding", w.finding, "mention", absent=(w.finding,)))
            self.add(w.names, Rule("finding", w.finding, "name", present=(w.finding,)))
            self.add(w.not_when, Rule("block", w.finding, "not_when", blocks=(w.finding,)))
        for s in words.statements:
            source = "trouble" if s.kind == "trouble" else "statements"
            self.add(s.says, Rule("statement", s.id, source, present=s.present, absent=s.absent))
            self.add(s.not_when, Rule("block", s.id, "not_when", blocks=(s.id,)))
        for c in words.cues:
            self.add(c.words, Rule("cue", c.id, "cues", cue=c))

    def add(self, patterns: Iterable[str], rule: Rule) -> None:
        number = len(self.rules)
        self.rules.append(rule)
        for pattern in patterns:
            for written in parse(pattern):
                # "numb .. (his|her) leg": words without weight are not looked for, and what is left must be a pattern
                weighty = tuple(e for e in written if self.speller.weighs(e.name))
                elements = weighty if len(weighty) > 1 else written
                # "fracture of" would block every fracture, and "not right" disarm every "not": "of", "right" are no words
                takes_back = rule.kind == "block" or (rule.cue is not None and rule.cue.kind == "pseudo")
                if takes_back and len(elements) == 1 and self.speller.cut_short(elements[0].name):
                    continue
                self.patterns.append((number, elements))

    def compiled(self) -> Compiled:
        singles: dict[int, list[int]] = {}
        several: list[tuple[int, Elements]] = []
        for rule, written in self.patterns:
            elements = tuple((self.class_of(e.name), e.gap, e.commas) for e in written)
            if len(elements) == 1:
                singles.setdefault(elements[0][0], []).append(rule)
            else:
                several.append((rule, elements))
        self.number_words(self.trie)
        patterns, kinds, members = self.hung(singles, several)
        hard = [c for c in self.words.cues if c.kind == "termination" and c.reach == "sentence"]
        # only single words: "with the exception of" must not keep patterns from reaching across every "with"
        barriers = frozenset(
            ids[0] for cue in hard for w in cue.words for ids in (self.speller.phrase_ids(w),) if len(ids) == 1
        )
        only = self.ids("only", "just", "merely", "simply")
        joins, links = self.ids("or", "nor"), self.ids("or", "nor", "and")
        denials, letter_n = self.ids(*_DENIALS), min(self.ids("n"))
        self.speller.seal()
        spelled = self.speller.spelled()
        return Compiled(
            rules=tuple(self.rules),
            patterns=patterns,
            kinds=kinds,
            members=members,
            trie=leaves(self.trie),
            spelled=spelled,
            hard=barriers,
            only=only,
            joins=joins,
            links=links,
            denials=denials,
            letter_n=letter_n,
            yes=frozenset(self.speller.word_id(w) for w in ("yes", "y")),
            no=frozenset(self.speller.word_id(w) for w in ("no", "n")),
        )

    def number_words(self, node: dict[int, Any]) -> None:
        """Let number words of the lists (``3``, ``two``) lead wherever ``#`` leads; reading follows only one way."""
        waiting, seen = [node], {id(node)}
        while waiting:
            following = waiting.pop()
            any_number = following.get(tokens.NUMBER)
            for word, child in following.items():
                if word == HERE:
                    continue
                if any_number is not None and word in self.speller.numeric and word not in _MARKS:
                    self.merge(child, any_number)
                if id(child) not in seen:
                    seen.add(id(child))
                    waiting.append(child)

    def merge(self, node: dict[int, Any], other: dict[int, Any]) -> None:
        """Give a node what another one leads to: its phrase and its words. What it lacks it shares with the other."""
        if node is other:
            return
        for word, child in other.items():
            if word == HERE:
                if HERE not in node:
                    node[HERE] = len(self.phrases)
                    self.phrases.append((node, set()))
                self.phrases[node[HERE]][1].update(self.phrases[child][1])
            else:
                self.merge(node.setdefault(word, child), child)

    def ids(self, *words: str) -> frozenset[int]:
        return frozenset(i for w in words for i in self.speller.phrase_ids(w))

    def hung(
        self, singles: dict[int, list[int]], several: list[tuple[int, Elements]]
    ) -> tuple[tuple[StoredPattern, ...], tuple[StoredKind, ...], tuple[tuple[int, ...], ...]]:
        """Hang every pattern on one of its classes: the one whose words are in the fewest classes, so seldom in vain."""
        cost = [0] * len(self.class_ids)
        for _, classes in self.phrases:
            for i in classes:
                cost[i] += len(classes)
        rarest = [sorted({i for i, _, _ in of}, key=lambda i: (cost[i], i)) for _, of in several]
        partners = {of[:2][-1] for of in rarest}
        # classes are numbered anew, those of partners first, so that their sets are small integers
        bit: dict[int, int] = {}
        for i in (*sorted(partners), *sorted({i for of in rarest for i in of})):
            bit.setdefault(i, len(bit))
        anchored: dict[int, list[tuple[int, int]]] = {}
        for number, of in enumerate(rarest):
            anchored.setdefault(of[0], []).append((number, bit[of[:2][-1]]))
        members: list[list[int]] = [[] for _ in bit]
        kinds: dict[tuple[int, ...], int] = {}
        for node, classes in self.phrases:
            ordered = tuple(sorted(classes))
            kind = kinds.setdefault(ordered, len(kinds))
            node[HERE] = kind
        for ordered, kind in kinds.items():
            for i in ordered:
                if i in bit:
                    members[bit[i]].append(kind)
        stored = tuple(
            StoredKind(
                rules=tuple(r for i in ordered for r in singles.get(i, ())),
                patterns=tuple(p for i in ordered for p in anchored.get(i, ())),
                offers=tuple(bit[i] for i in ordered if i in partners),
            )
            for ordered in kinds
        )
        patterns = tuple(
            StoredPattern(rule, tuple((bit[i], gap, commas) for i, gap, commas in of), tuple(bit[i] for i in rare[2:]))
            for (rule, of), rare in zip(several, rarest, strict=True)
        )
        return patterns, stored, tuple(map(tuple, members))

    def class_of(self, name: str) -> int:
        known = self.class_ids.get(name)
        if known is not None:
            return known
        number = self.class_ids[name] = len(self.class_ids)
        for phrase in self.phrases_of(name):
            of = self.inserted.get(phrase)
            if of is None:
                of = self.inserted[phrase] = self.insert(phrase)
            for classes in of:
                classes.add(number)
        return number

    def phrases_of(self, name: str) -> tuple[str, ...]:
        """The phrases of a class ``{id}``, of an alternation ``(a|b|{id})``, or the phrase itself."""
        if name.startswith("{"):
            return self.members.get(name[1:-1], ())
        if name.startswith("("):
            return tuple(p for option in name[1:-1].split("|") for p in self.phrases_of(option.strip()))
        return (name,) if name else ()

    def insert(self, phrase: str) -> tuple[set[int], ...]:
        """Put a phrase into the trie; the classes of the phrases it stands for, to be added to."""
        if "<level>" in phrase and "<level>" in phrase.split():
            return tuple(of for level in tokens.LEVELS for of in self.insert(phrase.replace("<level>", level, 1)))
        ids = self.speller.phrase_ids(phrase)
        if not ids or (len(ids) == 1 and self.speller.mutilated(phrase)):
            return ()
        node = self.trie
        for i in ids:
            following = node.get(i)
            if following is None:
                following = node[i] = {}
            node = following
        if HERE not in node:
            node[HERE] = len(self.phrases)
            self.phrases.append((node, set()))
        return (self.phrases[node[HERE]][1],)
