"""Lengths of time in days, with a number or without, and what each is used for: so long, so long ago, or since then.

A week is 7 days, a month 30, a year 365: notes speak no more exactly than that. "A few" is three, "several" four, a range
its midpoint. Plans and frequencies are no lengths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from backspasm.patients.from_note.spans import Span, Time
from backspasm.patients.from_note.values.note import Note, word_set
from backspasm.patients.from_note.values.numbers import value_of

Form = Literal["length", "ago", "since"]

MINUTE, HOUR, WEEK, MONTH, YEAR = 1 / 1440, 1 / 24, 7.0, 30.0, 365.0
_UNITS = (
    ("min", MINUTE), ("h", HOUR), ("day", 1.0), ("d", 1.0), ("night", 1.0), ("fortn", 14.0),
    ("morn", 1.0), ("even", 1.0), ("aft", 1.0), ("mo", MONTH), ("mt", MONTH), ("mnth", MONTH), ("dec", 10 * YEAR),
    ("y", YEAR), ("w", WEEK), ("/7", 1.0), ("/52", WEEK), ("/12", MONTH),
)  # fmt: skip
_UNIT = (
    r"(?:minutes?|mins?|hours?|hourly|hrs?|h|days?|d|nights?|mornings|evenings|afternoons|weekends?|weeks?|wee?ks?|weks?|wks?|w|fortnights?|"
    r"months?|monthes|mths?|mnths?|mos?|years?|yrs?|y|decades?)(?![a-z])"
)
SMALL_NUMBER = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"eighteen|(?:twenty|thirty|forty|fifty)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine)(?![a-z]))?)"
)
_NUM = rf"(?:[0-9]{{1,3}}(?:[.,][0-9]{{1,2}}(?![0-9]))?|{SMALL_NUMBER})"
_RANGE = r"\s?(?:-|to|or|/)\s?"
#: digits or words before a unit; half years and the like; "3/7", "2-3/52"
LENGTH = re.compile(
    rf"(?<![a-wyz0-9./,#£$])(?P<n>{_NUM}|½)(?P<half>\s?½|\s1/2(?![0-9])| and a half| & a "
    rf"half)?(?:{_RANGE}(?P<m>{_NUM}))?"
    rf"(?:\s?\+|\splus|\s?ish| odd| or so| or more)?(?:(?P<slash>\s?/\s?(?:7|52|12)(?![0-9/]|\.[0-9]))|"
    rf"[\s\-]{{0,2}}(?:full |whole |long |solid |good |further |more )?(?P<u>{_UNIT})(?:'s|s')?)(?P<late> and a "
    rf"half)?"
)
#: counts without digits: "a couple of weeks", "half a year", "a few days", "an hour"
_VAGUE = re.compile(
    r"\b(?P<n>half an?|(?:an?\s|the last |the past |last |past )?(?:good )?(?:couple(?: of)?|few|several|handful "
    r"of|dozen)|several|an?|one and a half|two and a half|three and a half)\s"
    r"(?:full |whole |good |more |or two )?(?P<u>minutes?|mins?|hours?|hrs?|days?|nights?|mornings|"
    r"weeks?|wks?|fortnights?|months?|mths?|years?|yrs?|decades?)(?![a-z])(?P<late> and a half| or so| or two| or more)?"
)
_LAST_UNIT = re.compile(
    r"\b(?:(?:for|over|in|during|throughout|within|of)\s)(?:(?:all|most|much) of )?(?:the |this |these )?(?:last|"
    r"past|previous)\s(?P<u>week|fortnight|month|year|day|hour|decade|weekend)\b(?! (?:or so )?[0-9])"
)

#: before a length: it is a plan, a frequency or a rate
_NOT_PAST = tuple(
    f" {w}"
    for w in (
        "in", "every", "every other", "review", "rv", "r/v", "fu", "f/u", "follow-up", "follow up", "followup", "appointment",
        "return", "recheck", "repeat", "next", "each", "per", "until", "another", "further", "within", "again in", "q", "after",
        "once a", "once an", "twice a", "twice an", "times a", "times an", "units a", "day a", "certificate for", "note for",
        "off for", "again at", "see at", "seen at", "back at", "scan at", "by", "a further",
    )
)  # fmt: skip
#: words that may stand between such a word and the number
_FILLERS = (
    " the",
    " about",
    " approx",
    " approximately",
    " around",
    " a further",
    " at least",
    " over",
    " some",
    " roughly",
    "~",
)
_IN_PAST = (" last", " past", " previous", " preceding")
_AGO = re.compile(
    r"\s?(?:or so |odd |or more |now )?(?:ago|back(?! pain|ache)|previously|earlier|prior|before(?! (?:food|"
    r"meals|bed|surgery|the operation))|beforehand|pta|pre[- ]?admission)\b"
)
#: counted from another day than today
_OF_A_FEAST = re.compile(
    r"\s?(?:before|after|from) (?:christmas|xmas|easter|new year|halloween|thanksgiving|ramadan|eid|diwali|his|her|my birthday)\b"
)
_PER_DAY = re.compile(r"\s?(?:a|per|/|each|every)\s?(?:day|week|month|d\b)|\s?(?:daily|weekly|nightly)")
_RATE_BEFORE = tuple(
    f" {w}"
    for w in word_set(
        "once twice thrice times units cigarettes pints per glasses bottle bottles pack packs cans dose doses tablet tablets "
        "mg hours session sessions one two three day night nights days drinks miles cups beer beers book books hrs wine whisky "
        "vodka cider"
    )
) + tuple("0123456789")
#: "a" or "an" before a unit is a length only behind one of these
_A_BEFORE = (
    *(
        f" {w}"
        for w in word_set(
            "for about over last past nearly almost than since half around within only just approx approximately under or to "
            "of been x is maybe probably took bad sore hurting painful aching pain ache good into"
        )
    ),
    " up to",
    "~",
)
_NUMBER_BEHIND = re.compile(r"\s?[:=]?\s?[0-9]")
_AGE_BEHIND = re.compile(r"[\s\-]?(?:olds?\b|of age|/?o\b)")
_SHORT = {"d", "h", "w", "y"}


COUNT_WORDS = word_set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "eighteen twenty thirty forty fifty"
)
_LAST = frozenset({"last", "past", "previous"})
VAGUE_UNITS = word_set(
    "minute minutes min mins hour hours hr hrs day days night nights mornings week weeks wk wks fortnight "
    "fortnights month months mth mths year years yr yrs decade decades weekend"
)


#: "a week last Tuesday", "a week ago yesterday": the week and the days since
_AND_DAY = re.compile(
    r"\s(?:ago )?(?:(?P<y>yesterday)|today|(?:last|past|this past|gone|ago) (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_WEEKDAY = 3.5


def _and_day(low: str, end: int, days: float) -> tuple[float, int] | None:
    """Days and end of a count of weeks that goes on with a day of the past."""
    if days % WEEK:
        return None
    match = _AND_DAY.match(low, end)
    if match is None:
        return None
    more = 1.0 if match.group("y") else 0.0 if match.group().endswith("today") else _WEEKDAY
    return days + more, match.end()


#: "How many days now? Pt: Three."
COUNT_ASKED = re.compile(
    rf"\bhow many (?P<u>days?|weeks?|months?|years?)\b(?! (?:a|per|gone|pregnant|along|do you|"
    rf"off))[^?\n]{{0,30}}\?\s{{0,3}}(?:[a-z.' ]{{1,20}}:)?"
    rf"\s{{0,2}}(?:(?:about|around|oh|um|nearly|probably|maybe|just|well|i'd say|it's been|it is|it's)[, ]{{1,2}}){{0,3}}"
    rf"(?P<n>{_NUM})(?=\s?(?:[.,;\n]|now|$))"
)


def unit_days(unit: str) -> float:
    """Days of a unit as it is written: "wks", "/52"."""
    if unit.startswith("weekend"):
        return 2.0
    return next(days for head, days in _UNITS if unit.startswith(head))


def _form(note: Note, start: int, end: int) -> Form | None:
    """What a length is used for; None for plans and frequencies."""
    if _OF_A_FEAST.match(note.low, end):
        return None
    ahead = _AGO.match(note.low, end)
    if ahead is not None and "\n" not in ahead.group():
        return "ago"
    before = " " + note.before(start, 40).rstrip(" :-~\n(")
    if before.endswith(_IN_PAST):
        return "length"
    for _ in range(2):
        filler = next((w for w in _FILLERS if before.endswith(w)), None)
        if filler is None:
            break
        before = before[: -len(filler)].rstrip()
    if before.endswith(" since"):
        return "since"
    if before.endswith(_NOT_PAST) and not before.endswith(_IN_PAST) and not before.endswith(" after"):
        return None
    return "length"


def read_length(note: Note, match: re.Match[str]) -> Time | None:
    low = note.low
    slash, unit = match.group("slash"), match.group("u")
    start, end = match.start("n"), match.end()
    if unit is not None:
        if unit in _SHORT and (match.group("n").isalpha() or low[match.end("n") : match.start("u")] == "-"):
            return None
        if unit in ("h", "hr", "w", "d") and _NUMBER_BEHIND.match(low, end):  # "T 38.9 HR 116"
            return None
        if _AGE_BEHIND.match(low, match.end()):
            return None
        if unit == "h" and _PER_DAY.match(low, end):
            return None
        days = unit_days(unit)
    else:
        assert slash is not None
        if "\n" in slash:  # a number at the end of a line, and whatever the next begins with
            return None
        days = unit_days("".join(slash.split()))
        if not _slash_is_time(note, match):
            return None
    number = value_of(match.group("n")) if match.group("n") != "½" else 0.5
    if number is None:
        return None
    if match.group("half") or match.group("late"):
        number += 0.5
    upper = value_of(match.group("m")) if match.group("m") else None
    if upper is not None:
        if "/" in low[match.end("n") : match.start("m")] and upper <= number:
            return None
        number = (number + upper) / 2
    if unit is not None and (_PER_DAY.match(low, end) or low[max(0, start - 2) : start].endswith(("q", "#"))):
        return None
    counted = _and_day(low, end, number * days)
    if counted is not None:
        return Time(counted[0], "ago", Span(start, counted[1]))
    form = _form(note, start, end)
    if form is None:
        return None
    return Time(number * days, form, Span(start, end))


_EYES = re.compile(
    r"\b(?:va|vision|visual|acuity|snellen|eyes?|power|murmur|strength|score|gcs|nrs|grade)\b[^.;\n]{0,12}$"
)
_DATED = re.compile(r"(?:\bon|\bdated|\bdate[:d]?|\buntil|\bfrom|\bby)\s$")


def _slash_is_time(note: Note, match: re.Match[str]) -> bool:
    """ "3/7" is three days in British notes, unless it is a date, an acuity or a count."""
    before = note.before(match.start("n"), 30)
    if _EYES.search(before) or _DATED.search(before):
        return False
    number = value_of(match.group("n"))
    return number is not None


def _vague(note: Note, match: re.Match[str], found: dict[int, Time]) -> Time | None:
    low = note.low
    start, end = match.span()
    words = match.group("n")
    counted = _and_day(low, end, unit_days(match.group("u"))) if words in ("a", "an") else None
    if counted is not None:
        return Time(counted[0], "ago", Span(start, counted[1]))
    if any(t.span.start <= start < t.span.end for t in _near(found, start)):
        return None
    before = " " + note.before(start, 40).rstrip()
    if words in ("a", "an"):
        follows = _AGO.match(low, end) or re.match(
            r"(?:'s)? (?:history|hx|now\b|of (?:back|pain|low|this|it\b))", low[end : end + 24]
        )
        if (
            not follows
            and not before.endswith(_A_BEFORE)
            and not (before.strip() == "" and match.group("u").startswith("fortn"))
        ):
            return None
        if before.endswith(_RATE_BEFORE) and not follows:
            return None
    number = value_of(words)
    if "and a half" in words:
        number = (value_of(words.split()[0]) or 0) + 0.5
    if number is None:
        return None
    if "and a half" in (match.group("late") or ""):
        number += 0.5
    if "or two" in (match.group("late") or ""):
        number = 1.5
    if match.group("u").startswith("y") and low.startswith(" old", end):
        return None
    form = _form(note, start, end)
    if form is None:
        return None
    return Time(number * unit_days(match.group("u")), form, Span(start, end))


def add_vague_lengths(note: Note, found: dict[int, Time], free: Callable[[int, int], bool]) -> None:
    """Lengths without a number, looked for around each unit that no number stands before."""
    low = note.low
    done = {time.span.end for time in found.values()}
    recent = not note.words.isdisjoint(_LAST)
    last = 0
    for _, begin, end in note.tokens_of(VAGUE_UNITS):
        if end in done or begin < last:
            continue
        match = _VAGUE.search(low, max(last, begin - 34), min(len(low), end + 14))
        if match is not None and match.start() not in found and free(match.start(), match.end()):
            time = _vague(note, match, found)
            if time is not None:
                found[time.span.start] = time
                last = time.span.end
                continue
        said = _LAST_UNIT.search(low, max(last, begin - 40), min(len(low), end + 14)) if recent else None
        if said is not None:
            days = unit_days(said.group("u")) if said.group("u") != "weekend" else 4.0
            found.setdefault(said.start(), Time(days, "length", Span(said.start(), said.end())))
            last = said.end()


def _near(found: dict[int, Time], start: int) -> list[Time]:
    return [found[p] for p in range(max(0, start - 24), start + 1) if p in found]
