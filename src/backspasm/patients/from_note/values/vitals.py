"""Temperature, heart rate and blood pressure."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Quantity, Span
from backspasm.patients.from_note.values.laboratory import BETWEEN
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note, Taken
from backspasm.patients.from_note.values.numbers import COUNT, DIGITS, value_of
from backspasm.patients.from_note.values.results import Pressure
from backspasm.patients.from_note.values.units import Scale, converted, unit_at
from backspasm.records.knowledge import Knowledge

_WHERE = (
    r"(?:\(?(?:oral|orally|tympanic|axillary|axilla|rectal|rectally|temporal|forehead|ear|under the arm|home|at "
    r"home|max|peak|temperature|temp|reading|rate|regular|reg|radial|apical|thermometer|of|said|she|he|had|a|got|"
    r"spike|spikes|spiked|fevers?|last|night|around|touching|on arrival|on admission|(?:in|at) (?:clinic|triage|ed|"
    r"surgery|hospital|resus|school|work|the surgery|the clinic)|now|today|here|currently|this morning)\b[\s:,)]*){0,4}"
)
#: "Temperature? Caller: 36.9."
_ANSWER = r"(?:[^\n?.0-9]{0,24}\?\s{0,2}\n?\s{0,3}(?:[a-z'. ]{1,20}:)?\s?(?:[a-z]{2,10}\b[, ]{1,2}){0,3})?"
_TEMPERATURE = re.compile(
    rf"{_ANSWER}{BETWEEN}{_WHERE}{BETWEEN}(?:([0-9]{{2,3}})(?:\s?point\s?([0-9])(?![0-9])|\s([0-9])(?![0-9/]|"
    rf"[.,][0-9])|[.,]\s?([0-9]{{1,2}})(?![0-9]))?(?![0-9]|,[0-9]{{3}})"
    rf"|({COUNT})(?:\s(?:point|and a)\s(half|{COUNT}))?)"
)
_AGE_OR_TIME = re.compile(
    r"\s?-?(?:days?|weeks?|wks?|months?|years?|yrs?|hours?|hrs|y/?o|kg|mg|ml|bpm|/min|times)\b|\s?%|/[0-9]"
)
#: "I took it last night, 38.4", "most nights, about 38.2": a few words behind the word, with a decimal
_TOLD = re.compile(
    r"[^.;\n0-9]{0,36}?[\s,(:]([0-9]{2}[.,][0-9])(?![0-9/%]|\s?(?:%|kg|mg|ml|cm|mm|g\b|stone|lbs?\b|days?|weeks?|hours?))"
)
_TOLD_AFTER_QUESTION = re.compile(r"[^.;\n0-9?]{0,24}\?\s{0,2}(?:[a-z'. ]{1,20}:)?")
_NOT_TOLD = re.compile(
    r"\b(?:weigh\w*|weight|wt|crp|esr|wcc|wbc|hb|hgb|haemoglobin|hemoglobin|bmi|albumin|calcium|mri|above|over|exceeds?|reach\w*|if|goes)\b"
)
#: a temperature that no word announces
_BARE = re.compile(
    r"(?<![0-9.,/])([0-9]{2,3}(?:[.,][0-9]{1,2})?)\s?(?:°\s?([cf])?(?![a-z])|deg(?:rees?)?\.?\s?(c|f|celsius|"
    r"centigrade|fahrenheit)?(?![a-z])|([cf])(?![a-z0-9\-]))"
)
_RATE = re.compile(
    rf"{BETWEEN}{_WHERE}{BETWEEN}([0-9]{{2,3}})(?!\s?[0-9]|[.,][0-9]|\s?%|\s?/\s?[0-9]|\s?(?:mg|mcg|ml|kg|g|"
    rf"days?|weeks?|months?|years?|yrs?|hours?|hrs?|degrees|c|f)\b)"
)
_BEATS = re.compile(r"(?<![0-9.,/])([0-9]{2,3})\s?(?:bpm|beats (?:per|a) min(?:ute)?|beats/min)(?![a-z])")
_PRESSURE = re.compile(
    rf"(?:\bbps?|\bblood pressures?|\bb/p|\bsbp|\bsystolic(?: bp| blood pressure| "
    rf"pressure)?)(?![a-z]){BETWEEN}([0-9]{{2,3}})(?:\s?(?:/|over)\s?([0-9]{{2,3}}))?(?![0-9/])"
)
_PRESSURE_WORDS = frozenset({"bp", "bps", "blood", "b", "sbp", "systolic"})
_PRESSURE_BARE = re.compile(r"(?<![0-9.,/])([0-9]{2,3})\s?/\s?([0-9]{2,3})\s?mm\s?hg")
_SYSTOLIC_BEHIND = re.compile(r"(?<![0-9.,/])([0-9]{2,3})\s?(?:mm\s?hg\s)?systolic")
_FAHRENHEIT = (0.5555555555555556, -17.77777777777778)  # (F - 32) * 5 / 9


def find_temperature(note: Note, hits: list[Hit], scale: Scale) -> list[Quantity]:
    """Body temperatures in degrees Celsius. Without a unit only one of the two scales is possible."""
    out: list[Quantity] = []
    low = note.low
    for hit in hits:
        match = _TEMPERATURE.match(low, hit.end)
        if match is None:
            told = _told(note, hit, scale)
            if told is not None:
                out.append(told)
            continue
        end = match.end()
        if match.group(5) is not None:
            number = value_of(match.group(5))
            part = match.group(6)
            if number is not None and part is not None:
                number += 0.5 if part == "half" else (value_of(part) or 0.0) / 10
            pair, stop = unit_at(low, end, scale)
        else:
            whole, spoken, spaced, fraction = match.group(1, 2, 3, 4)
            if spaced is not None and _AGE_OR_TIME.match(low, end):  # "temp 38 5 days ago"
                spaced, end = None, match.end(1)
            tail = spoken or spaced or fraction
            number = float(f"{whole}.{tail}") if tail is not None else float(whole)
            pair, stop = unit_at(low, end, scale)
            if pair is None and _AGE_OR_TIME.match(low, end):
                continue
        value = None if number is None else converted(number, pair, scale)
        # "t" is also a thoracic level: a temperature without decimals or unit is not below that of the living
        if value is not None and (match.group(5) is None or pair is not None or value > 30):
            out.append(Quantity("temperature", value, Span(hit.start, max(stop, end)), note.text[hit.start : hit.end]))
    if note.numbers and not note.words.isdisjoint(_HOT_WORDS):
        for _, start, end in note.tokens_of(_HOT_WORDS):
            told = _told(note, Hit("measured", "temperature", start, end), scale, "hot")
            if told is not None and all(q.span.end <= told.span.start or q.span.start >= told.span.end for q in out):
                out.append(told)
    taken = Taken((q.span.start, q.span.end) for q in out)
    if note.numbers:
        for match in note.number_matches(_BARE, words=False):
            if match.start() in taken:
                continue
            letter = match.group(2) or match.group(3) or match.group(4)
            number = value_of(match.group(1))
            if number is None or (letter is None and not _fever_like(note, match.start())):
                continue
            if match.group(4) and "." not in match.group(1) and match.group(4) == "f":
                # 98F may be a woman of 98
                if number < 95 or not any(
                    w in note.before(match.start(), 40) for w in ("obs", "temp", "vitals", "fever", "vs")
                ):
                    continue
            pair = None if letter is None else (_FAHRENHEIT if letter.startswith("f") else (1.0, 0.0))
            value = converted(number, pair, scale)
            if value is not None:
                out.append(Quantity("temperature", value, Span(match.start(), match.end()), match.group()))
        out.sort(key=lambda q: q.span.start)
    return out


_HOT_WORDS = frozenset({"hot", "feverish", "boiling", "fever", "fevers"})


def _told(note: Note, hit: Hit, scale: Scale, word: str = "temp") -> Quantity | None:
    """A temperature that stands a few words behind its name, as people tell it: it needs a decimal to be believed."""
    if hit.end - hit.start < len(word):
        return None  # "t" and the like stand next to their number
    low = note.low
    asked = _TOLD_AFTER_QUESTION.match(low, hit.end)
    start = asked.end() if asked is not None else hit.end
    match = _TOLD.match(low, start)
    if match is None or _NOT_TOLD.search(low, hit.end, match.start(1)):
        return None
    number = value_of(match.group(1))
    pair, stop = unit_at(low, match.end(), scale)
    value = None if number is None else converted(number, pair, scale)
    if value is None:
        return None
    return Quantity("temperature", value, Span(hit.start, max(stop, match.end())), note.text[hit.start : hit.end])


def _fever_like(note: Note, place: int) -> bool:
    """Whether degrees are those of a body and not of a joint's movement."""
    around = note.before(place, 60)
    return any(w in around for w in ("temp", "fever", "pyrexi", "febrile", "thermometer", "hot"))


