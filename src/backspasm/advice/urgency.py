"""Urgency from expected loss: the level with the least expected loss under the posterior. Rules are its floor.

Decision rule: minimum expected loss (Pauker SG, Kassirer JP. N Engl J Med 1980;302:1109-17), with the loss table and
the level that each cause and complication needs kept as records.
"""

from __future__ import annotations

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
    out: Array = found.causes @ level_shares(found, model)
    return out


def level_shares(found: Posterior, model: Model) -> Array:
    """The same for each cause, (C, L): among patients with these answers and this cause."""
    knowledge, parameters = model.knowledge, model.parameters
    levels = knowledge.index.urgency
    complication_level = np.array([levels.index(knowledge.complications[k].urgency) for k in parameters.complications])
    cause_level = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    # given the cause the groups are independent: P(no group needs a level above l) is a product, for every l
    at_most = np.where(cause_level[:, None] >= np.arange(len(levels)), 1.0, 0.0)  # (C, L)
    for group, configurations in zip(model.layout.groups, found.configurations, strict=True):
        asked = np.where(group.configurations > 0, complication_level[list(group.members)], len(levels)).min(axis=1)
        at_most *= configurations @ (asked[:, None] >= np.arange(len(levels)))
    calmer = np.concatenate([at_most, np.zeros((len(at_most), 1))], axis=1)  # P(needs level l or a calmer one)
    out: Array = np.maximum(calmer[:, :-1] - calmer[:, 1:], 0.0)
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
