"""Distributions of measured values. Means, medians, quartiles and cut-offs of studies constrain one distribution together.

A value is log-normal or normal given the cause and whether a complication that drives it is there. What a study reports
is the mixture over that complication, so each fact constrains the mixture; the fit is the posterior mode with a
Gaussian approximation of its spread (Laplace).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from backspasm.inference.logit_normal import Array
from backspasm.inference.observations import Cell, bias_variance, proportion, usable
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact, Finding, Study

#: standard normal quantile of the quartiles
_Q75 = 0.6744897501960817


@dataclass(frozen=True, slots=True)
class Constraint:
    """One statistic of a study, on the scale of the distribution: ``share`` at or above ``cut``, or a centre, or a spread."""

    kind: str
    value: float
    sd: float
    cut: float = 0.0


@dataclass(frozen=True, slots=True)
class Prior:
    """Elicited means and log spreads, absent then present; with their sds. One pair each where nothing drives the value."""

    mean: tuple[float, float]
    mean_sd: tuple[float, float]
    log_spread: tuple[float, float]
    log_spread_sd: tuple[float, float]


def constraints(
    knowledge: Knowledge, without: frozenset[str] = frozenset()
) -> tuple[dict[Cell, tuple[Constraint, ...]], dict[Cell, tuple[str, ...]]]:
    """Constraints by cell, and the addresses of the facts behind them; one lineage counted once a cell."""
    found: dict[Cell, dict[str, tuple[str, list[Constraint]]]] = {}
    for study, fact in usable(knowledge, without):
        if fact.kind != "measurement" or fact.finding is None:
            continue
        finding = knowledge.findings[fact.finding]
        if finding.kind != "measured":
            continue
        read = _constraints_of(knowledge, study, fact, finding)
        if not read:
            continue
        lineage = study.lineage or study.id
        for target in fact.causes or ((fact.complication,) if fact.complication else ()):
            for age in fact.ages or study.ages:
                lineages = found.setdefault(Cell(finding.id, target, age), {})
                address = f"{study.id}/{fact.id}"
                if lineage not in lineages or len(lineages[lineage][1]) < len(read):
                    lineages[lineage] = (address, read)
    listed = {cell: tuple(c for _, read in by.values() for c in read) for cell, by in found.items()}
    facts = {cell: tuple(sorted(address for address, _ in by.values())) for cell, by in found.items()}
    return listed, facts


def _constraints_of(knowledge: Knowledge, study: Study, fact: Fact, finding: Finding) -> list[Constraint]:
    log = finding.distribution == "lognormal"
    bias = bias_variance(knowledge, study, fact) + knowledge.number("heterogeneity_scale") ** 2
    n = max(
        min(
            fact.n or study.n or int(knowledge.number("sample_size_unknown")), int(knowledge.number("sample_size_cap"))
        ),
        2,
    )
    between = knowledge.number("measurement_heterogeneity")
    out: list[Constraint] = []
    for cuts, sign in ((fact.at_least, 1.0), (fact.below, -1.0)):
        for cut in cuts:
            seen = proportion(knowledge, study, cut, bias)
            if seen is not None and (cut.cutoff > 0 or not log):
                place = float(np.log(cut.cutoff)) if log else cut.cutoff
                out.append(
                    Constraint("share", sign * seen.log_odds, float(np.sqrt(seen.variance + seen.bias_variance)), place)
                )
    centre, spread = summary(fact, log)
    if centre is not None:
        scale = 1.0 if spread is None else spread
        out.append(Constraint("centre", centre, float(scale * np.sqrt(1 / n + between**2))))
    if spread is not None and spread > 0:
        out.append(Constraint("spread", float(np.log(spread)), float(np.sqrt(1 / (2 * n) + between**2 / 2))))
    return out


def summary(fact: Fact, log: bool) -> tuple[float | None, float | None]:
    """Centre and spread on the scale of the distribution, from median and quartiles, or from mean and sd."""
    if fact.median is not None and (fact.median > 0 or not log):
        centre = float(np.log(fact.median)) if log else fact.median
        if fact.q1 is not None and fact.q3 is not None and (fact.q1 > 0 or not log):
            q1, q3 = (np.log(fact.q1), np.log(fact.q3)) if log else (fact.q1, fact.q3)
            return centre, float((q3 - q1) / (2 * _Q75))
        return centre, None
    if fact.mean is not None and fact.sd is not None and (fact.mean > 0 or not log):
        if not log:
            return fact.mean, fact.sd
        squared = np.log1p((fact.sd / fact.mean) ** 2)  # moments of the log-normal
        return float(np.log(fact.mean) - squared / 2), float(np.sqrt(squared))
    if fact.mean is not None and not log:
        return fact.mean, None
    return None, None


@cache
def fit(prior: Prior, share_present: float, facts: tuple[Constraint, ...]) -> Prior:
    """Posterior mode and spread of means and log spreads, given what studies reported of the mixture."""
    from scipy.optimize import least_squares  # heavy, and needed only when fitting
    from scipy.special import logit, ndtr

    centre = np.array([*prior.mean, *prior.log_spread])
    scale = np.array([*prior.mean_sd, *prior.log_spread_sd])
    weights = np.array([1 - share_present, share_present])

    def residuals(theta: Array) -> Array:
        mean, spread = theta[:2], np.exp(theta[2:])
        mixed = float(weights @ mean)
        out = [(theta - centre) / scale]
        predicted: float
        for c in facts:
            if c.kind == "share":
                above = float(weights @ ndtr((mean - c.cut) / spread))
                predicted = float(logit(min(max(above, 1e-9), 1 - 1e-9)))
            elif c.kind == "centre":
                predicted = mixed
            else:
                predicted = float(0.5 * np.log(weights @ (spread**2 + (mean - mixed) ** 2)))
            out.append(np.array([(predicted - c.value) / c.sd]))
        return np.concatenate(out)

    solved = least_squares(residuals, centre, x_scale=scale)
    jacobian: Array = np.asarray(solved.jac)
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    sd = np.sqrt(np.diag(covariance))
    mean, log_spread = solved.x[:2], solved.x[2:]
    return Prior(_pair(mean), _pair(sd[:2]), _pair(log_spread), _pair(sd[2:]))


def _pair(values: Array) -> tuple[float, float]:
    first, second = values
    return float(first), float(second)
