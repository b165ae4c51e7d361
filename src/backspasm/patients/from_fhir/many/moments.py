"""The dates of many records as arrays: each text is read once, most of them digit by digit in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_fhir.moments import Moment, moment_of

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: proleptic ordinal of the first day of numpy's calendar
EPOCH = date(1970, 1, 1).toordinal()
SECOND = 1_000_000
DAY = 86_400 * SECOND
#: microseconds of a day with all its offsets from UTC fit into so many bits
_SHIFT = 38
#: key of a date that is missing: before all others
NO_KEY = -1
#: position of the missing date in every table
MISSING = 0


@dataclass(frozen=True)
class Times:
    """Moments as arrays of one shape. ``there``: not missing. Days are proleptic ordinals, clocks are microseconds.

    ``local``: since the midnight of ``day`` there. ``utc``: since the ordinal 0, exact; of a date without a time its midnight.
    """

    there: Flags
    day: Ints
    local: Ints
    utc: Ints
    timed: Flags

    def take(self, rows: Ints) -> Times:
        return Times(self.there[rows], self.day[rows], self.local[rows], self.utc[rows], self.timed[rows])

    def after(self, other: Times) -> Flags:
        """As ``Moment.after``, where both are there."""
        exact = self.timed & other.timed
        later = np.where(exact, self.utc > other.utc, self.day > other.day)
        return later & self.there & other.there

    def plus(self, days: float) -> Times:
        """As ``Moment.plus`` of dates that are not at the end of the calendar."""
        whole = int(days * DAY)
        clock = self.local + whole
        # a date without a time moves by whole days
        day = np.where(self.timed, self.day + clock // DAY, self.day + int(days))
        local = np.where(self.timed, clock % DAY, 0)
        utc = np.where(self.timed, self.utc + whole, day * DAY)
        return Times(self.there, day, local, utc, self.timed)

    def where(self, condition: Flags, other: Times) -> Times:
        """These moments where the condition holds, else the others."""
        return Times(
            np.where(condition, self.there, other.there),
            np.where(condition, self.day, other.day),
            np.where(condition, self.local, other.local),
            np.where(condition, self.utc, other.utc),
            np.where(condition, self.timed, other.timed),
        )

    def or_else(self, other: Times) -> Times:
        """These moments, and the others where they are missing."""
        return self.where(self.there, other)

    @property
    def key(self) -> Ints:
        """As ``Moment.key`` in one number; ``NO_KEY`` where missing."""
        out: Ints = np.where(self.there, (self.day << _SHIFT) + (self.utc - self.day * DAY + DAY), NO_KEY)
        return out

    def days_to(self, later: Times) -> Ints:
        """As ``days_between``; of use only where both are there."""
        out: Ints = np.maximum(later.day - self.day, 0)
        return out


def moment_at(key: int) -> Moment | None:
    """A moment that is sorted as the one with this key."""
    if key == NO_KEY:
        return None
    day = key >> _SHIFT
    first = date.fromordinal(day)
    clock = (key & ((1 << _SHIFT) - 1)) - DAY
    return Moment(first, first, datetime.combine(first, datetime.min.time(), UTC) + timedelta(microseconds=clock))


class Dates:
    """Collects the texts of dates, each once: ``code`` gives the place of a text, 0 that of a missing one."""

    def __init__(self) -> None:
        known: defaultdict[str | None, int] = defaultdict(count().__next__)
        assert known[None] == MISSING
        self._known = known
        self.code: Callable[[str | None], int] = known.__getitem__

    def codes(self, texts: Iterable[str | None]) -> Ints:
        """Places of several texts."""
        return np.fromiter(map(self.code, texts), dtype=np.int64)

    def table(self) -> DateTable:
        """All texts so far, read."""
        return _table([t or "" for t in self._known])


@dataclass(frozen=True)
class DateTable:
    """Every text of a batch, read. ``odd``: there, and no whole date of the usual calendar (partial dates are odd)."""

    texts: list[str]
    times: Times
    odd: Flags

    def moment(self, place: int) -> Moment | None:
        """The date at a place, as the reader of one record takes it."""
        return moment_of(self.texts[place])


#: length of a text -> how it is written, its sign and offset among it: digits are 0, and everything else stands for itself
_FORMS = {
    10: "0000-00-00",
    20: "0000-00-00T00:00:00Z",
    24: "0000-00-00T00:00:00.000Z",
    25: "0000-00-00T00:00:00+00:00",
    29: "0000-00-00T00:00:00.000+00:00",
}
#: years outside of which nothing is read in one go: near the ends of the calendar clocks cannot be shifted
_FIRST, _LAST = 1800, 2300


def _table(texts: list[str]) -> DateTable:
    n = len(texts)
    there, timed, odd = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    day, local, utc = (np.zeros(n, dtype=np.int64) for _ in range(3))
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for i, text in enumerate(texts):
        by_length[len(text)].append(i)
    by_length[0].remove(MISSING)
    singly: list[int] = []
    for length, places in by_length.items():
        form = _FORMS.get(length)
        joined = "".join([texts[i] for i in places])
        if form is None or not joined.isascii():
            singly += places
            continue
        rows = np.array(places)
        letters = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(len(places), length)
        sound, days, clock, shift = _read(letters, form)
        there[rows] = sound
        timed[rows] = sound & (length > 10)
        day[rows], local[rows] = days, clock
        utc[rows] = days * DAY + clock - shift
        singly += rows[~sound].tolist()
    for i in singly:
        moment = moment_of(texts[i])
        if moment is None or moment.partial or not _FIRST <= moment.first.year < _LAST:
            odd[i] = True
            continue
        there[i], timed[i], day[i] = True, moment.instant is not None, moment.first.toordinal()
        local[i], utc[i] = _clocks(moment)
    return DateTable(texts, Times(there, day, local, utc, timed), odd)


def _clocks(moment: Moment) -> tuple[int, int]:
    first = moment.first.toordinal()
    if moment.instant is None:
        return 0, first * DAY
    instant = moment.instant
    local = instant.replace(tzinfo=None) - datetime.combine(moment.first, datetime.min.time())
    since = instant.astimezone(UTC).replace(tzinfo=None) - datetime.min
    return _micros(local.days, local.seconds, local.microseconds), _micros(
        since.days + datetime.min.toordinal(), since.seconds, since.microseconds
    )


def _micros(days: int, seconds: int, rest: int) -> int:
    return days * DAY + seconds * SECOND + rest


def _read(letters: NDArray[np.uint8], form: str) -> tuple[Flags, Ints, Ints, Ints]:
    """Which texts are sound, their days, clocks and offsets from UTC."""
    signs = np.frombuffer(form.encode(), dtype=np.uint8)
    digits = signs == ord("0")
    value = letters.astype(np.int64) - ord("0")
    sound: Flags = np.all((value[:, digits] >= 0) & (value[:, digits] <= 9), axis=1)
    plain = ~digits
    offset = len(form) - 6 if form.endswith("+00:00") else None
    if offset is not None:
        plain[offset] = False
        sound &= (letters[:, offset] == ord("+")) | (letters[:, offset] == ord("-"))
    sound &= np.all(letters[:, plain] == signs[plain], axis=1)

    def number(start: int, end: int) -> Ints:
        out = np.zeros(len(value), dtype=np.int64)
        for i in range(start, end):
            out = out * 10 + value[:, i]
        return out

    year, month, of_month = number(0, 4), number(5, 7), number(8, 10)
    sound &= (year >= _FIRST) & (year < _LAST) & (month >= 1) & (month <= 12) & (of_month >= 1)
    months = (np.where(sound, year, 1970) - 1970) * 12 + np.where(sound, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    sound &= of_month <= following - first
    days = first + of_month - 1 + EPOCH
    clock, shift = np.zeros_like(days), np.zeros_like(days)
    if len(form) > 10:
        hour, minute, second = number(11, 13), number(14, 16), number(17, 19)
        sound &= (hour < 24) & (minute < 60) & (second < 60)
        clock = (hour * 3600 + minute * 60 + second) * SECOND
        if form[19] == ".":
            clock += number(20, 23) * 1000
        if offset is not None:
            hours, minutes = number(offset + 1, offset + 3), number(offset + 4, offset + 6)
            sound &= (hours < 24) & (minutes < 60)
            shift = np.where(letters[:, offset] == ord("-"), -1, 1) * (hours * 60 + minutes) * 60 * SECOND
    zero = np.int64(0)
    return sound, np.where(sound, days, zero), np.where(sound, clock, zero), np.where(sound, shift, zero)
