"""The most probable cause and the probability of every cause for a table of patients, cause by cause, as tables want them."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.inference.batch import by_products, machine_code
from backspasm.inference.columns import Codes, Columns, Flags, evidence_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model


class Leading(Struct, frozen=True):
    """``causes`` (C, n), float32: worked out in float64 and rounded at the end, by less than 3e-8. ``best`` (n): position
    of the most probable cause; ``top`` (n): its probability. ``contradictory`` (n): such a patient has no probabilities.
    """

    causes: NDArray[np.float32]
    best: Codes
    top: Array
    contradictory: Flags


def leading(columns: Columns, model: Model, compiled: bool | None = None) -> Leading:
    """Probabilities of n patients.

    Args:
        compiled: as in ``batch.score``.
    """
    evidence = evidence_of(columns, model.parameters, model.knowledge)
    causes = np.empty((len(model.parameters.causes), len(columns)), dtype=np.float32)
    code = machine_code(compiled)
    if code is not None:
        best, top = code.fill(columns, evidence, model, causes)
        return Leading(causes, best, top, evidence.contradictory)
    found = by_products(columns, evidence, model)
    causes[:] = found.T
    return Leading(causes, found.argmax(axis=1).astype(np.int8), found.max(axis=1), evidence.contradictory)
