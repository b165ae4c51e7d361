"""Log probability of one item of evidence in every state. One code for the fixed set and for draws.

A state is a cause with a configuration of complications. An item that only the cause drives has one value a cause;
an item that complications drive has one for each configuration of their group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.inference.layout import Layout
from backspasm.inference.logit_normal import Array
from backspasm.inference.noisy_or import leak_of, log_spared
from backspasm.inference.numbers import Numbers
from backspasm.inference.special import log_not, ndtr, normal_between
from backspasm.patients.answers import Item
from backspasm.records.knowledge import Knowledge

#: a finding that contains or excludes another leaves it at least this share of its complement
MARGIN = 1e-3


@dataclass(frozen=True, slots=True)
class Rows:
    """Log probability of an item for what it depends on only: ``values`` (rows, ..., C), and for each configuration of the
    ``group`` (None: only the cause drives the item) its row."""

    group: int | None
    place: tuple[int, ...]
    values: Array


def log_absent(numbers: Numbers, layout: Layout, finding: str, setting: str, age: int) -> Array:
    """Log probability that a boolean finding is not there, for each set of the D complications that drive it.

    Returns (2**D, ..., C), the sets in the order of ``sets_of``.
    """
    drivers = list(layout.drivers[finding])
    if not drivers:
        return log_not(numbers.log_odds(finding, age))[None]
    rate = numbers.rate(finding, age)
    strengths = np.ascontiguousarray(np.moveaxis(numbers.strengths(finding, age), -1, 0))
    leak, shrink = leak_of(
        rate,
        numbers.parameters.marginal[age, :, numbers.parameters.booleans.index(finding)],
        np.stack([numbers.shares(setting, age)[..., k] for k in drivers]),
        strengths,
        numbers.parameters.leak_floor,
    )
    return log_spared(leak, strengths if shrink is None else strengths * shrink)


def over(values: Array, own: tuple[int, ...], scope: tuple[int, ...], layout: Layout) -> Array:
    """Values for each set of a finding's own complications (2**D, ...), repeated over the sets of more; one row stays one."""
    if len(values) == 1 or own == scope:
        return values
    return values[list(layout.places(own, scope))]


def scope_of(item: Item, layout: Layout, knowledge: Knowledge) -> tuple[int, ...]:
    """Complications that an item bears on, through its own finding or those that it is linked to, in canonical order."""
    key = item.finding, item.given
    if key not in layout.scopes:
        involved = [item.finding, *([item.given] if item.given else []), *bounding(item.finding, knowledge)]
        layout.scopes[key] = tuple(sorted({k for f in involved for k in layout.drivers[f]}))
    return layout.scopes[key]


def item_group(item: Item, layout: Layout, knowledge: Knowledge) -> int | None:
    """Group of complications that an item bears on, through its own finding or the one it is linked to."""
    key = item.finding, item.given
    if key not in layout.item_groups:
        involved = [item.finding, *([item.given] if item.given else []), *bounding(item.finding, knowledge)]
        layout.item_groups[key] = next((group for f in involved if (group := layout.group_of[f]) is not None), None)
    return layout.item_groups[key]


def outer_forms(finding: str, knowledge: Knowledge) -> list[str]:
    """The finding that contains this one (any weakness contains severe weakness), if there is one."""
    return [link.other for link in knowledge.links if link.kind == "implies" and link.finding == finding][:1]


def excluders(finding: str, knowledge: Knowledge) -> list[str]:
    """Findings that leave no room for this one (a normal film excludes a fracture on it)."""
    return [link.finding for link in knowledge.links if link.kind == "excludes" and link.other == finding]


def bounding(finding: str, knowledge: Knowledge) -> list[str]:
    """Findings whose rates leave this one only so much room."""
    return [*outer_forms(finding, knowledge), *excluders(finding, knowledge)]


