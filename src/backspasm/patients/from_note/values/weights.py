"""Body weights told twice, now and before: "Weight 47 kg, was 52 kg", "82 -> 69 kg", "9.1 kg, was 9.4 at twelve months"."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Span
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.results import WeightChange

_KG = r"(?:kgs?|kilos?|kilograms?)"
_UNIT = rf"(?:{_KG}|lbs?|pounds?|st(?:one)?)"


def _weight(group: str) -> str:
    """Pattern of a number with its unit; stones may be followed by pounds."""
    return (
        rf"(?P<{group}>[0-9]{{1,3}}(?:\.[0-9]{{1,2}})?)\s?(?:(?P<{group}u>{_UNIT})(?![a-z])"
        rf"(?:\s?(?P<{group}l>[0-9]{{1,2}})(?:\s?lbs?)?(?![0-9.]))?)?"
    )


_FIRST, _SECOND = _weight("a"), _weight("b")
_BEFORE = (
    r"(?:it |she |he |i )?(?:was|were|used to be|used to weigh|previously|previous(?: weight)?|prev|down from|"
    r"from|last (?:weight|wt|time|visit|"
    r"year|month)|usual(?:ly)?(?: weight)?|baseline|red book|before|at (?:her|his|the) last \w+)"
)
#: the weight of now first, then that before
_NOW_THEN = re.compile(
    rf"\b(?:weight|wt|weighs?|weighed|weighing)\b(?: (?:is|now|today|only|in clinic|"
    rf"here))*[\s:=]{{0,3}}{_FIRST}[\s,;(\-]{{1,4}}(?:now |today )?"
    rf"{_BEFORE}(?: (?:at|in|a|the|last|about|around|of|birth)\b)?(?: [a-z]+)?[\s:=]{{1,3}}{_SECOND}(?![0-9/%])"
)
#: the weight of then first
_THEN_NOW = re.compile(
    rf"\b(?:weight|wt|weighed|was|from|lost|down|lighter|(?:gone|dropped|went|fallen) from)\b[^.;\n0-9]{{0,26}}{_FIRST}"
    rf"\s?(?:->|→|=>|to|down to|[^.;\n0-9]{{0,24}}\bnow(?: (?:only|just|weighs?|i'm|im|i am|he's|she's|is))?|"
    rf"and (?:i'm|he's|she's)(?: only)?)\s?{_SECOND}(?![0-9/%])"
)
#: two weights with an arrow need no word: "58kg -> 51kg"
_ARROW = re.compile(rf"(?<![0-9./]){_FIRST}\s?(?:->|→|=>)\s?{_SECOND}(?![0-9/%])")
_WORDS = frozenset(
    {
        "weight",
        "wt",
        "weighs",
        "weigh",
        "weighed",
        "weighing",
        "was",
        "from",
        "lost",
        "down",
        "lighter",
        "gone",
        "dropped",
        "went",
        "fallen",
    }
)
_NAMED = frozenset(
    {
        "weight",
        "wt",
        "weighs",
        "weigh",
        "weighed",
        "weighing",
        "kg",
        "kgs",
        "kilo",
        "kilos",
        "lb",
        "lbs",
        "pounds",
        "stone",
        "st",
    }
)
_MEANT = re.compile(
    r"\b(?:diet(?:ing|ed)?|slimming|on purpose|trying|intentional(?:ly)?|deliberate(?:ly)?|weight watchers|"
    r"cut(?:ting)? for|make weight|making weight|"
    r"ozempic|wegovy|mounjaro|gastric|bariatric|since (?:the )?(?:birth|delivery|baby)|post[ -]?partum|gym|"
    r"diuretic|furosemide|lift(?:s|ed|ing)?|"
    r"carr(?:y|ied|ying)|box|sack|bag)\b"
)
_NOT_MEANT = re.compile(
    r"\b(?:not|without|isn't|hasn't been|wasn't|n't|no)\b[^.;\n]{0,14}\b(?:diet\w*|trying|intend\w*|on purpose)"
)
#: kilogrammes of a pound and of a stone; pounds of a stone
_POUND, _STONE, _OF_STONE = 0.45359237, 6.35029318, 14.0


def find_weights(note: Note) -> list[WeightChange]:
    """Weights of the patient that are told with an earlier one, in order of the text; changes that were meant are left out."""
    if not note.numbers or note.words.isdisjoint(_NAMED):
        return []
    found: dict[int, WeightChange] = {}
    for pattern, now_first in ((_NOW_THEN, True), (_THEN_NOW, False), (_ARROW, False)):
        matches = note.number_matches(pattern, words=False) if pattern is _ARROW else note.led_matches(pattern, _WORDS)
        for match in matches:
            change = _change(note, match, now_first)
            if change is not None:
                found.setdefault(match.start("b"), change)
    return [found[place] for place in sorted(found)]


def _change(note: Note, match: re.Match[str], now_first: bool) -> WeightChange | None:
    units = [u for u in (match.group("au"), match.group("bu")) if u]
    words = match.group()
    if not units and not re.search(r"\bw(?:eigh|t)", words):
        return None
    first, second = (_kilos(match, g, units[-1] if units else "kg") for g in "ab")
    if first is None or second is None:
        return None
    start, end = note.sentence_at(match.start())
    around = note.low[start : min(end + 60, len(note.low))]
    if _MEANT.search(around) and not _NOT_MEANT.search(around):
        return None
    now, before = (first, second) if now_first else (second, first)
    return WeightChange(now, before, Span(match.start(), match.end()))


def _kilos(match: re.Match[str], group: str, other: str) -> float | None:
    number = float(match.group(group))
    unit = match.group(f"{group}u") or other
    pounds = match.group(f"{group}l")
    if unit.startswith("st"):
        return number * _STONE + (float(pounds) * _POUND if pounds and float(pounds) < _OF_STONE else 0.0)
    if pounds:
        return None
    return number * _POUND if unit.startswith(("lb", "pound")) else number
