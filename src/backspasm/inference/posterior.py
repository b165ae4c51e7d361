"""Exact posterior over causes and complications.

Given the cause, groups of complications are independent, so each is summed out on its own. What is unknown of setting,
age or sex is averaged over the strata that are possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from backspasm.inference.layout import Group, Layout
from backspasm.inference.likelihood import item_rows, log_item, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.noisy_or import added
from backspasm.inference.numbers import Numbers, age_group
from backspasm.inference.special import logit, logsumexp, lse_and_softmax
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

    @cached_property
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
    log_shares = tuple(
        np.ascontiguousarray(np.moveaxis(shares, 0, -1)) for shares in _all_log_shares(numbers, layout, setting, age)
    )
    return Terms(tuple(log_item(item, numbers, layout, setting, age, knowledge) for item in items), log_shares)


def _all_log_shares(numbers: Numbers, layout: Layout, setting: str, age: int) -> tuple[Array, ...]:
    """Prior of each group's configurations, (N, ..., C)."""
    return tuple(
        numbers.kept.get(
            ("log_shares", setting, age, group.members), partial(_log_shares, group, numbers, setting, age)
        )
        for group in layout.groups
    )


def _log_shares(group: Group, numbers: Numbers, setting: str, age: int) -> Array:
    own = np.moveaxis(numbers.shares(setting, age)[..., list(group.members)], -1, 0)
    return added(logit(own), np.log1p(-own).sum(axis=0))


def evidence(terms: Terms) -> tuple[Array, tuple[Array, ...]]:
    """Log p(items | cause), (..., C), and p(configuration | cause, items) for each group, (..., C, N)."""
    by_group = list(terms.log_shares)
    total: Array = np.zeros(terms.log_shares[0].shape[:-1])
    touched: set[int] = set()
    for group, log_p in terms.items:
        if group is None:
            total += log_p[..., 0]
        elif group in touched:
            by_group[group] += log_p
        else:
            by_group[group] = by_group[group] + log_p  # a new array: the shares are kept
            touched.add(group)
    for g, log_p in enumerate(by_group):
        if g in touched:
            of_group, by_group[g] = lse_and_softmax(log_p)
            total = total + of_group
        else:
            by_group[g] = np.exp(log_p)
    return total, tuple(by_group)


def summed(
    items: tuple[Item, ...], numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge
) -> tuple[Array, tuple[Array, ...]]:
    """``evidence`` of (prepared) items of one setting and age group.

    Items that depend on the same complications are added up before they are laid out over the configurations of a group.
    """
    all_shares = _all_log_shares(numbers, layout, setting, age)
    total: Array = np.zeros(all_shares[0].shape[1:])
    sums: dict[int, dict[tuple[int, ...], Array]] = {}
    shared: set[tuple[int, tuple[int, ...]]] = set()
    for item in items:
        rows = item_rows(item, numbers, layout, setting, age, knowledge)
        if rows.group is None:
            total += rows.values[0]
            continue
        of_group, key = sums.setdefault(rows.group, {}), (rows.group, rows.place)
        if rows.place not in of_group:
            of_group[rows.place] = rows.values
        elif key in shared:
            of_group[rows.place] += rows.values
        else:
            of_group[rows.place] = of_group[rows.place] + rows.values  # a new array: what is kept stays
            shared.add(key)
    out = []
    for g, log_shares in enumerate(all_shares):
        if g not in sums:
            out.append(np.moveaxis(np.exp(log_shares), 0, -1))
            continue
        out.append(np.moveaxis(_over_configurations(log_shares, sums[g], total), 0, -1))
    return total, tuple(out)


#: draws that are laid out over configurations together, so that what is worked on stays in the cache of one core
TOGETHER = 100


def _over_configurations(log_shares: Array, sums: dict[tuple[int, ...], Array], total: Array) -> Array:
    """p(configuration | cause, items) of a group, (N, ..., C), from sums of items by their rows; ``total`` (..., C) gets the log
    probability of the items."""
    given = np.empty_like(log_shares)
    some = range(0, len(total), TOGETHER) if total.ndim > 1 else range(1)
    for start in some:
        own = slice(start, start + TOGETHER) if total.ndim > 1 else slice(None)
        joint = given[:, own]
        joint[...] = log_shares[:, own]
        for place, values in sums.items():
            part = values[:, own]
            for configuration, row in zip(joint, place, strict=True):
                configuration += part[row]
        top = joint.max(axis=0)
        top[~np.isfinite(top)] = 0.0
        joint -= top
        np.exp(joint, joint)
        whole = joint.sum(axis=0)
        joint /= np.where(whole > 0, whole, 1.0)
        with np.errstate(divide="ignore"):
            total[own] += top + np.log(whole)
    return given


