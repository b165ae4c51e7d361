"""FHIR dates: whole, partial (``2019``, ``2019-04``) or instants, and the days between them."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from msgspec import Struct

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


class Moment(Struct, frozen=True):
    """A point in time, or the span that a partial date leaves open. ``instant`` is None for dates without a time."""

    first: date
    last: date
    instant: datetime | None = None

    @property
    def partial(self) -> bool:
        """Whether only the year, or the year and month, is known."""
        return self.first != self.last

    def day(self, limit: Moment | None = None) -> date:
        """The local calendar day; for partial dates the middle of what is possible before ``limit``."""
        last = self.last if limit is None else max(self.first, min(self.last, limit.last))
        return self.first + (last - self.first) // 2

    def after(self, other: Moment) -> bool:
        """Whether this is certainly later; two instants are compared exactly, anything else by calendar day."""
        if self.instant is not None and other.instant is not None:
            return self.instant > other.instant
        return self.first > other.last

    @property
    def key(self) -> tuple[date, datetime]:
        """For sorting: by day, then by instant (a date without a time counts as the start of its day)."""
        instant = self.instant or datetime.combine(self.first, time(), UTC)
        try:
            return (self.first, instant.astimezone(UTC))
        except OverflowError:  # at the ends of the calendar
            return (self.first, instant.replace(tzinfo=UTC))

    def plus(self, days: float) -> Moment:
        """This moment so many days later; the same where that lies beyond the calendar."""
        step = timedelta(days=days)
        try:
            if self.instant is not None:
                later = self.instant + step
                return Moment(later.date(), later.date(), later)
            return Moment(self.last + step, self.last + step)
        except OverflowError:
            return self


def moment_of(text: str | None) -> Moment | None:
    """A FHIR date, dateTime or instant; None where it is missing or not a date."""
    return _moment(text) if text else None


@lru_cache(maxsize=20_000)  # the dates of a record are asked for again and again
def _moment(text: str) -> Moment | None:
    try:
        if "T" in text:
            instant = datetime.fromisoformat(text)
            instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
            return Moment(instant.date(), instant.date(), instant)
        match = _DATE.fullmatch(text)
        if match is None:
            return None
        year, month, day = (None if part is None else int(part) for part in match.groups())
        return _span(year or 0, month, day)
    except (ValueError, OverflowError):
        return None


def _span(year: int, month: int | None, day: int | None) -> Moment:
    if month is None:
        return Moment(date.min.replace(year=year), date.max.replace(year=year))
    if day is None:
        return Moment(date(year, month, date.min.day), date(year, month, monthrange(year, month)[1]))
    return Moment(date(year, month, day), date(year, month, day))


def first_of(*texts: str | None) -> Moment | None:
    """The first of several dates that is there and readable."""
    return next((m for m in map(moment_of, texts) if m is not None), None)


def days_between(earlier: Moment, later: Moment) -> float:
    """Whole calendar days from one to the other, never below 0."""
    return float(max(0, (later.day() - earlier.day(later)).days))


def years_between(birth: Moment, at: Moment) -> float | None:
    """Age in years with its fraction, in hundredths; None where ``at`` lies before the birth."""
    born, day = birth.day(at), at.day()
    if day < born:
        return None
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if day.year == date.max.year:  # "for ever": the next birthday is beyond the calendar
        return float(years)
    since, until = _birthday(born, born.year + years), _birthday(born, born.year + years + 1)
    # rounded down: a patient one day short of a birthday is not yet of that age
    return math.floor((years + (day - since) / (until - since)) * 100) / 100


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:  # born on 29 February
        return date(year, born.month + 1, date.min.day)
