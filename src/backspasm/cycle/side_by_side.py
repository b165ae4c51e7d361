"""Arms of one patient side by side, where it is known beforehand what acts on them (``cycle.foreseen``).

The same steps as ``cycle.stepping``, arranged for some hundred columns, where calling an operation takes as long as what it
does. The drive is measured in thresholds of sensitisation, ``x = D / theta``, and made of the states in three operations::

    x = (m + i) u - q,    m = w M / theta,    u = 1 + kC C,    i = (1 - NSAID) I / theta + q,    q = h_C / (kC theta)
    R / (1 + R) = x / (x + b),    b = 1 / (rho theta (1 - relaxant)),    level of sensitisation = x^n / (x^n + 1)

Each stage, and each state after the step, is one weighted sum of some of the rows ``g1, (S, 1), (m, u), g0, g2, g3``, where
``g`` are the two nonlinear terms of a stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.exponential import Weights, weights_by_pace
from backspasm.cycle.foreseen import Foreseen
from backspasm.cycle.grid import lengths_of
from backspasm.cycle.model import Array, Patients, lasting_level, pain_of, settled
from backspasm.cycle.remembered import Remembered

#: steps of which it is worked out together what acts in them: arrays that still fit into the cache of one core
TOGETHER = 16
#: above this, sensitisation is too much of the drive (and central gain too little) for ``x`` to be made so without losing digits
LARGEST_SHARE = 1e3
#: rows of which the stages are sums, in an order in which the rows of the sum for the last stage lie together
G1, ACTIVITY, STATE, G0, G2, G3 = range(6)
END = slice(ACTIVITY, G2 + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a course shows at its outputs, (outputs, columns) each; as in ``engine.Course``.

    Columns: for each set of patients each arm, for each arm the same draws.
    """

    pain: Array
    activity: Array
    drowsiness: Array


def fits(p: Patients) -> bool:
    """Whether these patients can be run so: no drug reaches the metabolites, and there is a central gain to divide by."""
    shares = p.sensitisation <= LARGEST_SHARE * p.central_gain * p.sensitisation_threshold
    return not p.metabolites_reached and bool(np.all(shares))


def simulate_foreseen(p: Patients, seen: Foreseen) -> Shown:
    """``engine.simulate`` of patients without flares, all arms at once.

    Args:
        p: sets of patients (``fits``), one after the other, as many in each as draws were foreseen.
    """
    sets = p.count * seen.arms // seen.nsaid.shape[1]
    shape = sets, seen.arms, p.count // sets
    own = _Columns(p, shape)
    lengths = lengths_of(seen.grid)
    steps = _step_weights(lengths, p, own)
    stepper, acting = _Stepper(own), _acting(p, seen, own)
    outputs = {int(k): i for i, k in enumerate(seen.grid.outputs)}
    pain, activity, drowsiness = np.empty((3, len(outputs), own.count))
    now = next(acting)
    for k in range(len(lengths) + 1):
        if k in outputs:
            i = outputs[k]
            pain[i] = pain_of(np.maximum(stepper.drive(now[0]) * own.threshold, 0))
            activity[i] = stepper.activity
            drowsiness[i] = np.tile(seen.drowsiness[i], sets)
        if k < len(lengths):
            middle, last = next(acting), next(acting)
            stepper.step(steps[lengths[k]], now, middle, last)
            now = last
    return Shown(pain, activity, drowsiness)


class _Columns:
    """What stays the same along the way, for each column; and how values of patients (..., n) become those of columns."""

    def __init__(self, p: Patients, shape: tuple[int, int, int]) -> None:
        self.shape, self.count = shape, int(np.prod(shape))
        self.steepness = None if p.fast_steepness else self.spread(p.steepness)
        self.threshold = self.spread(p.sensitisation_threshold)
        share = p.sensitisation / (p.central_gain * p.sensitisation_threshold)
        self.share_of_patients, self.share = share, self.spread(share)
        self.metabolite_weight = p.metabolite_weight / p.sensitisation_threshold
        self.central_gain = p.central_gain
        _, activity, metabolites = settled(p.injury, p.central, p)
        self.activity = self.spread(activity)
        self.state = self.spread(np.stack([self.metabolite_weight * metabolites, 1 + p.central_gain * p.central]))

    def spread(self, values: Array) -> Array:
        """Values of sets of patients, (..., sets x draws), repeated for each arm."""
        sets, arms, draws = self.shape
        out = np.empty((*values.shape[:-1], sets, arms, draws))
        out[...] = values.reshape(*values.shape[:-1], sets, 1, draws)
        return out.reshape(*values.shape[:-1], self.count)


