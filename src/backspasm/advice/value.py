"""What an answer is worth: the expected drop in the expected loss of the final decision.

Value of information after Howard RA, IEEE Trans Syst Sci Cybern 1966;2:22-6, for a decision that is the more urgent of
the level of least expected loss and the rules' floor. With p(s) for what is believed of the states and l(d, s) for the
loss of the decision d:

    value = sum_s p(s) l(now, s) - sum_answers sum_s p(s) p(answer | s) l(decision after the answer, s)

A rule may force a decision that the loss alone would not make, so the difference can be negative; then the value is 0.
Measured values: the decision as a function of the value is found on a grid, its switching points by bisection, and
between them the shares of patients come from the normal distribution function, so no rule of quadrature is left in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.advice.belief import present_rows
from backspasm.advice.outcomes import answered, change_of, linked, ratio
from backspasm.advice.rule_arrays import floors, rules_about, thresholds
from backspasm.advice.situation import Situation
from backspasm.inference.likelihood import MARGIN, scale_ends, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.special import ndtr

#: nodes on which switches of the decision are looked for, and halvings of the cell in which one lies
NODES, HALVINGS = 192, 24
#: states less probable than this, relative to the likeliest, change no worth that is shown
MASS = 1e-14


class Branch(Struct, frozen=True):
    """One kind of answer: how probable, and the urgency that follows (position). ``low``, ``high``: ends of a value, its unit."""

    answer: str
    probability: float
    level: int
    low: float | None = None
    high: float | None = None


class Worth(Struct, frozen=True):
    """Expected drop in loss, never below 0; probability that the urgency changes; the answers that there are."""

    value: float
    changes: float
    branches: tuple[Branch, ...]


def worth_of(s: Situation, branches: list[tuple[Branch, float]]) -> Worth:
    """Sum up branches, each with its share of the expected loss."""
    after = sum(loss for _, loss in branches)
    moved = sum(b.probability for b, _ in branches if b.level != s.level)
    return Worth(max(s.loss_now - after, 0.0), moved, tuple(b for b, _ in branches))


# --- yes-or-no findings --------------------------------------------------------------------------------------------


def boolean_worths(s: Situation, findings: tuple[str, ...]) -> dict[str, Worth]:
    """Worth of yes-or-no findings; without those whose answer would add nothing to what is known."""
    free = tuple(f for f in findings if not linked(s, f))
    out = _free_worths(s, free)
    for finding in findings:
        if finding not in out:
            worth = _linked_worth(s, finding)
            if worth is not None:
                out[finding] = worth
    return {f: out[f] for f in findings if f in out}


def present_masses(s: Situation, findings: tuple[str, ...]) -> Array:
    """Probability that each finding is there and that each level is needed, (F, L), for findings free of links."""
    out = np.zeros((len(findings), len(s.loss)))
    for group, own, there in present_rows(s.model, findings, s.belief.keys):
        stacked = there.reshape(len(own), -1)
        out[own] = stacked @ s.belief.collapsed(group).reshape(stacked.shape[1], -1)
    return out


def present_floor(s: Situation, finding: str) -> int:
    """The rules' floor if the finding is there."""
    known = s.floors_known.get(finding)
    if known is None:
        rules = rules_about((finding,), s.model)
        known = s.floor
        if rules:
            known = int(floors(s.facts.adding({finding: True}, {}, s.model.knowledge), rules, s.floor, s.model))
        s.floors_known[finding] = known
    return known


def _free_worths(s: Situation, findings: tuple[str, ...]) -> dict[str, Worth]:
    if not findings:
        return {}
    there = present_masses(s, findings)
    gone = np.maximum(s.belief.needed - there, 0)
    yes = np.minimum(s.decide(there), [present_floor(s, f) for f in findings]).tolist()
    no = np.minimum(s.decide(gone), s.floor).tolist()
    shares, rests = there.sum(axis=1).tolist(), gone.sum(axis=1).tolist()
    loss, now, level = s.loss, s.loss_now, s.level
    out = {}
    for i, finding in enumerate(findings):
        branches = Branch("present", shares[i], yes[i]), Branch("absent", rests[i], no[i])
        after = float(loss[yes[i]] @ there[i]) + float(loss[no[i]] @ gone[i])
        moved = sum(b.probability for b in branches if b.level != level)
        out[finding] = Worth(max(now - after, 0.0), moved, branches)
    return out


