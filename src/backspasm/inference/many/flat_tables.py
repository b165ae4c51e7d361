"""The tables of all settings and age groups as one block of probabilities each, laid out for ``machine_code``.

A group of complications has configurations x causes as states. A complication can be summed out as soon as all findings
that it drives are counted, and only half of the states are left for the others (variable elimination: Zhang and Poole,
J Artif Intell Res 1996;5:301-328). So the findings of a group stand in stages: those of the first complication to go, then those
of the next, then the rest; with each stage the states halve. A complication that changes what was measured stays.
"""

from __future__ import annotations

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
    """K circumstances (setting and age group), C causes, Q findings in segments, G groups, M measurements.

    Segment 0 holds what no complication drives; then come the stages of each group.
    ``finding``, ``start``, ``width`` (Q): row of the items; where the values of its item 1 begin, less one width; how
    many values an item has. ``segments``: end of each segment in the findings.
    ``table`` (K, L): probabilities of the items, and the shares of the configurations.
    ``prior`` (K, (bands + 1) * (sexes + 1), C): base rates, unknown coming last.
    ``of_causes`` (K, M, 3, C): log density of a value in the first kind of configuration: factors of the value, its square, 1.
    ``of_kind`` (K, M, U, 3, C): what is added to it in the other kinds. ``value_group`` (M): group or -1.
    ``first_segment``, ``stages``, ``states``, ``shares``, ``kinds_left`` (G): by group its first segment, number of stages,
    number of configurations, where their shares begin in the table, number of kinds but the first.
    ``kind`` (K, G, N): kind of each configuration that is left after the last stage.
    ``reach_count`` (R), ``reach`` (R, K), ``weight`` (R, K): the circumstances that are possible for each pair of setting
    and age group, unknown coming last in both, and what each weighs.
    """

    finding: Ints
    start: Ints
    width: Ints
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
    rows: list[tuple[int, int, int]] = []
    segments, shares = [], []
    parts: list[list[Array]] = [[] for _ in tables]
    length = 0

    def add(finding: int, values: list[Array]) -> None:
        """Values of a finding's items, (items, width), in each circumstance."""
        nonlocal length
        items, width = values[0].shape
        rows.append((finding, length - width, width))
        length += items * width
        for part, own in zip(parts, values, strict=True):
            part.append(np.exp(own).reshape(-1))

    for f in tables[0].alone.items:
        add(f, [t.alone.items[f][1:] for t in tables])
    segments.append(len(rows))
    for g, plan in enumerate(plans):
        blocks, left = [t.groups[g] for t in tables], len(plan.order)
        shares.append(length)
        length += left * causes
        for part, block in zip(parts, blocks, strict=True):
            part.append(np.exp(block.shares.reshape(left, causes)[plan.order]).reshape(-1))
        for findings in plan.findings:
            for f in findings:
                add(f, [_ordered(b.items[f][1:], plan.order, causes)[:, : left * causes] for b in blocks])
            segments.append(len(rows))
            left //= 2
    stages = [len(plan.findings) for plan in plans]
    finding, start, width = _ints(rows).T
    return FlatTables(
        finding, start, width, _ints(segments),
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
    out: NDArray[np.int8] = (np.where(setting < 0, settings, setting) * (ages + 1) + np.where(age < 0, ages, age)).astype(
        np.int8
    )
    return out


def _counts(model: Model) -> tuple[int, int]:
    return len(model.parameters.ages.group_starts), len(model.parameters.settings)


def _ints(values: object) -> Ints:
    return np.array(values, dtype=np.int32)


def _ordered(logs: Array, order: NDArray[np.intp], causes: int) -> Array:
    """(items, N * C) with configurations in another order."""
    return logs.reshape(len(logs), -1, causes)[:, order].reshape(len(logs), -1)


def _stages(blocks: list[Block], group: int, causes: int, model: Model) -> Stages:
    """In which order the complications of a group are summed out. The tables themselves tell which findings each drives."""
    configurations = model.layout.groups[group].configurations.astype(int)
    place = {tuple(row): i for i, row in enumerate(configurations.tolist())}
    members = range(configurations.shape[1])
    other = [[place[tuple(v ^ (j == d) for j, v in enumerate(row))] for row in configurations.tolist()] for d in members]

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
    count, reach, weight = np.zeros(rows, dtype=int), np.zeros((rows, len(where)), dtype=int), np.ones((rows, len(where)))
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
    out: NDArray[np.int16] = (np.where(band < 0, bands, band) * (sexes + 1) + np.where(sex < 0, sexes, sex)).astype(np.int16)
    return out
