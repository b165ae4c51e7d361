"""Why: each answer as a step with its likelihood ratio given the answers before it; the steps multiply to the posterior."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.inference.logit_normal import Array
from backspasm.inference.model import FactsBehind, Model
from backspasm.inference.numbers import age_group
from backspasm.inference.posterior import (
    Terms,
    complication_probabilities,
    log_priors,
    posterior,
    prepared,
    terms_of,
    without_each,
)
from backspasm.inference.special import logsumexp, lse_and_softmax
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.types import AGE_GROUPS


class Step(Struct, frozen=True):
    """One answer's effect on one cause: odds after = odds before x ratio. ``facts`` are addresses of studies' facts."""

    item: Item
    likelihood_ratio: float
    before: float
    after: float
    facts: tuple[str, ...]
    study_share: float

    @property
    def assumed(self) -> bool:
        """Whether no study speaks of this answer with this cause."""
        return not self.facts


def cumulative(items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model) -> Array:
    """Log p(cause, first j answers) for j = 0..n, shape (n + 1, C), at the fixed parameter set."""
    ready = prepared(items, model.means, model.knowledge)
    rows = [
        log_prior + _first(terms_of(ready, model.means, model.layout, setting, age, model.knowledge))
        for (setting, age), log_prior in log_priors(strata, model.means).items()
    ]
    return rows[0] if len(rows) == 1 else logsumexp(np.stack(rows), axis=0)


def _first(terms: Terms) -> Array:
    """Log p(first j answers | cause) for j = 0..n, (n + 1, C)."""
    count, causes = len(terms.items), terms.log_shares[0].shape[0]
    alone = np.zeros((count + 1, causes))
    grouped = [np.concatenate([s[None], np.zeros((count, *s.shape))]) for s in terms.log_shares]
    for j, (group, log_p) in enumerate(terms.items):
        if group is None:
            alone[j + 1] = log_p[:, 0]
        else:
            grouped[group][j + 1] = log_p
    total: Array = np.cumsum(alone, axis=0)
    for g in {group for group, _ in terms.items if group is not None}:
        total = total + logsumexp(np.cumsum(grouped[g], axis=0))
    return total


def each_alone(items: tuple[Item, ...], stratum: Stratum, model: Model) -> Array:
    """Log p(answer | cause) for each answer on its own, (n, C), at the fixed parameter set."""
    ready = prepared(items, model.means, model.knowledge)
    age = age_group(model.parameters, stratum)
    terms = terms_of(ready, model.means, model.layout, stratum.setting, age, model.knowledge)
    out = np.empty((len(items), len(model.parameters.causes)))
    for j, (group, log_p) in enumerate(terms.items):
        out[j] = log_p[:, 0] if group is None else logsumexp(terms.log_shares[group] + log_p)
    return out


def log_odds(log_joint: Array) -> Array:
    """Log odds of each cause against all others, from log joint probabilities (..., C)."""
    causes = log_joint.shape[-1]
    without = np.where(np.eye(causes, dtype=bool), -np.inf, log_joint[..., None, :])  # row c lacks cause c
    out: Array = log_joint - logsumexp(without)
    return out


def steps(items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model) -> dict[str, tuple[Step, ...]]:
    """For every cause, one step an answer, in canonical order."""
    joint = cumulative(items, strata, model)
    odds = log_odds(joint)
    probability = lse_and_softmax(joint)[1]
    ages = _ages(strata, model)
    ratios = np.exp(odds[1:] - odds[:-1]).tolist()
    before, after = probability[:-1].tolist(), probability[1:].tolist()
    backings = [_backings(item.finding, ages, model) for item in items]
    return {
        cause: tuple(
            Step(item, ratios[j][c], before[j][c], after[j][c], *backings[j][c]) for j, item in enumerate(items)
        )
        for c, cause in enumerate(model.parameters.causes)
    }


def _ages(strata: tuple[Stratum, ...], model: Model) -> tuple[str, ...]:
    """The age groups of strata, in their order."""
    there = {age_group(model.parameters, s) for s in strata}
    return tuple(AGE_GROUPS[i] for i in sorted(there))


def complication_steps(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model
) -> dict[str, tuple[Step, ...]]:
    """For every complication (whatever the cause), one step an answer, in canonical order."""
    names = model.parameters.complications
    rows = []
    for j in range(len(items) + 1):
        found = posterior(items[:j], strata, model.means, model.layout, model.knowledge)
        rows.append(np.einsum("c,ck->k", found.causes, complication_probabilities(found, model.layout)))
    p = np.clip(np.array(rows), 0, 1)
    ages = _ages(strata, model)
    out: dict[str, tuple[Step, ...]] = {}
    for k, name in enumerate(names):
        steps_of_it = []
        for j, item in enumerate(items):
            before, after = float(p[j, k]), float(p[j + 1, k])
            # at 0 or 1 the odds say nothing more
            certain = min(before, after) <= 0 or max(before, after) >= 1
            ratio = 1.0 if certain else after / (1 - after) * (1 - before) / before
            driven = k in model.layout.drivers[item.finding]
            facts = _facts_at(item.finding, name, ages, model) if driven else ()
            steps_of_it.append(Step(item, ratio, before, after, facts, 0.0))
        out[name] = tuple(steps_of_it)
    return out


def _facts_at(finding: str, given: str, ages: tuple[str, ...], model: Model) -> tuple[str, ...]:
    cells = (model.parameters.backing.get(f"{finding}|{given}|{age}") for age in ages)
    return tuple(dict.fromkeys(fact for cell in cells if cell is not None for fact in cell.facts))


def _backings(finding: str, ages: tuple[str, ...], model: Model) -> tuple[FactsBehind, ...]:
    """``backing_of`` for every cause; kept with the model, so that it goes when the model goes."""
    found = model.backings.get((finding, ages))
    if found is None:
        found = tuple(backing_of(finding, cause, ages, model) for cause in model.parameters.causes)
        model.backings[finding, ages] = found
    return found


def backing_of(finding: str, cause: str, ages: tuple[str, ...], model: Model) -> FactsBehind:
    """Facts behind a finding's rate for a cause, with the largest share that studies have in it.

    Of the cause itself, and of the complications that drive the finding. A complication may stand in the place of the cause.
    """
    facts: dict[str, None] = {}
    share = 0.0
    drivers = model.knowledge.findings[finding].driven_by
    for age in ages:
        own = model.parameters.backing.get(f"{finding}|{cause}|{age}")
        if own is not None:
            facts |= dict.fromkeys(own.facts)
            share = max(share, own.share)
        for complication in drivers:
            through = model.parameters.backing.get(f"{finding}|{complication}|{age}")
            if through is not None:
                facts |= dict.fromkeys(through.facts)
    return tuple(facts), share


def without_each_answer(
    items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model, cause: str
) -> tuple[tuple[Item, float], ...]:
    """The cause's probability with each answer left out in turn."""
    c = model.parameters.causes.index(cause)
    found = without_each(items, strata, model.means, model.layout, model.knowledge)
    return tuple(zip(items, found.causes[:, c].tolist(), strict=True))


def studies_behind(items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model) -> tuple[str, ...]:
    """Ids of studies that bear on this patient through any cause, base rates included."""
    ages = _ages(strata, model)
    found: dict[str, None] = {}
    for item in items:
        for facts, _ in _backings(item.finding, ages, model):
            found |= dict.fromkeys(a.partition("/")[0] for a in facts)
    for cause in model.parameters.causes:
        for stratum in strata:
            found |= dict.fromkeys(a.partition("/")[0] for a in base_facts(stratum, cause, model))
    return tuple(sorted(found))


def base_facts(stratum: Stratum, cause: str, model: Model) -> tuple[str, ...]:
    """Facts behind a cause's base rate in a stratum."""
    population = "child" if model.parameters.ages.is_child(stratum.band) else "adult"
    return model.parameters.base.facts.get(f"{stratum.setting}|{population}|{cause}", ())
