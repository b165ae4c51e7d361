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
from numba.core import types

from backspasm.inference.batch import LEAST_TOTAL, MOST_TOTAL, by_products
from backspasm.inference.columns import Codes, Columns, EvidenceColumns
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.flat_tables import age_groups, flat_tables, place_of, who_of
from backspasm.inference.model import Model

#: roundings may be merged, never reordered: the exponential below rests on their order
FAST = {"contract", "nsz"}
#: rows whose answers are listed together, and rows that are put in the order of their circumstances: both fit the cache
BLOCK, TILE = 64, 2048
#: rows that are worked out before they are written to where they are wanted
PIECE = 4 * TILE
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
    """Write the probability of every cause into ``out``, (C, n), of any kind of floating-point number.

    Returns the position of the most probable cause and its probability, (n). Where answers contradict each other, ``out``
    and probability are NaN.
    """
    t = flat_tables(model)
    n = len(columns)
    age = np.array([*age_groups(model), -1], dtype=np.int8)[columns.band]
    place = np.where(evidence.contradictory, np.int8(-1), place_of(columns.setting, age, model))
    who = who_of(columns.band, columns.sex, model)
    best, top, doubtful = np.zeros(n, dtype=np.int8), np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    occurs = np.flatnonzero([evidence.items[f].any() for f in t.finding])
    rows = np.stack([t.finding, t.start, t.width], axis=1)[occurs]
    segments = np.searchsorted(occurs, t.segments).astype(np.int32)
    values = np.ascontiguousarray(evidence.values)
    items = np.ascontiguousarray(evidence.items)
    piece = np.full((t.prior.shape[2], min(n, PIECE)), np.nan)
    for first in range(0, n, PIECE):
        last = min(first + PIECE, n)
        _run(items, values, place, who, rows, segments, t, first, last, piece, best, top, doubtful)
        out[:, first:last] = piece[:, : last - first]
    out[:, evidence.contradictory] = np.nan
    again = np.flatnonzero(doubtful)
    if len(again):
        found = by_products(columns.of(again), evidence.of(again), model)
        out[:, again], best[again], top[again] = found.T, found.argmax(axis=1), found.max(axis=1)
    return best, top


@numba.extending.intrinsic  # type: ignore[misc]
def _bits(context: Any, number: Any) -> Any:
    """The bits of a number as an integer."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), build


@numba.extending.intrinsic  # type: ignore[misc]
def _number(context: Any, bits: Any) -> Any:
    """The number with these bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), build


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
    return y * _number((_bits(shifted) + BIAS) << PLACES)


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
def _list(items, at, count, rows, segments, starts, ends, filled):  # type: ignore[no-untyped-def]
    """Where in the table each counted item of some rows stands. Without a branch: most would be guessed wrong."""
    filled[:count] = 0
    q = 0
    for s in range(len(segments)):
        while q < segments[s]:
            codes, start, width = items[rows[q, 0]], rows[q, 1], rows[q, 2]
            for i in range(U(count)):
                code = np.int32(codes[U(at) + i])
                starts[i, U(filled[i])] = start + code * width
                filled[i] += np.int32(code != 0)
            q += 1
        for i in range(U(count)):
            ends[i, s] = filled[i]


@numba.njit(inline="always", fastmath=FAST, error_model="numpy")
def _times(p, table, starts, first, last, width):  # type: ignore[no-untyped-def]
    """Multiply ``width`` numbers by as many rows of the table as are listed, two at a time."""
    j = first
    while j + 1 < last:
        u, v = U(starts[j]), U(starts[j + 1])
        for c in range(U(width)):
            p[c] *= table[u + c] * table[v + c]
        j += 2
    if j < last:
        u = U(starts[j])
        for c in range(U(width)):
            p[c] *= table[u + c]


@numba.njit(inline="always", fastmath=FAST, error_model="numpy")
def _add_densities(e, coefficients, y):  # type: ignore[no-untyped-def]
    square, of_value, of_square, of_one = y * y, coefficients[0], coefficients[1], coefficients[2]
    for c in range(len(e)):
        e[c] += of_value[c] * y + of_square[c] * square + of_one[c]


