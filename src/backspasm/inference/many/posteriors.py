"""The posterior of ``posterior.posterior`` for many patients, at the fixed parameter set.

``batch.score`` sums complications out and is faster; here they are kept, since urgency and compression ask for them.
"""

from __future__ import annotations

import numpy as np

from backspasm.inference.columns import Codes, Columns, EvidenceColumns
from backspasm.inference.log_tables import Block, LogTables, circumstances, log_tables
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior
from backspasm.inference.special import lse_and_softmax


def posteriors(columns: Columns, evidence: EvidenceColumns, model: Model) -> Posterior:
    """``log_joint`` (n, C) and ``configurations`` (n, C, N) by group, at the fixed parameter set.

    Where setting, age or sex is unknown, the average over presenters. Rows that are contradictory hold a posterior of
    whatever answers were left: the caller must not use them.
    """
    parts = _Parts(len(columns), model)
    for setting, age, bands in circumstances(model):
        possible = np.isin(columns.band, [*bands, -1]) & np.isin(columns.setting, [setting, -1])
        rows = np.flatnonzero(possible)
        if not len(rows):
            continue
        tables = log_tables(model, setting, age)
        prior = tables.prior[columns.band[rows], columns.sex[rows]]
        prior = prior + np.where(columns.setting[rows] < 0, tables.log_setting, 0.0)[:, None]
        parts.add(rows, *_one_circumstance(evidence.items[:, rows], evidence.values[:, rows], prior, tables))
    return parts.posterior()


class _Parts:
    """Adds up circumstances: most patients have one, those of unknown setting or age several."""

    def __init__(self, count: int, model: Model) -> None:
        causes = len(model.parameters.causes)
        self.log_joint = np.full((count, causes), -np.inf)
        self.configurations = [np.zeros((count, causes, len(g.configurations))) for g in model.layout.groups]

    def add(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]], joint: Array, by_group: list[Array]) -> None:
        before = self.log_joint[rows]
        total = np.logaddexp(before, joint)
        known = total > -np.inf
        new = np.exp(np.where(known, joint, 0.0) - np.where(known, total, 0.0)) * known
        for kept, found in zip(self.configurations, by_group, strict=True):
            kept[rows] = kept[rows] * (1 - new)[..., None] + found * new[..., None]
        self.log_joint[rows] = total

    def posterior(self) -> Posterior:
        return Posterior(self.log_joint, tuple(self.configurations))


def _one_circumstance(items: Codes, values: Array, prior: Array, tables: LogTables) -> tuple[Array, list[Array]]:
    """Log joint (m, C) and configurations (m, C, N) by group, in one setting and age group."""
    total = prior + _states(items, values, tables.alone, prior.shape[1])[:, 0]
    by_group = []
    for block in tables.groups:
        log_sum, shares = lse_and_softmax(_states(items, values, block, prior.shape[1]), axis=1)
        total += log_sum
        by_group.append(np.moveaxis(shares, 1, 2))
    return total, by_group


def _states(items: Codes, values: Array, block: Block, causes: int) -> Array:
    """Log p(configuration, answers of the block | cause), (m, N, C)."""
    states = np.repeat(block.shares[None], items.shape[1], axis=0)
    for f, table in block.items.items():
        said = np.flatnonzero(items[f])
        if len(said):
            states[said] += table[items[f, said]]
    for m, coefficients in block.values.items():
        known = np.flatnonzero(~np.isnan(values[m]))
        if len(known):
            y = values[m, known]
            of_kind = (np.stack([y, y * y, np.ones_like(y)], axis=1) @ coefficients).reshape(len(y), -1, causes)
            states[known] += of_kind[:, block.kind_of].reshape(len(y), -1)
    return states.reshape(len(states), -1, causes)
