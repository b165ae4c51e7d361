"""Urgency from expected loss: the level with the least expected loss under the posterior. Rules are its floor.

Decision rule: minimum expected loss (Pauker SG, Kassirer JP. N Engl J Med 1980;302:1109-17), with the loss table and
the level that each cause and complication needs kept as records.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

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
    out: Array = (found.causes[..., None, :] @ level_shares(found, model))[..., 0, :]
    return out


def level_shares(found: Posterior, model: Model) -> Array:
    """The same for each cause, (..., C, L): among patients with these answers and this cause."""
    of_causes, of_groups = _calm(model)
    # given the cause the groups are independent: P(no group needs a level above l) is a product, for every l
    at_most = of_causes
    for calm, configurations in zip(of_groups, found.configurations, strict=True):
        at_most = at_most * (configurations @ calm)
    calmer = np.concatenate([at_most, np.zeros_like(at_most[..., :1])], axis=-1)  # P(needs level l or a calmer one)
    out: Array = np.maximum(calmer[..., :-1] - calmer[..., 1:], 0.0)
    return out


@lru_cache(maxsize=8)
def _calm(model: Model) -> tuple[Array, tuple[Array, ...]]:
    """1 where a cause, (C, L), or a configuration of each group, (N, L) each, needs a level or a calmer one."""
    knowledge, parameters = model.knowledge, model.parameters
    levels = knowledge.index.urgency
    every = np.arange(len(levels))
    of_complications = np.array([levels.index(knowledge.complications[k].urgency) for k in parameters.complications])
    of_causes = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    of_groups = (
        np.where(g.configurations > 0, of_complications[list(g.members)], len(levels)).min(axis=1)
        for g in model.layout.groups
    )
    return (of_causes[:, None] >= every).astype(float), tuple((g[:, None] >= every).astype(float) for g in of_groups)


def least_losses(found: Posterior, model: Model) -> NDArray[np.intp]:
    """Position of the level of least expected loss for each of several posteriors (their first axis)."""
    levels = model.knowledge.index.urgency
    table = model.knowledge.tables("loss")
    losses = needed_levels(found, model) @ np.array([[table[given][need] for given in levels] for need in levels])
    out: NDArray[np.intp] = losses.argmin(axis=-1)  # of equal ones the first, which is the more urgent
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
