"""Puts published rules to the model's own patients: does its accuracy, with its interval, agree with what was seen?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from backspasm.inference.explain import backing_of
from backspasm.inference.intervals import INTERVAL
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model, fit_model
from backspasm.inference.numbers import DRAWS, JointDraws
from backspasm.inference.sampling import Drawn, Sampler, world
from backspasm.population.presenters import presenters
from backspasm.population.rule_accuracy import Accuracy, accuracy, holds
from backspasm.population.rules import Clause, Figure, Measure, Rule, own_studies
from backspasm.records.types import AGE_GROUPS

#: virtual patients drawn at a time
CHUNK = 20_000
#: of a study's interval: the usual 95 %
STUDY_ALPHA = 0.05


class Interval(Struct, frozen=True):
    """A value with the ends of its interval; None where a study gives none."""

    value: float
    low: float | None
    high: float | None


class Driver(Struct, frozen=True):
    """One finding of a rule in the group that a measure is about: its rate, and the measure without it.

    Of a prevalence, one of its causes or complications instead: its share of the presenters, and the rest.
    """

    finding: str
    rate: Interval
    without: float
    facts: tuple[str, ...]


class Comparison(Struct, frozen=True):
    """One measure of one rule: the model against the study."""

    id: str
    measure: Measure
    model: Interval
    study: Interval
    overlap: bool


class Explained(Struct, frozen=True):
    """A comparison with what lies behind it, and the same figure counted among drawn patients."""

    comparison: Comparison
    left_out: tuple[str, ...]
    drivers: tuple[Driver, ...]
    drawn: float | None
    drawn_of: int
    source: str = ""


def validate_rules(
    rules: Iterable[Rule],
    model: Model,
    count: int,
    seed: int,
    draws: int = DRAWS,
    progress: Callable[[str], None] | None = None,
) -> tuple[Explained, ...]:
    """Compare every published measure.

    The model's interval comes from ``draws`` joint draws of its parameters, each summed over all states exactly; the
    ``count`` patients drawn at the fixed set only check that sum. Each rule's own study is left out of the fit.
    """
    fitted: dict[tuple[str, ...], Model] = {(): model}
    found: list[Explained] = []
    for rule in rules:
        left_out = own_studies(rule, model.knowledge)
        if progress is not None:
            progress(rule.id)
        if left_out not in fitted:
            fitted[left_out] = fit_model(model.knowledge, frozenset(left_out))
        found += _one(rule, left_out, fitted[left_out], count, seed, draws)
    return tuple(found)


def _one(rule: Rule, left_out: tuple[str, ...], model: Model, count: int, seed: int, draws: int) -> list[Explained]:
    joint = JointDraws(model.parameters, draws)
    fixed, drawn = accuracy(rule, rule.clause, model.means, model), accuracy(rule, rule.clause, joint, model)
    counted = count_drawn(rule, model, count, seed)
    parts = _parts(rule, model, joint)
    of_presenters = _shares(rule, model, joint) if "prevalence" in rule.published else ()
    out = []
    for measure, figure in rule.published.items():
        found = _interval(fixed.of(measure), drawn.of(measure))
        seen = study_interval(figure)
        comparison = Comparison(rule.id, measure, _rounded(found), _rounded(seen), overlaps(found, seen))
        of_targets = measure in {"sensitivity", "lr_pos"}
        drivers = of_presenters if measure == "prevalence" else tuple(p.driver(measure, of_targets) for p in parts)
        share, number = counted.share(measure)
        out.append(Explained(comparison, left_out, drivers, share, number, rule.source))
    return out


def study_interval(figure: Figure) -> Interval:
    """As printed, else the exact 95 % interval of the counts (Clopper and Pearson, Biometrika 1934;26:404-13)."""
    if figure.hits is None or figure.of is None:
        return Interval(figure.value or 0.0, figure.low, figure.high)
    from scipy.stats import beta

    x, n = figure.hits, figure.of
    low = float(beta.ppf(STUDY_ALPHA / 2, x, n - x + 1)) if x else 0.0
    high = float(beta.ppf(1 - STUDY_ALPHA / 2, x + 1, n - x)) if x < n else 1.0
    return Interval(x / n, low, high)


def overlaps(model: Interval, study: Interval) -> bool:
    """Whether the intervals meet; a study's value without interval must lie inside the model's."""
    low = study.value if study.low is None else study.low
    high = study.value if study.high is None else study.high
    return (model.low is None or model.low <= high) and (model.high is None or low <= model.high)


def _interval(fixed: Array, drawn: Array) -> Interval:
    low, high = np.quantile(drawn, INTERVAL)
    return Interval(float(np.squeeze(fixed)), float(low), float(high))


def _rounded(found: Interval) -> Interval:
    low, high = (None if end is None else round(end, 6) for end in (found.low, found.high))
    return Interval(round(found.value, 6), low, high)


# --- what lies behind a figure -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A finding alone, and the rule without it."""

    finding: str
    alone: Accuracy
    alone_drawn: Accuracy
    without: Accuracy | None
    facts: tuple[str, ...]

    def driver(self, measure: Measure, of_targets: bool) -> Driver:
        """Its rate among the targets, or among those they are compared with."""

        def rate(a: Accuracy) -> Array:
            return a.targets_positive / a.targets if of_targets else a.others_positive / a.others

        without = 0.0 if self.without is None else float(np.squeeze(self.without.of(measure)))
        return Driver(self.finding, _rounded(_interval(rate(self.alone), rate(self.alone_drawn))), without, self.facts)


