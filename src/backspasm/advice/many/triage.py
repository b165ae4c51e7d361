"""Red flags, urgency and the must-not-miss ledger of many patients; the twins of ``red_flags``, ``urgency``, ``must_not_miss``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from backspasm.advice.many.crowd import Crowd
from backspasm.advice.must_not_miss import GROUPS, members, telling_findings
from backspasm.inference.columns import Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.patient import Patient, Sex
from backspasm.records.types import Condition

Levels = NDArray[np.intp]


@dataclass(frozen=True)
class Triage:
    """``rules``: rule -> for whom it fires, the most urgent rules first, then by id. ``level``, ``floor``: positions in the
    index of urgency, (n). ``groups``: probability of each ledger group, (n). ``listed``: who has the group in the ledger."""

    rules: dict[str, Flags]
    floor: Levels
    level: Levels
    groups: dict[str, Array]
    listed: dict[str, Flags]


def triage(crowd: Crowd) -> Triage:
    """Rules, urgency and ledger of everybody."""
    model = crowd.model
    order = model.knowledge.index.urgency.index
    rules = sorted(model.knowledge.red_flags.values(), key=lambda r: (order(r.urgency), r.id))
    fired = {rule.id: met(rule.condition, crowd) for rule in rules}
    floor = np.full(len(crowd), len(model.knowledge.index.urgency) - 1, dtype=np.intp)
    for rule in reversed(rules):
        floor[fired[rule.id]] = order(rule.urgency)
    groups = {group: _group_probability(group, crowd) for group in GROUPS}
    return Triage(fired, floor, np.minimum(floor, _least_loss(crowd)), groups, _listed(groups, crowd))


def met(condition: Condition, crowd: Crowd) -> Flags:
    """For whom the condition of a rule holds; what was not asked makes nothing hold."""
    number = crowd.model.knowledge.number
    if condition.finding is not None:
        return crowd.present(condition.finding)
    if condition.measured is not None:
        return within(crowd, condition.measured, condition.at_least, condition.at_most)
    if condition.age_under is not None:
        return np.asarray(crowd.age < number(condition.age_under))
    if condition.age_from is not None:
        return np.asarray(crowd.age >= number(condition.age_from))
    if condition.comorbidity is not None:
        return crowd.has(condition.comorbidity)
    parts = [met(part, crowd) for part in condition.all_of or condition.any_of or condition.count_of]
    if condition.count is not None:
        return np.asarray(np.sum(parts, axis=0) >= round(number(condition.count)))
    return reduce(np.logical_and if condition.all_of else np.logical_or, parts)


def within(crowd: Crowd, measured: str, at_least: str | None, at_most: str | None) -> Flags:
    """Of whom the value is known and lies between two named numbers."""
    value, number = crowd.measured(measured), crowd.model.knowledge.number
    if value is None:
        return crowd.nobody
    out = ~np.isnan(value)
    if at_least is not None:
        out &= value >= number(at_least)
    if at_most is not None:
        out &= value <= number(at_most)
    return out


# --- urgency -----------------------------------------------------------------------------------------------------------


def _least_loss(crowd: Crowd) -> Levels:
    """Level of least expected loss; of equal ones the more urgent."""
    levels, table = crowd.model.knowledge.index.urgency, crowd.model.knowledge.tables("loss")
    loss = np.array([[table[given][need] for need in levels] for given in levels])
    out: Levels = np.argmin(loss @ crowd.sums.needed.T, axis=0)
    return out


# --- the ledger --------------------------------------------------------------------------------------------------------


def _group_probability(group: str, crowd: Crowd) -> Array:
    if group == "compression":
        return crowd.sums.compression
    own = [crowd.model.parameters.causes.index(c) for c in members(group, crowd.model)]
    return np.asarray(np.minimum(crowd.by_cause[own].sum(axis=0), 1.0))


def _listed(groups: dict[str, Array], crowd: Crowd) -> dict[str, Flags]:
    knowledge, names = crowd.model.knowledge, crowd.model.parameters.causes
    top = crowd.ranking[:, : round(knowledge.number("ledger_rank"))]
    least = knowledge.number("ledger_probability")
    out = {}
    for group, p in groups.items():
        own = np.isin(names, members(group, crowd.model))
        out[group] = (p >= least) | own[top].any(axis=1)
    return out


@lru_cache(maxsize=4096)
def telling(group: str, setting: str, band: str, sex: str, model: Model) -> tuple[str, ...]:
    """Findings that tell a group best in one stratum, the best first: worked out once for each stratum."""
    return telling_findings(group, (Stratum(setting, band, sex),), model)


@lru_cache(maxsize=4096)
def likeliest(setting: int, band: int, sex: int, model: Model) -> tuple[str, str, str]:
    """Setting, band and sex by their positions; of what is unknown, -1, the likeliest."""
    p = model.parameters
    sexes: tuple[Sex, ...] = ("male", "female", "unknown")  # those of SEXES, and -1
    age, place = p.ages.starts[band] if band >= 0 else None, p.settings[setting] if setting >= 0 else None
    known = Patient(age_years=age, sex=sexes[sex], setting=place)
    stratum = max(strata_of(known, model.knowledge), key=lambda s: s.weight)
    return stratum.setting, stratum.band, stratum.sex
