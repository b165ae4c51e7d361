"""All times of a note in days before it: the lengths, and the moments by day, weekday and year.

A weekday without the date of the note is three and a half days ago on average. Years and months by name are
counted back from the latest year that the note or else the knowledge base holds; the clock of the machine is not asked, so
that the same note always reads the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from backspasm.patients.from_note.spans import Span, Time
from backspasm.patients.from_note.values.lengths import (
    COUNT_ASKED,
    COUNT_WORDS,
    LENGTH,
    MONTH,
    SMALL_NUMBER,
    VAGUE_UNITS,
    WEEK,
    YEAR,
    Form,
    add_vague_lengths,
    read_length,
    unit_days,
)
from backspasm.patients.from_note.values.note import Note, word_set
from backspasm.patients.from_note.values.numbers import value_of
from backspasm.patients.from_note.values.weekdays import day_of_note, days_since

_WORDS = re.compile(
    r"\b(?:(?:since|from|for)\s)?(?:the )?(?:week|weekend|fortnight|month|year) before last"
    r"|\b(?:(?:since|from|for)\s)?(?:(?:early |earlier |late |first thing )?(?:this morning|this afternoon|this "
    r"evening|today|tonight|overnight|last night|the night before last|(?:yesterday|yest(?![a-z])|"
    r"y'?day(?![a-z])|ystday|yesturday|yesterdy)(?: morning| afternoon| evening| "
    r"night)?|the day before yesterday|day before yesterday|the other day|the other week|this week)"
    r"|(?:on |since |from |at )?(?:(?:the|last|this|this past|over the|past) )?(?:weekend)"
    r"|(?<!the )last (?:week|month|year|fortnight|summer|winter|autumn|fall|spring|christmas|easter)"
    r"|(?:since|on|from|by|last|this|until)\s(?:(?:early|late|last|this|this past|the)\s)?(?:mon|tues|wednes|"
    r"thurs|fri|satur|sun)(?:day)?(?:\b)(?:\s(?:morning|afternoon|evening|night|just gone|last))?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day (?:morning|afternoon|evening|night|last|just gone))"
)
_RELATIVE = {
    "weekend before last": 11.0, "week before last": 10.5, "fortnight before last": 21.0, "month before last": 45.0,
    "year before last": 547.0,
    "today": 0.25, "this morning": 0.25, "first thing": 0.25, "tonight": 0.1, "this afternoon": 0.1, "this evening": 0.1,
    "overnight": 0.5, "last night": 1.0, "the night before last": 1.5,
    "day before yesterday": 2.0, "yest": 1.0, "yday": 1.0, "y'day": 1.0, "ystday": 1.0, "the other day": 3.0,
    "the other week": 10.0, "this week": 3.0, "weekend": 4.0,
    "last week": 7.0, "last fortnight": 14.0, "last month": 30.0, "last year": 365.0,
}  # fmt: skip
_YEAR = re.compile(
    r"\b(?P<cue>in|since|from|during|until|back in|of|early|late|mid|summer|winter|spring|autumn|fall|"
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)[\s.,\-]{1,2}(?P<y>(?:19|20)[0-9]{2})(?![0-9/\-])|[\s(](?P<z>(?:19[3-9]|"
    r"20[0-4])[0-9])(?=[\s),.:;]|$)"
)
_DAY = re.compile(r"\b(?:day|week|month) ([0-9]{1,2}|" + SMALL_NUMBER + r")(?: of| since| into|:|,)(?! [0-9])")
_DAY_WORDS = frozenset({"day", "week", "month"})
_FULL_YEAR = re.compile(
    r"(?:[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-]|[a-z]{3,9}[ ,]{1,2}(?:[0-9]{1,2}(?:st|nd|rd|th)?,? )?)(20[0-4][0-9])(?![0-9])"
)


def find_times(note: Note, taken: Sequence[Span], latest_year: int) -> list[Time]:
    """All times of the note in order of the text.

    Args:
        taken: places that were read as something else (ages, weeks of pregnancy).
        latest_year: the year to count back from where the note names no later one.
    """
    low = note.low
    found: dict[int, Time] = {}
    used = sorted((s.start, s.end) for s in taken)
    starts = [s for s, _ in used]

    def free(start: int, end: int) -> bool:
        i = bisect_left(starts, end) - 1
        return i < 0 or used[i][1] <= start

    if note.numbers or not note.words.isdisjoint(COUNT_WORDS):
        for match in note.number_matches(LENGTH):
            if free(match.start("n"), match.end()):
                time = read_length(note, match)
                if time is not None:
                    found[time.span.start] = time
    if "how" in note.words and "many" in note.words:
        for match in note.led_matches(COUNT_ASKED, frozenset({"how"})):
            number = value_of(match.group("n"))
            if number is not None:
                found[match.start("n")] = Time(
                    number * unit_days(match.group("u")), "length", Span(match.start("n"), match.end("n"))
                )
    if not note.words.isdisjoint(VAGUE_UNITS):
        add_vague_lengths(note, found, free)
    if not note.words.isdisjoint(_RELATIVE_WORDS):
        last, today = 0, day_of_note(note)
        for word, begin, end in note.tokens_of(_RELATIVE_WORDS):
            if begin < last or (word in _LEADING and not low.startswith(_LED, end)):
                continue
            said = _WORDS.search(low, max(last, begin - 24), min(len(low), end + 16))
            if said is None:
                continue
            last = max(end, said.end())
            relative = _relative(note, said, today)
            if relative is not None:
                found.setdefault(relative.span.start, relative)
    if note.numbers:
        if "day" in note.words or "week" in note.words or "month" in note.words:
            for match in note.led_matches(_DAY, _DAY_WORDS):
                number = value_of(match.group(1))
                if number is not None and match.start() not in found and free(match.start(), match.end()):
                    days = number * (
                        1.0 if match.group().startswith("day") else WEEK if match.group().startswith("week") else MONTH
                    )
                    found[match.start()] = Time(days, "length", Span(match.start(), match.end()))
        if any(low.startswith(("19", "20"), place) for place in note.digits):
            _years(note, latest_year, found)
    return [found[place] for place in sorted(found)]


_LEADING = frozenset({"last", "this", "other", "before"})
_LED = tuple(
    f" {w}"
    for w in word_set(
        "week month year fortnight summer winter autumn fall spring christmas easter night morning afternoon evening day "
        "mon tue wed thu fri sat sun past last yesterday"
    )
)
_RELATIVE_WORDS = word_set(
    "morning afternoon evening today tonight overnight yesterday yest yday day ystday yesturday yesterdy weekend monday tuesday "
    "wednesday thursday friday saturday sunday "
    "mon tues wednes thurs fri sun last other this before"
)


def _relative(note: Note, match: re.Match[str], today: int | None) -> Time | None:
    words = match.group()
    start, end = match.span()
    since = words.startswith(("since", "from"))
    if words.startswith("until") or words.startswith("by ") or note.before(start, 6).endswith("than "):
        return None  # "thinner than last year" compares
    days = next((d for w, d in _RELATIVE.items() if w in words), None)
    if days is None:
        if re.search(r"(?:mon|tues|wednes|thurs|fri|satur|sun)(?:day)?\b", words):
            if (
                not words.rstrip().endswith(("day", "morning", "afternoon", "evening", "night", "gone", "last"))
                and not since
            ):
                return None
            counted = days_since(words, today)
            days = counted if counted is not None else 6.0 if "last " in words else 3.5
        else:
            return None  # a season: which year is not said
    form: Form = "since" if since else "ago"
    if words.startswith(("last week", "last month", "last year", "last fortnight")) and note.before(
        start, 10
    ).rstrip().endswith(("over", "in", "for", "during", "the")):
        form = "length"
    if (
        days == 0.25
        and "today" in words
        and not since
        and re.search(
            r"(?:seen|review(?:ed)?|presents?|attend(?:s|ed)?|here|in|visit|feels?|feeling|better|easier|worse|settling|improved|well|comes|"
            r"exam)\s(?:\w+\s){0,3}$",
            note.before(start, 30),
        )
    ):
        return None
    return Time(days, form, Span(start, end))


_EARLIEST_YEAR = 1930
_NO_YEAR_BEFORE = re.compile(r"(?:date|dob|born|d\.o\.b\.?|mg|ml|tel|room|no\.?|ref)[^.;\n]{0,14}$")
_NO_YEAR_BEHIND = re.compile(r"\s?(?:mg|ml|mls|kcal|units|hours|hrs|steps|m\b)")
_SINCE_BEFORE = re.compile(r"\b(?:since|from)\s(?:\w+\s)?$")


def _years(note: Note, latest_year: int, found: dict[int, Time]) -> None:
    """Years by their number, counted back. The present year is left out: its month may be named, that of today is not."""
    low = note.low
    places = [p for p in note.digits if low.startswith(("19", "20"), p) and low[p : p + 4].isdigit()]
    dated = [m for p in places if (m := _FULL_YEAR.search(low, max(0, p - 24), p + 5)) is not None]
    named = [m for p in places if (m := _YEAR.search(low, max(0, p - 16), p + 6)) is not None]
    if dated:
        reference = max(int(m.group(1)) for m in dated)
    else:
        reference = max([latest_year, *(int(m.group("y") or m.group("z")) for m in named)])
    for match in named:
        group = "y" if match.group("y") else "z"
        year = int(match.group(group))
        start = match.start(group) if group == "z" else match.start()
        if start in found or not _EARLIEST_YEAR <= year < reference:
            continue
        if group == "z" and (_NO_YEAR_BEFORE.search(note.before(start, 24)) or _NO_YEAR_BEHIND.match(low, match.end())):
            continue
        since = match.group("cue") in ("since", "from") or _SINCE_BEFORE.search(note.before(start, 20)) is not None
        days = (reference - year) * YEAR
        found[start] = Time(days, "since" if since else "ago", Span(start, match.end(group)))
