"""The posterior of ``posterior.posterior`` for many patients, at the fixed parameter set.

``batch.score`` sums complications out and is faster; here they are kept, since urgency and compression ask for them. A
posterior over causes and complications is some hundred numbers a patient, of which a few sums are wanted: they are taken
while the numbers are at hand. In memory the patients come last, so that every step runs over many of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.inference.columns import Codes, Columns, EvidenceColumns
from backspasm.inference.log_tables import circumstances
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.prepared import tables_of
from backspasm.inference.many.stacked import Tables
from backspasm.inference.model import Model
from backspasm.inference.special import lse_and_softmax

Rows = NDArray[np.intp]
#: p(cause), (C, m), and p(configuration | cause) by group, (N, C, m) each, to what is wanted of them, (Q, m)
Wanted = Callable[[Array, list[Array]], Array]
#: patients in one step: what is worked out of them stays in the processor's cache
CHUNK = 256


class Weighed(Struct, frozen=True):
    """In one circumstance: log p(cause, answers) is ``log_base`` + log of ``factor``, (C, m); ``shares``: p(configuration |
    cause, answers) by group of complications, (N, C, m). The factor lies between 1 and the number of configurations."""

    log_base: Array
    factor: Array
    shares: list[Array]


def posteriors(columns: Columns, evidence: EvidenceColumns, model: Model, wanted: Wanted) -> tuple[Array, Array]:
    """Probability of every cause, (C, n), and what is wanted of the whole posterior, (Q, n).

    Where setting, age or sex is unknown, the average over presenters. Columns of patients who contradict themselves hold
    what follows from whatever answers were left: the caller must not use them.
    """
    causes = np.empty((len(model.parameters.causes), len(columns)))
    nobody = wanted(causes[:, :0], [np.empty((len(g.configurations), len(causes), 0)) for g in model.layout.groups])
    out = np.empty((len(nobody), len(columns)))
    for rows, found, shares in _found(columns, evidence, model):
        causes[:, rows] = found
        out[:, rows] = wanted(found, shares)
    return causes, out


def _found(columns: Columns, evidence: EvidenceColumns, model: Model) -> Iterator[tuple[Rows, Array, list[Array]]]:
    """Some patients at a time: who they are, their causes, and the shares of the configurations."""
    sure = (columns.setting >= 0) & (columns.band >= 0)
    place = np.where(sure, _circumstance_of(model)[columns.setting, columns.band], -1)
    order = np.argsort(place, kind="stable")
    possible = [(setting, age) for setting, age, _ in circumstances(model)]
    starts = np.searchsorted(place[order], np.arange(len(possible) + 1))
    for (setting, age), (start, end) in zip(possible, pairwise(starts.tolist()), strict=True):
        for rows in _chunks(order[start:end]):
            one = _weighed(rows, columns, evidence, tables_of(model, setting, age))
            p = np.exp(one.log_base - one.log_base.max(axis=0))
            p *= one.factor
            p /= p.sum(axis=0)
            yield rows, p, one.shares
    for rows in _chunks(np.flatnonzero(~sure)):
        log_joint, shares = _mixed(rows, columns, evidence, model)
        yield rows, lse_and_softmax(log_joint, axis=0)[1], shares


@lru_cache(maxsize=8)
def _circumstance_of(model: Model) -> Rows:
    """Which circumstance a setting and an age band make, (settings, bands)."""
    out = np.empty((len(model.parameters.settings), len(model.parameters.ages.bands)), dtype=np.intp)
    for i, (setting, _, bands) in enumerate(circumstances(model)):
        out[setting, bands] = i
    return out


def _chunks(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _mixed(rows: Rows, columns: Columns, evidence: EvidenceColumns, model: Model) -> tuple[Array, list[Array]]:
    """Log joint, (C, m), and shares, (N, C, m), of patients of whom several circumstances are possible."""
    causes = len(model.parameters.causes)
    log_joint = np.full((causes, len(rows)), -np.inf)
    shares = [np.zeros((len(g.configurations), causes, len(rows))) for g in model.layout.groups]
    setting_of, band_of = columns.setting[rows], columns.band[rows]
    for setting, age, bands in circumstances(model):
        here = np.flatnonzero(np.isin(band_of, [*bands, -1]) & np.isin(setting_of, [setting, -1]))
        if not len(here):
            continue
        one = _weighed(rows[here], columns, evidence, tables_of(model, setting, age))
        with np.errstate(divide="ignore"):  # what is impossible in this circumstance
            joint = one.log_base + np.log(one.factor)
        total = np.logaddexp(log_joint[:, here], joint)
        known = total > -np.inf
        new = np.exp(np.where(known, joint, 0.0) - np.where(known, total, 0.0)) * known
        for kept, found in zip(shares, one.shares, strict=True):
            kept[:, :, here] = kept[:, :, here] * (1 - new) + found * new
        log_joint[:, here] = total
    return log_joint, shares


def _weighed(rows: Rows, columns: Columns, evidence: EvidenceColumns, tables: Tables) -> Weighed:
    """Some patients in one setting and age group."""
    items: Codes = evidence.items.take(rows, axis=1)
    values: Array = evidence.values.take(rows, axis=1)
    base = np.ascontiguousarray(tables.prior[columns.band[rows], columns.sex[rows]].T)
    base += np.where(columns.setting[rows] < 0, tables.log_setting, 0.0)
    causes = len(base)
    base += tables.alone.states(items, values, causes)[0]
    factor = np.ones_like(base)
    by_group = []
    for block in tables.groups:
        shares = block.states(items, values, causes)
        top = shares.max(axis=0)
        np.copyto(top, 0.0, where=top == -np.inf)
        shares -= top
        np.exp(shares, out=shares)
        total = shares.sum(axis=0)
        factor *= total
        base += top
        shares /= np.where(total > 0, total, 1.0)
        by_group.append(shares)
    return Weighed(base, factor, by_group)
