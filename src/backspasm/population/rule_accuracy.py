"""Accuracy of a rule among the model's patients, summed exactly over causes, complications and answers.

For one set of numbers, or for all joint draws at once. Nothing is sampled, so an interval over draws is that of the
parameters alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.likelihood import log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import Numbers, age_group
from backspasm.inference.posterior import terms_of
from backspasm.inference.sampling import marginal
from backspasm.patients.answers import Item
from backspasm.population.presenters import presenters
from backspasm.population.rules import Clause, Measure, Rule
from backspasm.records.knowledge import Knowledge


@dataclass(frozen=True)
class Accuracy:
    """Shares of all presenters, (...): the targets, those of them in whom the rule holds; the same of the comparator."""

    targets: Array
    targets_positive: Array
    others: Array
    others_positive: Array

    def of(self, measure: Measure) -> Array:
        """The measure, (...)."""
        sensitivity, false_alarms = self.targets_positive / self.targets, self.others_positive / self.others
        tiny = np.finfo(float).tiny
        values: dict[Measure, Array] = {
            "sensitivity": sensitivity,
            "specificity": 1 - false_alarms,
            "lr_pos": sensitivity / np.maximum(false_alarms, tiny),
            "lr_neg": (1 - sensitivity) / np.maximum(1 - false_alarms, tiny),
            "prevalence": self.targets,
        }
        return values[measure]


def accuracy(rule: Rule, clause: Clause | None, numbers: Numbers, model: Model) -> Accuracy:
    """Sum over all states of the rule's population. ``clause`` may differ from the rule's own, to see what a part does."""
    knowledge, layout = model.knowledge, model.layout
    cuts = clause.ages() if clause else ()
    strata, ages = presenters(knowledge, rule.setting, *rule.age_years, rule.sex, cuts)
    base: dict[tuple[str, int, tuple[bool, ...]], Array] = {}
    for stratum, (low, _) in zip(strata, ages, strict=True):
        key = stratum.setting, age_group(model.parameters, stratum), tuple(low >= cut for cut in cuts)
        base[key] = base.get(key, 0.0) + stratum.weight * np.exp(numbers.log_base(stratum))
    target, other = _masks(rule, model)
    known: dict[tuple[str, int], tuple[Array, dict[str, Array]]] = {}
    sums = [np.zeros(1)] * 4
    for (setting, age, above), weight in base.items():
        if (setting, age) not in known:
            rates = _rates(clause, numbers, model, setting, age) if clause else {}
            shares = terms_of((), numbers, layout, setting, age, knowledge).log_shares
            config = np.exp(np.sum([_spread(s, g, model) for g, s in enumerate(shares)], axis=0))
            known[setting, age] = config, rates
        config, rates = known[setting, age]
        states = weight[..., None] * config
        holds = (
            states * _probability(clause, rates, dict(zip(cuts, above, strict=True)), knowledge) if clause else states
        )
        parts = (states * target, holds * target, states * other, holds * other)
        sums = [total + part.sum(axis=(-2, -1)) for total, part in zip(sums, parts, strict=True)]
    return Accuracy(*sums)


def _masks(rule: Rule, model: Model) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which states (C, all configurations) are targets, and which are those they are compared with."""

    def among(names: tuple[str, ...]) -> NDArray[np.bool_]:
        p = model.parameters
        by_cause = np.isin(p.causes, names)[:, None]
        complicated = np.asarray((configurations(model) & np.isin(p.complications, names)).any(axis=1))
        out: NDArray[np.bool_] = by_cause | complicated[None, :]
        return out

    target = among(rule.target)
    return target, ~target & among(rule.comparator) if rule.comparator else ~target


def configurations(model: Model) -> NDArray[np.bool_]:
    """Every set of complications, (N, K)."""
    return np.array(list(product((False, True), repeat=len(model.parameters.complications))))


def _spread(of_group: Array, group: int | None, model: Model) -> Array:
    """Values a configuration of one group, (..., C, n), over all configurations, (..., C, N)."""
    everything = configurations(model)
    if group is None:
        return of_group
    members = model.layout.groups[group].members
    weights = 2 ** np.arange(len(members))[::-1]
    out: Array = of_group[..., everything[:, list(members)] @ weights]
    return out


