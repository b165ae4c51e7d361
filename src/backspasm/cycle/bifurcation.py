"""The map of persistence: the persistence number over sensitisation and return gain, and virtual patients upon it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.cycle.engine import simulate
from backspasm.cycle.model import NEEDED, Array, pain_of, patients_of
from backspasm.cycle.persistence import fixed_points, persistence_number
from backspasm.cycle.population import population
from backspasm.cycle.treatment import NONE
from backspasm.records.cycle_types import CycleRecords

#: axes: sensitisation from and to, return gain to; points on each
SENSITISATION, HIGHEST_GAIN, POINTS = (0.02, 3.0), 0.95, 60
#: healing time of the map's patients at most, so that after a year no injury is left to hurt
LONGEST_HEALING, AFTER = 25.0, 365.0


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Axes (a,), (b,); ``number`` (b, a), other parameters typical; patients (n,): where they lie, Pi, pain at the end,
    and ``persists``: whether it is above the threshold of their own painful state."""

    sensitisation: Array
    return_gain: Array
    number: Array
    own_sensitisation: Array
    own_return_gain: Array
    own_number: Array
    pain: Array
    persists: Array


def persistence_map(cycle: CycleRecords, patients: int, seed: int) -> Map:
    """The map with so many virtual patients, drawn over the whole of it (not as frequent as in life)."""
    sensitisation = np.geomspace(*SENSITISATION, POINTS)
    gain = np.linspace(0.0, HIGHEST_GAIN, POINTS)
    values = {name: cycle.parameters[name].value for name in NEEDED}
    h, gains = (grid.ravel() for grid in np.meshgrid(sensitisation, gain))
    number = persistence_number(patients_of(len(h), values | {"sensitisation": h, "return_gain": gains}))
    rng = np.random.default_rng(seed)
    p = population(cycle, patients, rng)
    p = p.but(
        sensitisation=np.exp(rng.uniform(np.log(SENSITISATION[0]), np.log(SENSITISATION[1]), patients)),
        return_gain=rng.uniform(0, HIGHEST_GAIN, patients),
        reflex_gain=values["reflex_gain"],
        healing_days=np.minimum(p.healing_days, LONGEST_HEALING),
    )
    pain = simulate(p, NONE, np.array([0.0, AFTER])).pain[-1]
    between = fixed_points(p).threshold
    persists = np.where(np.isfinite(between), pain > pain_of(np.nan_to_num(between)), False)
    return Map(
        sensitisation,
        gain,
        number.reshape(POINTS, POINTS),
        p.sensitisation,
        p.return_gain,
        persistence_number(p),
        pain,
        persists.astype(np.float64),
    )
