"""Random effects on a test's sensitivity and on its false alarms together: what studies of both say of each.

A study that is positive more readily than others finds more of the diseased, and alarms more of the others: the two vary
together between studies. Method: bivariate normal model of the log odds, within-study variances known and independent
(Reitsma JB et al., J Clin Epidemiol 2005;58:982-90; Chu H, Cole SR, J Clin Epidemiol 2006;59:1331-2), with half-normal
priors of both between-study deviations and an even prior of their correlation, integrated over a grid. What is reported
is predictive, for a new setting, as in ``logit_normal.update``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.inference.logit_normal import Array, LogitNormal, Observation

#: nodes of a between-study deviation and of the correlation
NODES = 24
CORRELATIONS = 19
#: the grid reaches from nearly none to this many times the scale of the prior, and this near to a perfect correlation
REACH = 4.0
STRONGEST = 0.95


@dataclass(frozen=True, slots=True)
class Pair:
    """What one study says of the diseased and of the others; one of the two may be missing."""

    diseased: Observation | None
    others: Observation | None


@dataclass(frozen=True, slots=True)
class Joint:
    """Log odds of a finding among the diseased and among the others.

    ``mean`` (2,): the centre over settings, ``mean_sd`` (2,) how surely it is known, ``sd`` (2,) predictive for a new
    setting, ``deviation`` (2,) and ``correlation`` between settings (posterior means).
    """

    mean: tuple[float, float]
    mean_sd: tuple[float, float]
    sd: tuple[float, float]
    deviation: tuple[float, float]
    correlation: float

    @property
    def diseased(self) -> LogitNormal:
        """Predictive distribution among the diseased."""
        return LogitNormal(self.mean[0], self.sd[0])

    @property
    def others(self) -> LogitNormal:
        """Predictive distribution among the others: false alarms."""
        return LogitNormal(self.mean[1], self.sd[1])


def update_both(prior: LogitNormal, prior_others: LogitNormal, pairs: list[Pair], heterogeneity: float) -> Joint:
    """Distributions of both rates after the studies.

    Args:
        prior: of the rate among the diseased, before the studies.
        prior_others: the same of the others.
        pairs: one a study (a lineage), independent of each other.
        heterogeneity: scale of the half-normal priors of both between-study standard deviations (log odds).
    """
    taus = (np.arange(NODES) + 0.5) * REACH / NODES * heterogeneity  # middles of equal steps
    t0, t1, rho = np.meshgrid(taus, taus, np.linspace(-STRONGEST, STRONGEST, CORRELATIONS), indexing="ij")
    log_weight: Array = -0.5 * (t0**2 + t1**2) / heterogeneity**2
    m0, m1 = prior.mean, prior_others.mean
    # precision matrix (a, b; b, c) of the centre, and precision times mean, both growing study by study
    a, b, c = np.full_like(t0, prior.sd**-2), np.zeros_like(t0), np.full_like(t0, prior_others.sd**-2)
    before = a * c
    d0, d1 = np.zeros_like(t0), np.zeros_like(t0)  # sums of weighted deviations from the prior means
    for pair in pairs:
        weights = _weights(pair, t0, t1, rho)
        if weights is None:
            continue
        wa, wb, wc, log_det = weights
        y0 = 0.0 if pair.diseased is None else pair.diseased.log_odds - m0
        y1 = 0.0 if pair.others is None else pair.others.log_odds - m1
        a, b, c = a + wa, b + wb, c + wc
        d0, d1 = d0 + wa * y0 + wb * y1, d1 + wb * y0 + wc * y1
        log_weight = log_weight - 0.5 * log_det - 0.5 * (wa * y0**2 + 2 * wb * y0 * y1 + wc * y1**2)
    det = a * c - b * b
    x0, x1 = (c * d0 - b * d1) / det, (a * d1 - b * d0) / det
    log_weight = log_weight + 0.5 * np.log(before / det) + 0.5 * (d0 * x0 + d1 * x1)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    def average(values: Array) -> float:
        return float((weight * values).sum())

    centre = average(x0), average(x1)
    known = tuple(average(v + (x - m) ** 2) for v, x, m in zip((c / det, a / det), (x0, x1), centre, strict=True))
    between = average(t0**2), average(t1**2)
    return Joint(
        mean=(m0 + centre[0], m1 + centre[1]),
        mean_sd=(float(np.sqrt(known[0])), float(np.sqrt(known[1]))),
        sd=(float(np.sqrt(known[0] + between[0])), float(np.sqrt(known[1] + between[1]))),
        deviation=(average(t0), average(t1)),
        correlation=average(rho),
    )


def _weights(pair: Pair, t0: Array, t1: Array, rho: Array) -> tuple[Array, Array, Array, Array] | None:
    """Inverse (a, b; b, c) of what a study's result varies by, within and between studies, and log of its determinant."""
    one = None if pair.diseased is None else pair.diseased.variance + pair.diseased.bias_variance + t0**2
    other = None if pair.others is None else pair.others.variance + pair.others.bias_variance + t1**2
    nothing = np.zeros_like(t0)
    if one is not None and other is not None:
        covariance = rho * t0 * t1
        det = one * other - covariance**2
        return other / det, -covariance / det, one / det, np.log(det)
    if one is not None:
        return 1 / one, nothing, nothing, np.log(one)
    if other is not None:
        return nothing, nothing, 1 / other, np.log(other)
    return None
