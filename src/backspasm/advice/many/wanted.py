"""What urgency, ledger and tests want of a posterior over causes and complications: a few sums of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.inference.columns import Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model

#: a group of complications, and the place of a set of its configurations
Set = tuple[int, int]


@dataclass(frozen=True)
class Sums:
    """``needed`` (n, L): probability that each level of urgency is needed, most urgent first. ``compression`` (n):
    probability of a compressed cauda equina or cord. ``complications`` (n, K): of each complication."""

    needed: Array
    compression: Array
    complications: Array


@dataclass(frozen=True)
class Adding:
    """How to add up. ``sets``: for each group, the sets of configurations that are added up, (sets, N) of 0 and 1; a set
    below is a group and its place there.

    ``calm``: for each level but the most urgent, the causes that need it or a calmer one, (C) of 0 and 1, and the sets of
    configurations that do so too. ``compressed``: sets with a compression. ``complicated``: for each complication the set
    that holds it.
    """

    sets: tuple[Array, ...]
    calm: tuple[tuple[Array, tuple[Set, ...]], ...]
    compressed: tuple[Set, ...]
    complicated: tuple[Set, ...]

    @property
    def levels(self) -> int:
        """How many levels of urgency there are."""
        return len(self.calm) + 1

    def of(self, causes: Array, shares: list[Array]) -> Array:
        """Of p(cause), (C, m), and p(configuration | cause), (N, C, m) by group, the sums one below the other, (Q, m).

        Given the cause the groups are independent, so that the probability that no group needs a level above another is
        a product.
        """
        size = causes.shape
        p = [
            (own @ s.reshape(len(s), size[0] * size[1])).reshape(len(own), *size)
            for own, s in zip(self.sets, shares, strict=True)
        ]
        out = np.empty((self.levels + 1 + len(self.complicated), size[1]))
        below = causes.sum(axis=0)
        for level, (own, parts) in enumerate(self.calm):
            joint = causes
            for group, which in parts:
                joint = joint * p[group][which]
            calmer = own @ joint
            np.maximum(below - calmer, 0.0, out=out[level])
            below = calmer
        out[self.levels - 1] = below
        out[self.levels] = sum((causes * p[group][which]).sum(axis=0) for group, which in self.compressed)
        for k, (group, which) in enumerate(self.complicated):
            out[self.levels + 1 + k] = (causes * p[group][which]).sum(axis=0)
        np.clip(out[self.levels :], 0.0, 1.0, out=out[self.levels :])  # many shares may leave the range by a rounding
        return out

    def split(self, found: Array) -> Sums:
        """The sums of ``of`` by name."""
        return Sums(found[: self.levels].T, found[self.levels], found[self.levels + 1 :].T)


@lru_cache(maxsize=8)
def sums(model: Model) -> Adding:
    """What is added up under this knowledge."""
    knowledge, parameters, groups = model.knowledge, model.parameters, model.layout.groups
    levels = knowledge.index.urgency
    of_complication = np.array([levels.index(knowledge.complications[k].urgency) for k in parameters.complications])
    of_cause = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    sets: list[list[list[float]]] = [[] for _ in groups]

    def of(group: int, members: Flags) -> Set:
        wanted = members.astype(float).tolist()
        if wanted not in sets[group]:
            sets[group].append(wanted)
        return group, sets[group].index(wanted)

    # the most urgent level that a configuration asks for
    asked = [np.where(g.configurations > 0, of_complication[list(g.members)], len(levels)).min(axis=1) for g in groups]
    calm = []
    for level in range(1, len(levels)):
        parts = tuple(of(g, urgency >= level) for g, urgency in enumerate(asked) if (urgency < level).any())
        calm.append((np.asarray(of_cause >= level, dtype=np.float64), parts))
    compressed = []
    for g, group in enumerate(groups):
        inside = [i for i, k in enumerate(group.members) if parameters.complications[k] in COMPRESSIONS]
        if inside:
            compressed.append(of(g, np.asarray(group.configurations[:, inside].any(axis=1))))
    complicated = []
    for k in range(len(parameters.complications)):
        g = next(g for g, group in enumerate(groups) if k in group.members)
        complicated.append(of(g, groups[g].configurations[:, groups[g].members.index(k)] > 0))
    matrices = tuple(np.reshape(own, (-1, len(g.configurations))) for own, g in zip(sets, groups, strict=True))
    return Adding(matrices, tuple(calm), tuple(compressed), tuple(complicated))
