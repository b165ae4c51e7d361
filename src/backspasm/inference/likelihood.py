"""Log probability of one item of evidence in every state. One code for the fixed set and for draws.

A state is a cause with a configuration of complications. An item that only the cause drives has one value a cause;
an item that complications drive has one for each configuration of their group.
"""

from __future__ import annotations

import numpy as np

from backspasm.inference.layout import Layout, sets_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.noisy_or import leak_of, log_spared
from backspasm.inference.numbers import Numbers
from backspasm.inference.special import ndtr, normal_between
from backspasm.patients.answers import Item
from backspasm.records.knowledge import Knowledge

#: a finding that contains or excludes another leaves it at least this share of its complement
MARGIN = 1e-3


def log_absent(numbers: Numbers, layout: Layout, finding: str, setting: str, age: int) -> Array:
    """Log probability that a boolean finding is not there, for each set of the D complications that drive it.

    Returns (..., C, 2**D), the sets in the order of ``itertools.product``; (..., C, 1) where only the cause drives it.
    """
    rate = numbers.rate(finding, age)
    drivers = list(layout.drivers[finding])
    if not drivers:
        out: Array = np.log1p(-rate)[..., None]
        return out
    strengths = numbers.strengths(finding, age)
    leak, shrink = leak_of(
        rate,
        numbers.parameters.marginal[age, :, numbers.parameters.booleans.index(finding)],
        numbers.shares(setting, age)[..., drivers],
        strengths,
        numbers.parameters.leak_floor,
    )
    return log_spared(leak, strengths * shrink[..., None], sets_of(len(drivers)))


def over_group(log_p: Array, finding: str, layout: Layout, group: int | None) -> Array:
    """Values for each set of a finding's own complications, repeated over the configurations of a group: (..., C, N)."""
    if group is None:
        return log_p
    configurations = layout.groups[group].configurations
    own = layout.drivers[finding]
    if not own:
        return np.broadcast_to(log_p, (*log_p.shape[:-1], len(configurations)))
    place = np.zeros(len(configurations), dtype=int)
    for column in layout.positions(finding, group):
        place = 2 * place + configurations[:, column].astype(int)
    return np.take(log_p, place, axis=-1)


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
    numbers: Numbers, layout: Layout, finding: str, setting: str, age: int, knowledge: Knowledge, group: int | None
) -> Array:
    """Log probability that a boolean finding is there, (..., C, N), held at what its links leave room for.

    Rates come from different studies and estimators, so a contained finding may be given more often than the one that
    contains it, and two that exclude each other more often than always. Without the bound such answers would have
    probabilities that add up to more than 1, and the cause would gain by it.
    """

    def there(name: str) -> Array:
        log_p = _log_complement(log_absent(numbers, layout, name, setting, age))
        return over_group(log_p, name, layout, group)

    present = there(finding)
    for outer in outer_forms(finding, knowledge):
        present = np.minimum(present, there(outer) + np.log1p(-MARGIN))
    for rival in excluders(finding, knowledge):
        room = over_group(log_absent(numbers, layout, rival, setting, age), rival, layout, group)
        present = np.minimum(present, room + np.log1p(-MARGIN))
    return present


def log_item(
    item: Item, numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge
) -> tuple[int | None, Array]:
    """Group and log probability of the item in every state: (..., C, N)."""
    group = item_group(item, layout, knowledge)
    if item.kind == "value":
        return group, _log_density(item, numbers, layout, age, group, knowledge)
    # without a group, the setting (which changes shares of complications) changes nothing
    key = (item.kind, item.finding, item.given, age, setting if group is not None else None)
    return group, numbers.kept.get(key, lambda: _log_answer(item, numbers, layout, setting, age, knowledge, group))


def _log_answer(
    item: Item, numbers: Numbers, layout: Layout, setting: str, age: int, knowledge: Knowledge, group: int | None
) -> Array:
    if item.kind == "absent" and not bounding(item.finding, knowledge):
        return over_group(log_absent(numbers, layout, item.finding, setting, age), item.finding, layout, group)
    present = log_present(numbers, layout, item.finding, setting, age, knowledge, group)
    if item.kind == "present":
        return present
    if item.kind == "absent":
        return _log_complement(present)
    if item.given is None:
        raise ValueError(f"item of kind {item.kind} needs a second finding")
    if item.kind == "without":
        inner = log_present(numbers, layout, item.given, setting, age, knowledge, group)
        return present + _log_complement(np.minimum(inner - present, np.log1p(-MARGIN)))
    if item.kind in {"present_given", "absent_given"}:
        room = over_group(log_absent(numbers, layout, item.given, setting, age), item.given, layout, group)
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


def _log_density(
    item: Item, numbers: Numbers, layout: Layout, age: int, group: int | None, knowledge: Knowledge
) -> Array:
    """Log density of a normal cut at the ends of what is possible: no patient has 11 of 10 points of pain."""
    if item.value is None:
        raise ValueError("a measured item needs its value")
    mean, sd = numbers.value(item.finding, age)
    if group is None:
        mean, sd = mean[..., :1], sd[..., :1]

    def log_factor() -> Array:
        low, high = scale_ends(item.finding, numbers, knowledge)
        possible = np.maximum(normal_between((low - mean) / sd, (high - mean) / sd), MARGIN)
        out: Array = -np.log(sd) - 0.5 * np.log(2 * np.pi) - np.log(possible)
        return out

    factor = numbers.kept.get(("log_factor", item.finding, age, group is None), log_factor)
    z = item.value - mean
    z /= sd
    z *= z
    z *= 0.5
    density: Array = np.subtract(factor, z, out=z)  # (..., C, 2)
    if group is None:
        return density
    driven = layout.groups[group].configurations[:, layout.positions(item.finding, group)].any(axis=1)
    return np.take(density, driven.astype(int), axis=-1)


def share_above(item: Item, numbers: Numbers, age: int, knowledge: Knowledge) -> Array:
    """Share of patients whose measured value is above the threshold of the link, (..., C, 1), among the possible values."""
    link = next(k for k in knowledge.links if k.kind == "below_excludes" and k.other == item.finding)
    if link.threshold is None:
        raise ValueError(f"link {link.id} lacks a threshold")
    threshold = transformed(link.finding, knowledge.number(link.threshold), numbers, knowledge)
    mean, sd = (a[..., :1] for a in numbers.value(link.finding, age))
    low, high = (ndtr((mean - end) / sd) for end in scale_ends(link.finding, numbers, knowledge))
    share = (ndtr((mean - threshold) / sd) - high) / np.maximum(low - high, MARGIN)
    out: Array = np.maximum(share, MARGIN)
    return out
