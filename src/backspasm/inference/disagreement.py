"""Where studies of one rate disagree: more than by chance, visibly, and by enough to matter.

Cochran's Q with its p-value, I squared (Higgins JPT, Thompson SG, Stat Med 2002;21:1539-58), two 95 % intervals that do not
overlap, and a least factor in odds; all of them must hold. Sampling variances only: that studies differ because their
patients differ is what a reader should see.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from backspasm.inference.gathered import Place
from backspasm.inference.logit_normal import Z95, Array
from backspasm.inference.observations import Cell, Sighting, complication_sightings, rate_sightings
from backspasm.inference.special import chi_square_above
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AgeGroup

#: all disagreements by digest of the knowledge, of the one that was asked last
_KEPT: dict[str, tuple[Disagreement, ...]] = {}


@dataclass(frozen=True)
class Disagreement:
    """Studies of one rate that disagree, at the ages where the same studies speak.

    ``low`` and ``high`` are the two sides: the division of the studies by their rates that leaves the least variation within.
    """

    what: str
    given: str
    ages: tuple[AgeGroup, ...]
    q: float
    p: float
    between_share: float
    low: tuple[Sighting, ...]
    high: tuple[Sighting, ...]

    @property
    def place(self) -> Place:
        return self.what, self.given


def disagreements(knowledge: Knowledge, whats: AbstractSet[str] | None = None) -> tuple[Disagreement, ...]:
    """Every rate of a finding or complication on which studies disagree, those with the most variation first.

    Args:
        whats: look at these findings and complications only.
    """
    found: dict[tuple[str, str, tuple[Sighting, ...]], Disagreement] = {}
    for table in (rate_sightings(knowledge), complication_sightings(knowledge)):
        for cell, sightings in table.items():
            if whats is not None and cell.what not in whats:
                continue
            seen = disagreement_of(cell, sightings, knowledge)
            if seen is None:
                continue
            key = (cell.what, cell.given, sightings)
            ages = (*found[key].ages, *seen.ages) if key in found else seen.ages
            found[key] = Disagreement(
                seen.what, seen.given, ages, seen.q, seen.p, seen.between_share, seen.low, seen.high
            )
    return tuple(sorted(found.values(), key=lambda d: (-d.between_share, d.what, d.given, d.ages)))


def kept_disagreements(knowledge: Knowledge) -> tuple[Disagreement, ...]:
    """All of them, worked out once for a knowledge base: a service asks with every patient."""
    found = _KEPT.get(knowledge.digest)
    if found is None:
        found = disagreements(knowledge)
        _KEPT.clear()
        _KEPT[knowledge.digest] = found
    return found


def disagreement_of(cell: Cell, sightings: tuple[Sighting, ...], knowledge: Knowledge) -> Disagreement | None:
    """The disagreement of the studies of one cell, or None where there is none."""
    if len(sightings) < 2:
        return None
    limits = knowledge.table("dispute_threshold")
    y = np.array([s.observation.log_odds for s in sightings])
    v = np.array([s.observation.variance for s in sightings])
    half = Z95 * np.sqrt(v)
    q = _q(y, v)
    p = chi_square_above(q, len(y) - 1)
    between = max(0.0, (q - (len(y) - 1)) / q) if q > 0 else 0.0
    apart = (y - half).max() > (y + half).min()
    far = y.max() - y.min() >= np.log(limits["odds_factor"])
    if p >= limits["p"] or between < limits["between_share"] or not apart or not far:
        return None
    order = np.argsort(y, kind="stable")
    cut = min(range(1, len(y)), key=lambda k: _q(y[order[:k]], v[order[:k]]) + _q(y[order[k:]], v[order[k:]]))
    low, high = (tuple(sightings[i] for i in part) for part in (order[:cut], order[cut:]))
    return Disagreement(cell.what, cell.given, (cell.age,), q, p, between, low, high)


def _q(y: Array, v: Array) -> float:
    """Cochran's Q: squared distances from the mean weighted by precision."""
    weights = 1 / v
    mean = (weights @ y) / weights.sum()
    return float(weights @ (y - mean) ** 2)
