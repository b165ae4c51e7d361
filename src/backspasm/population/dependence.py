"""How findings go together among the model's patients, beside what studies report.

Given the cause, findings share only the complications that drive them; given nothing, also the cause. The correlation
that follows is compared with published ones: phi of a fourfold table of two yes-or-no findings (which is their Pearson
correlation), Spearman's rank correlation where one is measured. A study's fourfold table of two measured findings is
compared with the model's values cut so that as many patients as in the study lie above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.stats import rankdata

from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.inference.intervals import INTERVAL
from backspasm.inference.logit_normal import Z95, Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import JointDraws, Numbers, age_group
from backspasm.inference.sampling import Drawn, Sampler, world
from backspasm.inference.single_draw import SingleDraw
from backspasm.population.presenters import presenters
from backspasm.population.rule_validation import Interval
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact

#: patients drawn at the fixed set; worlds drawn for the interval, and patients in each
FIXED, WORLDS, PATIENTS = 20_000, 16, 3_000
#: adults, in years
ADULT = 18.0


class Pair(Struct, frozen=True):
    """Two findings among patients of a setting, all or those with one of these causes or complications."""

    finding: str
    other: str
    setting: str
    given: tuple[str, ...] = ()


INFECTIONS = ("discitis", "vertebral_osteomyelitis", "spinal_epidural_abscess")
SPONDYLOARTHRITIS = ("axial_spondyloarthritis",)
INFLAMMATORY = ("morning_stiffness", "improves_with_exercise", "night_pain", "alternating_buttock_pain")
PAIRS = (
    Pair("esr", "crp", "emergency"),
    Pair("esr", "crp", "emergency", INFECTIONS),
    Pair("esr", "crp", "spine_clinic", SPONDYLOARTHRITIS),
    Pair("fever", "crp", "emergency"),
    Pair("fever", "crp", "emergency", INFECTIONS),
    Pair("urinary_retention", "saddle_anaesthesia", "emergency"),
    Pair("urinary_retention", "saddle_anaesthesia", "emergency", COMPRESSIONS),
    *(Pair(one, other, "spine_clinic") for i, one in enumerate(INFLAMMATORY) for other in INFLAMMATORY[i + 1 :]),
    Pair("radicular_leg_pain", "straight_leg_raise", "primary_care"),
    Pair("radicular_leg_pain", "straight_leg_raise", "primary_care", ("disc_herniation",)),
)


class Reported(Struct, frozen=True):
    """What a study found: correlation with its 95 % interval, and the model's by the same measure where that differs."""

    address: str
    population: str
    correlation: Interval
    model: float | None = None


class Dependence(Struct, frozen=True):
    """One pair: the model's correlation with its 90 % interval over joint draws, and every reported one."""

    pair: Pair
    measure: str
    model: Interval
    reported: tuple[Reported, ...]
    searched: tuple[str, ...]


def dependence(model: Model, seed: int, progress: Callable[[int], None] | None = None) -> tuple[Dependence, ...]:
    """Every pair among the model's adults."""
    out = []
    joint = JointDraws(model.parameters, WORLDS)
    samples: dict[tuple[str, tuple[str, ...]], list[_Sample]] = {}
    for pair in PAIRS:
        if (pair.setting, pair.given) not in samples:
            worlds = [_sample(pair, model, SingleDraw(joint, w), PATIENTS, seed + w) for w in range(WORLDS)]
            samples[pair.setting, pair.given] = [_sample(pair, model, model.means, FIXED, seed), *worlds]
        fixed, *drawn = (_columns(pair, d, model) for d in samples[pair.setting, pair.given])
        low, high = np.nanquantile([correlation(*d) for d in drawn], INTERVAL)
        found = Interval(round(correlation(*fixed), 3), round(float(low), 3), round(float(high), 3))
        measured = {pair.finding, pair.other} & set(model.parameters.measured)
        reported = tuple(_reported(pair, fixed, model.knowledge))
        out.append(Dependence(pair, "rank correlation" if measured else "phi", found, reported, _searched(pair, model)))
        if progress is not None:
            progress(1)
    return tuple(out)


@dataclass(frozen=True)
class _Sample:
    """Drawn patients, and which of them (positions, some twice) stand for the pair's population."""

    drawn: Drawn
    rows: NDArray[np.intp]


