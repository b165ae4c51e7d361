"""Many patients at once, at the fixed parameter set.

What only the cause drives is one matrix product and stays a sum of logs. What complications drive has many more
states (causes x configurations), but few distinct patterns of answers: findings are gathered into pattern tables that
hold the product of their probabilities once for each pattern that occurs, so that a patient costs one row of each
table, and no exponential. The result is that of ``posterior``; a test holds it to 1e-9. For millions of patients there
is machine code besides (``many.machine_code``), where numba is installed.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from msgspec import Struct

from backspasm.inference.columns import Codes, Columns, EvidenceColumns, Flags, evidence_of
from backspasm.inference.log_tables import Block, LogTables, circumstances, log_tables
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.patterns import Pattern, Rows, patterns_of
from backspasm.inference.special import logsumexp, lse_and_softmax

#: patients in one step: enough to keep the processor busy, few enough to stay in its cache
CHUNK = 1024
#: where the sum of products is less than this, rounding to zero may have touched it, and logs are used instead
LEAST_TOTAL = 1e-250
#: and where it is more than this, something may have been rounded to infinity
MOST_TOTAL = 1e300


class Scores(Struct, frozen=True):
    """``causes`` (n, C): probability of every cause; NaN where ``contradictory`` (n): such a patient has no answer."""

    causes: Array
    contradictory: Flags


class Part(Struct, frozen=True):
    """Patients of one setting and age group: items (F, m), values (M, m), log prior of causes (m, C)."""

    items: Codes
    values: Array
    log_prior: Array

    def of(self, rows: Rows | slice) -> Part:
        """Some of them."""
        return Part(self.items[:, rows], self.values[:, rows], self.log_prior[rows])


def score(columns: Columns, model: Model, compiled: bool | None = False) -> Scores:
    """Probability of every cause for every patient.

    Args:
        compiled: machine code (needs numba; made once, kept on disk); None: where numba is installed.

    Raises:
        ImportError: where machine code is asked for and numba is not installed.
    """
    evidence = evidence_of(columns, model.parameters, model.knowledge)
    code = machine_code(compiled)
    if code is None:
        return Scores(by_products(columns, evidence, model), evidence.contradictory)
    out = np.empty((len(model.parameters.causes), len(columns)))
    code.fill(columns, evidence, model, out)
    return Scores(out.T, evidence.contradictory)


def machine_code(compiled: bool | None) -> ModuleType | None:
    """The module asked for, or None for NumPy."""
    if compiled is False:
        return None
    try:
        from backspasm.inference.many import machine_code
    except ImportError:
        if compiled:
            raise
        return None
    return machine_code


def by_products(columns: Columns, evidence: EvidenceColumns, model: Model) -> Array:
    """Probability of every cause, (n, C), with NumPy alone; NaN where answers contradict each other."""
    everybody = Part(evidence.items, evidence.values, np.zeros((len(columns), 0)))
    out = np.full((len(columns), len(model.parameters.causes)), np.nan)
    sure = (columns.setting >= 0) & (columns.band >= 0) & ~evidence.contradictory
    unsure = np.flatnonzero(~sure & ~evidence.contradictory)
    log_joint = np.full((len(unsure), out.shape[1]), -np.inf)
    for setting, age, bands in circumstances(model):
        here = np.isin(columns.band, bands) & (columns.setting == setting) & sure
        if here.any():
            tables = log_tables(model, setting, age)
            rows = np.flatnonzero(here)
            part = everybody if len(rows) == len(columns) else everybody.of(rows)
            prior = tables.prior[columns.band[rows], columns.sex[rows]]
            out[rows] = _probabilities(Part(part.items, part.values, prior), tables)
        possible = np.isin(columns.band[unsure], [*bands, -1]) & np.isin(columns.setting[unsure], [setting, -1])
        if possible.any():
            tables = log_tables(model, setting, age)
            rows = unsure[possible]
            prior = tables.prior[columns.band[rows], columns.sex[rows]]
            prior = prior + np.where(columns.setting[rows] < 0, tables.log_setting, 0.0)[:, None]
            found = _log_joint(Part(evidence.items[:, rows], evidence.values[:, rows], prior), tables)
            log_joint[possible] = np.logaddexp(log_joint[possible], found)
    if len(unsure):
        out[unsure] = lse_and_softmax(log_joint)[1]
    return out


# --- products ----------------------------------------------------------------------------------------------------------


def _probabilities(part: Part, tables: LogTables) -> Array:
    """Probability of every cause, (m, C)."""
    design = _Design(part, tables)
    groups = [_Group(part, block, design) for block in tables.groups]
    out = np.empty_like(part.log_prior)
    for start in range(0, len(out), CHUNK):
        chunk = slice(start, start + CHUNK)
        x = design.columns(chunk)
        p = x.T @ design.weights
        p += part.log_prior[chunk]
        p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        largest = 1.0
        with np.errstate(over="ignore", invalid="ignore"):  # infinite factors are seen to below
            for group in groups:
                factor, most = group.likelihood(chunk, x)
                p *= factor
                largest *= most
            total = p.sum(axis=1, keepdims=True)
        # what was rounded to zero is less than 1e-300 of the largest product that could be
        low = np.flatnonzero(~(total[:, 0] > LEAST_TOTAL * largest) | ~np.isfinite(total[:, 0]))
        if len(low):
            p[low], total[low] = lse_and_softmax(_log_joint(part.of(low + start), tables))[1], 1.0
        np.divide(p, total, out=out[chunk])
    return out


class _Design:
    """Columns of the items that occur and no complication drives, and of all values that occur; with their weights.

    ``weights`` (J, C): of a value that complications change, those in the first kind of configuration.
    """

    def __init__(self, part: Part, tables: LogTables) -> None:
        table = tables.alone.items
        causes = part.log_prior.shape[1]
        rows = [f for f in table if part.items[f].any()]
        self.items = part.items[rows]
        self.codes: list[tuple[int, list[int] | slice]] = []
        weights: list[Array] = []
        for code in range(1, max((len(table[f]) for f in rows), default=0)):
            occurs = [i for i, f in enumerate(rows) if code < len(table[f]) and (self.items[i] == code).any()]
            if occurs:
                self.codes.append((code, occurs if len(occurs) < len(rows) else slice(None)))
                weights += [table[rows[i]][code] for i in occurs]
        measured = {m: c for block in (tables.alone, *tables.groups) for m, c in block.values.items()}
        self.measured = [m for m in measured if not np.isnan(part.values[m]).all()]
        self.values = part.values[self.measured]
        self.first_value = len(weights)
        self.weights = np.concatenate(
            [np.reshape(weights, (-1, causes)), *(measured[m][:, :causes] for m in self.measured)]
        )

    def columns(self, chunk: slice) -> Array:
        """The columns of some patients, (J, chunk): 1 where the item is counted; each value, its square, and 1."""
        items, values = self.items[:, chunk], self.values[:, chunk]
        x = np.empty((len(self.weights), items.shape[1]))
        filled = 0
        for code, rows in self.codes:
            said = items[rows] == code
            x[filled : filled + len(said)] = said
            filled += len(said)
        _quadratic(values, x[filled:])
        return x


class _Group:
    """What one group of complications drives: patterns of answers, and by how much each kind of configuration changes
    the density of what was measured, compared with the first kind."""

    def __init__(self, part: Part, block: Block, design: _Design) -> None:
        self.causes = causes = part.log_prior.shape[1]
        said = [f for f in block.items if part.items[f].any()]
        self.patterns = patterns_of([(part.items[f], block.items[f]) for f in said], block.shares, part.items.shape[1])
        own = [m for m in block.values if m in design.measured]
        first = design.first_value + 3 * (design.measured.index(own[0]) if own else 0)
        self.rows = slice(first, first + 3 * len(own))  # a block's values lie together
        kinds = block.kind_of if own else np.zeros_like(block.kind_of)
        self.kinds = [np.flatnonzero(kinds == k) for k in range(kinds.max() + 1)]
        self.changes = [
            np.concatenate(
                [block.values[m][:, k * causes : (k + 1) * causes] - block.values[m][:, :causes] for m in own]
            )
            for k in range(1, len(self.kinds))
        ]

    def likelihood(self, chunk: slice, x: Array) -> tuple[Array, float]:
        """p(items and values | cause) but for a factor of each patient, (chunk, C), and the largest factor in it."""
        states = _gathered(self.patterns, chunk)
        total, *changed = (_sum_of(states, kind, self.causes) for kind in self.kinds)
        if not changed:
            return total, 1.0
        x = x[self.rows]
        known = x[2::3].any(axis=0)
        rows = slice(None) if known.all() else np.flatnonzero(known)
        largest = 1.0
        for of_kind, change in zip(changed, self.changes, strict=True):
            factor = x[:, rows].T @ change
            np.exp(factor, out=factor)
            largest = max(largest, float(factor.max(initial=1.0)))
            if isinstance(rows, slice):
                factor *= of_kind
                total += factor
            else:
                of_kind[rows] *= factor
                total += of_kind
        return total, largest


def _gathered(patterns: tuple[Pattern, ...], chunk: slice) -> Array:
    """Product of the patients' rows of all tables, (chunk, states)."""
    first, *rest = patterns
    out = first.products.take(first.place[chunk], axis=0)
    for pattern in rest:
        out *= pattern.products.take(pattern.place[chunk], axis=0)
    return out