@dataclass(frozen=True, slots=True, eq=False)
class _StepWeights:
    """Weights (2 n,) that lead to the middle; of the rows that the last stage and the state are sums of, (rows, 2 n); and of
    those of the activity, (6, n)."""

    half: Array
    half_flow: Array
    half_in: Array
    end: Array
    whole: Array
    own: Array


def _step_weights(lengths: list[float], p: Patients, own: _Columns) -> dict[float, _StepWeights]:
    """The weights of each distinct length."""
    distinct = tuple(dict.fromkeys(lengths))
    first, which = p.paces
    few = p.taken(first)
    key = distinct, tuple(getattr(few, name).tobytes() for name in PACE)
    slow, activity = _TABLES.get(_TABLES, key, lambda: _tables(weights_by_pace(distinct, few)[0]))
    scale = np.ones((len(ROWS), 2, p.count))
    for i, row in enumerate(ROWS):
        if row != STATE:
            scale[i, 0] = own.metabolite_weight
        if row not in (STATE, ACTIVITY):
            scale[i, 1] = own.central_gain
    of_slow = own.spread(slow.take(which, axis=-1) * scale).reshape(len(distinct), len(ROWS), -1)
    of_activity = own.spread(activity.take(which, axis=-1))
    return {
        h: _StepWeights(a[0], a[1], a[2], a[3:7], a[7:], b)
        for h, a, b in zip(distinct, of_slow, of_activity, strict=True)
    }


#: what the weights of a step are of: the stages in its middle, the stage at its end, the state after it
ROWS = (*(STATE, ACTIVITY, G0), *(ACTIVITY, STATE, G0, G2), *(G1, ACTIVITY, STATE, G0, G2, G3))


#: what the pace of a patient is, and the weights of some paces, which follow from the records for all patients alike
PACE = ("reflex_days", "metabolite_days", "sensitisation_days", "largest_activity", "reference_activity")
_TABLES = Remembered[tuple[Array, Array]](most=8)


def _tables(w: Weights) -> tuple[Array, Array]:
    """Weights of the slow states in the order of ``ROWS``, (lengths, rows, 2, paces), and of the activity, (lengths, 6, paces)."""

    def rows(metabolites: Array, central: Array) -> Array:
        return np.stack([metabolites, central], axis=1)

    half_in = rows(w.half_m_in, w.half_c_in)
    half, keep = rows(w.half_m_keep, w.half_c_keep), rows(w.m_keep, w.c_keep)
    # u = 1 + kC C does not decay towards 0 but towards 1
    half_flow, flow = rows(w.half_m_flow, 1 - w.half_c_keep), rows(w.m_flow, 1 - w.c_keep)
    first = rows(w.half_m_keep * w.half_m_in + w.half_m_flow * w.half_s_in, w.half_c_keep * w.half_c_in) - half_in
    slow = np.stack(
        [
            half, half_flow, half_in,
            flow, keep, first, 2 * half_in,
            rows(w.m_1, w.c_1), flow, keep, rows(w.m_0, w.c_0), rows(w.m_1, w.c_1), rows(w.m_2, w.c_2),
        ],
        axis=1,
    )  # fmt: skip
    # the metabolites in the row of the slow states do not change the activity
    return slow, np.stack([w.s_1, w.s_keep, np.zeros_like(w.s_keep), w.s_0, w.s_1, w.s_2], axis=1)


class _Stepper:
    """``activity`` (n,) and what the drive is made of, in rows that two steps write in turn."""

    def __init__(self, own: _Columns) -> None:
        n = own.count
        self._share, self._steepness = own.share, own.steepness
        self._now, self._next = _Rows(n), _Rows(n)
        self._now.state[...], self._now.activity[...] = own.state, own.activity
        self._stage, self._terms, self._below = np.empty((3, 2, n))
        self._flat_stage, self._half = self._stage.reshape(-1), np.empty(2 * n)

    @property
    def activity(self) -> Array:
        out: Array = self._now.activity
        return out

    def drive(self, injury: Array) -> Array:
        """``x`` as it is now, (n,), a new array."""
        state = self._now.state
        out: Array = (state[0] + injury) * state[1] - self._share
        return out

    def step(self, w: _StepWeights, first: Moment, middle: Moment, last: Moment) -> None:
        """Move on by the step of these weights, given what acts at its start, middle and end."""
        now, after, stage, flat = self._now, self._next, self._stage, self._flat_stage
        multiply, add, half, rows = np.multiply, np.add, self._half, now.flat
        multiply(w.half, rows[STATE], half)
        add(half, multiply(w.half_flow, rows[ACTIVITY], flat), half)
        self._pull(now.state, first, now.terms[G0])
        add(half, multiply(w.half_in, rows[G0], flat), flat)
        self._pull(stage, middle, now.terms[G1])
        add(half, multiply(w.half_in, rows[G1], flat), flat)
        self._pull(stage, middle, now.terms[G2])
        _sum(w.end, now.for_end, flat)
        self._pull(stage, last, now.terms[G3])
        _sum(w.whole, now.flat, after.flat[STATE])
        _sum(w.own, now.of_activity, after.activity)
        self._now, self._next = after, now

    def _pull(self, state: Array, moment: Moment, out: Array) -> None:
        """The two nonlinear terms of a state."""
        injury, offsets = moment
        multiply, terms = np.multiply, self._terms
        x, level = terms
        np.add(state[0], injury, x)
        multiply(x, state[1], x)
        np.subtract(x, self._share, x)
        multiply(x, x, level)
        if self._steepness is None:
            multiply(level, level, level)
        else:
            np.power(level, self._steepness / 2, level)
        np.divide(terms, np.add(terms, offsets, self._below), out)