def entangled(clause: Clause, knowledge: Knowledge) -> tuple[str, ...]:
    """Findings that are not independent inside the rule: said twice, or linked; what contains or excludes comes first."""
    named = clause.findings()
    twice = {f for f in named if named.count(f) > 1}
    roots: dict[str, set[str]] = {}
    for link in knowledge.links:
        if link.kind in {"implies", "excludes"}:
            root, leaf = (link.other, link.finding) if link.kind == "implies" else (link.finding, link.other)
            roots.setdefault(root, {root}).add(leaf)
    first: list[str] = []
    then: list[str] = []
    for root, members in roots.items():
        involved = members & set(named)
        if len(involved) > 1:
            first.append(root)
            then += sorted(involved - {root})
    return tuple(dict.fromkeys([*first, *then, *sorted(twice)]))


def _rates(clause: Clause, numbers: Numbers, model: Model, setting: str, age: int) -> dict[str, Array]:
    """How often each finding is there in every state; ``finding|`` for one given what contains or does not exclude it."""
    tangle = entangled(clause, model.knowledge)
    out: dict[str, Array] = {}
    for finding in dict.fromkeys((*clause.findings(), *tangle)):
        group, p = marginal(numbers, model.layout, finding, setting, age, model.knowledge)
        out[finding] = _spread(p, group, model)
    for finding in tangle:
        for link in model.knowledge.links:
            if link.kind == "implies" and link.finding == finding and link.other in tangle:
                out[f"{finding}|"] = out[finding] / out[link.other]
            elif link.kind == "excludes" and link.other == finding and link.finding in tangle:
                item = Item("present_given", finding, given=link.finding)
                group, log_p = log_item(item, numbers, model.layout, setting, age, model.knowledge)
                out[f"{finding}|"] = _spread(np.exp(log_p), group, model)
    return out


def _probability(clause: Clause, rates: dict[str, Array], above: dict[float, bool], knowledge: Knowledge) -> Array:
    """Probability that the clause holds in every state."""
    tangle = entangled(clause, knowledge)
    total: Array = np.zeros(1)
    for answers in product((False, True), repeat=len(tangle)):
        said = dict(zip(tangle, answers, strict=True))
        weight = _joint(said, rates, knowledge)
        if weight is not None:
            total = total + weight * _given(clause, rates, said, above)
    return total


def _joint(said: dict[str, bool], rates: dict[str, Array], knowledge: Knowledge) -> Array | None:
    """Probability of these answers to linked findings, or None where they are impossible."""
    out: Array = np.ones(1)
    for finding, there in said.items():
        rate, possible = rates[finding], True
        for link in knowledge.links:
            if link.kind == "implies" and link.finding == finding and link.other in said:
                rate, possible = rates[f"{finding}|"], said[link.other]
            elif link.kind == "excludes" and link.other == finding and link.finding in said:
                rate, possible = rates[f"{finding}|"], not said[link.finding]
        if not possible:
            if there:
                return None
            continue
        out = out * (rate if there else 1 - rate)
    return out


def _given(clause: Clause, rates: dict[str, Array], said: dict[str, bool], above: dict[float, bool]) -> Array:
    """Probability that the clause holds given the answers to the linked findings; all others are independent."""
    if clause.finding is not None:
        return np.array(float(said[clause.finding])) if clause.finding in said else rates[clause.finding]
    if clause.age_over is not None:
        return np.array(float(above[clause.age_over]))
    if clause.age_under is not None:
        return np.array(float(not above[clause.age_under]))
    # probability of exactly 0, 1, ... of the parts, part by part; the last stands for the wanted number or more
    counts: list[Array] = [np.ones(1)] + [np.zeros(1)] * clause.at_least
    for part in clause.parts:
        p = _given(part, rates, said, above)
        last = counts[-1] + counts[-2] * p
        counts = [
            counts[0] * (1 - p),
            *(counts[j] * (1 - p) + counts[j - 1] * p for j in range(1, len(counts) - 1)),
            last,
        ]
    return counts[-1]


def holds(clause: Clause, present: dict[str, NDArray[np.bool_]], age_years: Array) -> NDArray[np.bool_]:
    """Whether the clause holds for each drawn patient, (n,)."""
    if clause.finding is not None:
        return present[clause.finding]
    if clause.age_over is not None:
        out: NDArray[np.bool_] = age_years >= clause.age_over
        return out
    if clause.age_under is not None:
        younger: NDArray[np.bool_] = age_years < clause.age_under
        return younger
    met: NDArray[np.bool_] = (
        np.sum([holds(part, present, age_years) for part in clause.parts], axis=0) >= clause.at_least
    )
    return met
