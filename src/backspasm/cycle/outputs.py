"""What can be observed of a run: EMG at rest, flexion-relaxation ratio, range of motion, disability, ratings with error."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from backspasm.cycle.model import Array
from backspasm.records.cycle_types import CycleRecords

#: points of the disability questionnaire
MOST_DISABILITY = 24.0


class Observation(Struct, frozen=True):
    """The slopes from states to observations, of the typical patient (``docs/cycle.md`` names each)."""

    ratio_per_activity: float
    ratio_at_rest: float
    activity_at_rest: float
    motion_lost_to_pain: float
    motion_lost_to_activity: float
    disability_per_pain: float
    pain_noise: float
    largest_activity: float


def observation(cycle: CycleRecords, instead: Mapping[str, float] | None = None) -> Observation:
    """The slopes of the records, some replaced."""
    given = instead or {}
    return Observation(
        **{name: given.get(name, cycle.parameters[name].value) for name in Observation.__struct_fields__}
    )


def resting_activity(activity: Array, o: Observation) -> Array:
    """Paraspinal activity at rest in %MVC from reflex activity above normal, any shape."""
    return o.activity_at_rest + activity


def flexion_relaxation_ratio(activity: Array, o: Observation) -> Array:
    """Peak activity in bending divided by that in full flexion, any shape; falls towards 1 as activity persists."""
    ratio: Array = np.maximum(o.ratio_at_rest / (1 + o.ratio_per_activity * activity), 1.0)
    return ratio


def range_of_motion(pain: Array, activity: Array, o: Observation) -> Array:
    """Forward bending in % of the person's own without pain, from pain (0-100) and reflex activity (%MVC), any shape."""
    lost = o.motion_lost_to_pain * pain / 100 + o.motion_lost_to_activity * activity / o.largest_activity
    motion: Array = 100 * np.clip(1 - lost, 0, 1)
    return motion


def rated(pain: Array, error: float, rng: np.random.Generator) -> Array:
    """Pain as rated, with error of measurement (a standard deviation, in points), within 0-100, any shape."""
    ratings: Array = np.clip(pain + error * rng.standard_normal(pain.shape), 0, 100)
    return ratings
