"""Rates that cannot be reconciled: a study (or estimator) gives a finding less often than the complications alone would."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.inference.model import Model
from backspasm.records.types import AGE_GROUPS


class Unreconciled(Struct, frozen=True):
    """One cell whose rate lies under what its complications produce, averaged over settings at the fixed parameter set."""

    finding: str
    cause: str
    age: str
    rate: float
    complications: float


def unreconciled(model: Model) -> tuple[Unreconciled, ...]:
    """All such cells, the widest gap first."""
    p, means = model.parameters, model.means
    mix = model.knowledge.table("setting_mix")
    weights = np.array([mix[s] for s in p.settings])
    out = []
    for f, finding in enumerate(p.booleans):
        drivers = list(p.boolean_drivers[f])
        if not drivers:
            continue
        for g, age in enumerate(AGE_GROUPS):
            shares = np.tensordot(weights / weights.sum(), np.stack([means.shares(s, g) for s in p.settings]), axes=1)
            rate = means.rate(finding, g)
            produced = 1 - np.prod(1 - shares[:, drivers] * means.strengths(finding, g), axis=1)
            for c in np.flatnonzero(p.marginal[g, :, f] & (produced > rate)):
                out.append(Unreconciled(finding, p.causes[c], age, float(rate[c]), float(produced[c])))
    return tuple(sorted(out, key=lambda u: (u.rate - u.complications, u.finding, u.cause, u.age)))
