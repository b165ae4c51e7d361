"""Virtual patients: parameters drawn from the records, for trials, fits and the uncertainty of one patient's course."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from backspasm.cycle.model import NEEDED, Array, Patients, patients_of, saturation, settled
from backspasm.records.cycle_types import CycleParameter, CycleRecords

#: normal quantile of 95 %, for the ends of a 90 % range
Z95 = 1.6448536269514722
#: flares of one patient that are followed; more are left out (with a flare every ten days this is a year)
MOST_FLARES = 36


def population(
    cycle: CycleRecords,
    count: int,
    rng: np.random.Generator,
    *,
    typical: Mapping[str, ArrayLike] | None = None,
    spread: Mapping[str, float] | None = None,
    days_before: ArrayLike = 0.0,
    horizon: float = 0.0,
    even: bool = False,
    emergency: bool = False,
) -> Patients:
    """Draw so many patients. Some heal quickly, the others slowly; in an emergency department more of them, of worse injuries.

    The random numbers drawn depend on ``count`` and ``horizon`` only, so that with the same seed two populations differ
    by what is asked (common random numbers), not by chance.

    Args:
        cycle: the records.
        count: n.
        rng: where chance comes from.
        typical: values to use instead of the records', each a number or (n,).
        spread: standard deviations between patients (of log or logit) to use instead of the records'.
        days_before: how long the pain had been there at day 0; sensitisation has built up since, at the pain of day 0.
        horizon: days for which flares are drawn; 0: no flares.
        even: spread each parameter evenly over its distribution (a Latin hypercube), where few patients must stand for all.
        emergency: as they come to an emergency department, instead of to primary care.
    """
    typical, spread = typical or {}, spread or {}
    names = list(cycle.parameters)
    z = quantiles(len(names), count, rng, even)
    z = _correlated(z, names, cycle)
    values = {
        name: spread_out(p, typical.get(name, p.value), z[i], spread.get(name))
        for i, (name, p) in enumerate(cycle.parameters.items())
    }
    share = values["quick_share"]
    flare_sizes = values["flare_size"] * values["injury"]  # a relapse after a severe injury is as any other
    if emergency:
        odds = values["emergency_quick"] * share
        share = odds / (1 - share + odds)
        values["injury"] = values["injury"] * values["emergency_injury"]
    quick = normal_below(z[names.index("quick_share")]) < share
    values["healing_days"] = np.where(quick, values["quick_healing_days"], values["healing_days"])
    patients = patients_of(count, {name: values[name] for name in (*NEEDED, "healing_of_flares")})
    if horizon > 0:
        days, sizes = _flares(values["flares_per_day"], flare_sizes, horizon, rng)
        patients = replace(patients, flare_days=days, flare_sizes=sizes)
    return sensitised(patients, days_before)


def spread_out(p: CycleParameter, typical: ArrayLike, z: Array, sd: float | None = None) -> Array:
    """Values of patients at the normal quantiles ``z`` (n,) around the typical patient's."""
    middle = np.broadcast_to(np.asarray(typical, dtype=np.float64), z.shape)
    sd = p.between.sd if sd is None else sd
    if p.between.kind == "lognormal":
        return middle * np.exp(sd * z)
    if p.between.kind == "logit_normal":
        most = p.between.at_most
        share = np.clip(middle / most, np.finfo(float).eps, 1 - np.finfo(float).eps)
        return most / (1 + (1 - share) / share * np.exp(-sd * z))
    return middle.copy()


def normal_below(z: Array) -> Array:
    """The standard normal distribution function (importing SciPy would take longer than a simulation)."""
    below: Array = np.fromiter(map(math.erf, z / math.sqrt(2)), np.float64, len(z)) / 2 + 1 / 2
    return below


def quantiles(rows: int, count: int, rng: np.random.Generator, even: bool) -> Array:
    """Normal quantiles (rows, count): at random, or each row one from each of ``count`` equal shares, in random order."""
    if not even:
        return rng.standard_normal((rows, count))
    return rng.permuted(np.tile(_shares(count), (rows, 1)), axis=1)


@cache
def _shares(count: int) -> Array:
    """The normal quantiles of the middles of ``count`` equal shares."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)])


def uncertain(cycle: CycleRecords, count: int, rng: np.random.Generator, even: bool = False) -> dict[str, Array]:
    """The typical patient's values drawn from their plausible ranges, (count,) each: one world per draw."""
    z = quantiles(len(cycle.parameters), count, rng, even)
    return {name: _typical(p, z[i]) for i, (name, p) in enumerate(cycle.parameters.items())}


def _typical(p: CycleParameter, z: Array) -> Array:
    if p.low == p.high:
        return np.full(len(z), p.value)

    def scale(x: float) -> float:
        if p.between.kind == "logit_normal":
            return float(np.log(x / (p.between.at_most - x)))
        return float(np.log(x))

    # each half of the range has its own width, so that the value stays the median
    width = np.where(z < 0, scale(p.value) - scale(p.low), scale(p.high) - scale(p.value)) / Z95
    moved = scale(p.value) + width * z
    if p.between.kind == "logit_normal":
        shared: Array = p.between.at_most / (1 + np.exp(-moved))
        return shared
    drawn: Array = np.exp(moved)
    return drawn


def _correlated(z: Array, names: list[str], cycle: CycleRecords) -> Array:
    """Mix the quantiles so that the parameters named are correlated between patients."""
    if not cycle.correlations:
        return z
    involved = sorted({names.index(name) for c in cycle.correlations for name in (c.one, c.other)})
    matrix = np.eye(len(involved))
    for c in cycle.correlations:
        i, j = involved.index(names.index(c.one)), involved.index(names.index(c.other))
        matrix[i, j] = matrix[j, i] = c.value
    mixed = z.copy()
    mixed[involved] = np.einsum("ij,jn->in", np.linalg.cholesky(matrix), z[involved])
    return mixed


def _flares(rate: Array, size: Array, horizon: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Days and sizes (n, F) of flares that come at random."""
    counts = np.minimum(rng.poisson(rate * horizon), MOST_FLARES)
    days = np.floor(rng.random((len(rate), MOST_FLARES)) * horizon) + 1.0
    days[np.arange(MOST_FLARES)[None, :] >= counts[:, None]] = np.inf
    used = max(int(counts.max(initial=0)), 0)
    return np.ascontiguousarray(days[:, :used]), np.repeat(size[:, None], used, axis=1)


def sensitised(patients: Patients, days_before: ArrayLike) -> Patients:
    """The same patients with the sensitisation that so many days of the pain at day 0 have built up (n,)."""
    since = np.broadcast_to(np.asarray(days_before, dtype=np.float64), (patients.count,))
    if not np.any(since > 0):
        return patients
    grown = 1 - np.exp(-since / patients.sensitisation_days)
    central = np.zeros(patients.count)
    for _ in range(ROUNDS):
        drive, _, _ = settled(patients.injury, central, patients)
        central = saturation(drive, patients) * grown
    return replace(patients, central=central)


#: rounds in which pain and the sensitisation that it has built settle with each other
ROUNDS = 20
