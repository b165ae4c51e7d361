"""Blood tests: erythrocyte sedimentation rate, C-reactive protein, counts, haemoglobin, calcium, kidneys; and EMG values."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Quantity, Span
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.numbers import COUNT, DIGITS, value_of
from backspasm.patients.from_note.values.units import Scale, converted, unit_at

#: what may stand between the name of a test and its value
BETWEEN = (
    r"(?:[\s:=,(~*#|↑↓+\-\[]{1,3}|[><≥≤]=?|'s\b|->|(?:is|was|are|were|of|at|level|levels|count|counts|today|"
    r"raised|elevated|high|low|up|to|came|back|"
    r"result|results|value|about|approx|approximately|around|still|now|only|just|markedly|mildly|moderately|"
    r"slightly|significantly|very|"
    r"rate|serum|blood|reading|measured|returned|repeat|repeated|admission|on|here|the|a|h|l|increased|reduced|"
    r"down|total|adjusted|corrected|"
    r"has|have|risen|fallen|rose|fell|dropped|gone|going|hit|peaked|been|it|as|well|above|over|nearly|almost|"
    r"currently|latest|with|this|morning|yesterday|reads|read|check|shows|showed|"
    r"per|lab|labs|averaged|averages|averaging|mean|means|measures|measured|says|said|about|initial|stable|"
    r"normal|fine|ok|quite|rather|slightly)\b\.?){0,7}"
)
_VALUE = re.compile(rf"({BETWEEN})({DIGITS}|{COUNT})(?![0-9])")
#: "from 180 to 40": the later value counts
_LATER = re.compile(rf"\s?(?:[a-z/0-9]{{1,6}}\s)?(?:-+>|>|→|to|then|down to|up to)\s?({DIGITS})(?![0-9])")
_FROM = re.compile(rf"({BETWEEN})from\s+")
_DATE_OR_TIME = re.compile(
    r"/[0-9]|\s?-?(?:days?|weeks?|wks?|months?|years?|yrs?|hours?|hrs?|am|pm)\b|(?:st|nd|rd|th)\b|-[0-9]+[/\-]"
)
_YEAR = re.compile(r"(?:19[3-9]|20[0-4])[0-9]")
_REFERENCE = re.compile(r"(?:normal|ref|range|nr|limit|uln)\b[^0-9]{0,8}[<(]?\s?$")
_PAIR = re.compile(
    rf"\s?(?:/|and|&|,|\+)\s?(esr|crp|c-reactive protein|sed rate)[\s:=]*(?:(?:is|are|was|were|of|both|raised|at|"
    rf"elevated)\s)*\s?({DIGITS})\s?(?:/|and|&|,)\s?({DIGITS})(?![0-9])"
)


def find_laboratory(note: Note, hits: list[Hit], scales: dict[str, Scale]) -> list[Quantity]:
    """Values behind the names of tests. ``hits`` are the cues of measured findings."""
    out: list[Quantity] = []
    last = 0
    for hit in hits:
        if hit.start < last:
            continue
        scale = scales[hit.id]
        if hit.id in ("esr", "crp"):
            pair = _PAIR.match(note.low, hit.end)
            if pair is not None:
                other = "crp" if pair.group(1).startswith("c") else "esr"
                for finding, group in ((hit.id, 2), (other, 3)):
                    number = value_of(pair.group(group))
                    value = None if number is None else converted(number, None, scales[finding])
                    if value is not None:
                        out.append(
                            Quantity(finding, value, Span(hit.start, pair.end(group)), note.text[hit.start : hit.end])
                        )
                last = pair.end()
                continue
        found = value_behind(note, hit, scale)
        if found is not None:
            value, end = found
            out.append(Quantity(hit.id, value, Span(hit.start, end), note.text[hit.start : hit.end]))
    return out


def value_behind(note: Note, hit: Hit, scale: Scale) -> tuple[float, int] | None:
    """The value that stands behind a cue, in the unit of the record, and where its words end."""
    low = note.low
    start = hit.end
    come = _FROM.match(low, start)
    if come is not None:
        start = come.end()
    match = _VALUE.match(low, start)
    if match is None:
        return None
    if "\n" in match.group(1) and match.group(1).count("\n") > 1:
        return None
    written, end = match.group(2), match.end()
    if _DATE_OR_TIME.match(low, end) and not (hit.id == "haemoglobin" and low[end] == "/"):
        return None
    if _REFERENCE.search(match.group(1)) and "(" in match.group(1):
        return None
    pair, stop = unit_at(low, end, scale)
    if pair is None and _YEAR.fullmatch(written):
        return None  # "breast ca 2016"
    later = _LATER.match(low, stop)
    if later is not None and (come is not None or ">" in later.group() or "→" in later.group()):
        written, end = later.group(1), later.end()
        later_pair, stop = unit_at(low, end, scale)
        pair = later_pair or pair
    number = value_of(written)
    if number is None:
        return None
    value = converted(number, pair, scale, decimals="." in written)
    if value is None:
        return None
    return value, max(stop, end)
