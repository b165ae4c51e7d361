"""Days and times of virtual records: all in UTC, all from the patient's own random numbers."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from backspasm.patients.from_fhir.moments import moment_of, years_between

#: the first day on which a virtual patient may be seen: any day would do, this one makes runs repeatable
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
#: ages are read back in hundredths of a year, rounded down
HUNDREDTHS = 100


def birth_date(age_years: float, start: datetime) -> date:
    """A birth date at which the reader of records finds exactly this age (tenths or hundredths of years) at ``start``."""
    whole = math.floor(age_years)
    wanted = round(age_years * HUNDREDTHS)
    at = moment_of(start.date().isoformat())
    assert at is not None
    day = start.date() - timedelta(days=math.ceil((age_years - whole) * _days_of_year(start.date())))
    born = _years_earlier(day, whole)
    for step in (0, -1, 1, -2, 2):
        candidate = born + timedelta(days=step)
        birth = moment_of(candidate.isoformat())
        years = years_between(birth, at) if birth is not None else None
        if years is not None and round(years * HUNDREDTHS) == wanted:
            return candidate
    raise ValueError(f"no birth date gives the age {age_years} on {start.date()}")


def instant(moment: datetime) -> str:
    """A FHIR instant."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _years_earlier(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=day.day - 1)


def _days_of_year(day: date) -> int:
    return (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
