"""What an investigation is worth: its findings answered together, summed over all reports that are possible.

Yes-or-no findings are enumerated. Measured values are cut into cells (at the thresholds of rules, and so that all cells
are about equally probable now); within a cell one decision is made, so the worth of a panel of several measured values is
a lower bound that comes nearer with more cells. A single finding is worked out exactly by ``value``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backspasm.advice.belief import present_given_state
from backspasm.advice.rule_arrays import Flags, floors, rules_about
from backspasm.advice.situation import Situation
from backspasm.advice.value import Branch, Worth, boolean_worths, by_curve, curve_of, cuts, measured_worth
from backspasm.inference.likelihood import MARGIN, log_item
from backspasm.inference.logit_normal import Array
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
    out = {}
    known: dict[tuple[str, ...], Worth | None] = {}
    for name, record in s.model.knowledge.investigations.items():
        if record.reveals not in known:
            known[record.reveals] = _test_worth(s, record.reveals)
        worth = known[record.reveals]
        if worth is not None:
            out[name] = worth
    return out


def _test_worth(s: Situation, reveals: tuple[str, ...]) -> Worth | None:
    unknown = tuple(f for f in reveals if not s.answers.asked(f))
    if not unknown or _image_reported(s, reveals):
        return None
    if len(unknown) == 1:
        finding = unknown[0]
        if finding in s.model.parameters.measured:
            return measured_worth(s, finding)
        return boolean_worths(s, (finding,)).get(finding)
    parts = _parts(s, unknown)
    return _joint_worth(s, unknown, parts)


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
    count = len(findings)
    flags = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 > 0
    told = {f: present_given_state(model, f, keys) for f in (hub, *findings)}
    given = {f: _given(s, f, hub) for f in findings}
    group = next((g for g, _ in (*told.values(), *given.values()) if g is not None), None)
    not_normal = np.maximum(1 - told[hub][1], np.finfo(float).tiny)
    reports = np.ones((len(flags), 1, 1, 1)) * not_normal
    loose = np.ones_like(not_normal)
    for i, finding in enumerate(findings):
        here = flags[:, i][:, None, None, None]
        reports = reports * np.where(here, given[finding][1], 1 - given[finding][1])
        loose = loose * (1 - told[finding][1])
    present = {f: flags[:, i] for i, f in enumerate(findings)}
    if not hub_told:
        reports[~flags.any(axis=1)] = loose
        return _Part(group, reports / reports.sum(axis=0), present, {})
    normal = np.broadcast_to(1 - not_normal, reports.shape[1:])
    present = {f: np.append(p, False) for f, p in present.items()} | {hub: np.append(np.zeros(len(flags), bool), True)}
    return _Part(group, np.concatenate([reports, normal[None]]), present, {})


def _given(s: Situation, finding: str, hub: str) -> tuple[int | None, Array]:
    """Group, and P(finding | it is not normal, state), (keys, C, N)."""
    item, m = Item("present_given", finding, given=hub), s.model
    found = [log_item(item, m.means, m.layout, *key, m.knowledge) for key in s.belief.keys]
    return found[0][0], np.exp(np.stack([log_p for _, log_p in found]))


def _cells(s: Situation, measured: str, cells: int) -> _Part:
    """A measured value in cells of about equal probability, cut at thresholds too."""
    curve, group, driven = curve_of(s, measured)
    weights = by_curve(s, group, driven, s.belief.by_need).sum(axis=1)
    y = np.linspace(curve.low, curve.high, 4 * CELLS[0])
    below = curve.below(y) @ weights
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
    first = list(range(len(s.belief.keys)))
    if all(p.group is None or p.measured for p in parts):  # these depend on the age group, not on the setting
        first = [[age for _, age in s.belief.keys].index(age) for age in s.belief.ages]
        need = np.stack([need[s.belief.of_age(age)].sum(axis=0) for age in s.belief.ages])
    states = need.reshape(-1, need.shape[-1])
    total = states.sum(axis=1)
    used = np.flatnonzero(total > MASS * total.max())
    product = np.ones((1, len(used)))
    shape = []
    for part in parts:
        reports = part.reports[:, first]
        r, k, c, n = reports.shape
        own = [n if g == part.group else 1 for g in groups]
        full = np.broadcast_to(reports.reshape(r, k, c, *own), (r, k, c, *sizes))
        flat = full.reshape(r, -1)[:, used]
        product = (product[:, None] * flat).reshape(-1, len(used))
        shape.append(r)
    return (product @ states[used]).reshape(*shape, -1)


#: states less probable than this, relative to the likeliest, change no worth that is shown
MASS = 1e-14
