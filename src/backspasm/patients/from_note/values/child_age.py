"""Ages of children as they are written before the child: "21m girl" are months, "4½y boy" years."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from backspasm.patients.from_note.values.note import Note, word_set

_BEFORE_CHILD = re.compile(
    r"(?<![0-9./a-z])(?P<n>[0-9]{1,2})(?P<half>\s?½|\.5|\s1/2)?[\s\-]?"
    r"(?:(?P<m>months?|mths?|mos?|m|/12)|(?P<w>weeks?|wks?|w|/52)|(?P<y>years?|yrs?|y))[\s\-]{1,2}(?:old[\s\-])?"
    r"(?:male |female |baby )?(?:girl|boy|infant|toddler|baby|child|lad|lass)\b"
)
#: the words for a child, of which one ends each match; and the longest match
CHILDREN, _LONGEST = word_set("girl boy infant toddler baby child lad lass"), 60
_WEEKS, _MONTHS = 52.0, 12.0


class ChildAge(Struct, frozen=True):
    """An age in years, and its place together with the word for the child, which tells the sex."""

    years: float
    start: int
    end: int


def child_ages(note: Note) -> Iterator[ChildAge]:
    """Ages with their unit right before a word for a child."""
    stretches = note.around((), _LONGEST, (start for _, start, _ in note.tokens_of(CHILDREN)))
    for match in note.matches_in(_BEFORE_CHILD, stretches):
        number = float(match.group("n")) + (0.5 if match.group("half") else 0.0)
        years = number / _MONTHS if match.group("m") else number / _WEEKS if match.group("w") else number
        yield ChildAge(years, match.start(), match.end())


#: "Child Ellie, 22 months.", "my daughter Isla (14 mths)": months behind a name that a word for a child announces
_BEHIND_NAME = re.compile(
    r"\b(?:child|baby|infant|toddler|girl|boy|son|daughter|grandson|granddaughter)\b[:,]?(?:'s|s)?(?: is| =)? "
    r"(?P<name>[a-z][a-z'\-]{1,14})(?: [a-z][a-z'\-]{1,14}){0,2}?[,(\s]{1,2}(?P<n>[0-9]{1,2})\s?(?:months?|mths?|mo|/12)(?= ?[,.;:)\n]|$)"
)


def named_children(low: str, text: str) -> Iterator[ChildAge]:
    """Ages in months behind the name of a child, which begins with a capital; ``low`` is the text in small letters."""
    for match in _BEHIND_NAME.finditer(low):
        if text[match.start("name")].isupper():
            yield ChildAge(float(match.group("n")) / _MONTHS, match.start("n"), match.end())


#: "thank you for referring Leo, 9 years.", "it's about Jayden 16."
_INTRODUCED = re.compile(
    r"\b(?:referring|sending|see|seeing|reviewed|re|about|regarding|meet|met)[: ]{1,2}"
    r"(?:mr |mrs |ms |miss |master )?(?P<name>[a-z][a-z'\-]{2,14})"
    r"(?: [a-z][a-z'\-]{1,14})?,? \(?(?P<n>[1-9][0-9]?)(?:\s?(?:years?|yrs?|y)(?:\sold)?)?(?=\s?[.,;)])"
)


#: "Poppy is 20 months."
_IS_MONTHS = re.compile(
    r"\b(?P<name>[a-z][a-z'\-]{1,14}) (?:is|was|has just turned|turned) (?:only |just |now |nearly |almost )?(?P<n>[0-9]{1,2})\s?"
    r"(?:months?|mths?)(?=\s?(?:[.,;)]|and\b))"
)
_NO_CHILD = re.compile(r"(?:it|this|that|pain|onset|duration|history|back|lbp|episode|baby'?s)$")


def in_months(low: str, text: str) -> Iterator[ChildAge]:
    """Ages in months of a child that a sentence is about; what has no capital is no name."""
    for match in _IS_MONTHS.finditer(low):
        if text[match.start("name")].isupper() and _NO_CHILD.match(match.group("name")) is None:
            yield ChildAge(float(match.group("n")) / _MONTHS, match.start("n"), match.end())


def introduced(low: str, text: str) -> Iterator[ChildAge]:
    """Ages in years right behind the name, with a capital, of one who is written about."""
    for match in _INTRODUCED.finditer(low):
        if text[match.start("name")].isupper():
            yield ChildAge(float(match.group("n")), match.start("n"), match.end())
