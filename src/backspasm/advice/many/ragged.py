"""Lists of different lengths for many patients, without a Python object for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import Flags

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Ragged:
    """n lists of positions in a vocabulary: that of i is ``values[starts[i]:starts[i + 1]]``; ``starts`` has n + 1."""

    starts: Positions
    values: Positions

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, i: int) -> list[int]:
        found: list[int] = self.values[self.starts[i] : self.starts[i + 1]].tolist()
        return found

    def take(self, places: Positions) -> Ragged:
        """The lists at the places, in their order; one may be taken more than once."""
        first, counts = self.starts[places], np.diff(self.starts)[places]
        starts = starts_of(counts)
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        return Ragged(starts, self.values[np.repeat(first, counts) + inside])

    def joined(self, starts: Positions) -> Ragged:
        """Neighbouring lists as one: list i of the result holds the lists from ``starts[i]`` to ``starts[i + 1]``."""
        return Ragged(self.starts[starts], self.values)


def starts_of(counts: Positions) -> Positions:
    """Where lists of such lengths start, and where the last one ends."""
    out = np.zeros(len(counts) + 1, dtype=np.intp)
    np.cumsum(counts, out=out[1:])
    return out


def ragged(lists: Iterable[Sequence[int]]) -> Ragged:
    """From lists."""
    kept = list(lists)
    flat = [value for values in kept for value in values]
    return Ragged(starts_of(np.array([len(v) for v in kept], dtype=np.intp)), np.array(flat, dtype=np.intp))


def ragged_of_flags(flags: Flags) -> Ragged:
    """For each row of (n, K) the columns that hold."""
    rows, columns = np.nonzero(flags)
    return Ragged(starts_of(np.bincount(rows, minlength=len(flags)).astype(np.intp)), columns)


def row_keys(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Each row of bytes, (n, B), as one value that can be sorted and compared, (n)."""
    whole = np.ascontiguousarray(rows)
    return whole.view(np.dtype((np.void, whole.shape[1])))[:, 0]
