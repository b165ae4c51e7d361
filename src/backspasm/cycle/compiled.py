"""The engine of ``cycle.engine`` patient by patient, in machine code made by numba: for trials and fits of thousands.

The same grid, weights and order of operations; what differs is rounding. Importing this module imports numba (half a
second); nothing but ``cycle.engine.runner`` does so. The machine code is kept on disk beside the module, or in numba's
cache folder where that cannot be written.
"""

from __future__ import annotations

import math
from dataclasses import fields

import numba
import numpy as np

from backspasm.cycle.engine import Course
from backspasm.cycle.exponential import Weights, weights
from backspasm.cycle.grid import Grid
from backspasm.cycle.model import Array, Patients, settled
from backspasm.cycle.on_the_way import SAME_DAY
from backspasm.cycle.treatment import Dosing, Treatment

#: what rounding may be traded for speed; infinite values keep their meaning (no flare, no sedation)
FAST = {"contract", "reassoc", "arcp", "nsz"}
#: the order in which a patient's parameters lie in memory
P_FIELDS = (
    "healing_days", "lasting", "growth", "reflex_gain", "metabolite_weight", "central_gain", "sensitisation",
    "sensitisation_threshold", "steepness", "cox_share", "cox_on_metabolites", "injury", "central",
    "healing_of_flares",
)  # fmt: skip


def run(p: Patients, treatment: Treatment, grid: Grid, out: Course) -> None:
    """Fill ``out`` (see ``cycle.engine.run``)."""
    n, drugs = p.count, treatment.drugs
    lengths = np.round(np.diff(grid.nodes), 12)
    distinct, which_length = np.unique(lengths, return_inverse=True)
    table = np.stack([_stack(weights(h, p)) for h in distinct], axis=1) if len(distinct) else np.zeros((1, 1, 20))
    exponents = max((len(d.answer.rates) for d in drugs), default=1)
    rates, site, tolerance = (np.zeros((n, max(len(drugs), 1), exponents)) for _ in range(3))
    effects = np.zeros((n, max(len(drugs), 1), 6))
    opportunities = sum(len(d.days) for d in drugs)
    takes = np.zeros((n, max(opportunities, 1)), dtype=np.bool_)
    offered = np.zeros((max(opportunities, 1), 4))  # node, drug, amount, pain at least
    at = 0
    for j, d in enumerate(drugs):
        terms = len(d.answer.rates)
        rates[:, j, :terms], site[:, j, :terms] = d.answer.rates.T, d.answer.site.T
        tolerance[:, j, :terms] = d.answer.tolerance.T
        effects[:, j] = np.stack(
            [1 / d.ec50, d.steepness, d.most, d.sedation_ec50, d.sedation_steepness, d.tolerance_size], axis=1
        )
        here = slice(at, at + len(d.days))
        offered[here, 0] = np.searchsorted(grid.nodes, d.days - SAME_DAY)
        offered[here, 1], offered[here, 2], offered[here, 3] = j, d.amounts, d.pain_at_least
        takes[:, here] = d.takes.T
        at += len(d.days)
    order = np.argsort(offered[:opportunities, 0], kind="stable")
    offered[:opportunities], takes[:, :opportunities] = offered[order], takes[:, order]
    _, activity, metabolites = settled(p.injury, p.central, p)
    parameters = np.stack([getattr(p, name) for name in P_FIELDS], axis=1)
    parameters[:, P_FIELDS.index("sensitisation_threshold")] **= -1  # multiplying is faster than dividing
    results = np.empty((7, len(out.days), n))
    doses = np.zeros((n, max(len(drugs), 1)))
    _run(
        parameters,
        np.stack([activity, metabolites], axis=1),
        p.flare_days,
        p.flare_sizes,
        p.fast_steepness,
        grid.nodes,
        lengths,
        which_length.astype(np.int64),
        distinct,
        grid.outputs.astype(np.int64),
        table,
        len(drugs),
        np.array([d.acts == "nsaid" for d in drugs] or [False]),
        *_shapes(drugs),
        rates,
        site,
        tolerance,
        effects,
        offered[:opportunities],
        takes,
        results,
        doses,
    )
    for target, values in zip(
        (out.pain, out.activity, out.metabolites, out.central, out.drowsiness, out.nsaid, out.relaxant),
        results,
        strict=True,
    ):
        target[...] = values
    out.doses[...] = doses[:, : len(drugs)].T