def _parts(rule: Rule, model: Model, joint: JointDraws) -> list[_Part]:
    if rule.clause is None:
        return []
    out = []
    for finding in dict.fromkeys(rule.clause.findings()):
        alone = Clause(finding=finding)
        rest = _less(rule.clause, finding)
        facts: dict[str, None] = {}
        for cause in (*rule.target, *rule.comparator):
            facts |= dict.fromkeys(backing_of(finding, cause, AGE_GROUPS, model)[0])
        out.append(
            _Part(
                finding,
                accuracy(rule, alone, model.means, model),
                accuracy(rule, alone, joint, model),
                accuracy(rule, rest, model.means, model) if rest else None,
                tuple(facts),
            )
        )
    return out


def _shares(rule: Rule, model: Model, joint: JointDraws) -> tuple[Driver, ...]:
    """What a prevalence is made of: the share of each of its causes and complications, with the studies of its base rate."""
    whole = float(np.squeeze(accuracy(rule, None, model.means, model).targets))
    out = []
    for name in rule.target:
        alone = structs.replace(rule, target=(name,), comparator=())
        fixed, drawn = (accuracy(alone, None, numbers, model).targets for numbers in (model.means, joint))
        keys = (
            k
            for k in model.parameters.base.facts
            if k.endswith(f"|{name}") and k.startswith(f"{rule.setting}|" if rule.setting else "")
        )
        facts = tuple(dict.fromkeys(f for k in keys for f in model.parameters.base.facts[k]))
        found = _rounded(_interval(fixed, drawn))
        out.append(Driver(name, found, max(whole - found.value, 0.0), facts))
    return tuple(out)


def _less(clause: Clause, finding: str) -> Clause | None:
    """The clause without a finding: of all that are wanted one fewer is wanted, of any none fewer."""
    if clause.finding is not None:
        return None if clause.finding == finding else clause
    if clause.ages() and not clause.parts:
        return clause
    parts = tuple(p for p in (_less(part, finding) for part in clause.parts) if p is not None)
    return Clause(parts=parts, at_least=min(clause.at_least, len(parts))) if parts else None


# --- the same figure among drawn patients --------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """Drawn patients: targets, those in whom the rule holds; the same of those they are compared with; all."""

    targets: int
    targets_positive: int
    others: int
    others_positive: int
    all: int

    def share(self, measure: Measure) -> tuple[float | None, int]:
        """The measure among the drawn, and how many patients it rests on; None for a ratio or where there are none."""
        if measure == "prevalence":
            return self.targets / self.all, self.all
        if measure == "sensitivity" and self.targets:
            return self.targets_positive / self.targets, self.targets
        if measure == "specificity" and self.others:
            return 1 - self.others_positive / self.others, self.others
        return None, 0


def count_drawn(rule: Rule, model: Model, count: int, seed: int) -> Counted:
    """Draw patients of the rule's population at the fixed parameter set and apply the rule to each."""
    p = model.parameters
    strata, ages = presenters(model.knowledge, rule.setting, *rule.age_years, rule.sex)
    sampler = Sampler(world(model.means, model.layout, model.knowledge, strata), seed)
    total = np.zeros(4, dtype=np.int64)
    for start in range(0, count, CHUNK):
        drawn = sampler.draw(start, min(CHUNK, count - start))
        low, high = np.array(ages)[drawn.stratum].T

        target = _among(rule.target, drawn, model)
        other = ~target & (_among(rule.comparator, drawn, model) if rule.comparator else True)
        positive = np.zeros(len(target), dtype=bool)
        if rule.clause is not None:
            present = {f: drawn.present[:, p.booleans.index(f)] for f in rule.clause.findings()}
            positive = holds(rule.clause, present, low + (high - low) * drawn.age)
        total += [target.sum(), (target & positive).sum(), other.sum(), (other & positive).sum()]
    targets, targets_positive, others, others_positive = (int(n) for n in total)
    return Counted(targets, targets_positive, others, others_positive, count)


def _among(names: tuple[str, ...], drawn: Drawn, model: Model) -> NDArray[np.bool_]:
    """Whether each drawn patient has one of the causes or complications, (n,)."""
    p = model.parameters
    of_cause = np.isin(np.array(p.causes)[drawn.cause], names)
    out: NDArray[np.bool_] = of_cause | drawn.complications[:, [k in names for k in p.complications]].any(axis=1)
    return out
