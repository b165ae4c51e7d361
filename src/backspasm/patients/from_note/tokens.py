"""A note as numbers: words in their basic form, each with its place in the original text.

Matching works on small integers. Words without weight (articles, forms of *to be*, sides) are left out, so that
``power in the left ankle is reduced`` and ``power ankle reduced`` meet. Offsets always point into the note as given.
"""

from __future__ import annotations

import re

#: word ids with a meaning of their own; ordinary words start at ``FIRST_WORD``
UNKNOWN, COMMA, COLON, DASH, SLASH, STOP, NEWLINE, QUERY, CHECKED, UNCHECKED, NUMBER, LEVEL, YEAR, START, SKIP = range(
    15
)
FIRST_WORD = 16
#: punctuation that separates items inside a sentence
SEPARATORS = frozenset({COMMA, DASH, SLASH})

TOKEN = re.compile(
    r"\n[ \t\r\n]*|[ \t]{2,}"
    r"|\by(?:es)? ?/ ?no?\b"
    r"|\[\s?[xy✓✔*]?\s?\]|\([ x✓]\)|[☐☑☒✓✔✗✘□■]"
    r"|\([+-]\)|\+ve\b|-ve\b|\++"
    r"|(?<![^\W_])[a-z]/[a-z](?![^\W_])"
    r"|\d+(?:[.,]\d+)*(?:/\d+(?:\.\d+)?)?(?:st|nd|rd|th)?"
    r"|[^\W_]+(?:'[^\W\d_]+)*"
    r"|[^\w\s]"
)
#: a text cut at its tokens, which stay; most are words of plain letters, which no other branch takes
PIECES = re.compile(rf"([a-xz][a-z]++(?![\w'])|{TOKEN.pattern})")
_QUOTES = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-"}
_LEVEL = re.compile(r"(?:c[1-8]|t(?:1[0-2]|[1-9])|l[1-5]|s[1-5])")
#: every level of the spine, for which ``<level>`` stands in the word lists
LEVELS = tuple(f"{part}{i}" for part, count in (("c", 8), ("t", 12), ("l", 5), ("s", 5)) for i in range(1, count + 1))
_YEAR = re.compile(r"(?:19[3-9]\d|20[0-4]\d)")
#: stems of short verbs in -e, whose forms in -ing and -ed would part from them
_SHORT_STEMS = frozenset(
    [
        "mov",
        "tak",
        "giv",
        "com",
        "wak",
        "liv",
        "rid",
        "ris",
        "los",
        "hav",
        "mak",
        "ach",
        "eas",
        "tir",
        "pac",
        "wip",
        "bit",
        "cop",
        "dos",
        "hop",
        "lin",
        "rat",
    ]
)
NUMBER_WORDS = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
    ]
)
_DIGITS = re.compile(r"\d")
_PUNCTUATION = {
    ",": COMMA, ":": COLON, "-": DASH, "/": SLASH, ".": STOP, ";": STOP, "!": STOP, "?": QUERY, "•": STOP, "·": STOP,
    "|": STOP, "*": SKIP, "☑": CHECKED, "☒": CHECKED, "✓": CHECKED, "✔": CHECKED, "☐": UNCHECKED, "□": UNCHECKED,
    "■": CHECKED, "✗": UNCHECKED, "✘": UNCHECKED,
}  # fmt: skip


def normalise(text: str) -> str:
    """Lower case with plain quotes and dashes; every character keeps its place."""
    lower = text.lower()
    if len(lower) != len(text):  # a few capitals become two characters
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    if text.isascii():
        return lower.replace("`", "'")
    for other, plain in _QUOTES.items():  # none becomes another one of them; three times as fast as translate
        lower = lower.replace(other, plain)
    return lower


#: abbreviations in capitals that are ordinary words in small letters, not inside a line of capitals: *full range of
#: movement*, *ankylosing spondylitis*, *light touch* before what was felt; and the words of the lists that take their
#: place, which are as long
_CAPITALS = {"FROM": "frm ", "AS": "ax", "LT": "pp"}
_CAPITAL = re.compile(
    r"(?<![A-Z]{2} )(?<![\w/])(?:FROM|AS|LT(?= (?:reduced|decreased|diminished|impaired|intact|normal|absent|[LS][1-5]\b)))"
    r"(?![\w/])(?! [A-Z]{3})"
)


def capitals(text: str, lower: str) -> str:
    """The text in small letters, in which abbreviations that only their capitals show have got a word of their own."""
    if "FROM" not in text and "AS" not in text and "LT" not in text:
        return lower
    pieces: list[str] = []
    at = 0
    for m in _CAPITAL.finditer(text):
        pieces += [lower[at : m.start()], _CAPITALS[m.group()]]
        at = m.end()
    return "".join([*pieces, lower[at:]])


def basic_form(word: str) -> str:
    """The word without its ending, and in one spelling for British and American usage.

    A light stemmer: it only has to do the same to the note and to the word lists, and not to merge different words.
    """
    if len(word) < 4 or _DIGITS.search(word):
        return word
    w = word.removesuffix("'s").removesuffix("'")
    w = w.replace("ae", "e").replace("oed", "ed") if len(w) > 4 else w
    if len(w) > 4 and w.endswith("our"):
        w = w[:-3] + "or"
    if w.endswith("ies") and len(w) > 4:
        w = w[:-3] + "y"
    elif w.endswith(("sses", "xes", "ches", "shes", "zes")):
        w = w[:-2]
    elif w.endswith("s") and not w.endswith(("ss", "us", "is")):
        w = w[:-1]
    if w.endswith("ing") and len(w) > 5:
        w = _undoubled(w[:-3])
    elif w.endswith("ied") and len(w) > 4:
        w = w[:-3] + "y"
    elif w.endswith("ed") and len(w) > 4:
        w = _undoubled(w[:-2])
    if w.endswith("e") and len(w) > 4:  # not "care" and "car", "note" and "not"
        w = w[:-1]
    if w in _SHORT_STEMS:
        w += "e"
    if w.endswith("is") and len(w) > 5:  # -ise and -ize
        w = w[:-1] + "z"
    return w


def _undoubled(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "sle" else stem


def special(token: str) -> int | None:
    """The id of a token that is no word: punctuation, a box, a number, a spinal level, a year."""
    first = token[0]
    if first == "\n":
        return NEWLINE
    if first in " \t":
        return STOP
    if first == "y" and "/" in token:  # the empty choice of a form
        return SKIP
    if token in _PUNCTUATION:
        return _PUNCTUATION[token]
    if first in "[(" and len(token) > 1 and token not in ("(+)", "(-)"):
        return UNCHECKED if token.strip("[]() ") == "" else CHECKED
    if first.isdigit():
        return YEAR if _YEAR.fullmatch(token) else NUMBER
    if len(token) < 4 and _LEVEL.fullmatch(token):
        return LEVEL
    if not (first.isalnum() or first in "+(-&"):
        return SKIP
    return None
