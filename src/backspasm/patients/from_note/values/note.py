"""The note as the parts of this package see it: normalised once, with its words, its sections and its sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from string import ascii_lowercase

from backspasm.patients.from_note.spans import Part, Span
from backspasm.patients.from_note.values.numbers import COUNT_WORDS
from backspasm.patients.from_note.values.words import Said

#: characters that are written in more than one way; each stands for one other, so that offsets stay those of the note
_ALIKE = dict(
    zip("’‘‛`´“”\u00a0\u2009\u202f\u2002\u2003\t–—−‐‑‒·•∙μ⁹³×²˚º⁄", "'''''\"\"       -------. .µ93x2°°/", strict=False)
)
_ALIKE |= {"\t": " ", "·": ".", "•": " ", "∙": "."}
_DIGITS = re.compile(r"[0-9½]+")
_START = itemgetter(1)
_SENTENCE_END = re.compile(r"[\n\r;]+|[.!?](?=\s|$)")


#: small letters stay, all else becomes a blank
_LETTERS_ONLY = bytes(c if chr(c) in ascii_lowercase else ord(" ") for c in range(256))

#: a word, and where it begins and ends
Token = tuple[str, int, int]


class Taken:
    """Stretches that are spoken for; they do not overlap. Asking takes time in the logarithm of their number."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(stretches)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, int):
            return False
        i = bisect_right(self._starts, place) - 1
        return i >= 0 and place < self._ends[i]


