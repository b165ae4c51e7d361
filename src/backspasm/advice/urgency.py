"""Urgency from expected loss: the level with the least expected loss under the posterior. Rules are its floor.

Decision rule: minimum expected loss (Pauker SG, Kassirer JP. N Engl J Med 1980;302:1109-17), with the loss table and
the level that each cause and complication needs kept as records.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from msgspec import Struct

from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior


class ExpectedLoss(Struct, frozen=True):
    """Probability that each level is needed, expected loss of giving each level, and the best level."""

    needed: dict[str, float]
    loss: dict[str, float]
    level: str


def needed_levels(found: Posterior, model: Model) -> Array:
    """Probability that each level of urgency is needed, most urgent first; sums to 1."""
    knowledge, parameters = model.knowledge, model.parameters
    levels = knowledge.index.urgency
    complication_level = [levels.index(knowledge.complications[k].urgency) for k in parameters.complications]
    cause_level = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    out = np.zeros(len(levels))
    groups = model.layout.groups
    causes = found.causes
    for chosen in product(*(range(len(g.configurations)) for g in groups)):
        share = causes.copy()
        most = len(levels) - 1
        for group, position, configurations in zip(groups, chosen, found.configurations, strict=True):
            share = share * configurations[:, position]
            present = group.configurations[position]
            most = min([most, *(complication_level[k] for k, on in zip(group.members, present, strict=True) if on)])
        np.add.at(out, np.minimum(cause_level, most), share)
    return out


def expected_loss(found: Posterior, model: Model) -> ExpectedLoss:
    """The level of least expected loss; of equal ones the more urgent."""
    levels = model.knowledge.index.urgency
    table = model.knowledge.tables("loss")
    needed = needed_levels(found, model)
    loss = {
        given: float(sum(p * table[given][need] for p, need in zip(needed, levels, strict=True))) for given in levels
    }
    best = min(levels, key=lambda level: (loss[level], levels.index(level)))
    return ExpectedLoss({k: float(p) for k, p in zip(levels, needed, strict=True)}, loss, best)
