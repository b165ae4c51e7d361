"""Concentrations in closed form: absorption, one or two compartments, an effect site and tolerance are a chain of
first-order steps, so the answer to a dose is a sum of exponentials, and doses add up (superposition).

With the rates ``r_1 .. r_m`` of the chain and a dose ``A`` at time 0 the effect-site concentration is::

    (A F / V) ka ke0  sum_i  (k21 - r_i) exp(-r_i t) / prod_{j != i} (r_j - r_i)

(the factor ``k21 - r_i`` only with a second compartment; Gibaldi & Perrier, Pharmacokinetics, 2nd ed., appendix B).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from backspasm.cycle.model import Array

#: relative distance below which two rates of a chain are moved apart, so that the partial fractions exist
APART = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Kinetics:
    """One drug in ``n`` patients; every field (n,), times in days, amounts in the drug's own unit.

    ``absorption`` ka and ``elimination`` k (per day); ``bioavailable`` F; ``volume`` V (L); ``out`` and ``back`` k12 and
    k21 (per day; both 0 with one compartment); ``site`` ke0 (per day; 0: the site is the plasma); ``tolerance`` (per day;
    0: none), the rate at which tolerance follows the site.
    """

    absorption: Array
    elimination: Array
    bioavailable: Array
    volume: Array
    out: Array
    back: Array
    site: Array
    tolerance: Array

    def taken(self, which: slice | np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Kinetics:
        return Kinetics(*(getattr(self, f.name)[which] for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Exponentials:
    """The answer to a unit dose: ``sum_j weight_j exp(-rate_j t)``. All (J, n); rates per day.

    ``site`` weighs the effect site's concentration, ``tolerance`` the level of tolerance (a lagged site concentration).
    """

    rates: Array
    site: Array
    tolerance: Array


def exponentials(k: Kinetics) -> Exponentials:
    """The chain of a drug as a sum of exponentials.

    The kinetics of one drug share their form: a second compartment, an effect site, tolerance in all patients or in none.
    """
    one = np.ones_like(k.absorption)
    two = bool(np.any(k.out > 0))
    if two:
        total = k.elimination + k.out + k.back
        root = np.sqrt(total * total - 4 * k.elimination * k.back)
        disposition = [(total + root) / 2, (total - root) / 2]
    else:
        disposition = [k.elimination]
    chain = [k.absorption, *disposition]
    scale = k.bioavailable / k.volume * k.absorption
    if bool(np.any(k.site > 0)):
        chain.append(k.site)
        scale = scale * k.site
    tolerant = bool(np.any(k.tolerance > 0))
    rates = _apart(np.stack([*chain, k.tolerance] if tolerant else chain))
    numerator = k.back - rates if two else np.broadcast_to(one, rates.shape)
    last = len(chain)
    site = np.zeros_like(rates)
    site[:last] = scale * numerator[:last] * _fractions(rates[:last])
    tolerance = scale * k.tolerance * numerator * _fractions(rates) if tolerant else np.zeros_like(rates)
    return Exponentials(rates, site, tolerance)


def _fractions(rates: Array) -> Array:
    """``1 / prod_{j != i} (r_j - r_i)`` for each i."""
    difference = rates[None, :, :] - rates[:, None, :]
    for i in range(len(rates)):
        difference[i, i] = 1.0
    fractions: Array = 1 / difference.prod(axis=1)
    return fractions


def _apart(rates: Array) -> Array:
    """Rates of one patient that (nearly) coincide, moved apart by a millionth of their size."""
    out = rates.copy()
    for i in range(1, len(out)):
        for _ in range(i):
            for j in range(i):
                close = np.abs(out[i] - out[j]) < APART * np.abs(out[j])
                out[i] = np.where(close, out[i] * (1 + 2 * APART), out[i])
    return out


def concentration(answer: Exponentials, doses: Array, dose_days: Array, days: Array) -> tuple[Array, Array]:
    """Site concentration and tolerance at ``days`` (t,) after ``doses`` (k,) or (k, n) at ``dose_days`` (k,).

    Plain superposition, one term per dose: the yardstick of the engines. Returns two arrays (t, n).
    """
    since = days[:, None] - dose_days[None, :]  # (t, k)
    taken = np.where(since >= 0, 1.0, 0.0)
    amounts = np.broadcast_to(doses if doses.ndim == 2 else doses[:, None], (len(dose_days), answer.rates.shape[1]))
    decay = np.exp(-answer.rates[:, None, None, :] * np.maximum(since, 0)[None, :, :, None])  # (J, t, k, n)
    left = (decay * taken[None, :, :, None] * amounts[None, None]).sum(axis=2)  # (J, t, n)
    return (answer.site[:, None] * left).sum(axis=0), (answer.tolerance[:, None] * left).sum(axis=0)