def _sample(pair: Pair, model: Model, numbers: Numbers, count: int, seed: int) -> _Sample:
    """Patients of the pair's population.

    Complications are rare. So strata and causes are drawn as often as they have one, those without it are left out, and
    the rest drawn again with weights that undo this (sampling importance resampling).
    """
    p = model.parameters
    strata, _ = presenters(model.knowledge, pair.setting, ADULT)
    causes = tuple(g for g in pair.given if g in p.causes)
    complications = [p.complications.index(g) for g in pair.given if g in p.complications]
    of = world(numbers, model.layout, model.knowledge, strata, causes)
    if not complications:
        return _Sample(Sampler(of, seed).draw(0, count), np.arange(count))
    share = np.stack(
        [1 - (1 - numbers.shares(s.setting, age_group(p, s))[:, complications]).prod(axis=1) for s in strata]
    )
    weights = of.weights * share
    drawn = Sampler(replace(of, weights=weights / weights.sum()), seed).draw(0, count)
    rows = np.flatnonzero(drawn.complications[:, complications].any(axis=1))
    undo = 1 / share[drawn.stratum[rows], drawn.cause[rows]]
    return _Sample(drawn, np.random.default_rng(seed).choice(rows, len(rows), p=undo / undo.sum()))


def _columns(pair: Pair, sample: _Sample, model: Model) -> tuple[Array, Array]:
    """Values of both findings: 0 or 1, or what is measured."""
    one, other = (_column(f, sample.drawn, model)[sample.rows] for f in (pair.finding, pair.other))
    return one, other


def _column(finding: str, drawn: Drawn, model: Model) -> Array:
    p = model.parameters
    if finding in p.booleans:
        return drawn.present[:, p.booleans.index(finding)].astype(float)
    out: Array = drawn.values[:, p.measured.index(finding)]
    return out


def correlation(x: Array, y: Array) -> float:
    """Spearman's, which of two yes-or-no findings is phi; NaN where one of them does not vary."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def _reported(pair: Pair, sample: tuple[Array, Array], knowledge: Knowledge) -> Iterator[Reported]:
    for study, fact in knowledge.facts():
        if fact.kind != "association" or {fact.finding, fact.other} != {pair.finding, pair.other}:
            continue
        about = {*fact.causes, *((fact.complication,) if fact.complication else ())}
        if bool(about) != bool(pair.given) or (about and not about & set(pair.given)):
            continue
        x, y = sample if fact.finding == pair.finding else sample[::-1]
        yield Reported(f"{study.id}/{fact.id}", study.population, reported(fact, study.n), _by_its_measure(fact, x, y))


def reported(fact: Fact, size: int | None) -> Interval:
    """Correlation of an association with its 95 % interval (Fisher's z where the study prints none).

    Raises:
        ValueError: where the fact has neither a table nor a value.
    """
    n: int | None
    table = (fact.both, fact.first_only, fact.second_only, fact.neither)
    if None not in table:
        a, b, c, d = (float(t or 0) for t in table)
        n = int(a + b + c + d)
        value = (a * d - b * c) / float(np.sqrt((a + b) * (c + d) * (a + c) * (b + d)))
    elif fact.value is not None:
        value, n = fact.value, fact.n or size
    else:
        raise ValueError(f"{fact.id}: neither a table nor a value")
    if fact.low is not None and fact.high is not None:
        return Interval(value, fact.low, fact.high)
    if not n or n <= LOST:
        return Interval(round(value, 3), None, None)
    half = Z95 / np.sqrt(n - LOST)
    low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
    return Interval(round(value, 3), round(float(low), 3), round(float(high), 3))


#: degrees of freedom lost by Fisher's z
LOST = 3


def _by_its_measure(fact: Fact, x: Array, y: Array) -> float | None:
    """The model's phi of measured findings cut at the study's own shares; None where its measure is the usual one."""
    if fact.both is None or (set(np.unique(x)) <= {0.0, 1.0} and set(np.unique(y)) <= {0.0, 1.0}):
        return None
    a, b, c, d = (float(t or 0) for t in (fact.both, fact.first_only, fact.second_only, fact.neither))
    above_x = x > np.quantile(x, 1 - (a + b) / (a + b + c + d))
    above_y = y > np.quantile(y, 1 - (a + c) / (a + b + c + d))
    return round(correlation(above_x.astype(float), above_y.astype(float)), 3)


def _searched(pair: Pair, model: Model) -> tuple[str, ...]:
    """What was looked for where nothing is reported."""
    inflammatory = {pair.finding, pair.other} <= set(INFLAMMATORY)
    return tuple(
        f"{s.date}: {s.terms} ({s.found})"
        for s in model.knowledge.searches
        if s.other is not None
        and ({s.finding, s.other} == {pair.finding, pair.other} or (inflammatory and s.other in INFLAMMATORY))
    )
