"""Urine left in the bladder: scans, catheters, "no residual"."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Quantity, Span
from backspasm.patients.from_note.values.laboratory import BETWEEN
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.numbers import DIGITS, value_of
from backspasm.patients.from_note.values.units import Scale, converted, unit_at

_MORE = (
    r"(?:(?:post|void|voiding|micturition|volume|residual|scan|urine|bladder|drained|drains|draining|passed|"
    r"immediately|straight|and|after|left|in|for|with|showing|found|gave|revealed|estimated|est|recorded|"
    r"relieved|residue|mict|catheter|inserted|out|over|shows|more|than)\b[\s:,\-]*|\(){0,8}"
)
_VALUE = re.compile(rf"{BETWEEN}{_MORE}{BETWEEN}{_MORE}({DIGITS})(?![0-9/])")
_NIL = re.compile(rf"{BETWEEN}{_MORE}(?:nil|none|zero|empty|negligible|no residual|no residual urine)\b")
_NO = re.compile(r"\b(?:no|nil|zero|without)\s(?:significant\s)?(?:post[ -]?void\s)?$")
_SECOND = re.compile(
    rf"[^.;\n]{{0,40}}?\bpost[ -]?(?:void|micturition|mict)[a-z]*(?:ing)?\b{BETWEEN}{_MORE}({DIGITS})(?![0-9/])"
)
_BEFORE = re.compile(
    rf"({DIGITS})\s?(mls?|cc|ccs|millilitres|milliliters|l|litres?|liters?)\s(?:of urine\s|urine\s)?(?:left\s|"
    rf"seen\s|found\s|remaining\s|residual\s|retained\s|drained\s)?(?:in (?:the|her|his|my) bladder\s)?(?:on|by|"
    rf"in|via|at|after|from|post)?[\s\-]?(?:a |the |her |his )?(?:post[ -]void )?$"
)
#: PMR is also an illness
_ONLY_WITH_UNIT = frozenset({"pmr", "residual", "residuals", "bladder volume"})
#: "pre/post void scan 610 / 480 ml"
_BOTH = re.compile(
    rf"\bpre[ -]?(?:/|and|&) ?post[a-z\- ]{{0,16}}(?:bladder )?(?:scans?|volumes?|"
    rf"residuals?)?[\s:=]{{0,3}}({DIGITS})\s?(?:mls?|cc)?\s?(?:/|and|,|->|then)\s?({DIGITS})\s?(?:mls?|cc)?"
)
#: and is not longer than this
_LONGEST = 200
_EVENT = re.compile(
    r"\s?(?:days?\b|weeks?\b|months?\b|years?\b|hours?\b|hrs?\b|yrs?\b|y\b|d\b|w\b|/[0-9]|fr\b|french|ch\b|g\b|gauge)"
)


def find_residual(note: Note, hits: list[Hit], scale: Scale) -> list[Quantity]:
    """Post-void residual volumes in mL."""
    out: list[Quantity] = []
    low = note.low
    last = -1
    for both in note.matches_in(_BOTH, note.around(("post",), _LONGEST)) if hits and "pre" in note.words else ():
        number = value_of(both.group(2))
        value = None if number is None else converted(number, (1.0, 0.0), scale)
        if value is not None:
            out.append(
                Quantity(
                    "post_void_residual", value, Span(both.start(), both.end()), note.text[both.start() : both.end()]
                )
            )
            last = both.end()
    for hit in hits:
        if hit.start < last:
            continue
        cue = note.text[hit.start : hit.end]
        catheter = low.startswith("cath", hit.start)
        before = _NO.search(note.before(hit.start, 30))
        if before is not None and not catheter and "residual" in low[hit.start : hit.end]:
            start = hit.start - (len(before.group()) - (len(before.group()) - len(before.group().lstrip())))
            out.append(Quantity("post_void_residual", 0.0, Span(start, hit.end), cue))
            last = hit.end
            continue
        ahead = _BEFORE.search(note.before(hit.start, 60))
        match = _VALUE.match(low, hit.end)
        nil = _NIL.match(low, hit.end)
        if match is not None and _EVENT.match(low, match.end()):
            match = None
        if match is not None and (note.sentence_at(hit.start)[1] >= match.start(1)):
            number = value_of(match.group(1))
            pair, stop = unit_at(low, match.end(), scale)
            if pair is None and (catheter or low[hit.start : hit.end] in _ONLY_WITH_UNIT):
                continue
            value = None if number is None else converted(number, pair or (1.0, 0.0), scale)
            second = (
                _SECOND.match(low, stop)
                if "pre" in low[hit.end : match.end()] or "pre" in note.before(hit.start, 12)
                else None
            )
            if second is not None:
                value, stop = value_of(second.group(1)), second.end()
            if value is not None:
                out.append(Quantity("post_void_residual", value, Span(hit.start, max(stop, match.end())), cue))
                last = stop
        elif nil is not None:
            out.append(Quantity("post_void_residual", 0.0, Span(hit.start, nil.end()), cue))
            last = nil.end()
        elif ahead is not None:
            number = value_of(ahead.group(1))
            start = hit.start - (len(ahead.group()))
            pair, _ = unit_at(low, start + ahead.end(1) - ahead.start(), scale)
            value = None if number is None else converted(number, pair or (1.0, 0.0), scale)
            if value is not None:
                out.append(Quantity("post_void_residual", value, Span(start, hit.end), cue))
    return out
