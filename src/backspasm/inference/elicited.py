"""What the estimators said, pooled: one distribution for every cell of the model.

The mean of several opinions lies too near to what is known without them: each estimator shrinks towards it for what he
or she alone does not know, and the mean keeps that shrinkage although together they know more. So the pooled opinion of
how a cause differs from the other causes is moved away from their average (``away_from_average``). Baron J et al., Two
reasons to make aggregated probability forecasts more extreme, Decision Analysis 2014;11:133-145, doi
10.1287/deca.2014.0293. By how much is an open question and so a named assumption (docs/decisions/).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from backspasm.inference.logit_normal import Z90, Array, LogitNormal, from_range, opinion_pool
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS, AgeGroup, ElicitedRate, ElicitedRates, ElicitedValue, ElicitedValues


def rate_of(said: ElicitedRates, cause: str, age: AgeGroup | None = None, setting: str | None = None) -> ElicitedRate:
    """One estimator's entry: the narrowest that fits (age and setting, setting, age, neither), else ``others``."""
    fitting = [
        entry
        for entry in said.rates
        if cause in entry.causes
        and (not entry.ages or age in entry.ages)
        and (not entry.settings or setting in entry.settings)
    ]
    return max(fitting, key=lambda e: (bool(e.ages) + bool(e.settings), bool(e.settings)), default=said.others)


def pooled_rate(
    opinions: Iterable[ElicitedRates],
    widening: float,
    cause: str,
    age: AgeGroup | None = None,
    setting: str | None = None,
) -> LogitNormal:
    """All estimators' rates for one cell, as one distribution; their ranges widened, since people are overconfident."""
    entries = (rate_of(said, cause, age, setting) for said in opinions)
    return opinion_pool([from_range(e.estimate, e.low, e.high, widening) for e in entries])


def value_of(said: ElicitedValues, cause: str, age: AgeGroup, when: str | None) -> ElicitedValue:
    """One estimator's distribution of a measured value for a cause, with or without the complication behind it."""
    fitting = [e for e in said.values if cause in e.causes and (not e.ages or age in e.ages) and e.when in {when, None}]
    fitting += [e for e in said.others if (not e.ages or age in e.ages) and e.when in {when, None}]
    own = [e for e in fitting if e.causes]
    pool = own or fitting
    return max(pool, key=lambda e: (e.when == when, bool(e.ages)))


def pooled_value(
    opinions: Iterable[ElicitedValues],
    cause: str,
    age: AgeGroup,
    when: str | None,
    lognormal: bool,
    spread_sd: float,
    widening: float,
) -> tuple[float, float, float, float]:
    """Mean and its sd, log of the spread and its sd, on the scale of the distribution (log or plain)."""
    means, mean_sds, spreads = [], [], []
    for said in opinions:
        e = value_of(said, cause, age, when)
        numbers = np.array([e.median, e.p5, e.p95, e.low, e.high])
        median, p5, p95, low, high = np.log(numbers) if lognormal else numbers
        means.append(median)
        mean_sds.append(widening * (high - low) / (2 * Z90))
        spreads.append(np.log((p95 - p5) / (2 * Z90)))
    mean_sd = np.sqrt(np.mean(np.square(mean_sds)) + np.var(means))
    return (
        float(np.mean(means)),
        float(mean_sd),
        float(np.mean(spreads)),
        float(np.sqrt(spread_sd**2 + np.var(spreads))),
    )


def away_from_average(pooled: Array, factor: float, axis: int) -> Array:
    """Pooled means (log odds, or measured values on the scale of their distribution) moved from the average over causes.

    Args:
        factor: the assumption ``away_from_average``; 1 leaves them where they are.
        axis: the axis of causes; their plain average is what is known of the finding without knowing the cause.
    """
    average = pooled.mean(axis=axis, keepdims=True)
    out: Array = average + factor * (pooled - average)
    return out


class Opinions:
    """Every cell's distribution before any study, each pooled when it is first asked for and then kept.

    A cell does not depend on which other cells are asked for, so that the whole model and a single cell get the same bits.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.people = knowledge.elicitations
        self.causes = knowledge.index.cause_ids
        self.widening = knowledge.number("elicitation_widening")
        self.away = knowledge.number("away_from_average")
        self.spread_sd = knowledge.number("elicited_spread_log_sd")
        self.lognormal = {f.id: f.distribution == "lognormal" for f in knowledge.findings.values()}
        self._rates: dict[tuple[str, bool], tuple[Array, Array]] = {}
        self._values: dict[tuple[str, AgeGroup, bool, bool], Array] = {}

    def complication(self, complication: str, cause: str, age: AgeGroup, setting: str) -> LogitNormal:
        """Share of patients with the cause who have the complication, at an age and in a setting."""
        said = (p.complications[complication] for p in self.people)
        return pooled_rate(said, self.widening, cause, age, setting)

    def strength(self, finding: str, complication: str, cause: str, age: AgeGroup) -> LogitNormal:
        """Share of patients in whom the complication by itself produces the finding."""
        return pooled_rate((p.strengths[finding][complication] for p in self.people), self.widening, cause, age)

    def rates(self, finding: str, studied: bool) -> tuple[Array, Array]:
        """Mean and sd (log odds) of a finding's rate: age groups x causes.

        Args:
            studied: as pooled with studies: not moved, since where studies speak the estimators proved neither timid nor
                bold.
        """
        if (finding, studied) not in self._rates:
            said = [person.rates[finding] for person in self.people]
            pooled = [[pooled_rate(said, self.widening, c, age) for c in self.causes] for age in AGE_GROUPS]
            mean = np.array([[cell.mean for cell in row] for row in pooled])
            sd = np.array([[cell.sd for cell in row] for row in pooled])
            self._rates[finding, True] = mean, sd
            self._rates[finding, False] = away_from_average(mean, self.away, axis=1), sd
        return self._rates[finding, studied]

    def values(self, measured: str, age: AgeGroup, driven: bool, studied: bool) -> Array:
        """A measured value: causes x (absent, present) x (mean, its sd, log spread, its sd)."""
        if (measured, age, driven, studied) not in self._values:
            said = [p.measurements[measured] for p in self.people]
            log = self.lognormal[measured]
            whens = ("absent", "present") if driven else (None, None)
            table = np.array(
                [
                    [pooled_value(said, c, age, when, log, self.spread_sd, self.widening) for when in whens]
                    for c in self.causes
                ]
            )
            moved = table.copy()
            moved[:, :, 0] = away_from_average(table[:, :, 0], self.away, axis=0)
            self._values[measured, age, driven, True] = table
            self._values[measured, age, driven, False] = moved
        return self._values[measured, age, driven, studied]
