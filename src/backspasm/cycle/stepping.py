"""One step of the reflex, the metabolites and the sensitisation of many patients, in arrays that are used again and again.

With some thousand patients an operation on one array takes about as long as calling it, so what can be done together is:
metabolites and sensitisation are rows of one array, as are the two nonlinear terms. The end stage and the whole step share
their linear part, since the last stage of Cox & Matthews (equation 28) leads over the whole step too::

    m_end = [keep m + flow s] + (half_keep half_in + half_flow half_s_in - half_in) g0 + 2 half_in g2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from backspasm.cycle.exponential import weights_by_pace
from backspasm.cycle.model import Array, Patients


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What acts from outside at one moment: the injury's drive as it arrives (n,), the weight of a unit of metabolites (n,), and
    by what the drive is multiplied in the reflex and in sensitisation (2, n)."""

    injury: Array
    metabolite_weight: Array
    gains: Array


def arriving(p: Patients, injury: Array, nsaid: Array | None = None, relaxant: Array | None = None) -> Moment:
    """What acts, from the injury and the drugs' effects, each (n,) or (moments, n); None: no such drug yet."""
    weight = p.metabolite_weight
    gains = np.empty((*injury.shape[:-1], 2, p.count))
    gains[..., 0, :] = p.reflex_gain if relaxant is None else p.reflex_gain * (1 - relaxant)
    gains[..., 1, :] = 1 / p.sensitisation_threshold
    if nsaid is not None:
        held = p.cox_share * nsaid
        injury = (1 - held) * injury
        if p.metabolites_reached:
            weight = weight * (1 - p.cox_on_metabolites * held)
    return Moment(injury, weight, gains)


@dataclass(frozen=True, slots=True, eq=False)
class StepWeights:
    """``exponential.Weights`` as the stepper takes them: rows of metabolites and sensitisation (2, n), rows of one state (n,)."""

    half: Array
    half_in: Array
    half_flow: Array
    whole: Array
    flow: Array
    end_first: Array
    end_third: Array
    first: Array
    middle: Array
    last: Array
    own: Array
    own_first: Array
    own_middle: Array
    own_last: Array


def step_weights(lengths: Sequence[float], p: Patients) -> dict[float, StepWeights]:
    """The weights of steps of these distinct lengths, in days."""
    w, which = weights_by_pace(lengths, p)

    def rows(metabolites: Array, central: Array) -> Array:
        return np.stack([metabolites, central], axis=1)

    half_in = rows(w.half_m_in, w.half_c_in)
    first = rows(w.half_m_keep * w.half_m_in + w.half_m_flow * w.half_s_in, w.half_c_keep * w.half_c_in) - half_in
    whole = StepWeights(
        half=rows(w.half_m_keep, w.half_c_keep),
        half_in=half_in,
        half_flow=w.half_m_flow,
        whole=rows(w.m_keep, w.c_keep),
        flow=w.m_flow,
        end_first=first,
        end_third=2 * half_in,
        first=rows(w.m_0, w.c_0),
        middle=rows(w.m_1, w.c_1),
        last=rows(w.m_2, w.c_2),
        own=w.s_keep,
        own_first=w.s_0,
        own_middle=w.s_1,
        own_last=w.s_2,
    )
    parts = [getattr(whole, f.name) for f in fields(StepWeights)]
    if which is not None:
        parts = [part.take(which, axis=-1) for part in parts]
    return {h: StepWeights(*(part[i] for part in parts)) for i, h in enumerate(lengths)}


class _Nonlinear:
    """Room for the two nonlinear terms: the reflex's ``R / (1 + R)`` and the level that sensitisation moves towards."""

    def __init__(self, count: int) -> None:
        self.both = np.empty((2, count))
        self.reflex, self.level = self.both


class Stepper:
    """``activity`` (n,), ``metabolites`` (n,) and ``central`` (n,) of n patients: views that each step overwrites."""

    def __init__(self, p: Patients, activity: Array, metabolites: Array, central: Array) -> None:
        n = p.count
        self._p, self._fast = p, p.fast_steepness
        self.activity = activity.copy()
        self._slow = np.stack([metabolites, central])
        self.metabolites, self.central = self._slow
        self._terms = tuple(_Nonlinear(n) for _ in range(4))
        self._half, self._whole, self._at, self._spare = np.empty((4, 2, n))
        self._half_metabolites, self._whole_metabolites = self._half[0], self._whole[0]
        self._at_rows = self._at[0], self._at[1]
        self._drive, self._peripheral, self._flow = np.empty((3, n))

    def step(self, w: StepWeights, first: Moment, middle: Moment, last: Moment) -> None:
        """Move on by the step of these weights, given what acts at its start, middle and end."""
        slow, half, whole, at, spare, flow = self._slow, self._half, self._whole, self._at, self._spare, self._flow
        multiply, add, s, there = np.multiply, np.add, self.activity, self._at_rows
        one, two, three, four = self._terms
        g0, g1, g2, g3 = one.both, two.both, three.both, four.both
        multiply(w.half, slow, half)
        add(self._half_metabolites, multiply(w.half_flow, s, flow), self._half_metabolites)
        multiply(w.whole, slow, whole)
        add(self._whole_metabolites, multiply(w.flow, s, flow), self._whole_metabolites)
        self._pull(self.metabolites, self.central, first, one)
        add(multiply(w.half_in, g0, at), half, at)
        self._pull(*there, middle, two)
        add(multiply(w.half_in, g1, at), half, at)
        self._pull(*there, middle, three)
        add(multiply(w.end_first, g0, at), whole, at)
        add(at, multiply(w.end_third, g2, spare), at)
        self._pull(*there, last, four)
        add(g1, g2, g1)
        add(multiply(w.first, g0, slow), whole, slow)
        add(slow, multiply(w.middle, g1, spare), slow)
        add(slow, multiply(w.last, g3, spare), slow)
        multiply(w.own, s, s)
        add(s, multiply(w.own_first, one.reflex, flow), s)
        add(s, multiply(w.own_middle, two.reflex, flow), s)
        add(s, multiply(w.own_last, four.reflex, flow), s)

    def drive(self, moment: Moment) -> Array:
        """``D`` as it is now, (n,), a new array."""
        return self._driven(self.metabolites, self.central, moment).copy()

    def _driven(self, metabolites: Array, central: Array, moment: Moment) -> Array:
        multiply, add, p, drive, peripheral = np.multiply, np.add, self._p, self._drive, self._peripheral
        multiply(moment.metabolite_weight, metabolites, peripheral)
        add(peripheral, moment.injury, peripheral)
        # N (1 + kC C) + h_C C, in one operation less
        multiply(p.central_gain, peripheral, drive)
        add(drive, p.sensitisation, drive)
        multiply(drive, central, drive)
        return add(drive, peripheral, drive)

    def _pull(self, metabolites: Array, central: Array, moment: Moment, out: _Nonlinear) -> None:
        multiply, ratios, level = np.multiply, out.both, out.level
        multiply(moment.gains, self._driven(metabolites, central, moment), ratios)
        if self._fast:
            multiply(level, level, level)
            multiply(level, level, level)
        else:
            np.power(level, self._p.steepness, level)
        np.divide(ratios, np.add(ratios, 1.0, self._spare), ratios)
