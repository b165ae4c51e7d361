"""Distributions of rates: a normal on the logit scale, and how studies update it.

Method: normal-normal hierarchical model on the logit scale with a half-normal prior on the between-study standard
deviation (Higgins JPT et al., J R Stat Soc A 2009;172:137-59), integrated over a grid; what is reported is the
predictive distribution for a new setting, so that one lone study is less sure than five that agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.special import logit

Array = NDArray[np.float64]

#: half-width of a 90 % range in standard deviations
Z90 = 1.6448536269514722
#: the same of a 95 % interval
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class LogitNormal:
    """Normal distribution of log odds."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What one study says of a rate: log odds, sampling variance, and extra variance for what makes it less to the point."""

    log_odds: float
    variance: float
    bias_variance: float = 0.0


def from_range(estimate: float, low: float, high: float, widening: float = 1.0) -> LogitNormal:
    """An elicited estimate with its 90 % plausible range, the range widened by a factor."""
    return LogitNormal(float(logit(estimate)), float(widening * (logit(high) - logit(low)) / (2 * Z90)))


def opinion_pool(opinions: list[LogitNormal]) -> LogitNormal:
    """Linear pool of several estimators, by its moments: their disagreement widens the result."""
    means = np.array([o.mean for o in opinions])
    variances = np.array([o.sd**2 for o in opinions])
    return LogitNormal(float(means.mean()), float(np.sqrt(variances.mean() + means.var())))


def from_counts(x: int, n: int, bias_variance: float = 0.0) -> Observation:
    """Log odds of x of n with the usual half added to each cell."""
    yes, no = x + 0.5, n - x + 0.5
    return Observation(float(np.log(yes / no)), 1 / yes + 1 / no, bias_variance)


def from_interval(
    value: float, low: float | None, high: float | None, fallback_n: int, bias_variance: float = 0.0
) -> Observation:
    """A printed rate with its 95 % interval, or with the size of the study where no interval was printed."""
    floor = 0.5 / (fallback_n + 1)
    inside = min(max(value, floor), 1 - floor)
    if low is not None and high is not None and 0 < low < high < 1:
        sd = float((logit(high) - logit(low)) / (2 * Z95))
        return Observation(float(logit(inside)), sd**2, bias_variance)
    return from_counts(round(inside * fallback_n), fallback_n, bias_variance)


def update(prior: LogitNormal, observations: list[Observation], heterogeneity: float) -> LogitNormal:
    """Predictive distribution in a new setting after the studies.

    Args:
        prior: the elicited distribution of the rate in ordinary settings together.
        observations: one a study, independent of each other.
        heterogeneity: scale of the half-normal prior of the between-study standard deviation (log odds).
    """
    if not observations:
        return prior
    y = np.array([o.log_odds for o in observations])
    v = np.array([o.variance + o.bias_variance for o in observations])
    taus = np.linspace(0.02, 4, 80) * heterogeneity
    weights = -0.5 * (taus / heterogeneity) ** 2
    means, variances = np.empty_like(taus), np.empty_like(taus)
    for i, tau in enumerate(taus):
        centre = prior.sd**2
        spread = v + tau**2
        precision = 1 / centre + (1 / spread).sum()
        mean = (prior.mean / centre + (y / spread).sum()) / precision
        # log marginal likelihood by the candidate's formula at the posterior mean
        weights[i] += 0.5 * np.log(1 / centre / precision) - 0.5 * (prior.mean - mean) ** 2 / centre
        weights[i] += (-0.5 * np.log(spread) - 0.5 * (y - mean) ** 2 / spread).sum()
        means[i], variances[i] = mean, 1 / precision + tau**2
    weights = np.exp(weights - weights.max())
    weights /= weights.sum()
    mean = float(weights @ means)
    return LogitNormal(mean, float(np.sqrt(weights @ (variances + (means - mean) ** 2))))


def typical_deviation(heterogeneity: float) -> float:
    """Mean of the half-normal prior of the between-study deviation."""
    return float(heterogeneity * np.sqrt(2 / np.pi))


def study_share(prior: LogitNormal, observations: list[Observation], heterogeneity: float) -> float:
    """Share of the weight that studies (not the elicited prior) have in the updated mean, at the typical heterogeneity."""
    if not observations:
        return 0.0
    tau = typical_deviation(heterogeneity)
    centre = prior.sd**2
    studies = sum(1 / (o.variance + o.bias_variance + tau**2) for o in observations)
    return float(studies / (studies + 1 / centre))