def _linked_worth(s: Situation, finding: str) -> Worth | None:
    found = []
    for answer in ("present", "absent"):
        after = answered(s, finding, answer)
        if after is not None:
            found.append((answer, after, change_of(s, after)))
    if not found or all(change.nothing for _, _, change in found):
        return None
    ratios = [ratio(s.belief, change) for _, _, change in found]
    total = np.sum(ratios, axis=0)
    branches = []
    for (answer, _, _), r in zip(found, ratios, strict=True):
        engine = np.einsum("kcj,kcjl->l", r, s.belief.by_need)
        believed = np.einsum("kcj,kcjl->l", r / total, s.belief.by_need)
        lowest = present_floor(s, finding) if answer == "present" else s.floor
        level = min(int(s.decide(engine)), lowest)
        branches.append((Branch(answer, float(believed.sum()), level), float(s.loss[level] @ believed)))
    return worth_of(s, branches)


# --- measured values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Curve:
    """Normals (on the scale of the value) of all states of one measured finding, flattened to (S,); ``inside``: share that is possible."""

    mean: Array
    sd: Array
    inside: Array
    low: float
    high: float

    def log_density(self, y: Array) -> Array:
        """(Q, S), without the constant."""
        z = (y[:, None] - self.mean) / self.sd
        out: Array = -0.5 * z**2 - np.log(self.sd * self.inside)
        return out

    def below(self, y: Array) -> Array:
        """Share of possible values below y, (Q, S)."""
        out: Array = (ndtr((y[:, None] - self.mean) / self.sd) - self.start) / self.inside
        return out

    @cached_property
    def start(self) -> Array:
        """What of each normal lies below what is possible, (S,)."""
        return ndtr((self.low - self.mean) / self.sd)


@lru_cache(maxsize=256)
def curve_of(model: Model, measured: str, ages: tuple[int, ...]) -> tuple[Curve, int | None, NDArray[np.int64]]:
    """The finding's normals over (ages, C, D), D = driving complication absent or there; its group, and which of the group's
    configurations drive it, (N,). The setting changes no measured value."""
    means, layout = model.means, model.layout
    group = layout.group_of[measured]
    low, high = scale_ends(measured, means, model.knowledge)
    pairs = [means.value(measured, age) for age in ages]
    columns = 1 if group is None else 2
    mean, sd = (np.stack([pair[i][:, :columns] for pair in pairs]).ravel() for i in (0, 1))
    inside = np.maximum(ndtr((high - mean) / sd) - ndtr((low - mean) / sd), MARGIN)
    driven = np.zeros(1, dtype=np.int64)
    if group is not None:
        on = layout.groups[group].configurations[:, layout.positions(measured, group)].any(axis=1)
        driven = np.asarray(on, dtype=np.int64)
    return Curve(mean, sd, inside, low, high), group, driven