class _Rows:
    """The rows that are summed, (6, 2, n), and the views of them that a step needs."""

    def __init__(self, n: int) -> None:
        self.terms = np.zeros((G3 + 1, 2, n))
        self.state = self.terms[STATE]
        self.activity, ones = self.terms[ACTIVITY]
        ones[...] = 1
        self.flat = self.terms.reshape(len(self.terms), -1)
        self.for_end = self.flat[END]
        self.of_activity = self.terms[:, 0]


def _sum(weights: Array, rows: Array, out: Array) -> None:
    """The weighted sum of rows, (rows, n) each."""
    np.einsum("rn,rn->n", weights, rows, out=out)


#: what acts at one moment: ``i`` (n,), and what the two nonlinear terms have more in their denominators, ``b`` and 1, (2, n)
Moment = tuple[Array, Array]


def _acting(p: Patients, seen: Foreseen, own: _Columns) -> Iterator[Moment]:
    """What acts at the start, and then in the middle and at the end of every step. A step's end is overwritten after the next."""
    sets, arms, draws = own.shape
    reach = 1 / (p.reflex_gain * p.sensitisation_threshold)
    injuries, offsets = np.empty((2 * TOGETHER, own.count)), np.ones((2 * TOGETHER, 2, own.count))
    start = np.ones((2, own.count))
    start[0] = own.spread(reach)
    yield own.spread(p.injury / p.sensitisation_threshold + own.share_of_patients), start
    for some, injured in _injuries(p, seen):
        count = len(injured)
        one, all_arms = (count, sets, 1, draws), (count, sets, arms, draws)
        effect, slack = (e[some].reshape(count, 1, arms, draws) for e in (seen.nsaid, seen.slack))
        i = injuries[:count].reshape(all_arms)
        np.multiply((injured * p.cox_share).reshape(one), effect, i)
        np.subtract((injured + own.share_of_patients).reshape(one), i, i)
        np.multiply(reach.reshape(one[1:]), slack, offsets[:count].reshape(count, 2, *all_arms[1:])[:, 0])
        moments = list(zip(injuries[:count], offsets[:count], strict=True))
        yield from moments[:-1]
        yield moments[-1][0].copy(), moments[-1][1].copy()  # the next step begins with it


def _injuries(p: Patients, seen: Foreseen) -> Iterator[tuple[slice, Array]]:
    """The injury in the middle and at the end of some steps together, (moments, n), in thresholds of sensitisation."""
    nodes, lengths = seen.grid.nodes, lengths_of(seen.grid)
    heal = {h: np.exp(-h / 2 / p.healing_days) for h in dict.fromkeys(lengths)}
    days = np.stack([nodes[:-1] + np.array(lengths) / 2, nodes[:-1] + lengths], axis=1).reshape(-1, 1)
    lasting = lasting_level(p, 0.0) / p.sensitisation_threshold
    healing = p.injury / p.sensitisation_threshold - lasting
    growing = p.lasting * p.growth / p.sensitisation_threshold
    for start in range(0, len(lengths), TOGETHER):
        own = lengths[start : start + TOGETHER]
        some = slice(2 * start, 2 * (start + len(own)))
        injury = np.empty((2 * len(own), p.count))
        for k, h in enumerate(own):
            middle = np.multiply(healing, heal[h], injury[2 * k])
            healing = np.multiply(middle, heal[h], injury[2 * k + 1])
        if not p.all_heal:
            healing = healing.copy()
            injury += lasting + growing * days[some]
        yield some, injury