@numba.njit(inline="always", fastmath=FAST, error_model="numpy")
def _joint(p, k, starts, ends, which, y, known, t, states, total, e, factors):  # type: ignore[no-untyped-def]
    """Multiply ``p``, base rates in circumstance k, by the probability of all that is known; returns the largest factor."""
    table, causes, largest = t.table[k], len(p), 1.0
    _times(p, table, starts, 0, ends[0], causes)
    if known:
        e[:] = 0.0
        for j in range(known):
            _add_densities(e, t.of_causes[k, which[j]], y[j])
        most = _largest(e)
        if most > 0.0:
            largest = math.exp(most)
        for c in range(causes):
            p[c] *= exponential(e[c])
    for g in range(len(t.states)):
        first, stages, width = t.first_segment[g], t.stages[g], t.states[g] * causes
        measured = False
        for j in range(known):
            measured = measured or t.value_group[which[j]] == g
        if not measured and ends[first - 1] == ends[first + stages - 1]:
            continue  # nothing is known of it: the configurations add up to 1
        start = U(t.shares[g])
        for c in range(U(width)):
            states[c] = table[start + c]
        for s in range(stages):
            _times(states, table, starts, ends[first + s - 1], ends[first + s], width)
            if s < stages - 1:
                width //= 2
                for c in range(U(width)):
                    states[c] += states[U(width) + c]
        if measured:
            for kind in range(t.kinds_left[g]):
                e[:] = 0.0
                for j in range(known):
                    if t.value_group[which[j]] == g:
                        _add_densities(e, t.of_kind[k, which[j], kind], y[j])
                most = _largest(e)
                if most > 0.0:
                    largest *= math.exp(most)
                for c in range(causes):
                    factors[kind, c] = exponential(e[c])
        total[:] = 0.0
        for n in range(width // causes):
            kind, start = t.kind[k, g, n], U(n * causes)
            if measured and kind > 0:
                for c in range(U(causes)):
                    total[c] += states[start + c] * factors[kind - 1, c]
            else:
                for c in range(U(causes)):
                    total[c] += states[start + c]
        for c in range(causes):
            p[c] *= total[c]
    return largest


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def _run(items, values, place, who, rows, segments, t, begin, end, out, best, top, doubtful):  # type: ignore[no-untyped-def]
    """Probabilities of the patients from ``begin`` to ``end`` of n.

    Args:
        items, values: as in ``EvidenceColumns``, (F, n) and (M, n).
        place, who: rows of ``t.reach`` and ``t.prior``, (n); a patient whose place is -1 is left out.
        rows, segments: the findings of ``FlatTables`` that occur, (Q, 3) of finding, start and width, in their segments.
        t: ``FlatTables``.
        out: probability of each cause, (C, end - begin) or more. ``best``, ``top`` (n): the most probable cause and its
            probability. ``doubtful`` (n): set where products are too small, or too large, to be trusted.
    """
    measured, causes, kinds = values.shape[0], t.prior.shape[2], len(t.reach_count)
    starts, ends = np.empty((TILE, len(rows) + 1), np.int32), np.empty((TILE, len(segments)), np.int32)
    order, filled, counts = np.empty(TILE, np.int32), np.empty(BLOCK, np.int32), np.empty(kinds + 1, np.int32)
    p, sum_of, e, total = np.empty(causes), np.empty(causes), np.empty(causes), np.empty(causes)
    states, factors = np.empty(t.states.max() * causes), np.empty((t.of_kind.shape[2], causes))
    which, y = np.empty(measured + 1, np.int32), np.empty(measured + 1)
    for first in range(begin, end, TILE):
        here = min(TILE, end - first)
        for b in range(0, here, BLOCK):
            _list(items, first + b, min(BLOCK, here - b), rows, segments, starts[b:], ends[b:], filled)
        counts[:] = 0  # those of one circumstance after each other, so that its table stays in the cache
        for i in range(here):
            counts[place[first + i] + 1] += 1
        before = 0
        for r in range(kinds + 1):
            before, counts[r] = before + counts[r], before
        for i in range(here):
            r = place[first + i] + 1
            order[counts[r]] = i
            counts[r] += 1
        for i in order[:here]:
            row = first + i
            if place[row] < 0:
                continue
            known = 0
            for m in range(measured):
                which[known], y[known] = m, values[m, row]
                known += int(y[known] == y[known])
            largest = 1.0
            reach = t.reach_count[place[row]]
            for q in range(reach):
                k, weight = t.reach[place[row], q], t.weight[place[row], q]
                base = t.prior[k, who[row]]
                for c in range(causes):
                    p[c] = base[c] * weight
                largest = max(largest, _joint(p, k, starts[i], ends[i], which, y, known, t, states, total, e, factors))
                if reach > 1:
                    for c in range(causes):
                        sum_of[c] = p[c] + (sum_of[c] if q else 0.0)
            if reach > 1:
                p[:] = sum_of
            whole = _sum(p)
            if not (whole > LEAST_TOTAL * largest and whole < MOST_TOTAL):
                doubtful[row] = True
                continue
            share, most, at = 1.0 / whole, _largest(p), 0
            for c in range(causes):
                out[c, row - begin] = p[c] * share
            while p[at] < most:
                at += 1
            best[row], top[row] = at, most * share