def by_curve(s: Situation, group: int | None, driven: NDArray[np.int64], weights: Array | None = None) -> Array:
    """Weights (keys, C, J, L; default the belief by need) summed to the states of a curve, (S, L)."""
    apart = s.belief.collapsed(group, weights)
    apart = np.stack([apart[s.belief.of_age(age)].sum(axis=0) for age in s.belief.ages])
    if group is not None:
        apart = np.stack([apart[:, :, driven == d].sum(axis=2) for d in (0, 1)], axis=2)
    return apart.reshape(-1, apart.shape[-1])


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Values between two thresholds: how the items change there, and the floor. ``engine``, ``believed``: (S, L)."""

    low: float
    high: float
    floor: int
    engine: Array
    believed: Array
    dropped: bool


def measured_worth(s: Situation, measured: str, nodes: int = NODES) -> Worth | None:
    """Worth of a measurement; None where no value would add anything."""
    curve, group, driven = curve_of(s.model, measured, s.belief.ages)
    stretches = _stretches(s, measured, curve, group, driven)
    if not stretches:
        return None
    branches: list[tuple[Branch, float]] = []
    for stretch in stretches:
        for low, high, level in _pieces(s, curve, stretch, nodes):
            edges = curve.below(np.array([low, high]))
            believed = (edges[1] - edges[0]) @ stretch.believed
            ends = [_unscaled(s, measured, y) for y in (low, high)]
            branches.append(
                (Branch("value", float(believed.sum()), level, ends[0], ends[1]), float(s.loss[level] @ believed))
            )
    return worth_of(s, branches)


def _unscaled(s: Situation, measured: str, y: float) -> float:
    p = s.model.parameters
    return float(np.exp(y)) if p.lognormal[p.measured.index(measured)] else y


def cuts(s: Situation, measured: str) -> list[float]:
    """Values (scaled, ascending) at which rules, links or the dates of other findings change what follows."""
    knowledge, means = s.model.knowledge, s.model.means
    values = set(thresholds(s.model)[measured])
    if measured == "duration_days":
        for finding, days in s.patient.days_ago.items():
            window = knowledge.findings[finding].time
            values.add(days)
            if window is not None and window.within_days_before_onset is not None:
                values.add(days - knowledge.number(window.within_days_before_onset))
    low, high = scale_ends(measured, means, knowledge)
    inner = {transformed(measured, v, means, knowledge) for v in values}
    return [low, *sorted(y for y in inner if low < y < high), high]


def _stretches(
    s: Situation, measured: str, curve: Curve, group: int | None, driven: NDArray[np.int64]
) -> list[_Stretch]:
    edges = cuts(s, measured)
    rules = rules_about((measured,), s.model)
    tied = linked(s, measured)
    parts = []
    for low, high in pairwise(edges):
        middle = _unscaled(s, measured, (low + high) / 2)
        facts, change = s.facts, None
        if tied:
            after = answered(s, measured, middle)
            if after is None:
                continue
            change = change_of(s, after, measured)
            facts = facts.adding(dict.fromkeys(after.present, True), {}, s.model.knowledge)
        lowest = int(floors(facts.adding({}, {measured: middle}, s.model.knowledge), rules, s.floor, s.model))
        parts.append((low, high, lowest, change))
    if not parts or all(c is not None and c.nothing and c.dropped for _, _, _, c in parts):
        return []
    if not tied:
        weights = by_curve(s, group, driven)
        return [_Stretch(low, high, lowest, weights, weights, False) for low, high, lowest, _ in parts]
    ratios = [ratio(s.belief, c) for *_, c in parts if c is not None]
    some_dropped = any(c is not None and c.dropped for *_, c in parts)
    shares = [_share(s, curve, group, driven, low, high) for low, high, _, _ in parts]
    predicted = [np.ones_like(r) for r in ratios] if some_dropped else ratios
    total = np.sum([p * share for p, share in zip(predicted, shares, strict=True)], axis=0)
    total = np.maximum(total, np.finfo(float).tiny)
    out = []
    for (low, high, lowest, change), r, p in zip(parts, ratios, predicted, strict=True):
        engine = by_curve(s, group, driven, r[..., None] * s.belief.by_need)
        believed = by_curve(s, group, driven, (p / total)[..., None] * s.belief.by_need)
        out.append(_Stretch(low, high, lowest, engine, believed, bool(change and change.dropped)))
    return out


def _share(s: Situation, curve: Curve, group: int | None, driven: NDArray[np.int64], low: float, high: float) -> Array:
    """P(value between | state), (keys, C, J)."""
    edges = curve.below(np.array([low, high]))
    c = s.belief.weights.shape[1]
    by_age = (edges[1] - edges[0]).reshape(len(s.belief.ages), c, -1)
    apart = by_age[[s.belief.ages.index(age) for _, age in s.belief.keys]]
    return s.belief.spread(group, apart if group is None else apart[..., driven])


def _pieces(s: Situation, curve: Curve, stretch: _Stretch, nodes: int) -> list[tuple[float, float, int]]:
    """The stretch, cut where the decision switches: (low, high, level)."""
    if stretch.dropped:
        level = min(int(s.decide(stretch.engine.sum(axis=0))), stretch.floor)
        return [(stretch.low, stretch.high, level)]
    total = stretch.engine.sum(axis=1)
    kept = total > 0
    log_total, need = np.log(total[kept]), stretch.engine[kept] / total[kept, None]
    own = Curve(curve.mean[kept], curve.sd[kept], curve.inside[kept], curve.low, curve.high)

    def levels(y: Array) -> Array:
        logs = own.log_density(y) + log_total
        masses = np.exp(logs - logs.max(axis=1, keepdims=True)) @ need
        out: Array = np.minimum(s.decide(masses), stretch.floor)
        return out

    y = np.linspace(stretch.low, stretch.high, nodes)
    found = levels(y)
    switches = np.flatnonzero(found[1:] != found[:-1])
    if not len(switches):
        return [(stretch.low, stretch.high, int(found[0]))]
    low, high = y[switches], y[switches + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        same = levels(middle) == found[switches]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    edges = [stretch.low, *(float(x) for x in (low + high) / 2), stretch.high]
    order = [int(found[0]), *(int(found[i + 1]) for i in switches)]
    return list(zip(edges[:-1], edges[1:], order, strict=True))
