"""The model written out plainly: every compartment a state, classical Runge-Kutta with one short step. Slow, and the
yardstick of the engines: it shares the equations' algebra with them, and neither grid, nor closed forms, nor steps.

Order four between doses and flares, since these lie on nodes.
"""

from __future__ import annotations

import numpy as np

from backspasm.cycle.model import Array, Patients, activity_level, drive_of, pain_of, saturation, settled
from backspasm.cycle.pharmacokinetics import Kinetics
from backspasm.cycle.treatment import Treatment


def reference(
    p: Patients, treatment: Treatment, kinetics: tuple[Kinetics, ...], days: Array, step: float
) -> tuple[Array, Array]:
    """Pain and activity (t, n) at ``days``, which like doses and flares must be multiples of ``step`` (days).

    ``kinetics`` are those of the treatment's drugs, in the same order. Doses by the clock only.
    """
    assert len(kinetics) == len(treatment.drugs)
    n = p.count
    _, s, m = settled(p.injury, p.central, p)
    # rows: I, S, M, C, then depot, centre, periphery, site of each drug, and J
    state = np.zeros((4 + 4 * len(kinetics) + 1, n))
    state[0], state[1], state[2], state[3] = p.injury, s, m, p.central
    pain, activity = np.empty((len(days), n)), np.empty((len(days), n))
    for k in range(round(float(days[-1]) / step) + 1):
        day = k * step
        state[-1] += (p.flare_sizes * (np.abs(p.flare_days - day) < step / 2)).sum(axis=1)
        for j, d in enumerate(treatment.drugs):
            for i in np.flatnonzero(np.abs(d.days - day) < step / 2):
                state[4 + 4 * j] += d.amounts[i] * d.takes[i]
        for i in np.flatnonzero(np.abs(days - day) < step / 2):
            nsaid, _ = effects(state, treatment, kinetics)
            pain[i] = pain_of(drive_of(state[0] + state[-1], state[2], state[3], p, nsaid))
            activity[i] = state[1]
        k1 = slope(day, state, p, treatment, kinetics)
        k2 = slope(day + step / 2, state + step / 2 * k1, p, treatment, kinetics)
        k3 = slope(day + step / 2, state + step / 2 * k2, p, treatment, kinetics)
        k4 = slope(day + step, state + step * k3, p, treatment, kinetics)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return pain, activity


def slope(day: float, state: Array, p: Patients, treatment: Treatment, kinetics: tuple[Kinetics, ...]) -> Array:
    """The right-hand side of every equation, in the order of the state's rows."""
    i, s, m, c = state[:4]
    nsaid, relaxant = effects(state, treatment, kinetics)
    drive = drive_of(i + state[-1], m, c, p, nsaid)
    out = np.empty_like(state)
    out[-1] = -state[-1] / p.healing_of_flares
    out[0] = (p.lasting * (1 + p.growth * day) - i) / p.healing_days
    out[1] = (activity_level(drive, p, relaxant) - s) / p.reflex_days
    out[2] = (s / p.reference_activity - m) / p.metabolite_days
    out[3] = (saturation(drive, p) - c) / p.sensitisation_days
    for j, k in enumerate(kinetics):
        depot, centre, periphery, site = state[4 + 4 * j : 8 + 4 * j]
        out[4 + 4 * j] = -k.absorption * depot
        out[5 + 4 * j] = (
            k.bioavailable / k.volume * k.absorption * depot - (k.elimination + k.out) * centre + k.back * periphery
        )
        out[6 + 4 * j] = k.out * centre - k.back * periphery
        out[7 + 4 * j] = k.site * (centre - site)
    return out


def effects(state: Array, treatment: Treatment, kinetics: tuple[Kinetics, ...]) -> tuple[Array, Array]:
    left = {"nsaid": np.ones(state.shape[1]), "relaxant": np.ones(state.shape[1])}
    for j, (d, k) in enumerate(zip(treatment.drugs, kinetics, strict=True)):
        where = 7 if np.any(k.site > 0) else 5
        left[d.acts] = left[d.acts] * (1 - d.effect(state[where + 4 * j]))
    return 1 - left["nsaid"], 1 - left["relaxant"]
