"""Each sentence of a note by itself: what is found among its words, and its cues, worked out once for the same words."""

from __future__ import annotations

from collections.abc import Sequence

from backspasm.patients.from_note.assertion import Scopes
from backspasm.patients.from_note.document import Document, Sentence
from backspasm.patients.from_note.lexicon import Lexicon
from backspasm.patients.from_note.matching import Found

#: most different sentences of one note that are remembered
_MOST = 5_000


def alone(doc: Document, s: Sentence) -> tuple[Document, Sentence]:
    """The sentence as a document of its own, in which its words are counted from 0; offsets stay those of the note."""
    first, last = s.first, s.last
    own = Document(doc.text, doc.lower, doc.words[first:last], doc.starts[first:last], doc.ends[first:last], (), ())
    return own, Sentence(0, last - first, s.asks, s.speaker, s.part, s.turn, s.orders)


class Worked:
    """What is found in the sentences of one note, with the words of each counted from 0.

    A note that was copied forward holds the same sentences many times.
    """

    __slots__ = ("_known", "_lexicon")

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: dict[tuple[tuple[int, ...], int], tuple[Found, Scopes]] = {}

    def out(self, words: Sequence[int], barriers: Sequence[int]) -> tuple[Found, Scopes]:
        """The patterns and the cues of a sentence.

        ``barriers`` counts the separators before each word and before the end, from any number on.
        """
        # of the same words the barriers differ only where "not only" of another sentence reaches into one of the two
        key = tuple(words), barriers[-1] - barriers[0]
        known = self._known.get(key)
        if known is None:
            lexicon = self._lexicon
            found = lexicon.matcher.find(words, barriers)
            scopes = Scopes(found.cues, words, 0, len(words), lexicon.small)
            known = found, scopes
            if len(self._known) < _MOST:
                self._known[key] = known
        return known
