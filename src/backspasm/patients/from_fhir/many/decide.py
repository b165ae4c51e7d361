"""What is known of everybody, from all that was said: the twin of ``settle`` and ``compose``, whose rules decide what is disputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value
from backspasm.patients.from_fhir.many.book import Book
from backspasm.patients.from_fhir.many.moments import NO_KEY, Flags, moment_at
from backspasm.patients.from_fhir.many.statements import FOLLOWS, PRESSURES, Entry, Floats, Statements, Valued
from backspasm.patients.from_fhir.many.visits import Visits
from backspasm.patients.from_fhir.own import LISTS
from backspasm.patients.from_fhir.settle import SPANS, days_since, decide, judge_pressure
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.from_fhir.windows import is_dated

Names = tuple[str, ...]
#: names of lists by visit
Lists = list[Names]


@dataclass(frozen=True)
class Decided:
    """What is known at each visit. ``answers`` (F, n): 1 present, -1 absent, 0 not asked, pregnancy among them; ``measured``
    (M, n): NaN where not measured; ``days_ago``: by visit and finding; ``weeks`` (n): of pregnancy, NaN where not known."""

    answers: NDArray[np.int8]
    measured: Floats
    days_ago: dict[int, dict[str, float]]
    medications: Lists
    allergies: Lists
    comorbidities: Lists
    stated: Lists
    weeks: Floats


def decided(
    statements: Statements,
    visits: Visits,
    age: Floats,
    male: Flags,
    booleans: Sequence[str],
    measured: Sequence[str],
    book: Book,
) -> Decided:
    """Decide for every visit.

    Args:
        age: in years, NaN where unknown; ``male`` the same of the sex: both by visit.
        booleans, measured: the findings in their order; positions in the former are those of the statements.
    """
    n = len(visits)
    place = {f: i for i, f in enumerate(booleans)}
    context = Context(book.reader.knowledge, book.reader.terms, book.reader.back, Visit(None, None))
    _durations(statements, visits, place, book)
    _pressures(statements, age, place, context)
    said = statements.said
    columns = [
        np.concatenate([np.zeros(0, dtype=kind), *chunks])
        for kind, chunks in (
            (np.int64, said.visit), (np.int64, said.finding), (bool, said.present), (np.int64, said.key),
            (np.int64, said.position), (np.float64, said.began), (np.float64, said.ended),
        )
    ]  # fmt: skip
    visit, finding, present, key, position, began, ended = columns
    believed = ~(male[visit] & (finding == place["pregnancy"]))
    if not believed.all():
        visit, finding, present, key, position, began, ended = (c[believed] for c in columns)
    yes, no = np.zeros((len(booleans), n), dtype=bool), np.zeros((len(booleans), n), dtype=bool)
    yes[finding[present], visit[present]] = True
    no[finding[~present], visit[~present]] = True
    disputed = yes & no

    def listed(where: Flags) -> dict[tuple[int, int], list[Said]]:
        """Everything said in some cells, in order."""
        rows = np.flatnonzero(where[finding, visit])
        rows = rows[np.argsort(position[rows], kind="stable")]
        out: dict[tuple[int, int], list[Said]] = defaultdict(list)
        for i in rows.tolist():
            spoken = Said(bool(present[i]), "", moment_at(int(key[i])), _known(began[i]), _known(ended[i]))
            out[int(finding[i]), int(visit[i])].append(spoken)
        return out

    for (f, v), of_cell in listed(disputed).items() if disputed.any() else ():
        answer, _ = decide(booleans[f], of_cell, Ledger())
        (no if answer else yes)[f, v] = False
    values = _values(statements.values, measured, n)
    dated = np.array([is_dated(f, context) for f in booleans], dtype=bool)
    told = np.zeros_like(yes)
    told[finding[~np.isnan(began)], visit[~np.isnan(began)]] = True
    pain = values[list(measured).index("duration_days")]
    ago: dict[int, dict[str, float]] = defaultdict(dict)
    for (f, v), of_cell in sorted(listed(told & yes & dated[:, None]).items()):
        days = days_since([s for s in of_cell if s.present], booleans[f] in SPANS, _known(pain[v]))
        if days is not None:
            ago[v][booleans[f]] = days
    weeks = np.full(n, np.nan)
    for _, v, value, _ in _newest(statements.weeks):
        weeks[v] = value
    canonical = {c: i for i, c in enumerate(book.reader.knowledge.index.comorbidities)}
    return Decided(
        answers=yes.astype(np.int8) - no.astype(np.int8),
        measured=values,
        days_ago=dict(ago),
        medications=_lists(statements.medications, n),
        allergies=_lists(statements.allergies, n),
        comorbidities=[tuple(sorted(names, key=canonical.__getitem__)) if len(names) > 1 else names
                       for names in _lists((e for e in statements.comorbidities if e[2] in canonical), n)],
        stated=[tuple(name for name in LISTS if name in names) if names else names
                for names in _lists(statements.stated, n)],
        weeks=weeks,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _newest(values: Iterable[Valued]) -> list[tuple[str, int, float, int]]:
    """Of each finding at each visit the newest value and its key; of several of one time the last listed."""
    best: dict[tuple[str, int], tuple[int, int, float]] = {}
    for visit, finding, value, key, position in values:
        cell = (finding, visit)
        held = best.get(cell)
        if held is None or (key, position) >= held[:2]:
            best[cell] = (key, position, value)
    return [(finding, visit, value, key) for (finding, visit), (key, _, value) in best.items()]


def _values(values: Iterable[Valued], measured: Sequence[str], n: int) -> Floats:
    out = np.full((len(measured), n), np.nan)
    place = {m: i for i, m in enumerate(measured)}
    for finding, visit, value, _ in _newest(values):
        out[place[finding], visit] = value
    return out


def _lists(entries: Iterable[Entry], n: int) -> Lists:
    """The names of each visit in the order of their resources, each once; equal lists are one object."""
    by_visit: dict[int, dict[str, None]] = {}
    for visit, _, name in sorted(entries, key=lambda e: e[:2]):
        by_visit.setdefault(visit, {})[name] = None
    out: Lists = [()] * n
    kept: dict[Names, Names] = {}
    for visit, names in by_visit.items():
        own = tuple(names)
        out[visit] = kept.setdefault(own, own)
    return out


def _durations(statements: Statements, visits: Visits, place: dict[str, int], book: Book) -> None:
    """How long the pain lasts, and whether there were episodes; as ``conditions.measured_onset``."""
    pain = statements.pain
    if not pain.visit:
        return
    visit = np.concatenate(pain.visit)
    onset, days, key = np.concatenate(pain.onset), np.concatenate(pain.onset_days), np.concatenate(pain.key)
    over, here, chronic = (np.concatenate(c) for c in (pain.over, pain.here, pain.chronic))
    began, ended = np.concatenate(pain.began), np.concatenate(pain.ended)
    if over.any():
        rows = np.flatnonzero(over)
        statements.said.add(
            visit=visit[rows],
            finding=np.full(len(rows), place["previous_episodes"], dtype=np.int64),
            present=np.ones(len(rows), dtype=bool),
            key=key[rows],
            position=FOLLOWS + rows,
            began=began[rows],
            ended=ended[rows],
        )
    current = np.flatnonzero(~over)
    any_here = np.zeros(len(visits), dtype=bool)
    any_here[visit[current[here[current]]]] = True
    pool = current[(here[current] | ~any_here[visit[current]]) & (onset[current] != NO_KEY)]
    chosen: dict[int, int] = {}
    for i in pool.tolist():
        v = int(visit[i])
        if v not in chosen or onset[i] >= onset[chosen[v]]:
            chosen[v] = i
    longest = np.zeros(len(visits), dtype=np.int64)  # of the chronic ones
    same = current[chronic[current] & (onset[current] != NO_KEY)]
    np.maximum.at(longest, visit[same], days[same])
    least = book.reader.knowledge.number("chronic_pain_days")
    for v, i in chosen.items():
        lasting = int(longest[v] if chronic[i] else days[i])
        if not chronic[i] or lasting >= least:
            # read after all conditions and before all responses
            statements.values.append((v, "duration_days", float(lasting), int(key[i]), FOLLOWS))


def _pressures(statements: Statements, age: Floats, place: dict[str, int], context: Context) -> None:
    """Hypotension, from the newest systolic pressure of each visit."""
    for _, visit, value, key in _newest(statements.systolic):
        ledger = Ledger()
        ledger.systolic.append(Value(value, ""))
        own = Context(context.knowledge, context.terms, context.back, context.visit, _known(age[visit]))
        judge_pressure(own, ledger)
        for finding, listed in ledger.said.items():
            for spoken in listed:
                statements.said.add(
                    visit=np.array([visit]),
                    finding=np.array([place[finding]]),
                    present=np.array([spoken.present]),
                    key=np.array([key]),
                    position=np.array([PRESSURES]),
                    began=np.full(1, np.nan),
                    ended=np.full(1, np.nan),
                )
