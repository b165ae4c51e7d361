"""All that stands behind one cell of the model: each study, each opinion, and what they give together.

The rows of a forest plot. Study intervals are 95 % and show sampling alone; opinions are the 90 % ranges as stated; the
pooled row is the mean with its predictive 90 % interval, as the model uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from backspasm.inference.bivariate import update_both
from backspasm.inference.elicited import rate_of, value_of
from backspasm.inference.fitting import BOTH, SILENT, Tables, pairs_of
from backspasm.inference.logit_normal import Z90, Z95, LogitNormal, typical_deviation
from backspasm.inference.measurements import summary
from backspasm.inference.model import Model
from backspasm.inference.observations import Cell, Sighting
from backspasm.inference.refitting import Refitter
from backspasm.records.types import AGE_GROUPS, AgeGroup, ElicitedRate, Fact

#: label of the row of all opinions, as the model pools them
TOGETHER = "together, as used"


@dataclass(frozen=True)
class Row:
    """One line: rate (0 to 1) or value in the finding's unit, with its interval; weight in the pooled mean, 0 to 1.

    ``value`` is None where a study says something that is no centre (a share above a cut-off); ``remark`` says it then.
    """

    kind: Literal["study", "opinion", "pooled"]
    label: str
    value: float | None
    low: float | None
    high: float | None
    weight: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class CellEvidence:
    """A cell with its rows: studies, opinions, pooled."""

    what: str
    given: str
    age: AgeGroup
    kind: Literal["rate", "strength", "complication", "value"]
    unit: str
    rows: tuple[Row, ...]
    remark: str = ""

    @property
    def studies(self) -> tuple[Row, ...]:
        return tuple(r for r in self.rows if r.kind == "study")


def cell_evidence(what: str, given: str, age: AgeGroup, refitter: Refitter, setting: str | None = None) -> CellEvidence:
    """The evidence of a finding (or complication) given a cause or complication at an age.

    Args:
        setting: for shares of complications, which differ by setting; by default the one most people are seen in.

    Raises:
        KeyError: where the model has no such cell.
    """
    model = refitter.model
    p = model.parameters
    if what in p.complications and given in p.causes:
        return _complication(what, given, age, refitter, setting)
    if what in p.booleans and given in p.causes:
        return _rate(what, given, age, refitter)
    if what in p.booleans and given in p.complications:
        if p.complications.index(given) in model.layout.drivers[what]:
            return _strength(what, given, age, refitter)
        raise KeyError(f"{given} does not drive {what}")
    if what in p.measured and given in p.causes:
        return _value(what, given, age, refitter)
    raise KeyError(f"the model has no rate of {what} given {given}")


def _rows(
    sightings: tuple[Sighting, ...], said: list[tuple[str, ElicitedRate]], prior: LogitNormal, refitter: Refitter
) -> tuple[Row, ...]:
    """Studies, each opinion as stated, and all opinions together as the model uses them (widened, moved from the average
    of causes). Weights are those at the typical between-study deviation, as in ``logit_normal.study_share``.
    """
    tau = typical_deviation(refitter.model.knowledge.number("heterogeneity_scale"))
    centre = prior.sd**2
    precision = [1 / (s.observation.variance + s.observation.bias_variance + tau**2) for s in sightings]
    total = sum(precision) + 1 / centre
    rows = []
    for s, own in zip(sightings, precision, strict=True):
        low, value, high = _rates(s.observation.log_odds, Z95 * float(np.sqrt(s.observation.variance)))
        rows.append(Row("study", s.address, value, low, high, float(own / total)))
    rows += [Row("opinion", name, e.estimate, e.low, e.high, None, e.why) for name, e in said]
    low, value, high = _rates(prior.mean, Z90 * prior.sd)
    return (*rows, Row("opinion", TOGETHER, value, low, high, float(1 / centre / total)))


def _rates(log_odds: float, half: float) -> tuple[float, float, float]:
    low, value, high = expit(np.array([log_odds - half, log_odds, log_odds + half]))
    return float(low), float(value), float(high)


def pooled(what: str, given: str, age: AgeGroup, model: Model, setting: str | None = None) -> Row:
    """What a rate, a strength or a share of a complication comes to in a model, with its predictive 90 % interval.

    Args:
        setting: as for ``cell_evidence``.

    Raises:
        KeyError: where the model has no such cell, or it is a measured value.
    """
    p = model.parameters
    g = AGE_GROUPS.index(age)
    if what in p.complications and given in p.causes:
        at = (p.settings.index(setting or _usual(model)), g, p.causes.index(given), p.complications.index(what))
        mean, sd = p.complication_mean[at], p.complication_sd[at]
    elif what in p.booleans and given in p.causes:
        of_cause = (g, p.causes.index(given), p.booleans.index(what))
        mean, sd = p.rate_mean[of_cause], p.rate_sd[of_cause]
    elif what in p.booleans and given in p.complications:
        k = p.complications.index(given)
        of_process = (g, k, _commonest(k, g, model), p.booleans.index(what))
        mean, sd = p.strength_mean[of_process], p.strength_sd[of_process]
    else:
        raise KeyError(f"the model has no rate of {what} given {given}")
    low, value, high = _rates(float(mean), Z90 * float(sd))
    return Row("pooled", "pooled", value, low, high)


def _usual(model: Model) -> str:
    """The setting in which most people are seen."""
    mix = model.knowledge.table("setting_mix")
    return max(mix, key=lambda s: mix[s])


def _commonest(complication: int, age: int, model: Model) -> int:
    """The cause in which a complication is commonest: opinions on its strength differ by cause, and its stand for all."""
    return int(np.argmax(model.parameters.complication_mean[:, age, :, complication].mean(axis=0)))


def _rate(what: str, given: str, age: AgeGroup, refitter: Refitter) -> CellEvidence:
    model = refitter.model
    p = model.parameters
    g, c, f = AGE_GROUPS.index(age), p.causes.index(given), p.booleans.index(what)
    said = [(e.estimator, rate_of(e.rates[what], given, age)) for e in model.knowledge.elicitations]
    sightings = refitter.gathered.rates.get(Cell(what, given, age), ())
    prior = Tables(model.knowledge, refitter.gathered, refitter.opinions, p).rate_prior(f, g, c)
    rows = (
        *_rows(sightings, said, prior, refitter),
        pooled(what, given, age, model),
    )
    remark = _others(sightings, prior, refitter)
    if model.knowledge.findings[what].elicited_as == "without_complications" and p.boolean_drivers[f]:
        own = "opinions are of patients without complications"
        own += "; the pooled rate is of all patients" if sightings else ", and so is the pooled rate"
        remark = f"{own}{'; ' if remark else ''}{remark}"
    return CellEvidence(what, given, age, "rate", "", rows, remark)


def _strength(what: str, given: str, age: AgeGroup, refitter: Refitter) -> CellEvidence:
    model = refitter.model
    p = model.parameters
    c = _commonest(p.complications.index(given), AGE_GROUPS.index(age), model)
    said = [(e.estimator, rate_of(e.strengths[what][given], p.causes[c], age)) for e in model.knowledge.elicitations]
    prior = refitter.opinions.strength(what, given, p.causes[c], age)
    sightings = refitter.gathered.rates.get(Cell(what, given, age), ())
    rows = (
        *_rows(sightings, said, prior, refitter),
        pooled(what, given, age, model),
    )
    others = _others(sightings, prior, refitter)
    remark = "share of patients with the complication in whom it produces the finding"
    return CellEvidence(what, given, age, "strength", "", rows, f"{remark}{'; ' if others else ''}{others}")


def _others(sightings: tuple[Sighting, ...], prior: LogitNormal, refitter: Refitter) -> str:
    """What is pooled together with the rate: how often the same studies find it in the patients they compare with."""
    if sum(s.partner is not None for s in sightings) < BOTH:
        return ""
    scale = refitter.model.knowledge.number("heterogeneity_scale")
    joint = update_both(prior, SILENT, list(pairs_of(sightings)), scale)
    low, value, high = _rates(joint.others.mean, Z90 * joint.others.sd)
    return (
        f"pooled together with the patients compared with, {100 * value:.0f} ({100 * low:.0f}-{100 * high:.0f}) % of whom "
        f"have it (correlation between studies {joint.correlation:+.1f})"
    )


def _complication(what: str, given: str, age: AgeGroup, refitter: Refitter, setting: str | None) -> CellEvidence:
    model = refitter.model
    where = setting or _usual(model)
    said = [(e.estimator, rate_of(e.complications[what], given, age, where)) for e in model.knowledge.elicitations]
    prior = refitter.opinions.complication(what, given, age, where)
    rows = (
        *_rows(refitter.gathered.complications.get(Cell(what, given, age), ()), said, prior, refitter),
        pooled(what, given, age, model, where),
    )
    return CellEvidence(what, given, age, "complication", "", rows, f"setting: {where.replace('_', ' ')}")


def _value(what: str, given: str, age: AgeGroup, refitter: Refitter) -> CellEvidence:
    model = refitter.model
    p, finding = model.parameters, model.knowledge.findings[what]
    g, c, m = AGE_GROUPS.index(age), p.causes.index(given), p.measured.index(what)
    log = p.lognormal[m]

    def plain(y: float) -> float:
        return float(np.exp(y)) if log else float(y)

    rows = []
    for address in refitter.gathered.value_facts.get(Cell(what, given, age), ()):
        found = model.knowledge.fact(address)
        if found is None:
            continue
        study, fact = found
        centre, spread = summary(fact, log)
        n = fact.n or study.n
        half = Z95 * spread / np.sqrt(n) if spread is not None and n else None
        rows.append(
            Row(
                "study",
                address,
                None if centre is None else plain(centre),
                None if centre is None or half is None else plain(centre - half),
                None if centre is None or half is None else plain(centre + half),
                None,
                _cut_offs(fact),
            )
        )
    whens = ("absent", "present") if p.measured_drivers[m] else (None,)
    for when in whens:
        for person in model.knowledge.elicitations:
            e = value_of(person.measurements[what], given, age, when)
            rows.append(Row("opinion", f"{person.estimator}{_when(when)}", e.median, e.low, e.high, None, e.why))
    for i, when in enumerate(whens):
        mean, sd = float(p.value_mean[g, c, m, i]), float(p.value_mean_sd[g, c, m, i])
        rows.append(Row("pooled", f"pooled{_when(when)}", plain(mean), plain(mean - Z90 * sd), plain(mean + Z90 * sd)))
    remark = (
        "medians; studies report patients with and without the complication together" if len(whens) > 1 else "medians"
    )
    return CellEvidence(what, given, age, "value", finding.unit or "", tuple(rows), remark)


def _when(when: str | None) -> str:
    return {"absent": " (without the complication)", "present": " (with it)"}.get(when or "", "")


def _cut_offs(fact: Fact) -> str:
    """Shares above or below cut-offs, short enough to stand in one line of a plot."""
    out = []
    for sign, cuts in (("≥", fact.at_least), ("<", fact.below)):
        for cut in cuts:
            share = cut.x / cut.n if cut.x is not None and cut.n else cut.value
            if share is not None:
                out.append(f"{sign} {cut.cutoff:g} in {100 * share:.0f} %")
    return ", ".join(out)
