"""A second engine: slow, plain and obviously right. It enumerates every cause with every set of complications.

Shares no code with the fast engine beyond the parameter values themselves (``Means``): loops, Python floats, products.
"""

from __future__ import annotations

import math
from itertools import product

from backspasm.inference.numbers import Means, age_group
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.knowledge import Knowledge

MARGIN = 1e-3


def differential(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], means: Means, knowledge: Knowledge
) -> dict[str, float]:
    """Probability of every cause."""
    return {cause: sum(sets.values()) for cause, sets in states(items, strata, means, knowledge).items()}


def complications(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], means: Means, knowledge: Knowledge
) -> dict[str, float]:
    """Probability of every complication."""
    out = dict.fromkeys(means.parameters.complications, 0.0)
    for sets in states(items, strata, means, knowledge).values():
        for present, p in sets.items():
            for name in present:
                out[name] += p
    return out


def states(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], means: Means, knowledge: Knowledge
) -> dict[str, dict[frozenset[str], float]]:
    """Probability of every state: a cause with a set of complications."""
    out = log_joint(items, strata, means, knowledge)
    top = max(x for sets in out.values() for logs in sets.values() for x in logs)
    weights = {
        c: {s: math.fsum(math.exp(x - top) for x in logs) for s, logs in sets.items()} for c, sets in out.items()
    }
    mass = math.fsum(p for sets in weights.values() for p in sets.values())
    return {c: {s: p / mass for s, p in sets.items()} for c, sets in weights.items()}


def log_joint(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], means: Means, knowledge: Knowledge
) -> dict[str, dict[frozenset[str], list[float]]]:
    """Log p(state, items) for every state, one number a stratum."""
    out: dict[str, dict[frozenset[str], list[float]]] = {}
    names = means.parameters.complications
    known: dict[tuple[object, ...], float] = {}  # the same item in the same circumstances is worked out once
    seen = [(item, _drivers(item, names, knowledge)) for item in items]
    for c, cause in enumerate(means.parameters.causes):
        sets: dict[frozenset[str], list[float]] = {}
        for flags in product((False, True), repeat=len(names)):
            present = frozenset(n for n, on in zip(names, flags, strict=True) if on)
            total = []
            for stratum in strata:
                world = _World(means, knowledge, stratum, c, flags)
                factors = [
                    stratum.weight,
                    world.prior(),
                    *(world.remembered(item, places, known) for item, places in seen),
                ]
                # a product of many small factors would leave the range of a float, so their logarithms are summed
                total.append(
                    float(means.log_base(stratum)[c]) + math.fsum(math.log(f) if f > 0 else -math.inf for f in factors)
                )
            sets[present] = total
        out[cause] = sets
    return out


def _drivers(item: Item, names: tuple[str, ...], knowledge: Knowledge) -> tuple[int, ...]:
    """Positions of the complications that drive an item's findings."""
    outer = [k.other for k in knowledge.links if k.kind == "implies" and k.finding == item.finding]
    rivals = [k.finding for k in knowledge.links if k.kind == "excludes" and k.other == item.finding]
    involved = [item.finding, *([item.given] if item.given else []), *outer, *rivals]
    driven_by = {d for f in involved for d in knowledge.findings[f].driven_by}
    return tuple(i for i, name in enumerate(names) if name in driven_by)


