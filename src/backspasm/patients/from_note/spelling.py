"""From a word as written to its id: inflection, British and American forms, abbreviations, and misspelt words."""

from __future__ import annotations

from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import OSA

from backspasm.patients.from_note import tokens
from backspasm.records.words import Spelling

#: a word shorter than this is never corrected: too many short words lie close to each other
SHORTEST = 5
#: from this length on two slips are forgiven
LONG = 9
#: and no word that is longer is looked up
LONGEST = 32
#: most spellings remembered, and most guesses for one note: text of chance letters must not cost memory or time
MOST_KNOWN, MOST_GUESSES = 50_000, 4_000


class Spelled(Struct, frozen=True, array_like=True):
    """What a speller has learned from the word lists.

    ``ids``       words in their basic form
    ``known``     words as written in the lists
    ``surfaces``  of these the ones that may be misspelt, by first letter
    """

    ids: dict[str, int]
    known: dict[str, int]
    numeric: frozenset[int]
    surfaces: dict[str, list[str]]


class Speller:
    """Word ids. Words are added until ``seal``; afterwards unknown words are only looked up or guessed."""

    def __init__(self, spelling: Spelling, spelled: Spelled | None = None) -> None:
        learned = Spelled({}, {}, frozenset({tokens.NUMBER, tokens.YEAR}), {}) if spelled is None else spelled
        self.ids, self.known = learned.ids, learned.known
        self.numeric, self._surfaces = learned.numeric, learned.surfaces
        self.forms: dict[str, str] = {}
        for word, forms in spelling.forms.items():
            basic = tokens.basic_form(word)
            for form in forms:
                self.forms[form] = basic
        self.fillers = frozenset(spelling.fillers)
        self.not_misspelt = frozenset(spelling.not_misspelt)
        #: by first letter and length of a misspelt word
        self._lengths: dict[tuple[str, int], list[str]] = {}
        #: ids of the words of the lists as written there; the same few thousand words make all phrases
        self._learned: dict[str, tuple[int, ...]] = {}
        self.guesses = 0

    def phrase_ids(self, phrase: str) -> list[int]:
        """Ids of the words of a phrase of the word lists, new ones being added."""
        out: list[int] = []
        for word in phrase.split():
            ids = self._learned.get(word)
            if ids is None:
                ids = self._learned[word] = tuple(i for t in _word_tokens(word) if (i := self._sign(t)) != tokens.SKIP)
            out += ids
        return out

    def _sign(self, token: str) -> int:
        i = _SIGNS.get(token)
        if i == tokens.SKIP:  # <minus>, <plus>: signs that the pattern language would take for brackets
            return self._learn({"<minus>": "(-)", "<plus>": "(+)"}[token])
        return self._learn(token) if i is None else i

    def _learn(self, token: str) -> int:
        if token in self.fillers:
            return tokens.SKIP
        number = tokens.special(token)
        if number is not None and number not in (tokens.NUMBER, tokens.LEVEL):
            return number
        basic = self.forms.get(token) or tokens.basic_form(token)
        basic = self.forms.get(basic, basic)
        i = self.ids.get(basic)
        if i is None:
            i = self.ids[basic] = tokens.FIRST_WORD + len(self.ids)
            if number == tokens.NUMBER or token in tokens.NUMBER_WORDS:
                self.numeric |= {i}
        self.known[token] = i
        if len(token) >= SHORTEST - 1 and token.isalpha():
            self._surfaces.setdefault(token[0], []).append(token)
        return i

    def cut_short(self, phrase: str) -> bool:
        """Whether a phrase ends in a word without weight, or has but one with weight, and so would mean more than it says."""
        words = phrase.split()
        return len(words) > 1 and (words[-1] in self.fillers or sum(w not in self.fillers for w in words) == 1)

    def mutilated(self, phrase: str) -> bool:
        """Whether nothing but a preposition is left of a phrase without its weightless words."""
        words = [w for w in phrase.split() if w not in self.fillers]
        return len(phrase.split()) > 1 and len(words) == 1 and words[0] in _PREPOSITIONS

    def weighs(self, name: str) -> bool:
        """Whether an element of a pattern has a word that is looked for at all."""
        if name.startswith("{"):
            return True
        options = name[1:-1].split("|") if name.startswith("(") else [name]
        return any(o.strip().startswith("{") or any(w not in self.fillers for w in o.split()) for o in options)

    def seal(self) -> None:
        """No more words: from now on unknown words are compared with the known ones."""
        for filler in self.fillers:
            self.known[filler] = tokens.SKIP
        for first, words in self._surfaces.items():
            self._surfaces[first] = sorted(set(words))
        self._learned.clear()

    def spelled(self) -> Spelled:
        """What was learned, before any note was read."""
        return Spelled(dict(self.ids), dict(self.known), self.numeric, self._surfaces)

    def word_id(self, token: str) -> int:
        """The id of a word of a note; 0 if no list has it."""
        known = self.known.get(token)
        if known is not None:
            return known
        i = self._find(token)
        # what was not looked up for want of time is not remembered: another note must not suffer for this one
        if len(self.known) < MOST_KNOWN and (i != tokens.UNKNOWN or self.guesses < MOST_GUESSES):
            self.known[token] = i
        return i

    def _find(self, token: str) -> int:
        special = tokens.special(token)
        if special is not None:
            return self.ids.get(token, special) if special in (tokens.NUMBER, tokens.LEVEL) else special
        basic = self.forms.get(token)
        if basic is None:
            basic = tokens.basic_form(token)
            basic = self.forms.get(basic, basic)
        i = self.ids.get(basic)
        if i is not None:
            return i
        return tokens.NUMBER if token in tokens.NUMBER_WORDS else self._guess(token)

    def _near(self, first: str, length: int, slips: int) -> list[str]:
        """The known words that begin with a letter and are as long as a token, but for so many slips."""
        known = self._lengths.get((first, length))
        if known is None:
            known = [w for w in self._surfaces.get(first, ()) if abs(len(w) - length) <= slips]
            self._lengths[first, length] = known
        return known

    def _guess(self, token: str) -> int:
        """The known word that the token most likely misspells, by optimal string alignment; 0 if none is close."""
        if (
            not SHORTEST <= len(token) <= LONGEST
            or not token.isalpha()
            or token in self.not_misspelt
            or self.guesses >= MOST_GUESSES
        ):
            return tokens.UNKNOWN
        if tokens.basic_form(token) in self.not_misspelt:
            return tokens.UNKNOWN
        self.guesses += 1
        slips = 2 if len(token) >= LONG else 1
        best = process.extractOne(
            token, self._near(token[0], len(token), slips), scorer=OSA.distance, processor=None, score_cutoff=slips
        )
        return self.known[best[0]] if best is not None else tokens.UNKNOWN


_PREPOSITIONS = frozenset(
    {"on", "to", "out", "in", "for", "by", "as", "at", "from", "with", "it", "i", "all", "go", "there"}
)

#: signs of the pattern language and of cues
_SIGNS = {
    "#": tokens.NUMBER, "<level>": tokens.LEVEL, "<year>": tokens.YEAR, "<start>": tokens.START, "?": tokens.QUERY,
    ":": tokens.COLON, "<minus>": tokens.SKIP, "<plus>": tokens.SKIP,
}  # fmt: skip


def _word_tokens(word: str) -> list[str]:
    plain = tokens.normalise(word)
    if plain in _SIGNS:
        return [plain]
    found = tokens.TOKEN.findall(plain)
    return [t for t in found if not (t in "-" and len(found) > 1)]
