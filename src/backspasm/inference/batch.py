"""Many patients at once: one matrix product for each setting and age group, and a log-sum-exp over complications.

Every possible item of evidence is a column; a patient's row holds 1 where the item was said (and the value with its
square for a measurement). The columns are made by the same code that serves a single patient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backspasm.inference.likelihood import log_item, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.posterior import terms_of
from backspasm.inference.special import logsumexp
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item

#: patients in one matrix product: enough to keep the processor busy, few enough to stay in its cache
CHUNK = 4096

Key = tuple[str, str, str | None]


@dataclass(frozen=True)
class Evidence:
    """One patient's stratum and items."""

    stratum: Stratum
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Block:
    """Items that one group of complications (or none) bears on: weights (J, C * N) and the column of each item."""

    weights: Array
    columns: dict[Key, int]
    log_shares: Array  # (C, N)


def score(patients: Sequence[Evidence], model: Model) -> Array:
    """Probability of every cause for every patient, (n, C), at the fixed parameter set."""
    out = np.empty((len(patients), len(model.parameters.causes)))
    by_table: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, patient in enumerate(patients):
        by_table[patient.stratum.setting, age_group(model.parameters, patient.stratum)].append(i)
    for (setting, age), rows in by_table.items():
        blocks = tables(model, setting, age)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            out[part] = _score_part([patients[i] for i in part], blocks, model)
    return out


def _score_part(patients: Sequence[Evidence], blocks: tuple[Block, ...], model: Model) -> Array:
    log_base = {s: model.means.log_base(s) for s in {p.stratum for p in patients}}
    total = np.stack([log_base[p.stratum] for p in patients])
    causes = total.shape[1]
    for block, x in zip(blocks, design(patients, blocks, model), strict=True):
        product = (x @ block.weights).reshape(len(patients), causes, -1)
        total += logsumexp(product + block.log_shares, axis=-1)
    total -= total.max(axis=1, keepdims=True)
    p = np.exp(total)
    out: Array = p / p.sum(axis=1, keepdims=True)
    return out


def design(patients: Sequence[Evidence], blocks: tuple[Block, ...], model: Model) -> tuple[Array, ...]:
    """The rows of every block: (n, J) each."""
    rows = tuple(np.zeros((len(patients), len(b.weights))) for b in blocks)
    for i, patient in enumerate(patients):
        for item in patient.items:
            key = _key(item)
            place = next(b for b, block in enumerate(blocks) if key in block.columns)
            column = blocks[place].columns[key]
            if item.value is None:
                rows[place][i, column] = 1
            else:
                y = transformed(item.finding, item.value, model.means, model.knowledge)
                rows[place][i, column : column + 2] = y, y * y
                rows[place][i, column + 2] = 1
    return rows


def _key(item: Item) -> Key:
    return (item.kind, item.finding, item.given)


@lru_cache(maxsize=32)
def tables(model: Model, setting: str, age: int) -> tuple[Block, ...]:
    """Weights of all items for one setting and age group: first those that no complication drives, then one block a group."""
    parts: dict[int | None, tuple[list[Array], dict[Key, int]]] = {
        g: ([], {}) for g in (None, *range(len(model.layout.groups)))
    }
    for item in possible_items(model):
        if item.kind != "value":
            group, log_p = log_item(item, model.means, model.layout, setting, age, model.knowledge)
            columns = [log_p]
        else:
            group, columns = _quadratic(item, model, setting, age)
        weights, places = parts[group]
        places[_key(item)] = len(weights)
        weights += [c.reshape(-1) for c in columns]
    shares = terms_of((), model.means, model.layout, setting, age, model.knowledge).log_shares
    causes = len(model.parameters.causes)
    return tuple(
        Block(np.stack(weights), places, np.zeros((causes, 1)) if group is None else shares[group])
        for group, (weights, places) in parts.items()
    )


def _quadratic(item: Item, model: Model, setting: str, age: int) -> tuple[int | None, list[Array]]:
    """Coefficients of the value, its square and 1 in a normal log density, from its values at three points."""
    at = [
        log_item(Item("value", item.finding, value=y), model.means, model.layout, setting, age, model.knowledge)
        for y in (-1.0, 0.0, 1.0)
    ]
    group = at[0][0]
    low, middle, high = (log_p for _, log_p in at)
    return group, [(high - low) / 2, (high + low) / 2 - middle, middle]


def possible_items(model: Model) -> Iterator[Item]:
    """Every item of evidence that a patient's answers can form."""
    for finding in model.parameters.booleans:
        yield Item("present", finding)
        yield Item("absent", finding)
    for measured in model.parameters.measured:
        yield Item("value", measured)
    for link in model.knowledge.links:
        if link.kind == "implies":
            yield Item("without", link.other, given=link.finding)
        elif link.kind == "excludes":
            yield Item("absent_given", link.other, given=link.finding)
        elif link.kind == "below_excludes":
            yield Item("present_after", link.other, given=link.finding)
            yield Item("absent_after", link.other, given=link.finding)
