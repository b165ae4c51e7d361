"""Fourth-order exponential time differencing (Cox & Matthews, J Comput Phys 2002;176:430-55, equations 26-29).

The decay of activity, metabolites and sensitisation, and the flow from activity to metabolites, are linear and are
stepped exactly; only the reflex's drive and the saturation of sensitisation are approximated. So a step may be longer
than the fast time constants: where no drug acts, a step of half a day serves a muscle that relaxes in six hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array, Patients

#: below this size of the argument the phi functions are summed as series, above it they are formed by recurrence
SERIES = 0.5
#: terms of the series: 0.5^16 / 16! is far below the precision of a double
TERMS = 16
#: relative distance below which the two rates of the muscle count as equal
APART = 1e-5


def phi(order: int, z: Array) -> Array:
    """``phi_k(z) = sum_j z^j / (j + k)!``: phi_0 = exp, phi_1 = (exp(z) - 1) / z, and so on."""
    z = np.asarray(z, dtype=np.float64)
    small = np.where(np.abs(z) < SERIES, z, 0.0)
    factorial = float(np.prod(np.arange(1, order + TERMS + 1, dtype=np.float64)))
    series = np.zeros_like(small)
    for j in range(TERMS, -1, -1):
        series = series * small + 1 / factorial
        factorial /= max(order + j, 1)
    large = np.where(np.abs(z) < SERIES, 1.0, z)
    value = np.exp(large)
    inverse_factorial = 1.0
    for k in range(order):
        value = (value - inverse_factorial) / large
        inverse_factorial /= k + 1
    return np.where(np.abs(z) < SERIES, series, value)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What one step of length ``h`` multiplies; each (n,). ``half_*`` leads to the middle, the others over the whole step.

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
    p = p.taken(slice(0, 1)) if p.one_pace else p
    a, b, c = -1 / p.reflex_days, -1 / p.metabolite_days, -1 / p.sensitisation_days
    b = np.where(np.abs(a - b) < APART * np.abs(a), b * (1 + 2 * APART), b)
    flow = 1 / (p.reference_activity * p.metabolite_days)

    def crossed(f: Callable[[Array], Array], step: float) -> Array:
        """The entry of f(matrix) that leads from activity to metabolites: a divided difference."""
        return flow * (f(a * step) - f(b * step)) / (a - b)

    def start(z: Array) -> Array:
        return phi(1, z) - 3 * phi(2, z) + 4 * phi(3, z)

    def middle(z: Array) -> Array:
        return 2 * phi(2, z) - 4 * phi(3, z)

    def end(z: Array) -> Array:
        return 4 * phi(3, z) - phi(2, z)

    def one(z: Array) -> Array:
        return phi(1, z)

    half = h / 2
    # the drive of the reflex is S_max g / tau_S; the factor stands in the weights, so that a stage needs only g
    drive = p.largest_activity / p.reflex_days
    own = 1 / p.sensitisation_days
    return Weights(
        half_s_keep=np.exp(a * half),
        half_m_keep=np.exp(b * half),
        half_m_flow=crossed(np.exp, half),
        half_c_keep=np.exp(c * half),
        half_s_in=half * one(a * half) * drive,
        half_m_in=half * crossed(one, half) * drive,
        half_c_in=half * one(c * half) * own,
        s_keep=np.exp(a * h),
        m_keep=np.exp(b * h),
        m_flow=crossed(np.exp, h),
        c_keep=np.exp(c * h),
        s_0=h * start(a * h) * drive,
        s_1=h * middle(a * h) * drive,
        s_2=h * end(a * h) * drive,
        m_0=h * crossed(start, h) * drive,
        m_1=h * crossed(middle, h) * drive,
        m_2=h * crossed(end, h) * drive,
        c_0=h * start(c * h) * own,
        c_1=h * middle(c * h) * own,
        c_2=h * end(c * h) * own,
    )
