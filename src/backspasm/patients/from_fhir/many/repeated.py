"""Rows that stand for several others each."""

from __future__ import annotations

import numpy as np

from backspasm.patients.from_fhir.many.moments import Ints


def repeated(counts: Ints) -> tuple[Ints, Ints]:
    """Each place among ``counts`` as often as its count says, and the number of each repetition from 0 on, (sum of counts)."""
    place = np.repeat(np.arange(len(counts)), counts)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
