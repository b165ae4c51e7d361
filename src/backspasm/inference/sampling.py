"""Draws virtual patients from the very likelihood that assesses them.

Everything is drawn in the order of the model: stratum and cause, complications, then each finding given the state.
Linked findings are drawn together, by the probabilities of the items that the engine counts (``likelihood.log_item``),
so that for every state the draw and the engine are one distribution.

Patient number ``i`` owns a fixed stretch of one counter-based random stream (Philox: Salmon JK et al., Parallel random
numbers: as easy as 1, 2, 3, SC11, 2011), so a patient does not depend on how many are drawn at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.layout import Layout
from backspasm.inference.likelihood import log_item, scale_ends, share_above
from backspasm.inference.logit_normal import Array
from backspasm.inference.numbers import Numbers, age_group
from backspasm.inference.posterior import terms_of
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.knowledge import Knowledge

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: significant digits of a drawn value: coarser than instruments are, far finer than the distributions
DIGITS = 4
#: random numbers are made four at a time
BLOCK = 4


@dataclass(frozen=True)
class World:
    """What patients are drawn from: numbers (the fixed set, or one joint draw), and who may appear.

    ``weights``: probability of every stratum with every cause, (strata, C), summing to 1.
    """

    numbers: Numbers
    layout: Layout
    knowledge: Knowledge
    strata: tuple[Stratum, ...]
    weights: Array


@dataclass(frozen=True)
class Drawn:
    """n patients with everything that is true of them, whether asked or not.

    ``stratum``, ``cause``: positions, (n,). ``complications``: (n, K). ``present``: boolean findings, (n, F).
    ``values``: in the units of the findings, (n, M). ``age``: where in its band, 0 to 1, (n,).
    ``coins``: random numbers for whether a finding was asked, (n, F + M).
    """

    stratum: Whole
    cause: Whole
    complications: Flags
    present: Flags
    values: Array
    age: Array
    coins: Array


@dataclass(frozen=True)
class _Tables:
    """Probabilities of one setting and age group. Axes: C causes, N configurations of one group of complications."""

    configurations: tuple[Array, ...]  # cumulative, (C, N) a group
    rates: dict[str, tuple[int | None, Array]]  # of findings with no link, or first in theirs
    given: dict[str, tuple[int | None, Array]]  # of linked findings, given what is drawn before them
    values: dict[str, tuple[int | None, Array, Array]]  # mean and sd


def world(
    numbers: Numbers, layout: Layout, knowledge: Knowledge, strata: tuple[Stratum, ...], causes: tuple[str, ...] = ()
) -> World:
    """A world of these strata (with weights); with ``causes``, only patients who have one of them."""
    weights = np.stack([s.weight * np.exp(numbers.log_base(s)) for s in strata])
    if causes:
        weights = weights * np.isin(numbers.parameters.causes, causes)
    return World(numbers, layout, knowledge, strata, weights / weights.sum())


class Sampler:
    """Draws patients of one world; keeps the tables of every setting and age group."""

    def __init__(self, of: World, seed: int) -> None:
        self.world = of
        self.seed = seed
        p = of.numbers.parameters
        self.groups = [(s.setting, age_group(p, s)) for s in of.strata]
        self.cumulative = np.cumsum(of.weights.ravel())
        self.tables: dict[tuple[str, int], _Tables] = {}
        self.complications = len(p.complications)
        findings = len(p.booleans) + len(p.measured)
        wanted = 2 + len(of.layout.groups) + 2 * findings
        self.width = -(-wanted // BLOCK) * BLOCK

    def draw(self, start: int, count: int) -> Drawn:
        """Patients number ``start`` to ``start + count``."""
        p = self.world.numbers.parameters
        stream = np.random.Philox(key=self.seed)
        stream.advance(start * (self.width // BLOCK))
        u = np.random.Generator(stream).random((count, self.width))
        place = np.searchsorted(self.cumulative, u[:, 0] * self.cumulative[-1], side="right")
        place = np.minimum(place, len(self.cumulative) - 1)
        stratum, cause = np.divmod(place, len(p.causes))
        out = Drawn(
            stratum=stratum,
            cause=cause,
            complications=np.zeros((count, self.complications), dtype=bool),
            present=np.zeros((count, len(p.booleans)), dtype=bool),
            values=np.zeros((count, len(p.measured))),
            age=u[:, 1],
            coins=u[:, self.width - len(p.booleans) - len(p.measured) :],
        )
        groups = len(self.world.layout.groups)
        by_table: dict[tuple[str, int], list[int]] = {}
        for s, key in enumerate(self.groups):
            by_table.setdefault(key, []).append(s)
        for key, strata in by_table.items():
            rows = np.flatnonzero(np.isin(stratum, strata))
            if len(rows):
                self._fill(out, rows, self._tables(*key), u[rows, 2 : 2 + groups], u[rows, 2 + groups :])
        return out

    def _tables(self, setting: str, age: int) -> _Tables:
        if (setting, age) not in self.tables:
            self.tables[setting, age] = tables(self.world, setting, age)
        return self.tables[setting, age]

    def _fill(self, out: Drawn, rows: Whole, known: _Tables, u_groups: Array, u: Array) -> None:
        """Draw complications and findings of the rows."""
        w = self.world
        p = w.numbers.parameters
        cause = out.cause[rows]
        chosen: dict[int | None, Whole] = {None: np.zeros(len(rows), dtype=np.int64)}
        for g, group in enumerate(w.layout.groups):
            chosen[g] = (u_groups[:, [g]] > known.configurations[g][cause, :-1]).sum(axis=1)
            out.complications[np.ix_(rows, np.array(group.members))] = group.configurations[chosen[g]] > 0
        for f, finding in enumerate(p.booleans):
            group_of, rate = known.rates.get(finding) or known.given[finding]
            out.present[rows, f] = u[:, f] < rate[cause, chosen[group_of]]
        for m, measured in enumerate(p.measured):
            group_of, mean, sd = known.values[measured]
            cell = cause, chosen[group_of]
            out.values[rows, m] = _value(u[:, len(p.booleans) + m], measured, mean[cell], sd[cell], w)
        self._settle(out, rows)

    def _settle(self, out: Drawn, rows: Whole) -> None:
        """Linked findings were drawn given what makes them possible; where that is not so, they are not there."""
        w = self.world
        p = w.numbers.parameters
        for link in w.knowledge.links:
            if link.kind == "implies":
                f, by = p.booleans.index(link.finding), out.present[rows, p.booleans.index(link.other)]
            elif link.kind == "excludes":
                f, by = p.booleans.index(link.other), ~out.present[rows, p.booleans.index(link.finding)]
            elif link.kind == "below_excludes" and link.threshold:
                f = p.booleans.index(link.other)
                by = out.values[rows, p.measured.index(link.finding)] >= w.knowledge.number(link.threshold)
            else:
                continue
            out.present[rows, f] &= by


def tables(of: World, setting: str, age: int) -> _Tables:
    """Probabilities of complications and findings in one setting and age group, from the items of the likelihood."""
    p = of.numbers.parameters

    def probability(item: Item) -> tuple[int | None, Array]:
        group, log_p = log_item(item, of.numbers, of.layout, setting, age, of.knowledge)
        return group, np.exp(log_p)

    given: dict[str, tuple[int | None, Array]] = {}
    for link in of.knowledge.links:
        if link.kind == "implies":
            group, spared = probability(Item("without", link.other, given=link.finding))
            given[link.finding] = group, 1 - spared / probability(Item("present", link.other))[1]
        elif link.kind == "excludes":
            given[link.other] = probability(Item("present_given", link.other, given=link.finding))
        elif link.kind == "below_excludes":
            given[link.other] = probability(Item("present_after", link.other, given=link.finding))
    rates = {f: probability(Item("present", f)) for f in p.booleans if f not in given}
    values: dict[str, tuple[int | None, Array, Array]] = {}
    for measured in p.measured:
        mean, sd = of.numbers.value(measured, age)
        own = of.layout.group_of[measured]
        if own is None:
            values[measured] = own, mean[:, :1], sd[:, :1]
        else:
            group_of = of.layout.groups[own]
            driven = group_of.configurations[:, of.layout.positions(measured, own)].any(axis=1).astype(int)
            values[measured] = own, mean[:, driven], sd[:, driven]
    shares = terms_of((), of.numbers, of.layout, setting, age, of.knowledge).log_shares
    return _Tables(tuple(np.cumsum(np.exp(s), axis=-1) for s in shares), rates, given, values)


def _value(u: Array, measured: str, mean: Array, sd: Array, of: World) -> Array:
    """Values of a normal cut at the ends of what is possible, by inversion, in the unit of the finding."""
    from scipy.special import ndtr, ndtri

    low, high = scale_ends(measured, of.numbers, of.knowledge)
    floor, top = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    y = np.clip(mean + sd * ndtri(floor + u * (top - floor)), low, high)
    p = of.numbers.parameters
    x = np.exp(y) if p.lognormal[p.measured.index(measured)] else y
    return _rounded(x, measured, of)


def _rounded(x: Array, measured: str, of: World) -> Array:
    """Values as an instrument would print them, and never beyond what is possible."""
    size = np.power(10.0, DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(x), np.finfo(float).tiny))))
    out: Array = np.round(x * size) / size
    plausible = of.knowledge.findings[measured].plausible
    if plausible is not None:
        low, high = (of.knowledge.number(name) for name in plausible)
        out = np.clip(out, low, high)
    return out


def marginal(
    numbers: Numbers, layout: Layout, finding: str, setting: str, age: int, knowledge: Knowledge
) -> tuple[int | None, Array]:
    """Group, and how often a finding is there in every state, (..., C, N), with what its links leave of it."""
    link = next((k for k in knowledge.links if k.kind == "below_excludes" and k.other == finding), None)
    item = Item("present", finding) if link is None else Item("present_after", finding, given=link.finding)
    group, log_p = log_item(item, numbers, layout, setting, age, knowledge)
    late = 1.0 if link is None else np.moveaxis(share_above(item, numbers, age, knowledge), 0, -1)
    return group, np.exp(log_p) * late
