"""Measured values as bins: what a network of discrete variables can hold, and the engine's own answer on the same bins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from backspasm.inference.likelihood import scale_ends, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.posterior import Posterior, Terms, evidence, terms_of
from backspasm.inference.special import ndtr
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item

#: bins of one measured finding, about as likely as each other if all causes were; points at which that is looked up
BINS = 8
GRID = 4001
#: significant digits of an edge, so that a person can read it
DIGITS = 3
#: how far the grid reaches where nothing is said of possible values, in standard deviations
REACH = 6

Edges = Mapping[str, tuple[float, ...]]


def edges_of(model: Model, stratum: Stratum) -> dict[str, tuple[float, ...]]:
    """Inner edges of every measured finding's bins, in its unit, ascending; thresholds of links are always among them.

    The first bin holds all lower values, the last all higher ones; a value on an edge belongs to the bin above it.
    """
    return {measured: _edges(measured, stratum, model) for measured in model.parameters.measured}


def _edges(measured: str, stratum: Stratum, model: Model) -> tuple[float, ...]:
    mean, sd = (a.ravel() for a in model.means.value(measured, age_group(model.parameters, stratum)))
    low, high = scale_ends(measured, model.means, model.knowledge)
    at = np.linspace(max(low, float((mean - REACH * sd).min())), min(high, float((mean + REACH * sd).max())), GRID)
    below = ndtr((at[:, None] - mean) / sd).mean(axis=1)
    places = np.interp(np.linspace(below[0], below[-1], BINS + 1)[1:-1], below, at)
    if model.parameters.lognormal[model.parameters.measured.index(measured)]:
        places = np.exp(places)
    edges = {float(f"{x:.{DIGITS}g}") for x in places}
    edges |= {
        model.knowledge.number(link.threshold)
        for link in model.knowledge.links
        if link.finding == measured and link.threshold is not None
    }
    return tuple(sorted(edges))


def bin_of(value: float, edges: tuple[float, ...]) -> int:
    """Which bin a value falls into."""
    return bisect_right(edges, value)


def bin_probabilities(measured: str, edges: tuple[float, ...], stratum: Stratum, model: Model) -> Array:
    """Probability of every bin, (C, 2, bins): without and with a complication that drives the value; sums to 1."""
    mean, sd = model.means.value(measured, age_group(model.parameters, stratum))
    low, high = scale_ends(measured, model.means, model.knowledge)
    inner = [transformed(measured, edge, model.means, model.knowledge) for edge in edges]
    ends = np.clip([low, *inner, high], low, high)
    z = (ends - mean[..., None]) / sd[..., None]
    # each difference in the tail where it loses nothing
    shares = np.where(z[..., :-1] > 0, ndtr(-z[..., :-1]) - ndtr(-z[..., 1:]), ndtr(z[..., 1:]) - ndtr(z[..., :-1]))
    total = shares.sum(axis=-1, keepdims=True)
    out: Array = np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1 / shares.shape[-1])
    return out


def posterior_of_bins(
    items: tuple[Item, ...], bins: Mapping[str, int], edges: Edges, stratum: Stratum, model: Model
) -> Posterior:
    """Posterior from yes-or-no items, and measured values known only by their bins.

    Args:
        items: items other than ``value``.
        bins: measured finding -> position of its bin.
        edges: as from ``edges_of``.
    """
    age = age_group(model.parameters, stratum)
    terms = terms_of(items, model.means, model.layout, stratum.setting, age, model.knowledge)
    more: list[tuple[int | None, Array]] = []
    for measured, k in bins.items():
        with np.errstate(divide="ignore"):
            log_p = np.log(bin_probabilities(measured, edges[measured], stratum, model)[..., k])
        group = model.layout.group_of[measured]
        if group is None:
            more.append((group, log_p[:, :1]))
        else:
            driven = model.layout.groups[group].configurations[:, model.layout.positions(measured, group)].any(axis=1)
            more.append((group, log_p[:, driven.astype(int)]))
    total, configurations = evidence(Terms((*terms.items, *more), terms.log_shares))
    return Posterior(model.means.log_base(stratum) + total, configurations)
