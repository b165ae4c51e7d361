"""The audit as rows: shares with Wilson intervals, times to work-up, and what alerts would do; small cells are hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from backspasm.inference.strata import Ages
from backspasm.population.audit.counts import DIMENSIONS, EVERYBODY, UNKNOWN, WITHIN, Counts, Key
from backspasm.population.audit.measures import ALERTS, MEASURES
from backspasm.population.audit.small_cells import Cell, hidden, hidden_within
from backspasm.population.reliability import wilson
from backspasm.records.knowledge import Knowledge


class Rate(Struct, frozen=True):
    """A share of one group, with its 95 % interval (Wilson). All but the names are None where the cell is hidden."""

    measure: str
    dimension: str
    group: str
    count: int | None
    of: int | None
    share: float | None
    low: float | None
    high: float | None


class Times(Struct, frozen=True):
    """Days from an encounter where a safety rule asks for urgent care to the work-up: product-limit estimates.

    ``of``: encounters. A quartile is None where so many were not worked up while they were followed, or where hidden.
    """

    dimension: str
    group: str
    of: int | None
    quarter: float | None
    half: float | None
    three_quarters: float | None


class Alert(Struct, frozen=True):
    """What one alert would do: encounters with a card, per 100; and how many of those have something serious.

    ``precision``: expected, from the model's own probabilities; the interval is that of a share of so many cards.
    """

    alert: str
    dimension: str
    group: str
    cards: int | None
    of: int | None
    per_100: float | None
    per_100_low: float | None
    per_100_high: float | None
    precision: float | None
    precision_low: float | None
    precision_high: float | None


class Audit(Struct, frozen=True):
    """The whole audit. ``small_cell``: the threshold; ``window``, ``before``: days, as in ``measures.Limits``."""

    encounters: int
    rates: tuple[Rate, ...]
    times: tuple[Times, ...]
    alerts: tuple[Alert, ...]
    small_cell: float
    window: float
    before: float
    digests: tuple[str, ...]


def results(counts: Counts, knowledge: Knowledge, small_cell: float) -> Audit:
    """Rows of everything that was counted, in order of measure, dimension and group."""
    order = _Order(counts, knowledge)
    rates = tuple(
        _rate(m.id, key, cell, key in gone)
        for m in MEASURES
        for cells, gone in [_cells({k: (counts.candidates[m.id, k], counts.concerned[m.id, k]) for k in order.keys}, counts, small_cell)]
        for key, cell in cells.items()
    )  # fmt: skip
    alerts = tuple(
        _alert(a.id, key, cell, counts.expected[a.id, key], key in gone)
        for a in ALERTS
        for cells, gone in [_cells({k: (counts.alerted[a.id, k], counts.encounters[k]) for k in order.keys}, counts, small_cell)]
        for key, cell in cells.items()
    )  # fmt: skip
    sizes = {k: _size(counts, k) for k in order.keys}
    cells, gone = _cells({k: (n, n) for k, n in sizes.items()}, counts, small_cell)
    times = tuple(
        _times(key, counts.worked_up.get(key, Counter()), counts.censored.get(key, Counter()), key in gone)
        for key in cells
    )
    return Audit(
        encounters=counts.encounters["all", EVERYBODY],
        rates=rates,
        times=times,
        alerts=alerts,
        small_cell=small_cell,
        window=knowledge.number("audit_imaging_window"),
        before=knowledge.number("audit_imaging_before"),
        digests=tuple(sorted(counts.digests)),
    )


class _Order:
    """Keys in the order in which they are shown: dimensions, then groups; ages and urgencies by their own order."""

    def __init__(self, counts: Counts, knowledge: Knowledge) -> None:
        known = {
            "age_band": [*Ages.of(knowledge).bands, UNKNOWN],
            "urgency": list(knowledge.index.urgency),
            "setting": [*knowledge.index.settings, UNKNOWN],
        }
        keys: list[Key] = []
        for dimension in DIMENSIONS:
            there = {g for (d, g), n in counts.encounters.items() if d == dimension and n}
            first = [g for g in known.get(dimension, ()) if g in there]
            keys += [(dimension, g) for g in (*first, *sorted(there.difference(first)))]
        self.keys = keys


def _cells(cells: dict[Key, Cell], counts: Counts, threshold: float) -> tuple[dict[Key, Cell], frozenset[Key]]:
    """The cells, and the keys of those to hide."""
    gone: dict[str, frozenset[str]] = {}
    by_dimension = {d: {g: c for (dim, g), c in cells.items() if dim == d} for d in DIMENSIONS}
    everybody = bool(hidden(by_dimension["all"], threshold))
    for dimension, groups in by_dimension.items():
        parent = WITHIN.get(dimension)
        parents = {g: next(iter(counts.parents[g])) for g in groups if len(counts.parents.get(g, ())) == 1}
        if everybody:  # the sum of the groups would be the total
            gone[dimension] = frozenset(groups)
        elif parent is not None and len(parents) == len(groups):
            gone[dimension] = hidden_within(groups, parents, gone[parent], threshold)
        else:
            gone[dimension] = hidden(groups, threshold)
    return cells, frozenset((d, g) for d, groups in gone.items() for g in groups)


def _rate(measure: str, key: Key, cell: Cell, is_hidden: bool) -> Rate:
    count, of = cell
    if is_hidden:
        return Rate(measure, *key, None, None, None, None, None)
    if not of:
        return Rate(measure, *key, 0, 0, None, None, None)
    return Rate(measure, *key, count, of, count / of, *wilson(count, of))


def _alert(alert: str, key: Key, cell: Cell, expected: float, is_hidden: bool) -> Alert:
    cards, of = cell
    if is_hidden or not of:
        return Alert(alert, *key, None, None, None, None, None, None, None, None)
    low, high = (100 * x for x in wilson(cards, of))
    # rounded, so that the order in which the chances were added up leaves no trace
    likely = round(float(expected), DECIMALS)
    precise = (likely / cards, *wilson(likely, cards)) if cards else (None, None, None)
    return Alert(alert, *key, cards, of, 100 * cards / of, low, high, *precise)


def _size(counts: Counts, key: Key) -> int:
    return sum(counts.worked_up.get(key, Counter()).values()) + sum(counts.censored.get(key, Counter()).values())


def _times(key: Key, done: Counter[int], lost: Counter[int], is_hidden: bool) -> Times:
    total = sum(done.values()) + sum(lost.values())
    if is_hidden:
        return Times(*key, None, None, None, None)
    reached = dict(_product_limit(done, lost))
    quartiles = [next((float(d) for d, left in reached.items() if left <= 1 - q + TOLERANCE), None) for q in QUARTILES]
    return Times(*key, total, *quartiles)


#: decimals of a sum of chances
DECIMALS = 6
QUARTILES = (1 / 4, 1 / 2, 3 / 4)
#: for comparing sums of fractions
TOLERANCE = 1e-12


def _product_limit(done: Counter[int], lost: Counter[int]) -> Iterator[tuple[int, float]]:
    """Share not worked up yet after each day (Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-81)."""
    at_risk, left = sum(done.values()) + sum(lost.values()), 1.0
    for day in sorted(done.keys() | lost.keys()):
        if done[day]:
            left *= 1 - done[day] / at_risk
            yield day, left if not math.isclose(left, 0, abs_tol=TOLERANCE) else 0.0
        at_risk -= done[day] + lost[day]
