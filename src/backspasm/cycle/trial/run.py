"""Runs a virtual trial, with the loop and without it: one trial as it would be reported, what is behind it, and how it may end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from backspasm.cycle.model import Array, Indices
from backspasm.cycle.one_patient import INTERVAL
from backspasm.cycle.trial.courses import Measured, is_share, lower_is_better, outcome_of, under
from backspasm.cycle.trial.people import CRITERIA, Screened, screen
from backspasm.cycle.trial.plan import Plan, plan_of
from backspasm.cycle.trial.replicates import difference, group_moments, results
from backspasm.cycle.trial.result import Apart, Arm, Contrast, Ends, Estimate, Flow, Lines, Side, Spread, TrialResult
from backspasm.cycle.trial.statistics import (
    SIDE,
    Difference,
    Moments,
    moments,
    named_rightly,
    patients_needed,
    standardised,
)
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.trial_types import TrialOutcome, TrialProtocol

#: eligible patients simulated under every arm, unless the trial is larger; trials drawn from them
POOL, REPLICATES = 2_000, 1_000
#: worlds (typical values drawn from their plausible ranges) that the range of an expected difference is made of, and the
#: fewest patients that a world needs to count
IN_WORLDS, LEAST_IN_WORLD = 40, 10
SEED = 20_260_101
#: bins of the picture of where trials end
BINS = 40
#: stream of chance: who gets what
ALLOCATION = 4
#: what a table of patients at entry holds
AT_ENTRY = ("pain", "spasm", "disability", "motion")

Values = Mapping[str, Mapping[str, Array]]  # by arm and outcome: (v, n)


def run_trial(
    protocol: TrialProtocol,
    cycle: CycleRecords,
    *,
    size: int | None = None,
    seed: int = SEED,
    replicates: int = REPLICATES,
    pool: int | None = None,
    worlds: int | None = None,
) -> TrialResult:
    """Run a protocol that has been checked.

    Args:
        protocol: the trial.
        cycle: the records of the model.
        size: patients an arm, instead of the protocol's.
        seed: of the chance; the same seed gives the same result.
        replicates: trials drawn to see where such a trial may end.
        pool: eligible patients simulated under every arm, by default ``POOL`` (more where the trial needs more).
        worlds: sets of typical values for the range of the expected difference, by default ``IN_WORLDS``.

    Raises:
        InputError: where a prescription is not understood, or too few patients are eligible.
    """
    pool, worlds = pool or POOL, worlds or IN_WORLDS
    plan = plan_of(protocol, cycle)
    sizes = {a.id: size or a.n for a in protocol.arms}
    wanted = max(pool, sum(sizes.values()))
    people = screen(plan, wanted, seed)
    other_worlds = screen(plan, pool, seed, worlds)
    sides = [
        _Side(plan, one, wanted, in_worlds, pool, sizes, seed, replicates)
        for one, in_worlds in zip(people, other_worlds, strict=True)
    ]
    loop, rival = (s.result() for s in sides)
    first, primary = protocol.compared[0], protocol.primary
    key = (first.arm, first.against, primary.outcome, protocol.visits.index(primary.day))
    return TrialResult(
        protocol=protocol,
        sizes=sizes,
        days=tuple(plan.days[plan.course].tolist()),
        loop=loop,
        rival=rival,
        apart=tuple(
            Apart(
                named_rightly(one.expected, one.result_sd, other.expected, other.result_sd),
                patients_needed(one.expected - other.expected, *_patients_sd(one, other, sizes)),
            )
            for one, other in zip(loop.contrasts, rival.contrasts, strict=True)
        ),
        ends=_ends(
            sides[0].differences[key],
            sides[1].differences[key],
            1 / max(sizes[first.arm], sizes[first.against]) if is_share(protocol.outcome(primary.outcome)) else 0.0,
        ),
        prescriptions={a.id: "; ".join(str(p) for p in plan.prescriptions[a.id]) or "none" for a in protocol.arms},
        rescue=protocol.rescue,
        seed=seed,
        replicates=replicates,
        pool=wanted,
        worlds=worlds,
    )


def _patients_sd(one: Contrast, other: Contrast, sizes: Mapping[str, int]) -> tuple[float, float]:
    """Standard deviations of one patient's part in a difference, in the model and its rival, from that of the results."""
    per_arm = 2 / (1 / sizes[one.arm] + 1 / sizes[one.against])
    return one.result_sd * per_arm**0.5 / 2**0.5, other.result_sd * per_arm**0.5 / 2**0.5


def _ends(loop: Array, rival: Array, step: float) -> Ends:
    """Counts of results in bins that both share; ``step``: shares differ by multiples of it, and so must the bins (or 0)."""
    both = np.concatenate([loop, rival])
    low, high = float(both.min()), float(both.max())
    width = (high - low) / BINS or 1.0
    if step:
        width, low = step * np.ceil(width / step), low - step / 2
    edges = low + width * np.arange(int((high - low) / width) + 2)
    counts = (tuple(np.histogram(x, edges)[0].tolist()) for x in (loop, rival))
    return Ends(low, float(width), *counts)


