"""The tables of all settings and age groups as one block of probabilities each, laid out for ``machine_code``.

A group of complications has configurations x causes as states. A complication can be summed out as soon as all findings
that it drives are counted, and only half of the states are left for the others (variable elimination: Zhang and Poole,
J Artif Intell Res 1996;5:301-328). So the findings of a group stand in stages: those of the first complication to go, then those
of the next, then the rest; with each stage the states halve. A complication that changes what was measured stays.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import SEXES
from backspasm.inference.log_tables import Block, LogTables, circumstances, log_tables
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.records.types import AGE_GROUPS

Ints = NDArray[np.int32]


class Stages(NamedTuple):
    """``order`` (N): configurations, those without the first complication to go before those with it, and so on.
    ``findings``: for each stage the rows of ``EvidenceColumns.items``; the last stage goes on to the end.
    """

    order: NDArray[np.intp]
    findings: tuple[tuple[int, ...], ...]


class FlatTables(NamedTuple):
    """K circumstances (setting and age group), Q pairs of findings in segments, C causes, G groups, M measurements.

    Segment 0 holds what no complication drives; then come the stages of each group.
    ``pairs`` (Q, 6): two rows of the items, each before what its items are multiplied by to give the code of the pair (a
    finding left over stands twice, the second time multiplied by 0); where the values of the pair's code 0, which is left
    out, would begin; how many values a code has. ``segments``: end of each segment in the pairs.
    ``table`` (K, L): probabilities of the codes, and the shares of the configurations.
    ``prior`` (K, (bands + 1) * (sexes + 1), C): base rates, unknown coming last.
    ``of_causes`` (K, M, 3, C): log density of a value in the first kind of configuration: factors of the value, its square, 1.
    ``of_kind`` (K, M, U, 3, C): what is added to it in the other kinds. ``value_group`` (M): group or -1.
    ``first_segment``, ``stages``, ``states``, ``shares``, ``kinds_left`` (G): by group its first segment, number of stages,
    number of configurations, where their shares begin in the table, number of kinds but the first.
    ``kind`` (K, G, N): kind of each configuration that is left after the last stage.
    ``reach_count`` (R), ``reach`` (R, K), ``weight`` (R, K): the circumstances that are possible for each pair of setting
    and age group, unknown coming last in both, and what each weighs.
    """

    pairs: Ints
    segments: Ints
    table: Array
    prior: Array
    of_causes: Array
    of_kind: Array
    value_group: Ints
    first_segment: Ints
    stages: Ints
    states: Ints
    shares: Ints
    kinds_left: Ints
    kind: Ints
    reach_count: Ints
    reach: Ints
    weight: Array


@lru_cache(maxsize=2)
def flat_tables(model: Model) -> FlatTables:
    """The tables of a model: some megabytes."""
    where = [(setting, age) for setting, age, _ in circumstances(model)]
    tables = [log_tables(model, setting, age) for setting, age in where]
    causes = len(model.parameters.causes)
    plans = [_stages([t.groups[g] for t in tables], g, causes, model) for g in range(len(model.layout.groups))]
    pairs: list[tuple[int, ...]] = []
    segments, shares = [], []
    parts: list[list[Array]] = [[] for _ in tables]
    length = 0

    def append(values: list[Array]) -> int:
        """Add log probabilities of each circumstance, (rows, states, causes); returns where they begin."""
        nonlocal length
        begin = length
        for part, own in zip(parts, values, strict=True):
            part.append(np.exp(own).reshape(-1))
        length += parts[0][-1].size
        return begin

    def segment(findings: tuple[int, ...], logs: Callable[[int, int], Array], states: int) -> None:
        """Add findings two by two; ``logs(k, f)``: log probabilities of a finding's items, (items, states, causes)."""
        for f in range(0, len(findings), 2):
            one, other = findings[f], findings[f + 1 : f + 2]
            both = [_both(logs(k, one), logs(k, other[0]) if other else None) for k in range(len(tables))]
            begin = append(both) - states * causes
            size = len(logs(0, other[0])) if other else 1
            pairs.append((one, size, *(other or (one,)), int(bool(other)), begin, states * causes))
        segments.append(len(pairs))

    segment(tuple(tables[0].alone.items), lambda k, f: tables[k].alone.items[f][:, None], 1)
    for g, plan in enumerate(plans):
        left = len(plan.order)
        blocks = [t.groups[g] for t in tables]
        shares.append(append([_ordered(b.shares[None], plan.order, causes) for b in blocks]))
        for findings in plan.findings:
            segment(
                findings,
                lambda k, f, g=g, left=left, plan=plan: _ordered(tables[k].groups[g].items[f], plan.order, causes)[
                    :, :left
                ],  # type: ignore[misc]
                left,
            )
            left //= 2
    stages = [len(plan.findings) for plan in plans]
    return FlatTables(
        _ints(pairs), _ints(segments),
        np.array([np.concatenate(part) for part in parts]),
        np.array([np.exp(t.prior).reshape(-1, causes) for t in tables]),
        *_densities(tables, len(model.parameters.measured), causes),
        _ints(np.cumsum([1, *stages[:-1]])), _ints(stages), _ints([len(plan.order) for plan in plans]), _ints(shares),
        _ints([max(t.groups[g].kind_of.max() for t in tables) for g in range(len(plans))]),
        _kinds(tables, plans),
        *_reach(model, where, tables),
    )  # fmt: skip