def _stack(w: Weights) -> Array:
    """(n or 1, 20)."""
    return np.stack([getattr(w, f.name) for f in fields(w)], axis=1)


#: how the share of the largest effect follows from a concentration: as c/(1 + c), from a table, by a power
HYPERBOLA, TABLED, POWER = 0, 1, 2
#: points of a table over c/(1 + c); a straight line between two errs by less than a millionth of the largest effect
POINTS = 2048


def _shapes(drugs: tuple[Dosing, ...]) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], Array]:
    """The way of each drug, and its table (a table serves where all patients have one exponent)."""
    shapes, tables = np.zeros(max(len(drugs), 1), dtype=np.int64), np.zeros((max(len(drugs), 1), POINTS + 2))
    place = np.minimum(np.arange(POINTS + 2) / POINTS, 1.0)
    for j, d in enumerate(drugs):
        exponent = d.steepness[0] if len(d.steepness) else 1.0
        shapes[j] = HYPERBOLA if d.hyperbolic else TABLED if np.all(d.steepness == exponent) else POWER
        up, down = place**exponent, (1 - place) ** exponent
        tables[j] = up / (up + down)
    return shapes, tables


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def _pull(injury, metabolites, central, nsaid, relaxant, p, fast):  # type: ignore[no-untyped-def]
    held = p[9] * nsaid
    drive = ((1.0 - held) * injury + (1.0 - p[10] * held) * p[4] * metabolites) * (1.0 + p[5] * central) + p[
        6
    ] * central
    r = p[3] * (1.0 - relaxant) * drive
    ratio = drive * p[7]
    if fast:
        ratio *= ratio
        ratio *= ratio
    else:
        ratio = ratio ** p[8]
    # two quotients by one division
    inverse = 1.0 / ((1.0 + r) * (1.0 + ratio))
    return drive, r * (1.0 + ratio) * inverse, ratio * (1.0 + r) * inverse


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def _effect(left, site, effects, drugs, is_nsaid, shapes, tables):  # type: ignore[no-untyped-def]
    free_nsaid, free_relaxant = 1.0, 1.0
    for j in range(drugs):
        c = 0.0
        for e in range(left.shape[1]):
            c += site[j, e] * left[j, e]
        if c > 0.0:
            ratio = c * effects[j, 0]
            if shapes[j] == TABLED:  # a straight line between two of many points, instead of a power
                place = POINTS * ratio / (1.0 + ratio)
                k = int(place)
                share = tables[j, k] + (place - k) * (tables[j, k + 1] - tables[j, k])
            else:
                if shapes[j] == POWER:
                    ratio = math.exp(effects[j, 1] * math.log(ratio))
                share = ratio / (1.0 + ratio)
            free = 1.0 - effects[j, 2] * share
            if is_nsaid[j]:
                free_nsaid *= free
            else:
                free_relaxant *= free
    return 1.0 - free_nsaid, 1.0 - free_relaxant