def _sum_of(states: Array, configurations: Rows, causes: int) -> Array:
    """Sum over some configurations, (n, C)."""
    first, *rest = (states[:, n * causes : (n + 1) * causes] for n in configurations)
    if not rest:
        return first
    out: Array = first + rest[0]
    for more in rest[1:]:
        out += more
    return out


def _measured(values: Array, block: Block) -> tuple[Array, list[Array]]:
    """Values (k, m) of the block that occur, with their coefficients (3, states) each."""
    rows = [m for m in block.values if not np.isnan(values[m]).all()]
    return values[rows], [block.values[m] for m in rows]


def _quadratic(values: Array, out: Array) -> None:
    """Each value, its square and whether it is known, in three rows of (3 * k, m); 0 where it is not."""
    known = ~np.isnan(values)
    y = np.where(known, values, 0.0)
    out[0::3], out[1::3], out[2::3] = y, y * y, known


# --- sums of logs: setting or age unknown, and what products would round to zero --------------------------------------


def _log_joint(part: Part, tables: LogTables) -> Array:
    """Log p(cause, items, values), (m, C)."""
    out = np.empty_like(part.log_prior)
    causes = out.shape[1]
    for start in range(0, len(out), CHUNK):
        chunk = part.of(slice(start, start + CHUNK))
        total = chunk.log_prior.copy()
        for block in (tables.alone, *tables.groups):
            states = np.repeat(block.shares[None], len(total), axis=0)
            for f, table in block.items.items():
                said = np.flatnonzero(chunk.items[f])
                states[said] += table[chunk.items[f, said]]
            values, coefficients = _measured(chunk.values, block)
            if coefficients:
                x = np.empty((3 * len(values), len(total)))
                _quadratic(values, x)
                by_kind = (x.T @ np.concatenate(coefficients)).reshape(len(total), -1, causes)
                states += by_kind[:, block.kind_of].reshape(states.shape)
            total += logsumexp(states.reshape(len(total), -1, causes), axis=1)
        out[start : start + CHUNK] = total
    return out