def posterior(
    items: tuple[Item, ...],
    strata: tuple[Stratum, ...],
    numbers: Numbers,
    layout: Layout,
    knowledge: Knowledge,
) -> Posterior:
    """Posterior over causes, and over complications given the cause, averaged over the possible strata."""
    priors = log_priors(strata, numbers)
    ready = prepared(items, numbers, knowledge)
    found = (summed(ready, numbers, layout, setting, age, knowledge) for setting, age in priors)
    return _averaged(priors.values(), found, layout)


def without_each(
    items: tuple[Item, ...],
    strata: tuple[Stratum, ...],
    numbers: Numbers,
    layout: Layout,
    knowledge: Knowledge,
    which: Sequence[int] | None = None,
) -> Posterior:
    """For each item (of ``which``, or of all) the posterior of all others, as ``posterior`` gives it; the items are the first axis.

    Args:
        numbers: without an axis of draws.
        which: positions of items.
    """
    priors = log_priors(strata, numbers)
    ready = prepared(items, numbers, knowledge)
    chosen = list(range(len(items)) if which is None else which)
    found = (_leaving_out(terms_of(ready, numbers, layout, setting, age, knowledge), chosen) for setting, age in priors)
    return _averaged(priors.values(), found, layout)


def _leaving_out(terms: Terms, chosen: list[int]) -> tuple[Array, tuple[Array, ...]]:
    """``evidence`` of all items but one, for each of the chosen ones, (chosen, C) and (chosen, C, N)."""

    def rest(group: int | None, shape: tuple[int, ...]) -> Array:
        own = np.zeros((len(terms.items) + 1, *shape))
        for i, (g, log_p) in enumerate(terms.items):
            if g == group:
                own[i] = log_p
        # sums of what comes before and of what comes after: a difference could be one of infinities
        before = np.cumsum(np.concatenate([own[-1:], own[:-1]]), axis=0)  # the last row is empty
        after = np.cumsum(own[::-1], axis=0)[::-1][1:]
        out: Array = before[chosen] + after[chosen]
        return out

    causes = terms.log_shares[0].shape[0]
    total = rest(None, (causes, 1))[..., 0]
    by_group = []
    touched = {group for group, _ in terms.items}
    for g, log_shares in enumerate(terms.log_shares):
        if g in touched:
            of_group, given = lse_and_softmax(log_shares + rest(g, log_shares.shape))
            total += of_group
        else:
            given = np.broadcast_to(np.exp(log_shares), (len(chosen), *log_shares.shape))
        by_group.append(given)
    return total, tuple(by_group)


def _averaged(
    log_priors: Iterable[Array], found: Iterable[tuple[Array, tuple[Array, ...]]], layout: Layout
) -> Posterior:
    """Over settings with age groups, from the ``evidence`` of each."""
    joints, configurations = [], []
    for log_prior, (total, by_group) in zip(log_priors, found, strict=True):
        joints.append(log_prior + total)
        configurations.append(by_group)
    if len(joints) == 1:
        return Posterior(joints[0], configurations[0])
    log_joint, weights = lse_and_softmax(np.stack(joints), axis=0)
    mixed = []
    for g in range(len(layout.groups)):
        of_group = np.zeros_like(configurations[0][g])
        for weight, by_group in zip(weights, configurations, strict=True):
            of_group += weight[..., None] * by_group[g]
        mixed.append(of_group)
    return Posterior(log_joint, tuple(mixed))


def log_priors(strata: tuple[Stratum, ...], numbers: Numbers) -> dict[tuple[str, int], Array]:
    """Log of the summed weight x base rate of the strata of each setting and age group, (..., C).

    Within a setting and age group, band and sex change base rates only, so the answers need to be weighed once.
    """
    parts: dict[tuple[str, int], list[Array]] = {}
    for stratum in strata:
        key = (stratum.setting, age_group(numbers.parameters, stratum))
        parts.setdefault(key, []).append(np.log(stratum.weight) + numbers.log_base(stratum))
    return {key: logs[0] if len(logs) == 1 else logsumexp(np.stack(logs), axis=0) for key, logs in parts.items()}


def complication_probabilities(found: Posterior, layout: Layout) -> Array:
    """Probability of each complication given the cause, (..., C, K)."""
    shape = (*found.log_joint.shape, sum(len(g.members) for g in layout.groups))
    out = np.empty(shape)
    for group, configurations in zip(layout.groups, found.configurations, strict=True):
        # one product of two matrices instead of one for each draw
        flat = np.moveaxis(configurations, -1, 0).reshape(len(group.configurations), -1)
        of_group = (group.configurations.T @ flat).reshape(-1, *shape[:-1])
        for member, values in zip(group.members, of_group, strict=True):
            out[..., member] = values
    return out


def complication_shares(found: Posterior, layout: Layout) -> Array:
    """Probability of each complication, (..., K), averaged over causes."""
    out = np.empty((*found.log_joint.shape[:-1], sum(len(g.members) for g in layout.groups)))
    for group, configurations in zip(layout.groups, found.configurations, strict=True):
        of_configurations = np.einsum("...c,...cn->...n", found.causes, configurations)
        out[..., list(group.members)] = of_configurations @ group.configurations
    return out
