"""Fits every parameter: elicited, then updated by studies. Slow (seconds); its result is cached by the knowledge digest."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from backspasm.inference.base_rates import fit_base_rates
from backspasm.inference.elicited import away_from_average, pooled_rate, pooled_value, rate_tables
from backspasm.inference.logit_normal import Array, LogitNormal, Observation, study_share, update
from backspasm.inference.measurements import Prior, constraints, fit
from backspasm.inference.noisy_or import marginal_of
from backspasm.inference.observations import Cell, Sighting, complication_sightings, rate_sightings
from backspasm.inference.parameters import Backing, Parameters, cell_key
from backspasm.inference.strata import Ages
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS


@cache
def _updated(
    prior: LogitNormal, observations: tuple[Observation, ...], heterogeneity: float
) -> tuple[LogitNormal, float]:
    seen = list(observations)
    return update(prior, seen, heterogeneity), study_share(prior, seen, heterogeneity)


def fit_parameters(knowledge: Knowledge, without: frozenset[str] = frozenset()) -> Parameters:
    """Fit the whole model, leaving out the studies named in ``without``."""
    fitter = _Fitter(knowledge, without)
    complication_mean, complication_sd = fitter.complications()
    strength_mean, strength_sd = fitter.strengths()
    average = fitter.over_settings(expit(complication_mean))
    rate_mean, rate_sd, marginal = fitter.rates(average, expit(strength_mean))
    values = fitter.values(average)
    index = knowledge.index
    ages = Ages.of(knowledge)
    return Parameters(
        settings=index.settings,
        causes=index.cause_ids,
        complications=fitter.complication_ids,
        booleans=fitter.booleans,
        measured=fitter.measured,
        lognormal=tuple(knowledge.findings[m].distribution == "lognormal" for m in fitter.measured),
        boolean_drivers=tuple(fitter.drivers(f) for f in fitter.booleans),
        measured_drivers=tuple(fitter.drivers(m) for m in fitter.measured),
        ages=ages,
        base=fit_base_rates(knowledge, ages, without),
        complication_mean=complication_mean,
        complication_sd=complication_sd,
        rate_mean=rate_mean,
        rate_sd=rate_sd,
        marginal=marginal,
        strength_mean=strength_mean,
        strength_sd=strength_sd,
        value_mean=values[0],
        value_mean_sd=values[1],
        value_log_spread=values[2],
        value_log_spread_sd=values[3],
        leak_floor=knowledge.number("leak_floor_share"),
        backing=fitter.backing,
    )


class _Fitter:
    def __init__(self, knowledge: Knowledge, without: frozenset[str]) -> None:
        self.knowledge = knowledge
        self.without = without
        self.causes = knowledge.index.cause_ids
        self.complication_ids = tuple(c.id for c in knowledge.complications.values() if c.modelled)
        self.booleans = tuple(f.id for f in knowledge.findings.values() if f.kind == "boolean")
        self.measured = tuple(f.id for f in knowledge.findings.values() if f.kind == "measured")
        self.heterogeneity = knowledge.number("heterogeneity_scale")
        self.widening = knowledge.number("elicitation_widening")
        self.sightings = rate_sightings(knowledge, without)
        self.backing: dict[str, Backing] = {}

    def drivers(self, finding: str) -> tuple[int, ...]:
        """Positions of the modelled complications that drive a finding."""
        driven_by = self.knowledge.findings[finding].driven_by
        return tuple(i for i, k in enumerate(self.complication_ids) if k in driven_by)

    def over_settings(self, table: Array) -> Array:
        """Average over settings, by their share among all presenters."""
        mix = self.knowledge.table("setting_mix")
        weights = np.array([mix[s] for s in self.knowledge.index.settings])
        out: Array = np.tensordot(weights / weights.sum(), table, axes=1)
        return out

    def _pooled(
        self, cell: Cell, prior: LogitNormal, sightings: tuple[Sighting, ...], key: str | None = None
    ) -> LogitNormal:
        if not sightings:
            return prior
        posterior, share = _updated(prior, tuple(s.observation for s in sightings), self.heterogeneity)
        facts = tuple(s.address for s in sightings)
        self.backing[key or cell_key(cell.what, cell.given, cell.age)] = Backing(facts, share)
        return posterior

    def complications(self) -> tuple[Array, Array]:
        settings = self.knowledge.index.settings
        shape = (len(settings), len(self.causes), len(self.complication_ids))
        mean, sd = np.empty(shape), np.empty(shape)
        seen = complication_sightings(self.knowledge, self.without)
        for k, complication in enumerate(self.complication_ids):
            opinions = [p.complications[complication] for p in self.knowledge.elicitations]
            for c, cause in enumerate(self.causes):
                by_lineage = {s.lineage: s for age in AGE_GROUPS for s in seen.get(Cell(complication, cause, age), ())}
                for s, setting in enumerate(settings):
                    prior = pooled_rate(opinions, self.widening, cause, setting=setting)
                    cell = Cell(complication, cause, "adult")
                    posterior = self._pooled(cell, prior, tuple(by_lineage.values()), f"{complication}|{cause}")
                    mean[s, c, k], sd[s, c, k] = posterior.mean, posterior.sd
        return mean, sd

    def strengths(self) -> tuple[Array, Array]:
        shape = (len(AGE_GROUPS), len(self.complication_ids), len(self.causes), len(self.booleans))
        mean, sd = np.full(shape, np.nan), np.full(shape, np.nan)
        for f, finding in enumerate(self.booleans):
            for k in self.drivers(finding):
                complication = self.complication_ids[k]
                opinions = [p.strengths[finding][complication] for p in self.knowledge.elicitations]
                for g, age in enumerate(AGE_GROUPS):
                    cell = Cell(finding, complication, age)
                    for c, cause in enumerate(self.causes):
                        posterior = self._pooled(
                            cell, pooled_rate(opinions, self.widening, cause, age), self.sightings.get(cell, ())
                        )
                        mean[g, k, c, f], sd[g, k, c, f] = posterior.mean, posterior.sd
        return mean, sd

    def rates(self, complications: Array, strengths: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        mean, sd = rate_tables(self.knowledge, self.booleans)
        marginal = np.ones(mean.shape, dtype=bool)
        for f, finding in enumerate(self.booleans):
            drivers = self.drivers(finding)
            without = bool(drivers) and self.knowledge.findings[finding].elicited_as == "without_complications"
            for g, age in enumerate(AGE_GROUPS):
                for c, cause in enumerate(self.causes):
                    cell = Cell(finding, cause, age)
                    sightings = self.sightings.get(cell, ())
                    prior = LogitNormal(float(mean[g, c, f]), float(sd[g, c, f]))
                    if without and sightings:
                        # what the estimators said of patients without complications, as a rate of all patients
                        all_patients = marginal_of(
                            float(expit(prior.mean)), complications[c, list(drivers)], strengths[g, list(drivers), c, f]
                        )
                        prior = LogitNormal(float(logit(all_patients)), prior.sd)
                    marginal[g, c, f] = not without or bool(sightings)
                    posterior = self._pooled(cell, prior, sightings)
                    mean[g, c, f], sd[g, c, f] = posterior.mean, posterior.sd
        return mean, sd, marginal

    def values(self, complications: Array) -> tuple[Array, Array, Array, Array]:
        shape = (len(AGE_GROUPS), len(self.causes), len(self.measured), 2)
        out = tuple(np.empty(shape) for _ in range(4))
        listed, facts = constraints(self.knowledge, self.without)
        spread_sd = self.knowledge.number("elicited_spread_log_sd")
        for m, measured in enumerate(self.measured):
            finding = self.knowledge.findings[measured]
            drivers = list(self.drivers(measured))
            opinions = [p.measurements[measured] for p in self.knowledge.elicitations]
            log = finding.distribution == "lognormal"
            whens = ("absent", "present") if drivers else (None, None)
            for g, age in enumerate(AGE_GROUPS):
                # causes x (absent, present) x (mean, its sd, log spread, its sd)
                said = np.array(
                    [
                        [pooled_value(opinions, c, age, when, log, spread_sd, self.widening) for when in whens]
                        for c in self.causes
                    ]
                )
                said[:, :, 0] = away_from_average(said[:, :, 0], self.knowledge.number("away_from_average"), axis=0)
                for c, cause in enumerate(self.causes):
                    prior = Prior(*((float(a), float(b)) for a, b in said[c].T))
                    cell = Cell(measured, cause, age)
                    if cell in listed:
                        share = 1 - float(np.prod(1 - complications[c, drivers])) if drivers else 0.0
                        prior = fit(prior, share, listed[cell])
                        self.backing[cell_key(measured, cause, age)] = Backing(facts[cell], 1.0)
                    for table, pair in zip(
                        out, (prior.mean, prior.mean_sd, prior.log_spread, prior.log_spread_sd), strict=True
                    ):
                        table[g, c, m] = pair if drivers else (pair[0], pair[0])
        return out[0], out[1], out[2], out[3]
