"""How well the estimators did: what they said, before any study was pooled, against what studies then reported.

Only rates of all patients with a cause are compared (not those elicited for patients without complications). A study
of one lineage counts once for a pair of finding and cause, whatever the age groups it covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.inference.elicited import pooled_rate
from backspasm.inference.logit_normal import Z90, Array
from backspasm.inference.observations import Cell, rate_sightings
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS, AgeGroup


@dataclass(frozen=True)
class Agreement:
    """Log odds, one entry for each result of a study.

    ``said`` (estimators x results), ``said_sd`` likewise, ``average`` (estimators x results): what the estimator said of
    the finding on average over causes, ``observed`` and ``variance`` (results): what the study saw, with its sampling,
    bias and between-study variance.
    """

    said: Array
    said_sd: Array
    average: Array
    observed: Array
    variance: Array

    @property
    def errors(self) -> Array:
        """Log odds by which the study exceeded the estimate, estimators x results."""
        out: Array = self.observed - self.said
        return out

    def root_mean_square(self) -> Array:
        """Error of each estimator in log odds, results weighted by their precision."""
        return np.asarray(np.sqrt(np.average(self.errors**2, axis=1, weights=1 / self.variance)))

    def slope(self) -> Array:
        """Observed over said, both as differences from the finding's average: above 1 the estimator was too timid."""
        said, seen = self.said - self.average, self.observed - self.average
        weighted: Array = said / self.variance
        return np.asarray((weighted * seen).sum(axis=1) / (weighted * said).sum(axis=1))

    def coverage(self) -> Array:
        """Share of results inside the estimator's 90 % range, the study's own uncertainty allowed for."""
        inside = np.abs(self.errors) <= Z90 * np.sqrt(self.said_sd**2 + self.variance)
        return np.asarray(np.average(inside, axis=1, weights=1 / self.variance))


def against_studies(knowledge: Knowledge) -> Agreement:
    """Compare every estimator with every usable study result of a rate."""
    heterogeneity = knowledge.number("heterogeneity_scale") ** 2
    widening = knowledge.number("elicitation_widening")
    ages_of: dict[tuple[str, str, str], list[AgeGroup]] = {}
    seen: dict[tuple[str, str, str], tuple[float, float]] = {}
    causes = set(knowledge.index.cause_ids)
    for cell, sightings in rate_sightings(knowledge).items():
        finding = knowledge.findings[cell.what]
        if cell.given not in causes or (finding.driven_by and finding.elicited_as == "without_complications"):
            continue
        for sighting in sightings:
            key = (cell.what, cell.given, sighting.lineage)
            o = sighting.observation
            seen.setdefault(key, (o.log_odds, o.variance + o.bias_variance + heterogeneity))
            ages_of.setdefault(key, []).append(cell.age)
    averages = _averages(knowledge, {what for what, _, _ in seen}, widening)
    said, sds, average = [], [], []
    for e, person in enumerate(knowledge.elicitations):
        rows = [
            [pooled_rate([person.rates[what]], widening, cause, age) for age in ages_of[what, cause, lineage]]
            for what, cause, lineage in seen
        ]
        said.append([np.mean([r.mean for r in row]) for row in rows])
        sds.append([np.mean([r.sd for r in row]) for row in rows])
        average.append([np.mean([averages[e, Cell(key[0], "", age)] for age in ages_of[key]]) for key in seen])
    observed = np.array(list(seen.values()))
    return Agreement(np.array(said), np.array(sds), np.array(average), observed[:, 0], observed[:, 1])


def _averages(knowledge: Knowledge, findings: set[str], widening: float) -> dict[tuple[int, Cell], float]:
    """What each estimator said of a finding on average over causes, by age group."""
    return {
        (e, Cell(finding, "", age)): float(
            np.mean([pooled_rate([p.rates[finding]], widening, cause, age).mean for cause in knowledge.index.cause_ids])
        )
        for e, p in enumerate(knowledge.elicitations)
        for finding in findings
        for age in AGE_GROUPS
    }
