"""Fourth-order exponential time differencing (Cox & Matthews, J Comput Phys 2002;176:430-55, equations 26-29).

The decay of activity, metabolites and sensitisation, and the flow from activity to metabolites, are linear and are
stepped exactly; only the reflex's drive and the saturation of sensitisation are approximated. So a step may be longer
than the fast time constants: where no drug acts, a step of half a day serves a muscle that relaxes in six hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from backspasm.cycle.model import Array, Indices, Patients

#: below this size of the argument phi_3 is summed as a series, above it is formed from the exponential
SERIES = 0.5
#: terms of the series: 0.5^14 / 17! is far below the precision of a double
TERMS = 14
#: relative distance below which the two rates of the muscle count as equal
APART = 1e-5


def phis(z: Array) -> tuple[Array, Array, Array, Array]:
    """``phi_0 .. phi_3`` of z, where ``phi_k(z) = sum_j z^j / (j + k)!``: phi_0 = exp, phi_1 = (exp(z) - 1) / z, and so on.

    phi_3 first, the others by ``phi_k = z phi_(k+1) + 1 / k!``, which loses no digits.
    """
    small = np.where(np.abs(z) < SERIES, z, 0.0)
    series = np.zeros_like(small)
    for j in range(TERMS, -1, -1):
        series = series * small + 1 / math.factorial(j + 3)
    large = np.where(np.abs(z) < SERIES, 1.0, z)
    three = np.where(np.abs(z) < SERIES, series, (np.exp(large) - 1 - large - large**2 / 2) / large**3)
    two = z * three + 1 / 2
    one = z * two + 1
    return z * one + 1, one, two, three


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What one step of length ``h`` multiplies; each (n,), or (lengths, paces). ``half_*`` leads to the middle, the others over
    the whole step.

    For activity (``s``), metabolites (``m``) and sensitisation (``c``): ``*_keep`` of the state itself, ``m_flow`` from
    activity to metabolites, and of the nonlinear terms at the start (``*_0``), in the middle (``*_1``, for the sum of two)
    and at the end (``*_2``). ``half_*_in`` leads the nonlinear term to the middle.
    """

    half_s_keep: Array
    half_m_keep: Array
    half_m_flow: Array
    half_c_keep: Array
    half_s_in: Array
    half_m_in: Array
    half_c_in: Array
    s_keep: Array
    m_keep: Array
    m_flow: Array
    c_keep: Array
    s_0: Array
    s_1: Array
    s_2: Array
    m_0: Array
    m_1: Array
    m_2: Array
    c_0: Array
    c_1: Array
    c_2: Array


def weights(h: float, p: Patients) -> Weights:
    """The weights of a step of ``h`` days; (1,) instead of (n,) where all patients share the time constants."""
    few, which = weights_by_pace([h], p)
    rows = (getattr(few, f.name)[0] for f in fields(Weights))
    return Weights(*(rows if which is None else (row[which] for row in rows)))


def weights_by_pace(lengths: Sequence[float], p: Patients) -> tuple[Weights, Indices | None]:
    """The weights of steps of these lengths (L,) in days, (L, paces) each, and each patient's pace.

    None instead of the paces: one for all, or one for each patient in their order.
    """
    first, which = p.paces
    few = _weights(np.asarray(lengths, dtype=np.float64)[:, None], p.taken(first))  # each pace once
    return few, None if len(first) in (1, p.count) else which


def _weights(h: Array, p: Patients) -> Weights:
    a, b, c = -1 / p.reflex_days, -1 / p.metabolite_days, -1 / p.sensitisation_days
    b = np.where(np.abs(a - b) < APART * np.abs(a), b * (1 + 2 * APART), b)
    half = h / 2
    rates = np.stack([a, b, c])[:, None]
    exp, one, two, three = phis(rates * h)
    half_exp, half_one, _, _ = phis(rates * half)
    start, middle, end = one - 3 * two + 4 * three, 2 * two - 4 * three, 4 * three - two

    def crossed(f: Array) -> Array:
        """The entry of f(matrix) that leads from activity to metabolites: a divided difference."""
        entry: Array = (f[0] - f[1]) / ((a - b) * p.reference_activity * p.metabolite_days)
        return entry

    # the drive of the reflex is S_max g / tau_S; the factor stands in the weights, so that a stage needs only g
    drive = p.largest_activity / p.reflex_days
    own = 1 / p.sensitisation_days
    return Weights(
        half_s_keep=half_exp[0],
        half_m_keep=half_exp[1],
        half_m_flow=crossed(half_exp),
        half_c_keep=half_exp[2],
        half_s_in=half * half_one[0] * drive,
        half_m_in=half * crossed(half_one) * drive,
        half_c_in=half * half_one[2] * own,
        s_keep=exp[0],
        m_keep=exp[1],
        m_flow=crossed(exp),
        c_keep=exp[2],
        s_0=h * start[0] * drive,
        s_1=h * middle[0] * drive,
        s_2=h * end[0] * drive,
        m_0=h * crossed(start) * drive,
        m_1=h * crossed(middle) * drive,
        m_2=h * crossed(end) * drive,
        c_0=h * start[2] * own,
        c_1=h * middle[2] * own,
        c_2=h * end[2] * own,
    )
