"""Weekdays counted back from the day of the note, where the note names it: "since Tuesday (today Friday)" is three days."""

from __future__ import annotations

import re

from backspasm.patients.from_note.values.note import Note

_NAME = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_FULL = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_SHORT = r"(?:mon|tues?|weds?|thurs?|thur|fri|sat|sun)"
#: the short forms only where nothing else can be meant: "now sat on the sofa" names no day
_TODAY = re.compile(
    rf"\b(?:(?:today|to day|now|tonight)(?:'s| is| being| was)?|(?:it's|its|it is|this is) now|called on|seen on)"
    rf"[\s,:]{{1,2}}(?:a )?(?P<a>{_FULL})\b"
    rf"|\b(?:today|to day|now)(?:'s| is| being|,| =|:)?\s?\(?\s?(?P<b>(?:mon|tues?|weds?|thurs?|fri)(?:day)?)\b"
    rf"|\b(?:it's|its|it is) (?P<d>{_FULL}) (?:now|today)\b"
    rf"|\b(?:today|to day)\s?\(\s?(?P<c>{_SHORT})\b"
)
_TODAY_WORDS = frozenset({"today", "to", "now", "tonight", "it", "its", "this", "called", "seen"})
_ORDER = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = re.compile(_NAME)
_WEEK = 7


def day_of_note(note: Note) -> int | None:
    """The weekday on which the note was made, Monday being 0; None where it does not say."""
    if note.words.isdisjoint(_TODAY_WORDS):
        return None
    for match in note.led_matches(_TODAY, _TODAY_WORDS):
        return _number(match.group("a") or match.group("b") or match.group("c") or match.group("d"))
    return None


def _number(name: str) -> int:
    return _ORDER.index(name[:3])


def days_since(words: str, today: int | None) -> float | None:
    """Days since the weekday among the words; a week where it is the same day as that of the note."""
    named = _DAY.search(words)
    if named is None or today is None:
        return None
    return float((today - _number(named.group())) % _WEEK or _WEEK)
