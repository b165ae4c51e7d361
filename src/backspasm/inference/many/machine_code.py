"""Probabilities patient by patient, in machine code made by numba: for tables of millions.

It gives what ``batch.score`` gives with NumPy; what differs is rounding. A patient costs one multiplication of a row of
probabilities for each answer that was given, and nothing for those that were not. Importing this module imports numba
(half a second); nothing but ``batch`` does so, where it is asked. The machine code is kept on disk beside the module,
or in numba's cache folder where that cannot be written.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from backspasm.inference.batch import LEAST_TOTAL, MOST_TOTAL, by_products
from backspasm.inference.columns import Codes, Columns, EvidenceColumns
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.flat_tables import age_groups, flat_tables, place_of, who_of
from backspasm.inference.model import Model

#: roundings may be merged, never reordered: the exponential below rests on their order
FAST = {"contract", "nsz"}
#: rows whose answers are listed together, and rows that are put in the order of their circumstances: both fit the cache
BLOCK, TILE = 64, 2048
#: exponents beyond are cut off; a row to which that may matter is told, and worked out with logarithms
FURTHEST = 700.0
#: adding this rounds to a whole number, which then stands in the lowest bits
WHOLE = 6755399441055744.0
PER_LOG2 = 1 / math.log(2)
#: log 2 in two parts, of which the first has so few digits that its multiples are exact (Cody and Waite, 1980)
LOG2, LOG2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12 = (1 / math.factorial(k) for k in range(2, 13))
BIAS, PLACES = np.int64(1023), np.int64(52)
U = numba.uint64


def fill(columns: Columns, evidence: EvidenceColumns, model: Model, out: np.ndarray[Any, Any]) -> tuple[Codes, Array]:
    """Write the probability of every cause into ``out``, (C, n), of float64 or float32.

    Returns the position of the most probable cause and its probability, (n). Where answers contradict each other, ``out``
    and probability are NaN.
    """
    t = flat_tables(model)
    n = len(columns)
    age = np.array([*age_groups(model), -1], dtype=np.int8)[columns.band]
    place = np.where(evidence.contradictory, np.int8(-1), place_of(columns.setting, age, model))
    who = who_of(columns.band, columns.sex, model)
    best, top, doubtful = np.zeros(n, dtype=np.int8), np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    occurs = np.array([row.any() for row in evidence.items])
    used = np.flatnonzero(occurs[t.pairs[:, 0]] | occurs[t.pairs[:, 2]])
    segments = np.searchsorted(used, t.segments).astype(np.int32)
    items, values = np.ascontiguousarray(evidence.items), np.ascontiguousarray(evidence.values)
    tile = np.empty((TILE, t.prior.shape[2]), dtype=out.dtype)
    _run(items, values, place, who, t.pairs[used], segments, t, tile, out, best, top, doubtful)
    again = np.flatnonzero(doubtful)
    if len(again):
        found = by_products(columns.of(again), evidence.of(again), model)
        out[:, again], best[again], top[again] = found.T, found.argmax(axis=1), found.max(axis=1)
    return best, top


@numba.njit(inline="always", fastmath=FAST)
def exponential(x):  # type: ignore[no-untyped-def]
    """exp(x) to the last digit but one, in operations that a processor does for several numbers at once.

    ``math.exp`` would be called for one number after the other, and take three times as long. Cut off at 700 and -700.
    """
    x = min(max(x, -FURTHEST), FURTHEST)
    shifted = x * PER_LOG2 + WHOLE
    whole = shifted - WHOLE
    r = (x - whole * LOG2) - whole * LOG2_REST
    y = E12 * r + E11
    y = y * r + E10
    y = y * r + E9
    y = y * r + E8
    y = y * r + E7
    y = y * r + E6
    y = y * r + E5
    y = y * r + E4
    y = y * r + E3
    y = y * r + E2
    y = y * r + 1.0
    y = y * r + 1.0
    power = (np.float64(shifted).view(np.int64) + BIAS) << PLACES  # the bits of 2 to the whole number
    return y * np.int64(power).view(np.float64)


@numba.njit(cache=True, fastmath={"reassoc", "nsz"}, error_model="numpy")
def _sum(numbers):  # type: ignore[no-untyped-def]
    total = 0.0
    for c in range(len(numbers)):
        total += numbers[c]
    return total


@numba.njit(cache=True, fastmath={"reassoc", "nsz", "nnan"}, error_model="numpy")
def _largest(numbers):  # type: ignore[no-untyped-def]
    """The largest of numbers of which none is NaN."""
    largest = numbers[0]
    for c in range(len(numbers)):
        largest = max(largest, numbers[c])
    return largest


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def _list(items, first, block, count, pairs, segments, starts, ends):  # type: ignore[no-untyped-def]
    """Where in the table the counted items of some rows stand. Without a branch: most would be guessed wrong."""
    for i in range(U(block), U(block + count)):
        ends[i, U(0)] = 0
    q = 0
    for s in range(len(segments)):
        if s:
            for i in range(U(block), U(block + count)):
                ends[i, U(s)] = ends[i, U(s - 1)]
        while q < segments[s]:
            one, other = U(pairs[q, 0]), U(pairs[q, 2])
            times, times_other = np.int32(pairs[q, 1]), np.int32(pairs[q, 3])
            start, width = pairs[q, 4], pairs[q, 5]
            for i in range(U(block), U(block + count)):
                code = items[one, U(first) + i] * times + items[other, U(first) + i] * times_other
                at = ends[i, U(s)]
                starts[i, U(at)] = start + code * width
                ends[i, U(s)] = at + np.int32(code != 0)
            q += 1


@numba.njit(inline="always", fastmath=FAST, error_model="numpy")
def _times(p, table, k, starts, i, first, last, width):  # type: ignore[no-untyped-def]
    """Multiply ``width`` numbers by as many rows of the table as are listed, two at a time."""
    j = first
    while j + 1 < last:
        u, v = U(starts[i, U(j)]), U(starts[i, U(j + 1)])
        for c in range(U(width)):
            p[c] *= table[k, u + c] * table[k, v + c]
        j += 2
    if j < last:
        u = U(starts[i, U(j)])
        for c in range(U(width)):
            p[c] *= table[k, u + c]


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def _run(items, values, place, who, pairs, segments, t, tile, out, best, top, doubtful):  # type: ignore[no-untyped-def]
    """Probabilities of n patients.

    Args:
        items, values: as in ``EvidenceColumns``, (F, n) and (M, n).
        place, who: rows of ``t.reach`` and ``t.prior``, (n); a patient whose place is -1 is left out.
        pairs, segments: the pairs of findings of ``FlatTables`` of which any occurs, in their segments.
        t: ``FlatTables``.
        tile: room for the probabilities of some rows, (TILE, C).
        out: probability of each cause, (C, n). ``best``, ``top`` (n): the most probable cause and its probability.
        doubtful: set where products are too small, or too large, to be trusted, (n).
    """
    n, measured, causes, places = items.shape[1], values.shape[0], out.shape[0], len(t.reach_count)
    groups = len(t.states)
    starts, ends = np.empty((TILE, len(pairs) + 1), np.int32), np.empty((TILE, len(segments)), np.int32)
    order, counts = np.empty(TILE, np.int32), np.empty(places + 1, np.int32)
    p, sum_of, e, total = np.empty(causes), np.empty(causes), np.empty(causes), np.empty(causes)
    states, factors = np.empty(t.states.max() * causes), np.empty((t.of_kind.shape[2], causes))
    which, y = np.empty(measured + 1, np.int32), np.empty(measured + 1)
    for first in range(0, n, TILE):
        here = min(TILE, n - first)
        for block in range(0, here, BLOCK):
            _list(items, first, block, min(BLOCK, here - block), pairs, segments, starts, ends)
        counts[:] = 0  # those of one circumstance after each other, so that its table stays in the cache
        for i in range(here):
            counts[place[first + i] + 1] += 1
        before = 0
        for r in range(places + 1):
            before, counts[r] = before + counts[r], before
        for i in range(here):
            r = place[first + i] + 1
            order[counts[r]] = i
            counts[r] += 1
        for turn in range(here):
            i = U(order[turn])
            row = U(first) + i
            at_place = place[row]
            if at_place < 0:
                for c in range(causes):
                    tile[i, c] = np.nan
                continue
            known = 0
            for m in range(measured):
                value = values[m, row]
                which[known], y[known] = m, value
                known += int(value == value)
            largest, reach, person = 1.0, t.reach_count[at_place], who[row]
            for q in range(reach):
                k, weight = t.reach[at_place, q], t.weight[at_place, q]
                for c in range(U(causes)):
                    p[c] = t.prior[k, person, c] * weight
                _times(p, t.table, k, starts, i, 0, ends[i, U(0)], causes)
                if known:
                    for c in range(U(causes)):
                        e[c] = 0.0
                    for j in range(known):
                        m, value = which[j], y[j]
                        for c in range(U(causes)):
                            e[c] += (t.of_causes[k, m, 1, c] * value + t.of_causes[k, m, 0, c]) * value + t.of_causes[
                                k, m, 2, c
                            ]
                    largest = max(largest, math.exp(_largest(e)))
                    for c in range(U(causes)):
                        p[c] *= exponential(e[c])
                for g in range(groups):
                    segment, stages, left = t.first_segment[g], t.stages[g], t.states[g] * causes
                    told = False
                    for j in range(known):
                        told = told or t.value_group[which[j]] == g
                    if not told and ends[i, U(segment - 1)] == ends[i, U(segment + stages - 1)]:
                        continue  # nothing is known of it: the configurations add up to 1
                    start = U(t.shares[g])
                    for c in range(U(left)):
                        states[c] = t.table[k, start + c]
                    for s in range(stages):
                        _times(
                            states, t.table, k, starts, i, ends[i, U(segment + s - 1)], ends[i, U(segment + s)], left
                        )
                        if s < stages - 1:
                            left //= 2
                            for c in range(U(left)):
                                states[c] += states[U(left) + c]
                    if told:
                        for kind in range(t.kinds_left[g]):
                            for c in range(U(causes)):
                                e[c] = 0.0
                            for j in range(known):
                                m, value = which[j], y[j]
                                if t.value_group[m] == g:
                                    for c in range(U(causes)):
                                        e[c] += (
                                            t.of_kind[k, m, kind, 1, c] * value + t.of_kind[k, m, kind, 0, c]
                                        ) * value + (t.of_kind[k, m, kind, 2, c])
                            largest *= math.exp(max(_largest(e), 0.0))
                            for c in range(U(causes)):
                                factors[kind, c] = exponential(e[c])
                    for c in range(U(causes)):
                        total[c] = 0.0
                    for configuration in range(left // causes):
                        kind, start = t.kind[k, g, configuration], U(configuration * causes)
                        if told and kind > 0:
                            for c in range(U(causes)):
                                total[c] += states[start + c] * factors[kind - 1, c]
                        else:
                            for c in range(U(causes)):
                                total[c] += states[start + c]
                    for c in range(U(causes)):
                        p[c] *= total[c]
                if reach > 1:
                    for c in range(U(causes)):
                        sum_of[c] = p[c] + (sum_of[c] if q else 0.0)
            if reach > 1:
                for c in range(U(causes)):
                    p[c] = sum_of[c]
            whole = _sum(p)
            if not (whole > LEAST_TOTAL * largest and whole < MOST_TOTAL):
                doubtful[row] = True
                continue
            share, most, at = 1.0 / whole, _largest(p), 0
            for c in range(U(causes)):
                tile[i, c] = p[c] * share
            while p[at] < most:
                at += 1
            best[row], top[row] = at, most * share
        for c in range(U(causes)):
            for i in range(U(here)):
                out[c, U(first) + i] = tile[i, c]
