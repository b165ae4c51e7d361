"""How common each cause is among presenters, by setting, age band and sex.

The estimators give shares by setting and population (children, adults), a profile over age and the share of males.
Studies of unselected presenters update the shares: each observes a sum over causes, ages and sexes, so the update is
an extended Kalman step on the log shares (linearised at the current mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Z90, Array
from backspasm.inference.observations import bias_variance, proportion, usable
from backspasm.inference.special import expit, logit
from backspasm.inference.strata import Ages
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact, Study

POPULATIONS = ("child", "adult")


@dataclass(frozen=True)
class BaseRates:
    """Log shares by setting and population, with covariance; age profile (log) and share of males.

    Shapes: ``log_share`` S x 2 x C, ``covariance`` S x 2 x C x C, ``log_profile`` and its sd bands x C, ``male`` 2 x C.
    All these speak of the average over places of a setting; ``place_sd`` (C) is how far one place differs from it (log).
    ``facts`` names the studies behind a share: keys ``setting|population|cause``.
    """

    log_share: Array
    covariance: Array
    log_profile: Array
    profile_sd: Array
    male: Array
    place_sd: Array
    facts: dict[str, tuple[str, ...]]

    def log_weights(
        self, log_share: Array, population: int, band: int, sex: str, profile_shift: Array | float = 0.0
    ) -> Array:
        """Unnormalised log base rates in one stratum; ``log_share`` may have leading axes for draws."""
        male = self.male[population]
        of_sex = np.log(2 * (male if sex == "male" else 1 - male))
        out: Array = log_share + self.log_profile[band] + profile_shift + of_sex
        return out


def fit_base_rates(knowledge: Knowledge, ages: Ages, without: frozenset[str] = frozenset()) -> BaseRates:
    """Pool the estimators and update with every usable base-rate fact of unselected presenters."""
    settings, causes = knowledge.index.settings, knowledge.index.cause_ids
    log_share, variance = _elicited_shares(knowledge)
    covariance = np.zeros((*variance.shape, len(causes)))
    covariance[..., np.arange(len(causes)), np.arange(len(causes))] = variance
    log_profile, male = _profiles(knowledge, ages)
    # far from the ages at which a cause is usual, its frequency is known least
    profile_sd = knowledge.number("age_profile_log_sd") + knowledge.number("age_profile_tail_sd") * np.abs(log_profile)
    between_places = knowledge.number("base_rate_heterogeneity")
    facts: dict[str, list[str]] = {}
    shares = knowledge.tables("presenter_ages")
    for study, fact in usable(knowledge, without):
        setting = fact.setting or study.setting
        if fact.kind != "base_rate" or fact.denominator != "back_pain_presenters" or setting not in settings:
            continue
        observed = proportion(knowledge, study, fact, bias_variance(knowledge, study, fact))
        if observed is None:
            continue
        p = _population(study, fact)
        s = settings.index(setting)
        bands = _bands(study, fact, ages, p)
        weights = np.array([shares[setting][ages.bands[b]] for b in bands])
        if weights.sum() == 0:
            weights = np.ones(len(bands))
        target = np.isin(causes, fact.causes)
        noise = observed.variance + observed.bias_variance + between_places**2
        _kalman(
            log_share[s, p],
            covariance[s, p],
            log_profile[bands],
            weights / weights.sum(),
            target,
            observed.log_odds,
            noise,
        )
        for cause in fact.causes:
            facts.setdefault(f"{setting}|{POPULATIONS[p]}|{cause}", []).append(f"{study.id}/{fact.id}")
    return BaseRates(
        log_share,
        covariance,
        log_profile,
        profile_sd,
        male,
        np.full(len(causes), between_places),
        {k: tuple(v) for k, v in facts.items()},
    )


def _elicited_shares(knowledge: Knowledge) -> tuple[Array, Array]:
    """Mean and variance of the log share, S x 2 x C."""
    settings, causes = knowledge.index.settings, knowledge.index.cause_ids
    floor = knowledge.number("base_rate_floor")
    rare, least = knowledge.number("rare_share"), np.log(knowledge.number("rare_factor")) / Z90
    logs, variances = [], []
    for person in knowledge.elicitations:
        table = np.empty((len(settings), 2, len(causes)))
        spread = np.empty(len(causes))
        for c, cause in enumerate(causes):
            said = person.base_rates[cause]
            for p, by_setting in enumerate((said.child, said.adult)):
                table[:, p, c] = [max(by_setting[s], floor) for s in settings]
            spread[c] = np.log(said.factor) / Z90
        table /= table.sum(axis=-1, keepdims=True)
        logs.append(np.log(table))
        # people are overconfident of rare events above all; common causes have been counted in many series
        variances.append(np.where(table < rare, np.maximum(spread, least), spread) ** 2)
    mean: Array = np.mean(logs, axis=0)
    variance: Array = np.asarray(np.mean(variances, axis=0) + np.var(logs, axis=0))
    return mean, variance


def _profiles(knowledge: Knowledge, ages: Ages) -> tuple[Array, Array]:
    causes = knowledge.index.cause_ids
    floor = knowledge.number("age_profile_floor")
    profiles, males = [], []
    for person in knowledge.elicitations:
        profile = np.empty((len(ages.bands), len(causes)))
        male = np.empty((2, len(causes)))
        for c, cause in enumerate(causes):
            said = person.base_rates[cause]
            by_band = {**said.child_ages, **said.adult_ages}
            profile[:, c] = [max(by_band[b], floor) for b in ages.bands]
            male[:, c] = [said.male_share["child"], said.male_share["adult"]]
        profiles.append(np.log(profile))
        males.append(logit(np.clip(male, 0.02, 0.98)))
    profile_mean: Array = np.mean(profiles, axis=0)
    male_share: Array = np.asarray(expit(np.mean(males, axis=0)))
    return profile_mean, male_share


def _population(study: Study, fact: Fact) -> int:
    groups = set(fact.ages or study.ages)
    return 0 if groups <= {"young_child", "teen"} else 1


def _bands(study: Study, fact: Fact, ages: Ages, population: int) -> list[int]:
    groups = set(fact.ages or study.ages)
    return [
        i
        for i, band in enumerate(ages.bands)
        if ages.group(band) in groups and ages.is_child(band) == (population == 0)
    ]


def _kalman(
    mean: Array,
    covariance: Array,
    log_profile: Array,
    weights: Array,
    target: NDArray[np.bool_],
    observed: float,
    noise: float,
) -> None:
    """One extended Kalman step, in place: the log odds of the targets' joint share were observed with this noise."""
    joint = mean + log_profile  # bands x causes
    shares = np.exp(joint - joint.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    by_band = shares[:, target].sum(axis=1)
    predicted = float(np.clip(weights @ by_band, 1e-9, 1 - 1e-9))
    # d share / d log_share_c = share_c * (is target - share of targets)
    slope = (weights[:, None] * shares * (target[None, :] - by_band[:, None])).sum(axis=0) / (
        predicted * (1 - predicted)
    )
    gain = covariance @ slope / (slope @ covariance @ slope + noise)
    mean += gain * (observed - logit(predicted))
    covariance -= np.outer(gain, slope @ covariance)