class _Side:
    """The model or its rival."""

    def __init__(
        self, plan: Plan, people: Screened, wanted: int, in_worlds: Screened, pool: int,
        sizes: Mapping[str, int], seed: int, replicates: int,
    ) -> None:  # fmt: skip
        self.plan, self.people, self.sizes, self.seed, self.replicates = plan, people, sizes, seed, replicates
        self.chosen = people.eligible[:wanted]
        self.measured = {a.id: under(a, plan, people, self.chosen, seed) for a in plan.protocol.arms}
        self.values = _outcomes(plan, self.measured)
        others = in_worlds.eligible[:pool]
        self.differences: dict[tuple[str, str, str, int], Array] = {}  # of the trials drawn
        self.world = in_worlds.world[others]
        self.elsewhere = _outcomes(plan, {a.id: under(a, plan, in_worlds, others, seed) for a in plan.protocol.arms})

    def result(self) -> Side:
        groups = self._randomised()
        return Side(self._flow(groups), {a: self._arm(a, who) for a, who in groups.items()}, self._contrasts(groups))

    def _randomised(self) -> dict[str, Indices]:
        """The first who may enter, allocated at random: positions among the chosen."""
        total = sum(self.sizes.values())
        order = np.random.default_rng([self.seed, ALLOCATION]).permutation(total)
        edges = np.cumsum([0, *self.sizes.values()])
        return {arm: order[edges[i] : edges[i + 1]] for i, arm in enumerate(self.sizes)}

    def _flow(self, groups: Mapping[str, Indices]) -> Flow:
        last = int(self.chosen[sum(len(who) for who in groups.values()) - 1])
        failed = self.people.failed[: last + 1]
        reasons = {name: int(np.sum(failed == i)) for i, name in enumerate(CRITERIA)}
        return Flow(
            screened=last + 1,
            excluded={name: count for name, count in reasons.items() if count},
            eligible=int(np.sum(failed < 0)),
            randomised={arm: len(who) for arm, who in groups.items()},
        )

    def _arm(self, arm: str, who: Indices) -> Arm:
        measured = self.measured[arm]
        entry = {name: measured.values[name][0][who] for name in AT_ENTRY}
        entry["days"] = self.people.days[self.chosen[who]]
        return Arm(
            baseline={name: _spread(x) for name, x in entry.items()},
            visits={name: tuple(_spread(row[who]) for row in x) for name, x in self.values[arm].items()},
            doses=measured.doses,
            course=Lines(tuple(measured.pain.tolist()), tuple(measured.spasm.tolist())),
        )

    def _contrasts(self, groups: Mapping[str, Indices]) -> tuple[Contrast, ...]:
        many = group_moments(self.values, self.sizes, self.replicates, self.seed)
        return tuple(
            self._contrast(c.arm, c.against, outcome, visit, day, groups, many)
            for c in self.plan.protocol.compared
            for outcome, visit, day in self._asked()
        )

    def _asked(self) -> Iterator[tuple[TrialOutcome, int, float]]:
        for outcome in self.plan.protocol.outcomes:
            for visit, day in enumerate(self.plan.protocol.visits):
                yield outcome, visit, day

    def _contrast(
        self, arm: str, against: str, outcome: TrialOutcome, visit: int, day: float,
        groups: Mapping[str, Indices], many: Mapping[str, Mapping[tuple[str, int], Moments]],
    ) -> Contrast:  # fmt: skip
        shares = is_share(outcome)
        one, other = (self.values[a][outcome.id][visit] for a in (arm, against))
        mine, theirs = moments(one[groups[arm]]), moments(other[groups[against]])
        trial = difference(mine, theirs, shares)
        all_mine, all_theirs = moments(one), moments(other)
        ends = results(many[arm][outcome.id, visit], many[against][outcome.id, visit], shares)
        self.differences[arm, against, outcome.id, visit] = ends.differences
        better, worse = ends.shown_higher, ends.shown_lower
        if lower_is_better(outcome):
            better, worse = worse, better
        expected = float((one - other).mean())
        spreads = [float(np.sqrt(m.variance)) for m in (all_mine, all_theirs)]
        low, high = np.quantile(ends.differences, (SIDE, 1 - SIDE))
        return Contrast(
            arm=arm,
            against=against,
            outcome=outcome.id,
            day=day,
            trial=_estimate(trial),
            p=float(trial.p),
            standardised=None if shares else _estimate(standardised(mine, theirs)),
            expected=expected,
            expected_smd=float(standardised(all_mine, all_theirs).value),
            range=self._range(arm, against, outcome.id, visit, expected),
            results=(float(low), float(high)),
            result_sd=float(ends.differences.std()),
            shows_better=better,
            shows_worse=worse,
            needed=patients_needed(expected, *spreads),
        )

    def _range(self, arm: str, against: str, outcome: str, visit: int, expected: float) -> tuple[float, float]:
        """Where the expected difference lies in 90 % of the worlds; at least as wide as to hold that of the records."""
        paired = self.elsewhere[arm][outcome][visit] - self.elsewhere[against][outcome][visit]
        count = np.bincount(self.world)
        enough = count >= LEAST_IN_WORLD
        if not enough.any():
            return expected, expected
        means = np.bincount(self.world, paired)[enough] / count[enough]
        low, high = np.quantile(means, (INTERVAL[0], INTERVAL[-1]))
        return min(float(low), expected), max(float(high), expected)


def _outcomes(plan: Plan, measured: Mapping[str, Measured]) -> Values:
    return {arm: {o.id: outcome_of(o, m.values) for o in plan.protocol.outcomes} for arm, m in measured.items()}


def _estimate(d: Difference) -> Estimate:
    return Estimate(float(d.value), float(d.low), float(d.high))


def _spread(x: Array) -> Spread:
    return Spread(float(x.mean()), float(x.std(ddof=1)), len(x))
