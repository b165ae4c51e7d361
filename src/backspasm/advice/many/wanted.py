"""What urgency, ledger and tests want of a posterior over causes and complications: a few sums of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model

Places = NDArray[np.intp]
#: for each group of complications that bears on a sum: its position, and the configurations that are added up
Parts = tuple[tuple[int, Places], ...]


@dataclass(frozen=True)
class Sums:
    """``needed`` (n, L): probability that each level of urgency is needed, most urgent first. ``compression`` (n):
    probability of a compressed cauda equina or cord. ``complications`` (n, K): of each complication."""

    needed: Array
    compression: Array
    complications: Array


@dataclass(frozen=True)
class Adding:
    """How to add up. ``calm``: for each level but the most urgent, the causes that need it or a calmer one, and the
    configurations of each group that do so too. ``compressed``: configurations with a compression.
    ``complicated``: for each complication its group and the configurations that hold it."""

    levels: int
    calm: tuple[tuple[Places, Parts], ...]
    compressed: Parts
    complicated: Parts

    def of(self, causes: Array, shares: list[Array]) -> Array:
        """Of p(cause), (C, m), and p(configuration | cause), (N, C, m) by group, the sums one below the other, (Q, m).

        Given the cause the groups are independent, so that the probability that no group needs a level above another is
        a product.
        """
        out = np.empty((self.levels + 1 + len(self.complicated), causes.shape[1]))
        below = causes.sum(axis=0)
        for level, (own, parts) in enumerate(self.calm):
            p = causes[own]
            for group, which in parts:
                p *= shares[group][which].sum(axis=0)[own]
            calmer = p.sum(axis=0)
            np.maximum(below - calmer, 0.0, out=out[level])
            below = calmer
        out[self.levels - 1] = below
        out[self.levels] = 0.0
        for group, which in self.compressed:
            out[self.levels] += _sum(causes, shares[group][which])
        for k, (group, which) in enumerate(self.complicated):
            out[self.levels + 1 + k] = _sum(causes, shares[group][which])
        np.clip(out[self.levels :], 0.0, 1.0, out=out[self.levels :])  # many shares may leave the range by a rounding
        return out

    def split(self, found: Array) -> Sums:
        """The sums of ``of`` by name."""
        return Sums(found[: self.levels].T, found[self.levels], found[self.levels + 1 :].T)


def _sum(causes: Array, shares: Array) -> Array:
    total: Array = (causes * shares.sum(axis=0)).sum(axis=0)
    return total


@lru_cache(maxsize=8)
def sums(model: Model) -> Adding:
    """What is added up under this knowledge."""
    knowledge, parameters, groups = model.knowledge, model.parameters, model.layout.groups
    levels = knowledge.index.urgency
    of_complication = np.array([levels.index(knowledge.complications[k].urgency) for k in parameters.complications])
    of_cause = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    # the most urgent level that a configuration asks for
    asked = [np.where(g.configurations > 0, of_complication[list(g.members)], len(levels)).min(axis=1) for g in groups]
    calm = []
    for level in range(1, len(levels)):
        parts = ((g, np.flatnonzero(urgency >= level)) for g, urgency in enumerate(asked))
        some = tuple((g, which) for g, which in parts if len(which) < len(asked[g]))
        calm.append((np.flatnonzero(of_cause >= level), some))
    compressed, complicated = [], []
    for k in range(len(parameters.complications)):
        g = next(g for g, group in enumerate(groups) if k in group.members)
        complicated.append((g, np.flatnonzero(groups[g].configurations[:, groups[g].members.index(k)] > 0)))
    for g, group in enumerate(groups):
        inside = [i for i, k in enumerate(group.members) if parameters.complications[k] in COMPRESSIONS]
        if inside:
            compressed.append((g, np.flatnonzero(group.configurations[:, inside].any(axis=1))))
    return Adding(len(levels), tuple(calm), tuple(compressed), tuple(complicated))
