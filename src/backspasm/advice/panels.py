"""What an investigation is worth: its findings answered together, summed over all reports that are possible.

Yes-or-no findings are enumerated. Measured values are cut into cells (at the thresholds of rules, and so that all cells
are about equally probable now); within a cell one decision is made, so the worth of a panel of several measured values is
a lower bound that comes nearer with more cells. A single finding is worked out exactly by ``value``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backspasm.advice.belief import Key, groups_of, present_given_state
from backspasm.advice.rule_arrays import Flags, floors, rules_about
from backspasm.advice.situation import Situation
from backspasm.advice.value import MASS, Branch, Worth, boolean_worths, by_curve, curve_of, cuts, measured_worth
from backspasm.inference.likelihood import MARGIN, item_group, log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.patients.answers import Item

#: cells of a measured value in a panel with so many measured values (more: the last)
CELLS = (96, 24, 12)


@dataclass(frozen=True, eq=False)
class _Part:
    """One or several findings answered together: P(report | state), (R, keys, C, N), and the report's answers.

    N counts the configurations of the ``group`` of complications that touches them, 1 without a group.
    """

    group: int | None
    reports: Array
    present: dict[str, Flags]
    measured: dict[str, Array]


def test_worths(s: Situation) -> dict[str, Worth]:
    """Worth of every investigation that would still tell something, by id."""
    records = s.model.knowledge.investigations
    left = {r.reveals: _left(s, r.reveals) for r in records.values()}
    alone = dict.fromkeys(f for unknown in left.values() if len(unknown) == 1 for f in unknown)
    answers = tuple(f for f in alone if f not in s.model.parameters.measured)
    single: dict[str, Worth | None] = dict(boolean_worths(s, answers))
    single |= {f: measured_worth(s, f) for f in alone if f in s.model.parameters.measured}
    known = {
        reveals: single.get(unknown[0]) if len(unknown) == 1 else _joint_worth(s, unknown, _parts(s, unknown))
        for reveals, unknown in left.items()
        if unknown
    }
    worths = {name: known.get(record.reveals) for name, record in records.items()}
    return {name: worth for name, worth in worths.items() if worth is not None}


def _left(s: Situation, reveals: tuple[str, ...]) -> tuple[str, ...]:
    """What a test would still tell."""
    unknown = tuple(f for f in reveals if not s.answers.asked(f))
    return () if _image_reported(s, reveals) else unknown


def _image_reported(s: Situation, reveals: tuple[str, ...]) -> bool:
    """An image of which one finding is known has been made: what else it shows is read off it, and needs no second one."""
    hubs = {k.finding for k in s.model.knowledge.links if k.kind == "excludes" and k.other in reveals}
    images = {k.other for k in s.model.knowledge.links if k.kind == "excludes" and k.finding in hubs} | hubs
    return any(s.answers.asked(f) for f in images)


def _parts(s: Situation, unknown: tuple[str, ...]) -> list[_Part]:
    knowledge = s.model.knowledge
    hubs = {k.other: k.finding for k in knowledge.links if k.kind == "excludes" and k.other in unknown}
    measured = [f for f in unknown if f in s.model.parameters.measured]
    cells = CELLS[min(len(measured), len(CELLS)) - 1] if measured else 0
    out = [_cells(s, f, cells) for f in measured]
    for hub in dict.fromkeys(hubs.values()):
        out.append(_image(s, hub, tuple(f for f, h in hubs.items() if h == hub), hub in unknown))
    alone = [f for f in unknown if f not in measured and f not in hubs and f not in hubs.values()]
    for finding in alone:
        group, p = present_given_state(s.model, finding, s.belief.keys)
        out.append(_Part(group, np.stack([p, 1 - p]), {finding: np.array([True, False])}, {}))
    return out


def _image(s: Situation, hub: str, findings: tuple[str, ...], hub_told: bool) -> _Part:
    """All reports of an image: normal, or any set of abnormalities given that it is not normal.

    Where the report does not say whether it is normal, abnormalities that are all denied count as independent
    (``answers.py``); the probabilities of all reports are then made to add up to 1 in every state.
    """
    model, keys = s.model, s.belief.keys
    flags = (np.arange(2 ** len(findings))[:, None] >> np.arange(len(findings))) & 1 > 0
    items = [Item("present_given", f, given=hub) for f in findings]
    groups = [*(groups_of(model)[f] for f in (hub, *findings)), *(_group_of(item, model) for item in items)]
    group = next((g for g in groups if g is not None), None)
    present = {f: flags[:, i] for i, f in enumerate(findings)}
    reports = model.means.kept.get(
        ("image", hub, findings, hub_told, keys), lambda: _reports(model, hub, findings, hub_told, flags, keys)
    )
    if hub_told:
        present = {f: np.append(p, False) for f, p in present.items()} | {
            hub: np.append(np.zeros(len(flags), bool), True)
        }
    return _Part(group, reports, present, {})


def _reports(
    model: Model, hub: str, findings: tuple[str, ...], hub_told: bool, flags: Flags, keys: tuple[Key, ...]
) -> Array:
    """P(report | state), (R, keys, C, N): of each row of flags, and then, where it is told, that the image is normal."""
    told = {f: present_given_state(model, f, keys)[1] for f in (hub, *findings)}
    not_normal = np.maximum(1 - told[hub], np.finfo(float).tiny)
    reports = np.ones((len(flags), 1, 1, 1)) * not_normal
    loose = np.ones_like(not_normal)
    for i, finding in enumerate(findings):
        here = flags[:, i][:, None, None, None]
        given = _given(model, finding, hub, keys)
        reports = reports * np.where(here, given, 1 - given)
        loose = loose * (1 - told[finding])
    if hub_told:
        normal = np.broadcast_to(1 - not_normal, reports.shape[1:])
        return np.concatenate([reports, normal[None]])
    reports[~flags.any(axis=1)] = loose
    out: Array = reports / reports.sum(axis=0)
    return out


def _given(model: Model, finding: str, hub: str, keys: tuple[Key, ...]) -> Array:
    """P(finding | it is not normal, state), (keys, C, N)."""
    item, m = Item("present_given", finding, given=hub), model
    return np.exp(np.stack([log_item(item, m.means, m.layout, *key, m.knowledge)[1] for key in keys]))


def _group_of(item: Item, model: Model) -> int | None:
    return item_group(item, model.layout, model.knowledge)


def _cells(s: Situation, measured: str, cells: int) -> _Part:
    """A measured value in cells of about equal probability, cut at thresholds too."""
    curve, group, driven = curve_of(s.model, measured, s.belief.ages)
    weights = by_curve(s, group, driven).sum(axis=1)
    y, at_y = _fine(s.model, measured, s.belief.ages)
    below = at_y @ weights
    inner = np.interp(np.arange(1, cells) / cells, below / below[-1], y)
    edges = np.array(sorted({*inner.tolist(), *cuts(s, measured)}))
    share = np.diff(curve.below(edges), axis=0)
    share /= np.maximum(share.sum(axis=0), MARGIN)
    c = s.belief.weights.shape[1]
    by_age = share.reshape(len(share), len(s.belief.ages), c, -1)
    apart = by_age[:, [s.belief.ages.index(age) for _, age in s.belief.keys]]
    reports = apart if group is None else apart[..., driven]
    p = s.model.parameters
    middle = (edges[1:] + edges[:-1]) / 2
    values = np.exp(middle) if p.lognormal[p.measured.index(measured)] else middle
    return _Part(group, reports, {}, {measured: values})


def _fine(model: Model, measured: str, ages: tuple[int, ...]) -> tuple[Array, Array]:
    """Values throughout what is possible, (Q,), and the share of every state's normal below each, (Q, S)."""
    curve, _, _ = curve_of(model, measured, ages)
    y = model.means.kept.get(("y", measured), lambda: np.linspace(curve.low, curve.high, 4 * CELLS[0]))
    return y, model.means.kept.get(("below", measured, ages), lambda: curve.below(y))