def age_groups(model: Model) -> tuple[int, ...]:
    """Position of the age group of each age band."""
    ages = model.parameters.ages
    return tuple(AGE_GROUPS.index(ages.group(band)) for band in ages.bands)


def place_of(setting: NDArray[np.int8], age: NDArray[np.int8], model: Model) -> NDArray[np.int8]:
    """Row of ``FlatTables.reach`` for positions of settings and age groups, -1 where unknown."""
    ages, settings = _counts(model)
    out: NDArray[np.int8] = (
        np.where(setting < 0, settings, setting) * (ages + 1) + np.where(age < 0, ages, age)
    ).astype(np.int8)
    return out


def _counts(model: Model) -> tuple[int, int]:
    return len(model.parameters.ages.group_starts), len(model.parameters.settings)


def _ints(values: object) -> Ints:
    return np.array(values, dtype=np.int32)


def _ordered(logs: Array, order: NDArray[np.intp], causes: int) -> Array:
    """(rows, N * C) as (rows, N, C), with configurations in another order."""
    return logs.reshape(len(logs), -1, causes)[:, order]


def _both(one: Array, other: Array | None) -> Array:
    """Sums of each item of one finding and each of another, but for the first of both, which is 0."""
    if other is None:
        return one[1:]
    out: Array = (one[:, None] + other[None]).reshape(-1, *one.shape[1:])[1:]
    return out


def _stages(blocks: list[Block], group: int, causes: int, model: Model) -> Stages:
    """In which order the complications of a group are summed out. The tables themselves tell which findings each drives."""
    configurations = model.layout.groups[group].configurations.astype(int)
    place = {tuple(row): i for i, row in enumerate(configurations.tolist())}
    members = range(configurations.shape[1])
    other = [
        [place[tuple(v ^ (j == d) for j, v in enumerate(row))] for row in configurations.tolist()] for d in members
    ]

    def drives(d: int, finding: int) -> bool:
        tables = (b.items[finding].reshape(-1, len(configurations), causes) for b in blocks)
        return any(not np.array_equal(t, t[:, other[d]]) for t in tables)

    driven = {f: {d for d in members if drives(d, f)} for f in blocks[0].items}
    free = [d for d in members if all(np.array_equal(b.kind_of, b.kind_of[other[d]]) for b in blocks)]
    going: list[int] = []
    findings: list[tuple[int, ...]] = []
    while free:
        d = min(free, key=lambda d: sum(d in by for by in driven.values()))
        findings.append(tuple(f for f, by in driven.items() if d in by))
        driven = {f: by for f, by in driven.items() if d not in by}
        going.append(d)
        free.remove(d)
    keys = [*going, *(d for d in members if d not in going)]
    order = np.lexsort([configurations[:, d] for d in reversed(keys)])
    return Stages(order, (*findings, tuple(driven)))


def _densities(tables: list[LogTables], measured: int, causes: int) -> tuple[Array, Array, Ints]:
    most = max(b.kind_of.max() for t in tables for b in t.groups)
    first = np.zeros((len(tables), measured, 3, causes))
    others = np.zeros((len(tables), measured, max(1, most), 3, causes))
    group = np.full(measured, -1)
    for k, t in enumerate(tables):
        for g, block in enumerate((t.alone, *t.groups)):
            for m, coefficients in block.values.items():
                by_kind = coefficients.reshape(3, -1, causes).swapaxes(0, 1)
                first[k, m] = by_kind[0]
                others[k, m, : len(by_kind) - 1] = by_kind[1:] - by_kind[0]
                group[m] = g - 1
    return first, others, _ints(group)


def _kinds(tables: list[LogTables], plans: list[Stages]) -> Ints:
    out = np.zeros((len(tables), len(plans), max(len(p.order) for p in plans)))
    for g, plan in enumerate(plans):
        left = len(plan.order) >> (len(plan.findings) - 1)
        for k, t in enumerate(tables):
            out[k, g, :left] = t.groups[g].kind_of[plan.order[:left]]
    return _ints(out)


def _reach(model: Model, where: list[tuple[int, int]], tables: list[LogTables]) -> tuple[Ints, Ints, Array]:
    ages, settings = _counts(model)
    rows = (settings + 1) * (ages + 1)
    count, reach, weight = (
        np.zeros(rows, dtype=int),
        np.zeros((rows, len(where)), dtype=int),
        np.ones((rows, len(where))),
    )
    for row in range(rows):
        setting, age = divmod(row, ages + 1)
        own = [k for k, (s, a) in enumerate(where) if setting in {s, settings} and age in {a, ages}]
        count[row], reach[row, : len(own)] = len(own), own
        if setting == settings:
            weight[row, : len(own)] = np.exp([tables[k].log_setting for k in own])
    return _ints(count), _ints(reach), weight


def who_of(band: NDArray[np.int8], sex: NDArray[np.int8], model: Model) -> NDArray[np.int16]:
    """Row of ``FlatTables.prior`` for positions of age bands and sexes, -1 where unknown."""
    bands, sexes = len(model.parameters.ages.bands), len(SEXES)
    out: NDArray[np.int16] = (np.where(band < 0, bands, band) * (sexes + 1) + np.where(sex < 0, sexes, sex)).astype(
        np.int16
    )
    return out
