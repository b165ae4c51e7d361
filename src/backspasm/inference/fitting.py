"""Fits every parameter: elicited, then updated by studies. Slow (seconds); its result is cached by the knowledge digest.

``Tables`` fits one cell at a time into its arrays. The whole model is all cells in order; leaving out a study is the
cells that it touches (``refitting``). Both run the same code, so they give the same bits.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache

import numpy as np
from scipy.special import expit, logit

from backspasm.inference.base_rates import BaseRates, fit_base_rates
from backspasm.inference.bivariate import Pair, update_both
from backspasm.inference.elicited import Opinions
from backspasm.inference.gathered import Gathered, Place, gather
from backspasm.inference.logit_normal import Array, LogitNormal, study_share, update
from backspasm.inference.measurements import Prior, fit
from backspasm.inference.noisy_or import marginal_of
from backspasm.inference.observations import Cell, Sighting
from backspasm.inference.parameters import Backing, Parameters, cell_key
from backspasm.inference.strata import Ages
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS


def fit_parameters(knowledge: Knowledge, without: frozenset[str] = frozenset()) -> Parameters:
    """Fit the whole model, leaving out the studies (``study``) or facts (``study/fact``) named in ``without``."""
    tables = Tables(knowledge, gather(knowledge, without), Opinions(knowledge))
    fit_every_cell(tables)
    return tables.parameters(fit_base_rates(knowledge, Ages.of(knowledge), without))


def fit_every_cell(tables: Tables) -> None:
    """All cells, each after those that it leans on."""
    causes, ages = range(len(tables.causes)), range(len(AGE_GROUPS))
    for k in range(len(tables.complication_ids)):
        for g in ages:
            for c in causes:
                tables.fit_complication(k, g, c)
    for f, finding in enumerate(tables.booleans):
        for k in tables.drivers[finding]:
            for g in ages:
                tables.fit_strength(f, k, g)
    for f in range(len(tables.booleans)):
        for g in ages:
            for c in causes:
                tables.fit_rate(f, g, c)
    for m in range(len(tables.measured)):
        for g in ages:
            for c in causes:
                tables.fit_value(m, g, c)


#: studies of both sensitivity and false alarms from which on the two are pooled together
BOTH = 2
#: a prior that says nothing: any rate may be, as far as it is concerned
SILENT = LogitNormal(0.0, 10.0)


@cache
def _updated(prior: LogitNormal, pairs: tuple[Pair, ...], heterogeneity: float) -> tuple[LogitNormal, float]:
    """Pooled, and the share of the weight that studies have.

    Two or more studies that also report the patients they compare with are pooled with those (``bivariate``). One alone
    tells nothing of how the two go together.
    """
    seen = [p.diseased for p in pairs if p.diseased is not None]
    both = sum(p.others is not None for p in pairs)
    pooled = (
        update_both(prior, SILENT, list(pairs), heterogeneity).diseased
        if both > 1
        else update(prior, seen, heterogeneity)
    )
    return pooled, study_share(prior, seen, heterogeneity)


def pairs_of(sightings: tuple[Sighting, ...]) -> tuple[Pair, ...]:
    """Sightings of a cell with what the same studies report of the patients they compare with."""
    return tuple(Pair(s.observation, s.partner) for s in sightings)


class Tables:
    """The parameters under construction: empty, or a copy of fitted ones of which some cells are to be fitted anew.

    A rate needs the complications and strengths of its cell to be there already.

    Args:
        alone: places where studies, if there are any, stand alone: opinions do not count there.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        gathered: Gathered,
        opinions: Opinions,
        fitted: Parameters | None = None,
        alone: AbstractSet[Place] = frozenset(),
    ) -> None:
        self.knowledge = knowledge
        self.alone = alone
        self.gathered = gathered
        self.opinions = opinions
        self.settings = knowledge.index.settings
        self.causes = knowledge.index.cause_ids
        self.complication_ids = tuple(c.id for c in knowledge.complications.values() if c.modelled)
        self.booleans = tuple(f.id for f in knowledge.findings.values() if f.kind == "boolean")
        self.measured = tuple(f.id for f in knowledge.findings.values() if f.kind == "measured")
        self.drivers = {f: self._drivers(f) for f in (*self.booleans, *self.measured)}
        self.heterogeneity = knowledge.number("heterogeneity_scale")
        mix = knowledge.table("setting_mix")
        weights = np.array([mix[s] for s in self.settings])
        self._mix = weights / weights.sum()
        self._average: Array | None = None
        self.backing: dict[str, Backing] = {} if fitted is None else dict(fitted.backing)
        g, c, k = len(AGE_GROUPS), len(self.causes), len(self.complication_ids)
        f, m = len(self.booleans), len(self.measured)
        shapes: dict[str, tuple[int, ...]] = {
            "complication_mean": (len(self.settings), g, c, k),
            "complication_sd": (len(self.settings), g, c, k),
            "strength_mean": (g, k, c, f),
            "strength_sd": (g, k, c, f),
            "rate_mean": (g, c, f),
            "rate_sd": (g, c, f),
            "value_mean": (g, c, m, 2),
            "value_mean_sd": (g, c, m, 2),
            "value_log_spread": (g, c, m, 2),
            "value_log_spread_sd": (g, c, m, 2),
        }
        self.arrays: dict[str, Array] = {
            name: np.full(shape, np.nan) if fitted is None else getattr(fitted, name).copy()
            for name, shape in shapes.items()
        }
        self.marginal = np.ones((g, c, f), dtype=bool) if fitted is None else fitted.marginal.copy()

    def _drivers(self, finding: str) -> tuple[int, ...]:
        """Positions of the modelled complications that drive a finding."""
        driven_by = self.knowledge.findings[finding].driven_by
        return tuple(i for i, k in enumerate(self.complication_ids) if k in driven_by)

    def without_complications(self, f: int) -> bool:
        """Whether the estimators spoke of patients without complications, and there are some to speak of."""
        finding = self.booleans[f]
        said = self.knowledge.findings[finding].elicited_as
        return bool(self.drivers[finding]) and said == "without_complications"

    def average_complications(self) -> Array:
        """Shares of complications over all settings, by their share among all presenters: G x C x K."""
        if self._average is None:
            self._average = np.tensordot(self._mix, expit(self.arrays["complication_mean"]), axes=1)
        return self._average

    def _pooled(self, prior: LogitNormal, sightings: tuple[Sighting, ...], key: str) -> LogitNormal:
        if not sightings:
            self.backing.pop(key, None)
            return prior
        what, given, *_ = key.split("|")
        if (what, given) in self.alone:
            prior = SILENT
        posterior, share = _updated(prior, pairs_of(sightings), self.heterogeneity)
        self.backing[key] = Backing(tuple(s.address for s in sightings), share)
        return posterior

    def fit_complication(self, k: int, g: int, c: int) -> None:
        """Share of one complication in one cause at one age, in every setting."""
        complication, cause, age = self.complication_ids[k], self.causes[c], AGE_GROUPS[g]
        sightings = self.gathered.complications.get(Cell(complication, cause, age), ())
        for s, setting in enumerate(self.settings):
            prior = self.opinions.complication(complication, cause, age, setting)
            posterior = self._pooled(prior, sightings, cell_key(complication, cause, age))
            self.arrays["complication_mean"][s, g, c, k] = posterior.mean
            self.arrays["complication_sd"][s, g, c, k] = posterior.sd
        self._average = None

    def fit_strength(self, f: int, k: int, g: int) -> None:
        """Strength of one complication for one finding at one age, in every cause."""
        finding, complication, age = self.booleans[f], self.complication_ids[k], AGE_GROUPS[g]
        sightings = self.gathered.rates.get(Cell(finding, complication, age), ())
        for c, cause in enumerate(self.causes):
            prior = self.opinions.strength(finding, complication, cause, age)
            posterior = self._pooled(prior, sightings, cell_key(finding, complication, age))
            self.arrays["strength_mean"][g, k, c, f] = posterior.mean
            self.arrays["strength_sd"][g, k, c, f] = posterior.sd

    def fit_rate(self, f: int, g: int, c: int) -> None:
        """Rate of one finding in one cause at one age."""
        finding, cause, age = self.booleans[f], self.causes[c], AGE_GROUPS[g]
        sightings = self.gathered.rates.get(Cell(finding, cause, age), ())
        self.marginal[g, c, f] = not self.without_complications(f) or bool(sightings)
        posterior = self._pooled(self.rate_prior(f, g, c), sightings, cell_key(finding, cause, age))
        self.arrays["rate_mean"][g, c, f], self.arrays["rate_sd"][g, c, f] = posterior.mean, posterior.sd

    def rate_prior(self, f: int, g: int, c: int) -> LogitNormal:
        """The rate before its studies: of all patients where there are studies, else as the estimators meant it."""
        finding = self.booleans[f]
        studied = bool(self.gathered.rates.get(Cell(finding, self.causes[c], AGE_GROUPS[g])))
        mean, sd = self.opinions.rates(finding, studied)
        prior = LogitNormal(float(mean[g, c]), float(sd[g, c]))
        return self._of_all_patients(prior, f, g, c) if studied and self.without_complications(f) else prior

    def _of_all_patients(self, prior: LogitNormal, f: int, g: int, c: int) -> LogitNormal:
        """What the estimators said of patients without complications, as a rate of all patients."""
        drivers = list(self.drivers[self.booleans[f]])
        strengths = expit(self.arrays["strength_mean"][g, drivers, c, f])
        shares = self.average_complications()[g, c, drivers]
        return LogitNormal(float(logit(marginal_of(float(expit(prior.mean)), shares, strengths))), prior.sd)

    def fit_value(self, m: int, g: int, c: int) -> None:
        """Distribution of one measured value in one cause at one age."""
        measured, cause, age = self.measured[m], self.causes[c], AGE_GROUPS[g]
        drivers = list(self.drivers[measured])
        cell, key = Cell(measured, cause, age), cell_key(measured, cause, age)
        listed = self.gathered.values.get(cell)
        said = self.opinions.values(measured, age, bool(drivers), studied=listed is not None)[c]
        prior = Prior(*((float(a), float(b)) for a, b in said.T))
        self.backing.pop(key, None)
        if listed is not None:
            share = 1 - float(np.prod(1 - self.average_complications()[g, c, drivers])) if drivers else 0.0
            prior = fit(prior, share, listed)
            self.backing[key] = Backing(self.gathered.value_facts[cell], 1.0)
        for name, pair in (
            ("value_mean", prior.mean),
            ("value_mean_sd", prior.mean_sd),
            ("value_log_spread", prior.log_spread),
            ("value_log_spread_sd", prior.log_spread_sd),
        ):
            self.arrays[name][g, c, m] = pair if drivers else (pair[0], pair[0])

    def parameters(self, base: BaseRates) -> Parameters:
        """The finished parameters."""
        return Parameters(
            settings=self.settings,
            causes=self.causes,
            complications=self.complication_ids,
            booleans=self.booleans,
            measured=self.measured,
            kinds=tuple(self.knowledge.cause_group[c] for c in self.causes),
            lognormal=tuple(self.knowledge.findings[m].distribution == "lognormal" for m in self.measured),
            boolean_drivers=tuple(self.drivers[f] for f in self.booleans),
            measured_drivers=tuple(self.drivers[m] for m in self.measured),
            ages=Ages.of(self.knowledge),
            base=base,
            marginal=self.marginal,
            leak_floor=self.knowledge.number("leak_floor_share"),
            error_in_kind=self.knowledge.number("error_in_kind"),
            backing=self.backing,
            **self.arrays,
        )