class _World:
    """One state of one patient: every probability in it."""

    def __init__(
        self, means: Means, knowledge: Knowledge, stratum: Stratum, cause: int, flags: tuple[bool, ...]
    ) -> None:
        self.means, self.knowledge, self.cause, self.flags = means, knowledge, cause, flags
        self.age = age_group(means.parameters, stratum)
        self.setting = stratum.setting
        self.shares = [float(q) for q in means.shares(stratum.setting, self.age)[cause]]

    def prior(self) -> float:
        p = 1.0
        for on, share in zip(self.flags, self.shares, strict=True):
            p *= share if on else 1 - share
        return p

    def remembered(self, item: Item, drivers: tuple[int, ...], known: dict[tuple[object, ...], float]) -> float:
        """The item's probability; it depends on the complications only through those that drive its findings."""
        key = (item, self.cause, self.setting, self.age, tuple(self.flags[k] for k in drivers))
        if key not in known:
            known[key] = self.probability(item)
        return known[key]

    def rate(self, finding: str) -> float:
        """P(finding is there | this state)."""
        parameters = self.means.parameters
        f = parameters.booleans.index(finding)
        drivers = parameters.boolean_drivers[f]
        rate = float(self.means.rate(finding, self.age)[self.cause])
        if not drivers:
            return rate
        strengths = [float(x) for x in self.means.strengths(finding, self.age)[self.cause]]
        shares = [self.shares[k] for k in drivers]
        leak, shrink = rate, 1.0
        if parameters.marginal[self.age, self.cause, f]:
            least = rate * parameters.leak_floor
            if self._spared(shares, strengths, 1.0) < (1 - rate) / (1 - least):
                shrink, leak = self._shrink(shares, strengths, (1 - rate) / (1 - least)), least
            else:
                leak = max(1 - (1 - rate) / self._spared(shares, strengths, 1.0), least)
        absent = 1 - leak
        for k, strength in zip(drivers, strengths, strict=True):
            if self.flags[k]:
                absent *= 1 - strength * shrink
        return 1 - absent

    @staticmethod
    def _spared(shares: list[float], strengths: list[float], factor: float) -> float:
        out = 1.0
        for q, s in zip(shares, strengths, strict=True):
            out *= 1 - q * s * factor
        return out

    def _shrink(self, shares: list[float], strengths: list[float], wanted: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            if self._spared(shares, strengths, middle) < wanted:
                high = middle
            else:
                low = middle
        return (low + high) / 2

    def normal(self, measured: str) -> tuple[float, float, bool]:
        """Mean, sd and whether on the log scale."""
        parameters = self.means.parameters
        m = parameters.measured.index(measured)
        driven = any(self.flags[k] for k in parameters.measured_drivers[m])
        mean, sd = self.means.value(measured, self.age)
        return float(mean[self.cause][int(driven)]), float(sd[self.cause][int(driven)]), parameters.lognormal[m]

    def scaled(self, measured: str, value: float, log: bool) -> float:
        if not log:
            return value
        own = self.knowledge.table("detection_limits").get(measured)
        plausible = self.knowledge.findings[measured].plausible
        top = self.knowledge.number(plausible[1]) if plausible else 1.0
        return math.log(max(value, self.knowledge.number("detection_limit_share") * top if own is None else own))

    def possible(self, measured: str, above: float | None = None) -> float:
        """Share of the distribution inside the possible values; with ``above``, the part above that (scaled) value."""
        mean, sd, log = self.normal(measured)
        plausible = self.knowledge.findings[measured].plausible
        if plausible is None:
            low, high = -math.inf, math.inf
        else:
            low, high = (self.scaled(measured, self.knowledge.number(name), log) for name in plausible)
        low = low if above is None else above
        return 0.5 * (math.erfc((low - mean) / sd / math.sqrt(2)) - math.erfc((high - mean) / sd / math.sqrt(2)))

    def bounded(self, finding: str) -> float:
        """Probability of the finding, at most what the finding that contains it or excludes it leaves room for."""
        out = self.rate(finding)
        for link in self.knowledge.links:
            if link.kind == "implies" and link.finding == finding:
                out = min(out, self.rate(link.other) * (1 - MARGIN))
            elif link.kind == "excludes" and link.other == finding:
                out = min(out, (1 - self.rate(link.finding)) * (1 - MARGIN))
        return out

    def probability(self, item: Item) -> float:
        if item.kind == "value":
            mean, sd, log = self.normal(item.finding)
            z = (self.scaled(item.finding, item.value or 0.0, log) - mean) / sd
            return math.exp(-0.5 * z * z) / (sd * math.sqrt(2 * math.pi)) / max(self.possible(item.finding), MARGIN)
        p = self.bounded(item.finding)
        if item.kind == "absent":
            return 1 - p
        if item.kind == "present":
            return p
        given = item.given or ""
        if item.kind == "without":
            return p * (1 - min(self.bounded(given) / p, 1 - MARGIN))
        if item.kind in {"present_given", "absent_given"}:
            share = min(p / (1 - self.rate(given)), 1 - MARGIN)
            return share if item.kind == "present_given" else 1 - share
        link = next(k for k in self.knowledge.links if k.kind == "below_excludes" and k.other == item.finding)
        threshold = self.scaled(link.finding, self.knowledge.number(link.threshold or ""), self.normal(link.finding)[2])
        above = max(self.possible(link.finding, threshold) / max(self.possible(link.finding), MARGIN), MARGIN)
        within = min(p / above, 1 - MARGIN)
        return within if item.kind == "present_after" else 1 - within
