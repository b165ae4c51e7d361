"""Ages of many patients at their visits; the twin of ``person.age_at``."""

from __future__ import annotations

import numpy as np

from backspasm.patients.from_fhir.many.moments import EPOCH, Ints, Times
from backspasm.patients.from_fhir.many.statements import Floats
from backspasm.records.knowledge import Knowledge


def ages(born: Times, at: Times, knowledge: Knowledge) -> Floats:
    """Years with their hundredths, rounded down; NaN where the birth is not known or the age is impossible."""
    birth, day = (t.day - EPOCH for t in (born, at))
    dates = birth.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year = months.astype("datetime64[Y]")
    month = (months - year).astype(np.int64)
    of_month = (dates - months).astype(np.int64)

    def birthday(years: Ints) -> Ints:
        start = (year + years).astype("datetime64[M]") + month
        out: Ints = (start.astype("datetime64[D]") + of_month).astype(np.int64)  # born on 29 February: 1 March
        return out

    now = day.astype("datetime64[D]").astype("datetime64[Y]")
    years = (now - year).astype(np.int64)
    years -= birthday(years) > day
    since, until = birthday(years), birthday(years + 1)
    out = np.floor((years + (day - since) / (until - since)) * 100) / 100
    low, high = knowledge.number("age_years_lowest"), knowledge.number("age_years_highest")
    possible = born.there & (day >= birth) & (out >= low) & (out <= high)
    return np.where(possible, out, np.nan)
