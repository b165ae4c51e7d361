"""Exact posterior over causes and complications.

Given the cause, groups of complications are independent, so each is summed out on its own. What is unknown of setting,
age or sex is averaged over the strata that are possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from backspasm.inference.layout import Layout
from backspasm.inference.likelihood import log_item, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.numbers import Numbers, age_group
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.knowledge import Knowledge


@dataclass(frozen=True)
class Terms:
    """Log probability of every item in every state of one setting and age group.

    ``items``: (group or None, (..., C, N)) in the order of the items; ``log_shares``: prior of each group's
    configurations, (..., C, N).
    """

    items: tuple[tuple[int | None, Array], ...]
    log_shares: tuple[Array, ...]


@dataclass(frozen=True)
class Posterior:
    """``log_joint``: log p(cause, answers), (..., C). ``configurations``: p(configuration | cause, answers) by group."""

    log_joint: Array
    configurations: tuple[Array, ...]

    @property
    def causes(self) -> Array:
        """Probability of each cause, (..., C); sums to 1."""
        p = np.exp(self.log_joint - self.log_joint.max(axis=-1, keepdims=True))
        out: Array = p / p.sum(axis=-1, keepdims=True)
        return out


def prepared(items: tuple[Item, ...], numbers: Numbers, knowledge: Knowledge) -> tuple[Item, ...]:
    """Items with measured values on the scale of their distributions."""
    return tuple(
        Item(i.kind, i.finding, value=transformed(i.finding, i.value, numbers, knowledge)) if i.value is not None else i
        for i in items
    )


def terms_of(
    items: tuple[Item, ...], numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge
) -> Terms:
    """Evaluate all (prepared) items once."""
    shares = numbers.shares(setting)
    log_shares = []
    for group in layout.groups:
        own = shares[..., list(group.members)]
        on, off = np.log(own), np.log1p(-own)
        log_shares.append(on @ group.configurations.T + off @ (1 - group.configurations).T)
    return Terms(tuple(log_item(item, numbers, layout, setting, age, knowledge) for item in items), tuple(log_shares))


def log_likelihood(terms: Terms, first: int | None = None) -> tuple[Array, tuple[Array, ...]]:
    """Log p(items | cause), (..., C), and log p(items of the group, configuration | cause) for each group.

    Args:
        first: use only the first so many items.
    """
    by_group = list(terms.log_shares)
    total: Array = np.zeros(terms.log_shares[0].shape[:-1])
    for group, log_p in terms.items[:first]:
        if group is None:
            total = total + log_p[..., 0]
        else:
            by_group[group] = by_group[group] + log_p
    touched = {group for group, _ in terms.items[:first] if group is not None}
    for group in sorted(touched):
        total = total + logsumexp(by_group[group], axis=-1)
    return total, tuple(by_group)


def posterior(
    items: tuple[Item, ...],
    strata: tuple[Stratum, ...],
    numbers: Numbers,
    layout: Layout,
    knowledge: Knowledge,
) -> Posterior:
    """Posterior over causes, and over complications given the cause, averaged over the possible strata."""
    ready = prepared(items, numbers, knowledge)
    terms: dict[tuple[str, int], tuple[Array, tuple[Array, ...]]] = {}
    joints, configurations = [], []
    for stratum in strata:
        key = (stratum.setting, age_group(numbers.parameters, stratum))
        if key not in terms:
            terms[key] = log_likelihood(terms_of(ready, numbers, layout, *key, knowledge))
        total, by_group = terms[key]
        joints.append(np.log(stratum.weight) + numbers.log_base(stratum) + total)
        configurations.append(by_group)
    if len(joints) == 1:
        return Posterior(joints[0], tuple(_softmax(g) for g in configurations[0]))
    log_joint: Array = logsumexp(np.stack(joints), axis=0)
    weights = [np.exp(j - log_joint) for j in joints]
    mixed = tuple(
        np.sum([w[..., None] * _softmax(c[g]) for w, c in zip(weights, configurations, strict=True)], axis=0)
        for g in range(len(layout.groups))
    )
    return Posterior(log_joint, mixed)


def complication_probabilities(found: Posterior, layout: Layout) -> Array:
    """Probability of each complication given the cause, (..., C, K)."""
    shape = (*found.log_joint.shape, sum(len(g.members) for g in layout.groups))
    out = np.empty(shape)
    for group, configurations in zip(layout.groups, found.configurations, strict=True):
        out[..., list(group.members)] = configurations @ group.configurations
    return out


def _softmax(log_p: Array) -> Array:
    p = np.exp(log_p - log_p.max(axis=-1, keepdims=True))
    out: Array = p / p.sum(axis=-1, keepdims=True)
    return out
