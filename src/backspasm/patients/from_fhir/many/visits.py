"""The encounters to assess of many patients, and until when news counts at each; the twin of ``visit`` and ``record.visits_of``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.patients.from_fhir.many.book import Book
from backspasm.patients.from_fhir.many.kinds import first
from backspasm.patients.from_fhir.many.moments import DateTable, Flags, Ints, Times
from backspasm.patients.from_fhir.many.resources import Encounters, Resources
from backspasm.patients.from_fhir.record import Which


@dataclass(frozen=True)
class Visits:
    """Encounters to assess, by patient and then by time.

    ``patient``: place in the batch; ``encounter``: place among the encounters; ``start`` and ``until`` as in ``Visit``.
    ``first``, ``count``: of each patient the place of the first of them, and how many there are.
    """

    patient: Ints
    encounter: Ints
    start: Times
    until: Times
    ended: Flags
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.patient)


def visits_of_all(
    encounters: Encounters,
    linked: Flags,
    which: Which,
    as_of: Times | None,
    table: DateTable,
    book: Book,
    slow: Flags,
) -> Visits:
    """The visits of all patients; of those that go the slow way there are none.

    Args:
        linked: the encounters that a condition of back pain concerns.
        as_of: the last moment whose news counts, as one date without a time.
    """
    held = book.marked("held")[encounters.place]
    about = book.marked("about")[encounters.place] | linked
    start = table.times.take(first(encounters.start, encounters.end))
    candidate = held & ~slow[encounters.patient]
    if as_of is not None:
        candidate &= ~start.after(as_of)
    if which == "last":
        wanted = _last(encounters, candidate, about, start, slow)
    else:
        wanted = candidate & start.there & (about if which == "back-pain" else True)
    rows = np.flatnonzero(wanted)
    key = start.key[rows]
    order = np.lexsort((key, encounters.patient[rows]))
    rows, key = rows[order], key[order]
    patient = encounters.patient[rows]
    tied = (patient[1:] == patient[:-1]) & (key[1:] == key[:-1])
    if tied.any():  # their names decide: seldom enough for the slow way
        slow[patient[1:][tied]] = True
    rows = rows[~slow[patient]]
    patient = encounters.patient[rows]
    count = np.bincount(patient, minlength=len(slow))
    begin, until, ended = _times(rows, encounters, start, table, book)
    if as_of is not None:
        limit = Times(*(np.broadcast_to(a, len(rows)) for a in vars(as_of).values()))
        cut = ~(ended & ~until.after(limit))
        until = until.where(~cut | ~until.after(limit), limit)
        ended = ended | cut
    return Visits(patient, rows, begin, until, ended, np.cumsum(count) - count, count)


def _last(encounters: Encounters, candidate: Flags, about: Flags, start: Times, slow: Flags) -> Flags:
    """The encounter that ``choose`` takes: the latest about back pain, else the latest."""
    out = np.zeros(len(candidate), dtype=bool)
    has_about = np.zeros(len(slow), dtype=bool)
    has_about[encounters.patient[candidate & about]] = True
    pool = candidate & (about | ~has_about[encounters.patient])
    key = start.key
    best: dict[int, int] = {}
    for i in np.flatnonzero(pool & start.there).tolist():
        p = int(encounters.patient[i])
        if p not in best or key[i] > key[best[p]]:
            best[p] = i
    out[list(best.values())] = True
    dated = np.zeros(len(slow), dtype=bool)
    dated[list(best)] = True
    slow |= ~dated  # read as of the latest date of the record: not what this is for
    return out


def _times(
    rows: Ints, encounters: Encounters, start: Times, table: DateTable, book: Book
) -> tuple[Times, Times, Flags]:
    """Start, end of what counts, and whether the encounter had ended; as ``visit._times``."""
    knowledge = book.reader.knowledge
    begin, end = start.take(rows), table.times.take(encounters.end[rows])
    latest = begin.plus(knowledge.number("encounter_longest"))
    too_long = end.there & end.after(latest)
    sound = end.there & ~begin.after(end) & ~too_long
    until = latest.where(too_long, end.where(sound, begin.plus(knowledge.number("encounter_day_span"))))
    return begin, until, sound | too_long


def linked_encounters(
    conditions: Resources | None,
    encounter: Ints,
    named: list[tuple[int, int]],
    count: int,
    as_of: Times | None,
    table: DateTable,
    book: Book,
) -> Flags:
    """Encounters that a condition of back pain names, or that name one; as ``linked_to_back_pain``."""
    out = np.zeros(count, dtype=bool)
    if conditions is None:
        return out
    tells = book.marked("tells")[conditions.place]
    if as_of is not None:
        recorded = table.times.take(first(conditions.columns.news, conditions.columns.also))
        tells &= ~recorded.after(as_of)
    out[encounter[tells & (encounter >= 0)]] = True
    for i, k in named:
        out[i] |= tells[k]
    return out