def log_present(
    numbers: Numbers,
    layout: Layout,
    finding: str,
    setting: str,
    age: int,
    knowledge: Knowledge,
    scope: tuple[int, ...],
) -> Array:
    """Log probability that a boolean finding is there, (2**S or 1, ..., C), held at what its links leave room for.

    Rates come from different studies and estimators, so a contained finding may be given more often than the one that
    contains it, and two that exclude each other more often than always. Without the bound such answers would have
    probabilities that add up to more than 1, and the cause would gain by it.
    """

    def there(name: str) -> Array:
        log_p = _log_complement(log_absent(numbers, layout, name, setting, age))
        return over(log_p, layout.drivers[name], scope, layout)

    present = there(finding)
    for outer in outer_forms(finding, knowledge):
        present = np.minimum(present, there(outer) + np.log1p(-MARGIN))
    for rival in excluders(finding, knowledge):
        room = over(log_absent(numbers, layout, rival, setting, age), layout.drivers[rival], scope, layout)
        present = np.minimum(present, room + np.log1p(-MARGIN))
    return present


def log_item(
    item: Item, numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge
) -> tuple[int | None, Array]:
    """Group and log probability of the item in every state: (..., C, N)."""
    group = item_group(item, layout, knowledge)

    def laid_out() -> Array:
        rows = item_rows(item, numbers, layout, setting, age, knowledge)
        return np.ascontiguousarray(np.moveaxis(rows.values[list(rows.place)], 0, -1))

    if item.kind == "value":
        return group, laid_out()
    key = ("laid out", item.kind, item.finding, item.given, age, setting if group is not None else None)
    return group, numbers.kept.get(key, laid_out)


def item_rows(item: Item, numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge) -> Rows:
    """The same before it is laid out over the group's configurations: what is kept is several times smaller so."""
    group = item_group(item, layout, knowledge)
    members = () if group is None else layout.groups[group].members
    if item.kind == "value":
        values = _log_density(item, numbers, age, group, knowledge)
        driven = any_of(layout, item.finding, group)
        return Rows(group, driven, values)
    scope = scope_of(item, layout, knowledge)
    # without complications, the setting (which changes their shares) changes nothing
    key = (item.kind, item.finding, item.given, age, setting if scope else None)
    values = numbers.kept.get(key, lambda: _log_answer(item, numbers, layout, setting, age, knowledge, scope))
    place = layout.places(scope, members) if len(values) > 1 else (0,) * 2 ** len(members)
    return Rows(group, place, values)


def _log_answer(
    item: Item,
    numbers: Numbers,
    layout: Layout,
    setting: str,
    age: int,
    knowledge: Knowledge,
    scope: tuple[int, ...],
) -> Array:
    if item.kind == "absent" and not bounding(item.finding, knowledge):
        absent = log_absent(numbers, layout, item.finding, setting, age)
        return over(absent, layout.drivers[item.finding], scope, layout)
    present = log_present(numbers, layout, item.finding, setting, age, knowledge, scope)
    if item.kind == "present":
        return present
    if item.kind == "absent":
        return _log_complement(present)
    if item.given is None:
        raise ValueError(f"item of kind {item.kind} needs a second finding")
    if item.kind == "without":
        inner = log_present(numbers, layout, item.given, setting, age, knowledge, scope)
        return present + _log_complement(np.minimum(inner - present, np.log1p(-MARGIN)))
    if item.kind in {"present_given", "absent_given"}:
        room = over(log_absent(numbers, layout, item.given, setting, age), layout.drivers[item.given], scope, layout)
        given = np.minimum(present - room, np.log1p(-MARGIN))
        return given if item.kind == "present_given" else _log_complement(given)
    late = np.log(share_above(item, numbers, age, knowledge))
    within = np.minimum(present - late, np.log1p(-MARGIN))
    return within if item.kind == "present_after" else _log_complement(within)


def _log_complement(log_probability: Array) -> Array:
    """log(1 - exp(x)), with an absolute error of some 1e-16."""
    out: Array = np.log(-np.expm1(log_probability))
    return out