def find_heart_rate(note: Note, hits: list[Hit], scale: Scale) -> list[Quantity]:
    """Heart rates in beats per minute."""
    out: list[Quantity] = []
    low = note.low
    for hit in hits:
        if hit.start and low[hit.start - 1 : hit.start].isdigit():
            continue
        match = _RATE.match(low, hit.end)
        if match is None:
            continue
        value = converted(float(match.group(1)), (1.0, 0.0), scale)
        if value is not None:
            _, stop = unit_at(low, match.end(), scale)
            out.append(
                Quantity("heart_rate", value, Span(hit.start, max(stop, match.end())), note.text[hit.start : hit.end])
            )
    if note.numbers and "b" in low:
        taken = Taken((q.span.start, q.span.end) for q in out)
        for match in note.number_matches(_BEATS, words=False):
            value = converted(float(match.group(1)), (1.0, 0.0), scale)
            if value is not None and match.start() not in taken:
                out.append(Quantity("heart_rate", value, Span(match.start(), match.end()), match.group()))
        out.sort(key=lambda q: q.span.start)
    return out


def find_pressures(note: Note, knowledge: Knowledge) -> list[Pressure]:
    """Systolic pressures in mmHg, within the bounds that the knowledge holds possible."""
    low = note.low
    if not note.numbers or not (
        "bp" in low or "pressure" in low or "systolic" in low or "mmhg" in low or "mm hg" in low or "b/p" in low
    ):
        return []
    least, most = knowledge.number("systolic_lowest"), knowledge.number("systolic_highest")
    found: dict[int, Pressure] = {}
    for pattern in (_PRESSURE, _PRESSURE_BARE, _SYSTOLIC_BEHIND):
        led = pattern is _PRESSURE
        for match in note.led_matches(pattern, _PRESSURE_WORDS) if led else note.number_matches(pattern, words=False):
            systolic = float(match.group(1))
            if least <= systolic <= most and match.start(1) not in found:
                found[match.start(1)] = Pressure(systolic, Span(match.start(), match.end()))
    return [found[place] for place in sorted(found)]


def hypotensive(systolic: float, age_years: float | None, knowledge: Knowledge) -> bool | None:
    """Whether a pressure is below the limit for the age; None where that depends on an age that is not known."""
    grown, infant = knowledge.number("hypotension_systolic"), knowledge.number("hypotension_systolic_infant")
    if age_years is None:
        return True if systolic < infant else False if systolic >= grown else None
    return systolic < min(grown, infant + knowledge.number("hypotension_systolic_per_year") * age_years)


__all__ = ["DIGITS", "find_heart_rate", "find_pressures", "find_temperature", "hypotensive"]
