"""A note cut into sentences (also list items, lines of a form, turns of a dialogue), each a run of word ids."""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate

from msgspec import Struct

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.headings import HeadingFinder
from backspasm.patients.from_note.spans import Part, Span
from backspasm.patients.from_note.spelling import Speller
from backspasm.patients.from_note.tables import read_tables

#: a full stop after one of these ends no sentence
_ABBREVIATIONS = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "st",
        "vs",
        "eg",
        "ie",
        "e.g",
        "i.e",
        "approx",
        "pt",
        "pts",
        "hx",
        "nb",
        "hr",
        "hrs",
        "wk",
        "wks",
        "yr",
        "yrs",
        "mo",
        "mos",
        "temp",
        "resp",
        "cf",
        "ca",
        "dept",
        "tel",
        "bilat",
        "lt",
        "rt",
    ]
)
#: of these, the ones that end a sentence before a capital letter all the same: ``within an hr. Eyes fine``
_UNITS = frozenset(["hr", "hrs", "wk", "wks", "yr", "yrs", "mo", "mos", "temp", "bilat"])
#: a sentence of so many words ends at its next comma, and of so many anywhere: work grows with the length of sentences
_LONG, _LONGEST = 80, 120
#: a line longer than this that goes on in small letters was broken by an editor, not by the writer
_WRAPPED = 45
_ASKS = frozenset(
    [
        "doctor",
        "dr",
        "clinician",
        "nurse",
        "rn",
        "gp",
        "physio",
        "physiotherapist",
        "operator",
        "handler",
        "adviser",
        "advisor",
        "triage",
        "receptionist",
        "paramedic",
        "interviewer",
        "q",
        "consultant",
        "registrar",
        "hcp",
        "practitioner",
        "provider",
        "physician",
    ]
)
_TELLS = frozenset(
    [
        "patient",
        "pt",
        "caller",
        "mum",
        "mother",
        "mom",
        "dad",
        "father",
        "parent",
        "a",
        "p",
        "child",
        "teen",
        "teenager",
        "husband",
        "wife",
        "son",
        "daughter",
        "carer",
        "gran",
        "grandmother",
        "boy",
        "girl",
        "family",
        "guest_family",
        "me",
        "mr",
        "mrs",
        "ms",
    ]
)
#: a label at the start of a line, or in square brackets anywhere
_LABEL = re.compile(
    r"^[ \t\-*]{0,4}\[?([a-z][a-z_.'/ ]{0,24}?)[ \t]?(?:\([^()\n]{0,30}\))?\]?[ \t]?:(?!\d)|\[([a-z_]{2,20})\]",
    re.MULTILINE,
)
#: a turn of the one who asks is a question even without its mark, as in many transcripts
_ASKING = re.compile(
    r"\b(?:have|has|had|do|does|did|are|is|was|were|can|could|any|how|what|when|where|which) "
    r"(?:you|your|it|he|she|the|there|his|her|that|any|this|much|long|often)\b"
    r"|^[ \t]*(?:any|no|ever|and)\b"
)

#: how a question begins that is hung on to a statement, and one that is a question from its start
_TAG = re.compile(
    r"\s*(?:so |or |and |but )?(?:maybe|perhaps|is|isn't|are|was|could|can|should|shall|would|will|do|does|what|why|who|when|how)"
    r"\b(?! (?:no|not)\b)"
)
_OPENS_QUESTION = re.compile(
    r"\W*(?:and |so |but |also |ok |okay )?(?:any|ever|have|has|had|do|does|did|are|is|was|were|can|could|would|will|how|what|"
    r"when|where|which|who|why|no|tell|should)\b"
)
#: words that a statement before such a question has at least
_LEAST_SAID = 3

#: a question mark after one of these (or at the start) and before a word doubts the word: ``?fracture``
_BEFORE_QUERY = ("", " ", "(", ",", "\n", "/", ":")
#: with more labels a text is no dialogue that anyone had
_MOST_LABELS = 5_000

