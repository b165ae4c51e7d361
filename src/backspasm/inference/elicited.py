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
    """One estimator's entry: the one for this age or setting wins over the general one, which wins over ``others``."""
    general: ElicitedRate | None = None
    for entry in said.rates:
        if cause not in entry.causes:
            continue
        if not entry.ages and not entry.settings:
            general = entry
        elif (not entry.ages or age in entry.ages) and (not entry.settings or setting in entry.settings):
            return entry
    return general or said.others


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


def rate_tables(knowledge: Knowledge, findings: tuple[str, ...]) -> tuple[Array, Array]:
    """Mean and sd (log odds) of every elicited rate. Shapes: age groups x causes x findings."""
    causes = knowledge.index.cause_ids
    widening = knowledge.number("elicitation_widening")
    shape = (len(AGE_GROUPS), len(causes), len(findings))
    mean, sd = np.empty(shape), np.empty(shape)
    for f, finding in enumerate(findings):
        opinions = [person.rates[finding] for person in knowledge.elicitations]
        for g, age in enumerate(AGE_GROUPS):
            for c, cause in enumerate(causes):
                pooled = pooled_rate(opinions, widening, cause, age)
                mean[g, c, f], sd[g, c, f] = pooled.mean, pooled.sd
    return away_from_average(mean, knowledge.number("away_from_average"), axis=1), sd
