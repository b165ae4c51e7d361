"""The must-not-miss ledger of many patients; the twin of ``must_not_miss.ledger``.

Which findings tell a group best depends on the stratum alone: that is worked out once for each stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backspasm.advice.many.crowd import Crowd
from backspasm.advice.many.ragged import Positions, Ragged, ragged_of_flags, starts_of
from backspasm.advice.many.triage import Triage, likeliest, telling
from backspasm.advice.must_not_miss import SHOWN
from backspasm.inference.columns import Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model


@dataclass(frozen=True)
class Ledger:
    """``groups``: positions in ``must_not_miss.GROUPS``, the likeliest first. Every entry of ``groups.values`` has its
    ``probability``, and in ``asked`` and ``not_asked`` the findings that tell it best, as positions in ``findings``."""

    groups: Ragged
    probability: Array
    findings: tuple[str, ...]
    asked: Ragged
    not_asked: Ragged


def ledger_of(crowd: Crowd, found: Triage) -> Ledger:
    """Groups in the ledger of every patient, with what was asked and what was not."""
    names = tuple(found.groups)
    p = np.stack([found.groups[g] for g in names], axis=1)
    order = np.argsort(-p, axis=1, kind="stable")
    listed = np.take_along_axis(np.stack([found.listed[g] for g in names], axis=1), order, axis=1)
    rows, places = np.nonzero(listed)
    groups = order[rows, places]
    findings, known = _known(crowd)
    # every stratum and group that occurs, with the findings that tell it
    columns = crowd.columns
    keys = np.stack([columns.setting[rows], columns.band[rows], columns.sex[rows], groups.astype(np.int8)], axis=1)
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    telling_of = [_telling(setting, band, sex, names[g], crowd.model) for setting, band, sex, g in kinds.tolist()]
    tells = np.array(telling_of, dtype=np.intp).reshape(-1, SHOWN)[kind.reshape(-1)]
    there = tells >= 0
    answered = known[tells, rows[:, None]]
    return Ledger(
        groups=Ragged(starts_of(listed.sum(axis=1)), groups),
        probability=p[rows, groups],
        findings=findings,
        asked=_chosen(tells, there & answered),
        not_asked=_chosen(tells, there & ~answered),
    )


def _chosen(values: Positions, which: Flags) -> Ragged:
    return Ragged(ragged_of_flags(which).starts, values[which])


def _known(crowd: Crowd) -> tuple[tuple[str, ...], Flags]:
    """Findings, and of whom an answer or a value is known, (F + M, n)."""
    names = crowd.model.parameters
    known = np.concatenate([crowd.known != 0, ~np.isnan(crowd.columns.measured.T)])
    return (*names.booleans, *names.measured), known


@lru_cache(maxsize=4096)
def _telling(setting: int, band: int, sex: int, group: str, model: Model) -> tuple[int, ...]:
    """Findings that tell the group best in a stratum, by its positions; filled up with -1."""
    place = {f: i for i, f in enumerate((*model.parameters.booleans, *model.parameters.measured))}
    found = tuple(place[f] for f in telling(group, *likeliest(setting, band, sex, model), model))
    return found + (-1,) * (SHOWN - len(found))
