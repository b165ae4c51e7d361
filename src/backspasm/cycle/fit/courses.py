"""What a course of pain is called: which of five kinds, when it counts as recovery, whether pain came back."""

from __future__ import annotations

from typing import get_args

import numpy as np

from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import Course, Definitions

Truths = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def kinds(ratings: Array, d: Definitions) -> dict[Course, Truths]:
    """The kind of each course from ratings (v, n) at the visits, the first at entry; each course is of one kind.

    In this order: high at every later visit; risen again by the last; gone by the third visit (week 2); gone by the last;
    the rest is incomplete.
    """
    later, last = ratings[1:], ratings[-1]
    high = (later >= d.high_pain.value).all(axis=0)
    risen = ~high & (last - later[:-1].min(axis=0) >= d.rise_of_pain.value)
    rest = ~high & ~risen
    rapid = rest & (ratings[2] <= d.recovered_pain.value)
    recovery = rest & ~rapid & (last <= d.recovered_pain.value)
    found = dict(zip(get_args(Course), (rapid, recovery, rest & ~rapid & ~recovery, risen, high), strict=True))
    return found


def recovery_day(pain: Array, at_most: float, lasting: int) -> Array:
    """First day from which daily pain (t, n) is at most so much for so many days, (n,); inf where there is none."""
    calm = np.cumsum(np.concatenate([np.zeros((1, pain.shape[1])), pain <= at_most]), axis=0)
    held = calm[lasting:] - calm[:-lasting] >= lasting
    first = held.argmax(axis=0).astype(np.float64)
    return np.where(held.any(axis=0), first, np.inf)


def recurred(pain: Array, since: Array, at_least: float, within: float) -> Truths:
    """Whether daily pain (t, n) was at least so much on a day after ``since`` (n,), within so many days of it."""
    day = np.arange(len(pain), dtype=np.float64)[:, None]
    again = (pain >= at_least) & (day > since) & (day <= since + within)
    return np.asarray(again.any(axis=0))