@numba.njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def _run(  # type: ignore[no-untyped-def]
    parameters, muscle, flare_days, flare_sizes, fast, nodes, lengths, which_length, distinct, outputs, table, drugs,
    is_nsaid, shapes, tables, rates, site, tolerance, effects, offered, takes, results, doses,
):  # fmt: skip
    n, kinds, exponents = parameters.shape[0], len(distinct), rates.shape[2]
    stride = 0 if table.shape[0] == 1 else 1
    for i in numba.prange(n):
        p = parameters[i]
        w = table[i * stride]
        heal, calm = np.exp(-distinct / 2.0 / p[0]), np.exp(-distinct / 2.0 / p[13])
        decay = np.empty((kinds, drugs, exponents))
        for k in range(kinds):
            for j in range(drugs):
                for e in range(exponents):
                    decay[k, j, e] = np.exp(-rates[i, j, e] * distinct[k] / 2.0)
        left = np.zeros((drugs, exponents))
        s, m, c = muscle[i, 0], muscle[i, 1], p[12]
        healing = p[11] - p[1] * (1.0 - p[2] * p[0])
        nsaid, relaxant, flare = 0.0, 0.0, 0.0
        dose, output = 0, 0
        for k in range(len(nodes)):
            day = nodes[k]
            for f in range(flare_days.shape[1]):
                if flare_days[i, f] == day:
                    flare += flare_sizes[i, f]
            injury = healing + flare + p[1] * (1.0 + p[2] * (day - p[0]))
            drive, g0, h0 = _pull(injury, m, c, nsaid, relaxant, p, fast)
            pain = 100.0 * drive / (1.0 + drive)
            while dose < len(offered) and offered[dose, 0] <= k:
                if takes[i, dose] and pain >= offered[dose, 3]:
                    j = int(offered[dose, 1])
                    for e in range(exponents):
                        left[j, e] += offered[dose, 2]
                    doses[i, j] += 1.0
                dose += 1
            while output < len(outputs) and outputs[output] == k:
                awake = 1.0
                for j in range(drugs):
                    conc, tolerated = 0.0, 0.0
                    for e in range(exponents):
                        conc += site[i, j, e] * left[j, e]
                        tolerated += tolerance[i, j, e] * left[j, e]
                    if conc > 0.0 and effects[i, j, 3] < np.inf:
                        threshold = effects[i, j, 3] + effects[i, j, 5] * max(tolerated, 0.0)
                        ratio = (conc / threshold) ** effects[i, j, 4]
                        awake *= 1.0 - ratio / (1.0 + ratio)
                results[0, output, i] = pain
                results[1, output, i] = s
                results[2, output, i] = m
                results[3, output, i] = c
                results[4, output, i] = 1.0 - awake
                results[5, output, i] = nsaid
                results[6, output, i] = relaxant
                output += 1
            if k == len(nodes) - 1:
                break
            q = which_length[k]
            v, h = w[q], lengths[k]
            healing *= heal[q]
            flare *= calm[q]
            middle = healing + flare + p[1] * (1.0 + p[2] * (day + h / 2.0 - p[0]))
            nsaid_1, relaxant_1, nsaid_2, relaxant_2 = 0.0, 0.0, 0.0, 0.0
            if drugs:
                for j in range(drugs):
                    for e in range(exponents):
                        left[j, e] *= decay[q, j, e]
                nsaid_1, relaxant_1 = _effect(left, site[i], effects[i], drugs, is_nsaid, shapes, tables)
                for j in range(drugs):
                    for e in range(exponents):
                        left[j, e] *= decay[q, j, e]
                nsaid_2, relaxant_2 = _effect(left, site[i], effects[i], drugs, is_nsaid, shapes, tables)
            healing *= heal[q]
            flare *= calm[q]
            last = healing + flare + p[1] * (1.0 + p[2] * (day + h - p[0]))
            half_m, half_c = v[1] * m + v[2] * s, v[3] * c
            s_a, m_a, c_a = v[0] * s + v[4] * g0, half_m + v[5] * g0, half_c + v[6] * h0
            _, g1, h1 = _pull(middle, m_a, c_a, nsaid_1, relaxant_1, p, fast)
            _, g2, h2 = _pull(middle, half_m + v[5] * g1, half_c + v[6] * h1, nsaid_1, relaxant_1, p, fast)
            _, g3, h3 = _pull(
                last,
                v[1] * m_a + v[2] * s_a + v[5] * (2.0 * g2 - g0),
                v[3] * c_a + v[6] * (2.0 * h2 - h0),
                nsaid_2,
                relaxant_2,
                p,
                fast,
            )
            g1 += g2
            h1 += h2
            m = v[8] * m + v[9] * s + v[14] * g0 + v[15] * g1 + v[16] * g3
            s = v[7] * s + v[11] * g0 + v[12] * g1 + v[13] * g3
            c = v[10] * c + v[17] * h0 + v[18] * h1 + v[19] * h3
            nsaid, relaxant = nsaid_2, relaxant_2
