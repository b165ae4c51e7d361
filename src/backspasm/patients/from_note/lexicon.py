"""All words of the knowledge base as a reader of notes uses them; see compiling.py."""

from __future__ import annotations

from backspasm.patients.from_note.assertion import Small
from backspasm.patients.from_note.collecting import not_collecting
from backspasm.patients.from_note.compiled import Compiled
from backspasm.patients.from_note.headings import HeadingFinder
from backspasm.patients.from_note.kept import kept
from backspasm.patients.from_note.matching import Matcher
from backspasm.patients.from_note.spelling import Speller
from backspasm.patients.medicines import find_medicines, ingredients
from backspasm.records.knowledge import Knowledge


class Lexicon:
    """The compiled words. Build with ``lexicon_of``; reading never changes what it means (only its memory of spellings)."""

    def __init__(self, knowledge: Knowledge, compiled: Compiled) -> None:
        self.knowledge = knowledge
        self.speller = Speller(knowledge.words.spelling, compiled.spelled)
        self.matcher = Matcher(
            compiled.trie,
            compiled.rules,
            compiled.patterns,
            compiled.kinds,
            compiled.members,
            compiled.spelled.numeric,
        )
        self.hard, self.only = compiled.hard, compiled.only
        self.small = Small(
            links=compiled.links,
            joins=compiled.joins,
            stops=compiled.links - compiled.joins,
            letter_n=compiled.letter_n,
            denials=compiled.denials,
            yes=compiled.yes,
            no=compiled.no,
        )
        self.headings = HeadingFinder(knowledge.words.headings)
        self.order = {f: i for i, f in enumerate(knowledge.index.finding_ids)}
        self._implied: dict[str, tuple[str, ...]] = {}

    def implied_by(self, medicine: str) -> tuple[str, ...]:
        """The findings that a medicine, named as in the note, implies."""
        known = self._implied.get(medicine)
        if known is None:
            found = [i for m in find_medicines(medicine, self.knowledge) for i in ingredients(m, self.knowledge)]
            known = tuple(dict.fromkeys(f for m in found for f in self.knowledge.medicines[m].implies))
            if len(self._implied) < _MOST_MEDICINES:
                self._implied[medicine] = known
        return known


#: medicines remembered
_MOST_MEDICINES = 5_000

_COMPILED: list[tuple[Knowledge, Lexicon]] = []


def lexicon_of(knowledge: Knowledge) -> Lexicon:
    """The compiled words of a knowledge base; compiled on first use, and kept: on disk, and the last two in memory."""
    for known, lexicon in _COMPILED:
        if known is knowledge:
            return lexicon
    with not_collecting():
        lexicon = Lexicon(knowledge, kept("words", knowledge, Compiled, _compiled))
    _COMPILED.append((knowledge, lexicon))
    del _COMPILED[:-2]
    return lexicon


def _compiled(knowledge: Knowledge) -> Compiled:
    from backspasm.patients.from_note.compiling import compile_words  # not needed where the cache serves

    return compile_words(knowledge.words, knowledge.findings.values())