def _joint_worth(s: Situation, unknown: tuple[str, ...], parts: list[_Part]) -> Worth:
    """Sum over all combinations of the parts' reports."""
    masses = _masses(s, parts)
    shape = masses.shape[:-1]
    present: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    for axis, part in enumerate(parts):
        for target, own in ((present, part.present), (measured, part.measured)):
            for name, values in own.items():
                target[name] = values.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    facts = s.facts.adding(present, measured, s.model.knowledge)
    lowest = np.broadcast_to(floors(facts, rules_about(unknown, s.model), s.floor, s.model, shape), shape)
    level = np.minimum(s.decide(masses), lowest)
    after = float((s.loss[level] * masses).sum())
    share = masses.sum(axis=-1)
    branches = tuple(
        Branch("report", float(share[level == n].sum()), n) for n in range(len(s.loss)) if (level == n).any()
    )
    moved = float(share[level != s.level].sum())
    return Worth(max(s.loss_now - after, 0.0), moved, branches)


def _masses(s: Situation, parts: list[_Part]) -> Array:
    """Probability of every combination of reports with each level needed, (R1, R2, ..., L)."""
    groups = sorted({p.group for p in parts if p.group is not None})
    need = s.belief.collapsed_to(groups)  # (keys, C, N1, N2, ..., L)
    sizes = need.shape[2:-1]
    first: list[int] | None = None  # the keys that are looked at; None: all
    if all(p.group is None or p.measured for p in parts) and len(s.belief.ages) < len(s.belief.keys):
        # these depend on the age group, not on the setting
        first = [[age for _, age in s.belief.keys].index(age) for age in s.belief.ages]
        need = np.stack([need[s.belief.of_age(age)].sum(axis=0) for age in s.belief.ages])
    states = need.reshape(-1, need.shape[-1])
    total = states.sum(axis=1)
    used = total > MASS * total.max()
    if len(parts) == 1:  # nothing is multiplied, so states that do not count may stay, with nothing in them
        (flat,) = _over_states(parts, first, groups, sizes)
        return (flat @ np.where(used[:, None], states, 0.0)).reshape(len(flat), -1)
    kept = np.flatnonzero(used)
    each = [flat.take(kept, axis=1) for flat in _over_states(parts, first, groups, sizes)]
    shape = [len(own) for own in each]
    product = each[0]
    for own in each[1:]:
        product = (product[:, None] * own).reshape(-1, len(kept))
    out: Array = product @ states[kept]
    return out.reshape(*shape, -1)


def _over_states(
    parts: list[_Part], first: list[int] | None, groups: list[int], sizes: tuple[int, ...]
) -> Iterator[Array]:
    """P(report | state) of each part, (R, states of all groups)."""
    for part in parts:
        reports = part.reports if first is None else part.reports[:, first]
        r, k, c, n = reports.shape
        own = [n if g == part.group else 1 for g in groups]
        yield np.broadcast_to(reports.reshape(r, k, c, *own), (r, k, c, *sizes)).reshape(r, -1)
