"""The unknowns of the fit as a unit cube: 0 and 1 are the limits of each prior, on its scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array
from backspasm.records.cycle_fit_types import FitPlan, Fitted, Structure


@dataclass(frozen=True, slots=True)
class World:
    """Values for ``cycle.population``: of typical patients, and of spreads."""

    typical: dict[str, float]
    spread: dict[str, float]


def scaled(f: Fitted, value: Array | float) -> Array:
    """A value on the scale of its prior."""
    x = np.asarray(value, dtype=np.float64)
    if f.scale == "log":
        return np.log(x)
    return np.log(x / (1 - x)) if f.scale == "logit" else x


def natural(f: Fitted, x: Array | float) -> Array:
    """The value of a point between 0 and 1."""
    low, high = scaled(f, f.low), scaled(f, f.high)
    y = low + (high - low) * np.asarray(x, dtype=np.float64)
    if f.scale == "log":
        return np.exp(y)
    out: Array = 1 / (1 + np.exp(-y)) if f.scale == "logit" else y
    return out


def place(f: Fitted, value: float) -> float:
    """The point of a value: the inverse of ``natural``."""
    low, high = scaled(f, f.low), scaled(f, f.high)
    return float((scaled(f, value) - low) / (high - low))


def world(plan: FitPlan, point: Array) -> World:
    """The world of a point (d,) of the cube."""
    values = {f: float(natural(f, x)) for f, x in zip(plan.unknowns, point, strict=True)}
    return World(
        typical={f.parameter: v for f, v in values.items() if f.part == "typical"},
        spread={f.parameter: v for f, v in values.items() if f.part == "spread"},
    )


def box(plan: FitPlan, structure: Structure) -> tuple[Array, Array]:
    """Lower and upper corner (d,) of a model's part of the cube."""
    low, high = np.zeros(len(plan.unknowns)), np.ones(len(plan.unknowns))
    for i, f in enumerate(plan.unknowns):
        if f.id in structure.limits:
            low[i], high[i] = (place(f, v) for v in structure.limits[f.id])
    return low, high
