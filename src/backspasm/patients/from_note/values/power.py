"""Muscle power on the scale of the Medical Research Council, 0 to 5."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Span
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.numbers import COUNT, value_of
from backspasm.patients.from_note.values.results import PowerGrade

_OF_FIVE = re.compile(
    r"(?<![0-9./lcts\-])([0-5])\s?([+-])?\s?(?:/\s?5|out of (?:5|five)\b)(?:\s?([+-](?![0-9]|"
    r"\s?[a-z])))?(?!\s?(?:days?|d\b|weeks?|wks?|months?|mths?|years?|yrs?|hours?|hrs?|stars?)\b|[0-9/.]|"
    r"\s?/\s?[0-9])"
)
_WORDS_OF_FIVE = re.compile(rf"\b({COUNT}) out of (?:five|5)\b")
_MRC = re.compile(r"\bmrc(?: grade| power| scale| score)?[\s:=]{0,3}([0-5])\s?([+-](?![0-9]))?(?![0-9/]|\.[0-9])")
_GRADED = re.compile(
    r"\b(?:power|strength)\b(?:[\s:=(]|\b(?:is|was|of|at|grade|graded|only|about|around|mrc|in|the|left|right|"
    r"both|legs?|ankles?|dorsiflexion|reduced|to|down|ehl|l|r)\b){0,8}([0-5])\s?([+-](?![0-9]))?(?![0-9/]|\.[0-9]|"
    r"\s?(?:days?|weeks?|out|kg|months?|years?))"
    r"|\bgrade ([0-5])\s?([+-])? (?:power|strength|weakness)"
)
_OTHER = re.compile(
    r"waddell|sacroiliac|\bsi(?:j)? |provocation|criteria|laslett|questions|answers|star|murmur|tests?\b|"
    r"hamstring length|flags?|satisf|pain|nrs|vas\b|stage|lumbar|disc\b|level|likert|apgar|centor|reflex"
)
_MOTOR = re.compile(
    r"power|strength|mrc|motor|weak|dorsi|plantar|flex|exten|ehl|quad|hip|knee|ankle|toe|foot|leg|limb|myotome|"
    r"grip|deltoid|biceps|triceps|l[2-5]\b|s1\b|throughout|bilat|neuro|hamstring|gastroc|tib|ta\b|abduct|adduct|"
    r"ue\b|le\b|le's|extremit"
)


def find_power(note: Note) -> list[PowerGrade]:
    """Grades of power. Not disc levels (L4/5), dates, days ("4/5 days"), nor other counts of five."""
    low = note.low
    if not note.numbers and "five" not in note.words:
        return []
    found: dict[int, PowerGrade] = {}
    if "/5" in low or "/ 5" in low or "out" in note.words:
        for match in note.number_matches(_OF_FIVE, words=False):
            place = match.start()
            if low[max(0, place - 2) : place].strip() in ("l", "c", "s") and low[max(0, place - 3) : place - 2] in (
                "",
                " ",
            ):
                if _MOTOR.search(note.before(place - 2, 30)) is None:  # "L 4/5 disc", but "power R 2/5, L 3/5"
                    continue
            sentence, _ = note.sentence_at(place)
            left = low[max(sentence, place - 90) : place]
            right = note.after(match.end(), 40)
            if _OTHER.search(left[-30:] + " " + right[:16]) and not _MOTOR.search(left[-22:]):
                continue
            if not _MOTOR.search(left) and not _MOTOR.search(right):
                continue
            if re.search(r"\b(?:on|since|dated?|the) $", left):
                continue
            found[place] = PowerGrade(
                _grade(match.group(1), match.group(2) or match.group(3)), Span(place, match.end())
            )
        for match in note.number_matches(_WORDS_OF_FIVE) if "five" in note.words or "out of 5" in low else ():
            grade = value_of(match.group(1))
            if grade is not None and grade <= 5 and _MOTOR.search(note.before(match.start(), 90)):
                found[match.start()] = PowerGrade(grade, Span(match.start(), match.end()))
    if not note.words.isdisjoint(_CUES):
        for word, begin, _ in note.tokens_of(_CUES):
            for match in _graded(low, word, begin):
                place, digit, sign = (
                    (match.start(1), match.group(1), match.group(2))
                    if match.group(1) is not None
                    else (match.start(3), match.group(3), match.group(4))
                )
                if place not in found:
                    found[place] = PowerGrade(_grade(digit, sign), Span(place, match.end()))
    return [found[place] for place in sorted(found)]


def _graded(low: str, word: str, begin: int) -> list[re.Match[str]]:
    """The grade that follows one of the cues."""
    match = (_MRC if word == "mrc" else _GRADED).match(low, begin)
    return [] if match is None else [match]


_CUES = frozenset({"mrc", "power", "strength", "grade"})


def _grade(digit: str, sign: str | None) -> float:
    """Half steps keep the order: 4- below 4 below 4+; the parts themselves mean nothing more."""
    grade = float(digit)
    return grade + 0.25 if sign == "+" and grade < 5 else grade - 0.25 if sign == "-" and grade > 0 else grade