#: a sentence that opens so orders what it names
_ORDERS = re.compile(
    r"(?:please )?(?:check|request|arrange|order|send|book|consider|await|chase|organise|organize|advise|recommend|suggest)"
    r" (?!ed\b)"
)
#: a sign in brackets with blanks, as forms have it; it keeps its length
_SIGN = re.compile(r"\( ([+-]) \)")

#: what stands behind a gap in a form as the answer to the label before it
_VALUE = re.compile(
    r"(?:n|y|no|yes|nil|none|normal|nad|neg|pos|positive|negative|denies|absent|present|[-+]ve)\b|[\[\(☐☑☒✓✗]"
)


class Sentence(Struct, frozen=True):
    """Words ``first`` to ``last`` (exclusive); whether it asks or orders; who speaks; the part of the note."""

    first: int
    last: int
    asks: bool
    speaker: str
    part: Part
    turn: int
    orders: bool = False


class Document(Struct, frozen=True):
    """A note in pieces. ``words[i]`` stands at ``text[starts[i]:ends[i]]``."""

    text: str
    lower: str
    words: list[int]
    starts: list[int]
    ends: list[int]
    sentences: tuple[Sentence, ...]
    parts: tuple[tuple[Span, Part], ...]


def read_document(text: str, speller: Speller, headings: HeadingFinder) -> Document:
    """Cut a note into sentences. Linear in its length; never raises."""
    lower = read_tables(_SIGN.sub(r" (\1) ", tokens.capitals(text, tokens.normalise(text))))
    parts = headings.parts_of(text, lower)
    turns, lower = _turns(lower)
    words: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    sentences: list[Sentence] = []
    first = 0
    part_at = turn_at = 0
    part_end = parts[0][0].end
    known, find = speller.known, speller.word_id
    speller.guesses = 0
    stops = (tokens.STOP, tokens.NEWLINE, tokens.QUERY)
    turn_start = turns[0][0] if turns else len(text) + 1
    speaker = ""
    turn = 0
    line_start = 0

    def close(asks: bool) -> None:
        nonlocal first
        if asks and speaker != "asks" and len(words) > first:
            tag = _tag(lower, words, ends, first)
            if tag is not None:
                said = lower[starts[first] : ends[tag - 2]]
                if _OPENS_QUESTION.match(said) is None:
                    orders = _ORDERS.match(lower, starts[first]) is not None
                    sentences.append(Sentence(first, tag - 1, False, speaker, parts[part_at][1], turn, orders))
                    first = tag
        if len(words) > first:
            if not asks and speaker == "asks":
                asks = _ASKING.search(lower, starts[first], ends[-1]) is not None
            orders = _ORDERS.match(lower, starts[first]) is not None
            sentences.append(Sentence(first, len(words), asks, speaker, parts[part_at][1], turn, orders))
            first = len(words)

    previous = ""
    border = min(turn_start, part_end)
    add_word, add_start, add_end = words.append, starts.append, ends.append
    unknown, last_sign, skipped = tokens.UNKNOWN, tokens.QUERY, tokens.SKIP
    pieces = tokens.PIECES.split(lower)  # what no token is, a token, and so on
    found, places = pieces[1::2], list(accumulate(map(len, pieces)))
    for token, known_as, start, end in zip(found, map(known.get, found), places[::2], places[1::2], strict=False):
        if start >= border:
            if start >= turn_start:
                close(False)
                while turn_at < len(turns) and start >= turns[turn_at][0]:
                    speaker = turns[turn_at][1]
                    turn_at += 1
                turn = turn_at
                turn_start = turns[turn_at][0] if turn_at < len(turns) else len(text) + 1
            if start >= part_end:
                close(False)
                while part_at + 1 < len(parts) and start >= parts[part_at][0].end:
                    part_at += 1
                part_end = parts[part_at][0].end if part_at + 1 < len(parts) else len(text) + 1
            border = min(turn_start, part_end)
        i = find(token) if known_as is None else known_as
        if i == skipped:
            previous = token
            continue
        if unknown < i <= last_sign:
            if i == tokens.DASH:
                if (not lower[start - 1 : start].isspace() and not lower[end : end + 1].isspace()) or len(
                    words
                ) == first:
                    continue
            elif i in stops:
                if token[0] in " \t":  # a gap between the columns of a form, unless it only follows a label or a stop
                    if len(words) == first or lower[start - 1] in ":,-" or _VALUE.match(lower, end):
                        continue
                if i == tokens.STOP and token == ".":
                    after = lower[end : end + 1]
                    if not (after == "" or after.isspace() or after in "\"')"):
                        continue
                    if (
                        previous in _ABBREVIATIONS
                        and lower[end : end + 1] != "\n"
                        and not (previous in _UNITS and text[end + 1 : end + 2].isupper())
                    ):
                        continue
                elif i == tokens.QUERY:
                    after, before = lower[end : end + 1], lower[start - 1 : start]
                    if (
                        after.isalnum() or (after == " " and (before == "" or before.isspace()))
                    ) and before in _BEFORE_QUERY:
                        words.append(i)
                        starts.append(start)
                        ends.append(end)
                        continue
                    close(True)
                    continue
                elif i == tokens.NEWLINE:
                    long = start - line_start > _WRAPPED
                    line_start = end
                    if (
                        long
                        and token.count("\n") == 1
                        and lower[end : end + 1].islower()
                        and text[end : end + 1].islower()
                    ):
                        continue
                close(False)
                previous = token
                continue
        add_word(i)
        add_start(start)
        add_end(end)
        previous = token
        if len(words) - first >= _LONG and (i == tokens.COMMA or len(words) - first >= _LONGEST):
            close(False)
    close(False)
    return Document(text, lower, words, starts, ends, tuple(sentences), parts)


