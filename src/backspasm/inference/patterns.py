"""Patterns of answers that occur: several findings as one table, with one row for each combination that somebody has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.inference.columns import Codes
from backspasm.inference.logit_normal import Array

Rows = NDArray[np.intp]

#: a pattern table grows until it has one row for so many patients
PATIENTS_A_PATTERN = 64
#: but small numbers of patients may have tables of this size
LEAST_PATTERNS = 64


class Pattern(Struct, frozen=True):
    """``place`` (n): each patient's row of ``products`` (P, states), the product of probabilities, its largest being 1."""

    place: Rows
    products: Array


def patterns_of(columns: Iterable[tuple[Codes, Array]], start: Array, patients: int) -> tuple[Pattern, ...]:
    """Gather findings into as few tables as the number of patients warrants.

    Args:
        columns: for each finding the items of n patients, (n), and their log probabilities, (items, states).
        start: log prior of the states, multiplied into the first table.
        patients: n.
    """
    most = max(LEAST_PATTERNS, patients // PATIENTS_A_PATTERN)
    done: list[Pattern] = []
    place = np.zeros(patients, dtype=np.intp)
    logs = start[None]
    for items, table in columns:
        joint = place * len(table)
        joint += items
        occurs = np.flatnonzero(np.bincount(joint, minlength=len(logs) * len(table)))
        if len(occurs) > most and len(logs) > 1:
            done.append(_pattern(place, logs))
            joint, logs = items.astype(np.intp), np.zeros((1, len(start)))
            occurs = np.flatnonzero(np.bincount(joint, minlength=len(table)))
        if len(occurs) == len(logs) * len(table):
            place = joint
        else:
            rank = np.zeros(occurs[-1] + 1, dtype=np.intp)
            rank[occurs] = np.arange(len(occurs))
            place = rank[joint]
        logs = logs[occurs // len(table)] + table[occurs % len(table)]
    return (*done, _pattern(place, logs))


def _pattern(place: Rows, logs: Array) -> Pattern:
    return Pattern(place, np.exp(logs - logs.max(axis=1, keepdims=True)))