def transformed(measured: str, value: float, numbers: Numbers, knowledge: Knowledge) -> float:
    """A measured value on the scale of its distribution; zero counts as the least that the instrument tells apart."""
    p = numbers.parameters
    if not p.lognormal[p.measured.index(measured)]:
        return value
    return float(np.log(max(value, detection_limit(measured, knowledge))))


def detection_limit(measured: str, knowledge: Knowledge) -> float:
    """The least that is told from zero, in the unit of the finding."""
    own = knowledge.table("detection_limits").get(measured)
    plausible = knowledge.findings[measured].plausible
    highest = knowledge.number(plausible[1]) if plausible else 1.0
    return knowledge.number("detection_limit_share") * highest if own is None else own


def scale_ends(measured: str, numbers: Numbers, knowledge: Knowledge) -> tuple[float, float]:
    """The least and the largest possible value, on the scale of the distribution."""
    plausible = knowledge.findings[measured].plausible
    if plausible is None:
        return -np.inf, np.inf
    low, high = (transformed(measured, knowledge.number(name), numbers, knowledge) for name in plausible)
    return low, high


def any_of(layout: Layout, measured: str, group: int | None) -> tuple[int, ...]:
    """For each configuration of a group whether it drives a measured finding, 0 or 1; (0,) without a group."""
    if group is None:
        return (0,)
    found = layout.groups[group].configurations[:, layout.positions(measured, group)].any(axis=1)
    return tuple(found.astype(int).tolist())


def _log_density(item: Item, numbers: Numbers, age: int, group: int | None, knowledge: Knowledge) -> Array:
    """Log density of a normal cut at the ends of what is possible: no patient has 11 of 10 points of pain.

    Returns (2, ..., C), without and with a complication that drives the value; (1, ..., C) where none does.
    """
    if item.value is None:
        raise ValueError("a measured item needs its value")
    mean, sd, factor = normal_rows(item.finding, numbers, age, group is None, knowledge)
    z = item.value - mean
    z /= sd
    z *= z
    z *= 0.5
    density: Array = np.subtract(factor, z, out=z)
    return density


def normal_rows(
    measured: str, numbers: Numbers, age: int, alone: bool, knowledge: Knowledge
) -> tuple[Array, Array, Array]:
    """Mean, sd and log of what stands before the exponential of a measured value's density, (2 or 1, ..., C) each.

    Args:
        alone: whether the cause alone drives it.
    """

    def make() -> Array:
        mean, sd = (np.moveaxis(a[..., :1] if alone else a, -1, 0) for a in numbers.value(measured, age))
        out = np.empty((3, *mean.shape))
        out[0], out[1] = mean, sd
        low, high = scale_ends(measured, numbers, knowledge)
        possible = np.maximum(normal_between((low - out[0]) / out[1], (high - out[0]) / out[1]), MARGIN)
        np.subtract(-np.log(out[1]) - 0.5 * np.log(2 * np.pi), np.log(possible), out[2])
        return out

    mean, sd, factor = numbers.kept.get(("normal", measured, age, alone), make)
    return mean, sd, factor


def share_above(item: Item, numbers: Numbers, age: int, knowledge: Knowledge) -> Array:
    """Share of patients whose measured value is above the threshold of the link, (1, ..., C), among the possible values."""
    link = next(k for k in knowledge.links if k.kind == "below_excludes" and k.other == item.finding)
    if link.threshold is None:
        raise ValueError(f"link {link.id} lacks a threshold")
    threshold = transformed(link.finding, knowledge.number(link.threshold), numbers, knowledge)
    mean, sd = (np.moveaxis(a[..., :1], -1, 0) for a in numbers.value(link.finding, age))
    low, high = (ndtr((mean - end) / sd) for end in scale_ends(link.finding, numbers, knowledge))
    share = (ndtr((mean - threshold) / sd) - high) / np.maximum(low - high, MARGIN)
    out: Array = np.maximum(share, MARGIN)
    return out
