"""Strength of the pain on a scale from 0 to 10."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Quantity, Span
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note, word_set
from backspasm.patients.from_note.values.numbers import COUNT, DIGITS, value_of
from backspasm.patients.from_note.values.units import Scale, converted, unit_at

_N = rf"(?:{DIGITS}|{COUNT})"
_OUT_OF = re.compile(
    rf"(?<![0-9./\-a-z])({_N})(?:\s?(?:-|to|or|–)\s?({_N}))?(?:\s?\+)?\s?(?:/\s?(10|100)(?![0-9/.,][0-9]|[0-9/])|"
    rf"(?:out )?of (?:a possible )?(10|ten|100|a hundred)\b|\son (?:a|the) (?:scale|0|10|ten)\b[^.;\n]{{0,12}})"
)
_SCORE = re.compile(
    rf"(?:[\s:=(\-]|\b(?:is|was|of|at|score|scale|now|currently|today|rated|rest|level|0-10|1-10|0 to 10|"
    rf"\(0-10\))\b){{0,6}}({DIGITS})(?:\s?-\s?([0-9]{{1,2}})\b)?(?!\s?(?:/|%|out|days?|weeks?|wks?|months?|mths?|"
    rf"years?|yrs?|hours?|hrs?|times?|mg|st\b|nd\b|rd\b|th\b)|[0-9]|[.,][0-9]|-?(?:day|week|month|year|hour))"
)
_SCALE_FIRST = re.compile(
    rf"\bscale (?:of|from) (?:0|1|zero|one)\s?(?:-|to|and)\s?(?:10|ten)\b[^.;\n]{{0,60}}?\b({_N})(?![0-9/])"
)
#: "Out of ten? Caller: nine."
_ANSWERED = re.compile(
    rf"\b(?:out of (?:10|ten)|(?:1|one|0|zero) to (?:10|ten)|pain score|how (?:bad|severe)(?: is (?:it|the "
    rf"pain))?)\b[^\n?]{{0,40}}\?\s{{0,3}}(?:[a-z.' ]{{1,20}}:)?\s{{0,2}}(?:(?:it's|its|it is|about|around|"
    rf"probably|maybe|oh|um|say|well|easily|an?|i'd say|at least|like|like an?)[, "
    rf"]{{1,2}}){{0,4}}({_N})(?![0-9/])"
)
#: "it is a 7 and worse on rolling over"
_IT_IS_NUMBER = re.compile(rf"({_N})(?= and\b| at\b| on\b| but\b| now\b|[.,;])(?! and a half)")
_IT_IS_BEFORE = re.compile(r"\b(?:pain|it|back)(?: is|'s) (?:now )?(?:about |around |probably )?an? $")
#: "I'd give it an eight", "scores it 7"
_GIVEN_NUMBER = re.compile(rf"({_N})(?![0-9/%]|\s?(?:days|weeks|months|years|hours|stars|goals))")
_GIVEN_BEFORE = re.compile(
    r"\b(?:(?:gives?|call|put|rates?|scores?|marks?)(?:d|s|ed)? (?:it|the pain|this|his pain|her pain|my pain)|"
    r"(?:pain|it)(?: is|'s)? (?:rated|scored|rates|scores|scoring|rating)|pain (?:intensity|"
    r"severity)(?: of)?|score of|scores?|scored)(?: (?:at|as|about|around|of|a|an|maybe)){0,3} $"
)
_TODAY = re.compile(
    r"\bworst ?(?:/10)?[\s:=]{0,3}[0-9]{1,2}[\s,;/]{1,6}(?:today|now|current|"
    r"currently)[\s:=]{0,3}([0-9]{1,2})(?![0-9/])"
)
#: "NRS 6 at worst, 3 now"
_WORST_THEN_NOW = re.compile(
    r"\b(?:at (?:its )?worst|at peak|at (?:its )?most|on movement|moving|max|yesterday|last (?:week|night))[\s,;/]{1,3}(?:but |and |then )?"
    r"(?:down to )?([0-9]{1,2})(?:/10)? (?:now|today|currently|at (?:rest|present)|sitting here)\b"
)
_OTHER = re.compile(
    r"gcs|power|strength|mrc\b|apgar|satisf|mood|anxi|depress|stress|energy|confiden|rpe\b|borg|likel|effort|phq|"
    r"gad\b|fatigue score|headache|migraine|tired|sleep score|knee|shoulder|wrist|chest|foot pain|motivat|"
    r"importance|function|ability|psfs|murmur|reflex|quality"
)
_PAINFUL = re.compile(
    r"pain|ache|aching|hurt|sore|spasm|nrs|vas\b|nprs|score|sever|scale|worst|rate[sd]?\b|rating|back|leg|agony|"
    r"discomfort|cramp|sciatica|lbp|burning"
)
_NOT_NOW = re.compile(
    r"worst|peak|at its|maximum|max\b|initially|at first|at onset|was up|down from|improved from|previous|last "
    r"(?:visit|week|time|month)|best|before|used to|when it started|at night|with movement|on movement|moving|"
    r"after (?:ibuprofen|naproxen|analges|morphine|codeine|paracetamol|tylenol|meds|medication)"
)
_NOW = re.compile(r"\bnow\b|current|today|at rest|at present|this morning|at the moment|presently")


def find_pain(note: Note, hits: list[Hit], scale: Scale) -> list[Quantity]:
    """Pain scores. Where one is said to be that of now, those of the worst or of another time are left out."""
    if not note.numbers and note.words.isdisjoint(("out", "scale", "score", "how", "it")):
        return []
    low = note.low
    found: dict[int, tuple[Quantity, int]] = {}
    if "/" in low or "of" in note.words or "scale" in note.words:
        for match in note.number_matches(_OUT_OF):
            place = match.start(1)
            start, end = note.sentence_at(place)
            left, right = low[max(start, place - 60) : place], low[match.end() : min(end, match.end() + 40)]
            near = re.split(r"[,;.]", low[max(start, place - 28) : place])[-1]
            if _OTHER.search(near) or (
                not _PAINFUL.search(left) and not _PAINFUL.search(right) and _OTHER.search(left)
            ):
                continue
            if not _PAINFUL.search(left) and not _PAINFUL.search(right) and not _lonely(low, match):
                continue
            most = match.group(3) or match.group(4)
            pair = (0.1, 0.0) if most in ("100", "a hundred") else (1.0, 0.0)
            _keep(found, note, match, 1, 2, pair, scale, left[-30:], right)
    if "scale" in note.words:
        for match in note.led_matches(_SCALE_FIRST, frozenset({"scale"})):
            if match.start(1) not in found and not _OTHER.search(note.before(match.start(), 40)):
                _keep(found, note, match, 1, None, (1.0, 0.0), scale, "", "")
    if "pain" in low or "back" in low or "ache" in low or "lbp" in low:
        _announced(note, found, scale)
        asked = [p for p, cues in _CUED if not note.words.isdisjoint(cues)]
        for pattern in asked:
            for match in pattern.finditer(low):
                if match.start(1) not in found and not _OTHER.search(note.before(match.start(), 30)):
                    left = "" if pattern is _ANSWERED else "today"
                    _keep(found, note, match, 1, None, (1.0, 0.0), scale, left, "")
    for hit in hits:
        score = _SCORE.match(low, hit.end)
        if score is None or score.start(1) in found:
            continue
        plain = low[hit.start : hit.end] == "pain"
        unit, stop = unit_at(low, score.end(), scale)
        if plain and (
            unit is not None or "." in score.group(1) or len(score.group(1)) > 2 or not _at_end(low, score.end())
        ):
            continue
        number = value_of(score.group(1))
        if unit is None and number is not None and not scale.possible(number):
            unit = (0.1, 0.0) if "vas" in low[hit.start : hit.end] else None
            if unit is None:
                continue
        _keep(
            found,
            note,
            score,
            1,
            2,
            unit or (1.0, 0.0),
            scale,
            note.before(hit.start, 24),
            note.after(stop, 20),
            start=hit.start,
            stop=stop,
        )
    ordered = [found[place] for place in sorted(found)]
    best = max((rank for _, rank in ordered), default=0)
    return [quantity for quantity, rank in ordered if rank == best or rank >= 0 == (best == 0)]


def _keep(
    found: dict[int, tuple[Quantity, int]], note: Note, match: re.Match[str], first: int, second: int | None,
    pair: tuple[float, float], scale: Scale, left: str, right: str, start: int | None = None, stop: int | None = None,
) -> None:  # fmt: skip
    number = value_of(match.group(first))
    upper = value_of(match.group(second)) if second is not None and match.group(second) else None
    if number is None:
        return
    if upper is not None:
        number = (number + upper) / 2
    value = converted(number, pair, scale)
    if value is None:
        return
    begin = match.start(first) if start is None else start
    until = match.end() if stop is None else max(stop, match.end())
    right = _ITEM_END.split(right, maxsplit=1)[0]  # "6 at worst, 3 now"
    rank = (
        1
        if _NOW.search(left) or _NOW.search(right[:18])
        else -1
        if _NOT_NOW.search(left) or _NOT_NOW.search(right[:22])
        else 0
    )
    found[match.start(first)] = (Quantity("pain_intensity", value, Span(begin, until), note.text[begin:until]), rank)


_ITEM_END = re.compile(r"[,;]\s?(?:but |and |then )?(?=[0-9])")
_NOW_BEHIND = re.compile(r"\s{1,2}(?:at rest|now|on mov|when|today|currently|at worst|right now|with mov|/)")


_CUED: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (_ANSWERED, frozenset({"out", "ten", "score", "bad", "severe"})),
    (_TODAY, frozenset({"worst"})),
    (_WORST_THEN_NOW, frozenset({"now", "today", "currently", "rest", "present", "here"})),
)


_GIVING = word_set(
    "give gives gave call calls put puts rate rates rated rating score scores scored mark marks intensity severity"
)


def _announced(note: Note, found: dict[int, tuple[Quantity, int]], scale: Scale) -> None:
    """Scores that only the words before them announce: "it is a 7", "I'd give it an eight"."""
    tries = [(_IT_IS_NUMBER, _IT_IS_BEFORE)] if not note.words.isdisjoint(("a", "an")) else []
    if not note.words.isdisjoint(_GIVING):
        tries.append((_GIVEN_NUMBER, _GIVEN_BEFORE))
    for number, ahead in tries:
        for match in note.number_matches(number):
            before = note.low[max(0, match.start() - 48) : match.start()]
            if (
                before[-1:] == " "
                and match.start(1) not in found
                and ahead.search(before)
                and not _OTHER.search(before[-30:])
            ):
                _keep(found, note, match, 1, None, (1.0, 0.0), scale, "", "")


def _lonely(low: str, match: re.Match[str]) -> bool:
    """A fraction of ten in a note that speaks of pain: "LBP 2/52, 7/10, no red flags"."""
    return match.group(3) == "10" and ("pain" in low or "lbp" in low or "back" in low)


def _at_end(low: str, place: int) -> bool:
    """Whether nothing belongs to the number any more: "pain 7." but not "pain 3 days"."""
    return place >= len(low) or low[place] in ".,;)\n" or _NOW_BEHIND.match(low, place) is not None
