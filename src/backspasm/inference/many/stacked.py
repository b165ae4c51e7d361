"""The tables of a setting and an age group as matrices, so that the answers of many patients are weighed by one product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import Codes
from backspasm.inference.log_tables import Block, LogTables
from backspasm.inference.logit_normal import Array


@dataclass(frozen=True)
class Stacked:
    """One block of ``log_tables``: what the cause alone drives, or what a group of complications drives.

    ``rows``, ``codes`` (J): each column of the design is one item: a row of ``EvidenceColumns.items``, and its code there.
    ``measured`` (M): rows of ``EvidenceColumns.values``. ``weights`` (N * C, J + 3 M): log probability of each item in each
    state, then what the values, their squares and 1 add. ``shares`` (N * C, 1): prior of the configurations.
    """

    rows: NDArray[np.intp]
    codes: Codes
    measured: NDArray[np.intp]
    weights: Array
    shares: Array

    def states(self, items: Codes, values: Array, causes: int) -> Array:
        """Log p(configuration, answers of the block | cause) of m patients, (N, C, m); items (F, m), values (M, m)."""
        out: Array = self.weights @ self.design(items, values)
        out += self.shares
        return out.reshape(-1, causes, items.shape[1])

    def design(self, items: Codes, values: Array) -> Array:
        """1 where an item is counted; then each value, its square and whether it is known, (J + 3 M, m)."""
        count = len(self.rows)
        out = np.empty((count + 3 * len(self.measured), items.shape[1]))
        np.equal(items[self.rows], self.codes[:, None], out=out[:count])
        y = values[self.measured]
        known = ~np.isnan(y)
        y[~known] = 0.0
        size = len(y)
        out[count : count + size] = y
        np.multiply(y, y, out=out[count + size : count + 2 * size])
        out[count + 2 * size :] = known
        return out


@dataclass(frozen=True)
class Tables:
    """``prior``, ``log_setting``: as in ``LogTables``."""

    alone: Stacked
    groups: tuple[Stacked, ...]
    prior: Array
    log_setting: float


def stacked_of(tables: LogTables, causes: int) -> Tables:
    """Matrices of a setting and an age group."""
    groups = tuple(_stacked(block, causes) for block in tables.groups)
    return Tables(_stacked(tables.alone, causes), groups, tables.prior, tables.log_setting)


def _stacked(block: Block, causes: int) -> Stacked:
    items = [(f, code, table[code]) for f, table in block.items.items() for code in range(1, len(table))]
    # configurations that change no measured value are of one kind
    of_state = [c.reshape(3, -1, causes)[:, block.kind_of].reshape(3, -1) for c in block.values.values()]
    weights = [row for _, _, row in items]
    weights += [c[k] for k in range(3) for c in of_state]
    return Stacked(
        rows=np.array([f for f, _, _ in items], dtype=np.intp),
        codes=np.array([code for _, code, _ in items], dtype=np.int8),
        measured=np.array(list(block.values), dtype=np.intp),
        weights=np.ascontiguousarray(np.reshape(weights, (-1, len(block.shares))).T),
        shares=block.shares[:, None],
    )