def _tag(lower: str, words: list[int], ends: list[int], first: int) -> int | None:
    """The first word of a question that only hangs on what was said: ``he is feverish, so is it only a virus?``"""
    for i in range(len(words) - 2, first + _LEAST_SAID, -1):
        if words[i] in tokens.SEPARATORS and _TAG.match(lower, ends[i]) is not None:  # "so" and "is" are no words
            return i + 1
    return None


def _turns(lower: str) -> tuple[list[tuple[int, str]], str]:
    """Turns of a dialogue by start and role, and the text with the labels blanked out.

    A text is a dialogue when two labels come back, or when one who asks and one who tells are named. Who puts most of
    the questions is the one who asks.
    """
    found = list(_LABEL.finditer(lower))
    if len(found) < 2:
        return [], lower
    names = [(m.group(1) or m.group(2)).strip() for m in found]
    count = dict(Counter(names)) if len(names) < _MOST_LABELS else {}
    repeated = [n for n, c in count.items() if c > 1]
    asking = [n for n in count if _role(n) == "asks"]
    telling = [n for n in count if _role(n) == "tells"]
    if not (len(repeated) > 1 or (asking and telling)) or not (asking or telling):
        return [], lower
    turns: list[tuple[int, str]] = []
    pieces: list[str] = []
    at = 0
    for m, name in zip(found, names, strict=True):
        role = _role(name) or ("tells" if asking else "asks" if telling else "tells")
        turns.append((m.start(), role))
        pieces += [lower[at : m.start()], " " * (m.end() - m.start())]
        at = m.end()
    pieces.append(lower[at:])
    return turns, "".join(pieces)


def _role(name: str) -> str | None:
    words = name.replace("/", " ").split()
    if any(w.strip(".'") in _ASKS for w in words):
        return "asks"
    return "tells" if any(w.strip(".'") in _TELLS for w in words) else None