class Note:
    """One note while it is read. ``low`` has the length of the text: a place in one is the same place in the other."""

    __slots__ = (
        "_by_word", "_holds", "_part_starts", "_parts", "_places", "_sentence_starts", "_sentences",
        "digits", "low", "numbers", "said", "text", "words",
    )  # fmt: skip

    def __init__(self, text: str, parts: Sequence[tuple[Span, Part]], sentences: Sequence[Span], said: Said) -> None:
        self.text = text
        #: words of the knowledge base that a part of the reader asks for by the word
        self.said = said
        self.low = unwrapped(normalised(text))
        self._by_word = _words_of(self.low)
        #: whether a part of the reader need look at all is one intersection of sets
        self.words = frozenset(self._by_word)
        #: where runs of digits begin
        self.digits = [m.start() for m in _DIGITS.finditer(self.low)]
        self.numbers = bool(self.digits)
        self._places: list[int] | None = None
        self._holds: dict[re.Pattern[str], bool] = {}
        self._parts = sorted(parts, key=lambda pair: pair[0].start) if parts else []
        self._part_starts = [span.start for span, _ in self._parts]
        self._sentences: list[tuple[int, int]] | None = (
            sorted((s.start, s.end) for s in sentences) if sentences else None
        )
        self._sentence_starts: list[int] | None = None

    def holds(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern occurs anywhere in the note; asked once, then remembered."""
        known = self._holds.get(pattern)
        if known is None:
            known = self._holds[pattern] = pattern.search(self.low) is not None
        return known

    def tokens_of(self, words: Container[str]) -> list[Token]:
        """The places of these words in order: what a part of the reader looks at need not be the whole note."""
        met = [self._by_word[word] for word in self.words if word in words]
        return met[0] if len(met) == 1 else sorted(chain.from_iterable(met), key=_START)

    def led_matches(self, pattern: re.Pattern[str], first: frozenset[str]) -> Iterator[re.Match[str]]:
        """Matches of a pattern that begins with one of these words, each of them whole: tried only where they stand."""
        last, low, match_at = 0, self.low, pattern.match
        for _, start, _ in self.tokens_of(first):
            if start >= last:
                match = match_at(low, start)
                if match is not None:
                    last = match.end()
                    yield match

    def around(self, pieces: Iterable[str], reach: int, also: Iterable[int] = ()) -> list[tuple[int, int]]:
        """The stretches within so many characters of one of these pieces of words, or of other places; none overlap.

        A pattern of which every match holds one of the pieces, and whose matches with what they look at beside them are
        no longer than the reach, matches in the stretches what it matches in the whole note.
        """
        low, places = self.low, list(also)
        for piece in pieces:
            place = low.find(piece)
            while place >= 0:
                places.append(place)
                place = low.find(piece, place + 1)
        places.sort()
        out: list[tuple[int, int]] = []
        for place in places:
            start, end = max(0, place - reach), min(len(low), place + reach)
            if out and start <= out[-1][1]:
                out[-1] = (out[-1][0], end)
            else:
                out.append((start, end))
        return out

    def matches_in(self, pattern: re.Pattern[str], stretches: Iterable[tuple[int, int]]) -> Iterator[re.Match[str]]:
        """Matches of a pattern in each of some stretches."""
        return chain.from_iterable(pattern.finditer(self.low, start, end) for start, end in stretches)

    @property
    def places(self) -> list[int]:
        """Where numbers begin, in digits or in words."""
        if self._places is None:
            self._places = self.digits
            if not self.words.isdisjoint(COUNT_WORDS):
                spoken = [start for _, start, _ in self.tokens_of(COUNT_WORDS)]
                self._places = sorted([*self.digits, *spoken])
        return self._places

    def number_matches(self, pattern: re.Pattern[str], *, words: bool = True) -> Iterator[re.Match[str]]:
        """Matches of a pattern that begins with a number: tried only where digits, or numbers in words, begin."""
        places = self.places if words else self.digits
        last, low, match_at = 0, self.low, pattern.match
        for place in places:
            if place < last:
                continue
            match = match_at(low, place)
            if match is not None:
                last = match.end()
                yield match

    def part_at(self, place: int) -> Part:
        """The section that holds a place; ``complaint`` where none does."""
        i = bisect_right(self._part_starts, place) - 1
        if i >= 0 and place < self._parts[i][0].end:
            return self._parts[i][1]
        return "complaint"

    def sentence_at(self, place: int) -> tuple[int, int]:
        """Start and end of the sentence around a place. Where none was given, the line up to the next full stop."""
        if self._sentences is None:
            self._sentences = _sentences(self.low)
        if self._sentence_starts is None:
            self._sentence_starts = [start for start, _ in self._sentences]
        i = bisect_right(self._sentence_starts, place) - 1
        if i >= 0 and place < self._sentences[i][1]:
            return self._sentences[i]
        # between two sentences, or outside all of them: what lies between its neighbours
        start = self._sentences[i][1] if i >= 0 else 0
        end = self._sentence_starts[i + 1] if i + 1 < len(self._sentence_starts) else len(self.low)
        return max(0, min(start, place)), max(end, place + 1)

    def before(self, place: int, most: int = 60) -> str:
        """Up to so many characters of the same sentence before a place."""
        start, _ = self.sentence_at(place)
        return self.low[max(start, place - most, 0) : place]

    def after(self, place: int, most: int = 60) -> str:
        """Up to so many characters of the same sentence from a place on."""
        _, end = self.sentence_at(max(0, place - 1))
        return self.low[place : min(end, place + most)]


def _words_of(low: str) -> dict[str, list[Token]]:
    """The runs of plain small letters, each with all its places in order. Three times as fast as an expression."""
    out: defaultdict[str, list[Token]] = defaultdict(list)
    start = 0
    for word in low.encode("ascii", "replace").translate(_LETTERS_ONLY).decode("ascii").split(" "):
        if word:
            end = start + len(word)
            out[word].append((word, start, end))
            start = end + 1
        else:
            start += 1
    return out


def word_set(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


def normalised(text: str) -> str:
    """The text in lower case with alike characters made the same, character for character."""
    low = text.lower()
    if text.isascii():
        return low.replace("\t", " ").replace("`", "'")
    if len(low) != len(text):  # a few capitals become two characters
        low = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    for other, plain in _ALIKE.items():  # none becomes another one of them; three times as fast as translate
        low = low.replace(other, plain)
    return low


#: a line at least so long that does not end a sentence goes on in the next one
_WRAPPED = re.compile(r"\n(?<=[^\n]{60}\n)(?<=[^\n.:;?!\]]\n)(?=[^\n\-*•\[]{12})")


def unwrapped(low: str) -> str:
    """Line ends inside a sentence become spaces, as in a letter that was broken at a fixed width."""
    return _WRAPPED.sub(" ", low) if "\n" in low else low


def _sentences(low: str) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    start = 0
    for stop in _SENTENCE_END.finditer(low):
        out.append((start, stop.end()))
        start = stop.end()
    if start < len(low) or not out:
        out.append((start, len(low)))
    return out
