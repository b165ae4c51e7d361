"""The must-not-miss ledger: for each group of serious causes its probability, what was asked, what was not, what speaks against it."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.inference.explain import each_alone
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.posterior import Posterior, complication_shares
from backspasm.inference.special import logsumexp
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Answers, Item

GROUPS = ("infection", "malignancy", "compression", "fracture", "aortic")
COMPRESSIONS = ("cauda_equina_syndrome", "spinal_cord_compression")
#: how many findings of a group are shown as asked or not asked: as many as fit one line of attention
SHOWN = 10


class LedgerEntry(Struct, frozen=True):
    """One group. ``asked`` and ``not_asked`` are the findings that tell the group best from everything else."""

    group: str
    probability: float
    causes: tuple[str, ...]
    asked: tuple[str, ...]
    not_asked: tuple[str, ...]
    against: tuple[str, ...]


def members(group: str, model: Model) -> tuple[str, ...]:
    """Causes of the group; for compression the complications."""
    if group == "compression":
        return COMPRESSIONS
    return tuple(c.id for c in model.knowledge.causes.values() if c.must_not_miss == group)


def compression_probability(found: Posterior, model: Model) -> Array:
    """Probability of a compressed cauda equina or cord (either), shape ()."""
    places = [model.parameters.complications.index(c) for c in COMPRESSIONS]
    total = np.zeros(())
    for group, configurations in zip(model.layout.groups, found.configurations, strict=True):
        inside = [group.members.index(k) for k in places if k in group.members]
        if inside:
            any_present = group.configurations[:, inside].any(axis=1)
            total = total + (found.causes * configurations[:, any_present].sum(axis=1)).sum()
    return total


def ledger(
    answers: Answers,
    strata: tuple[Stratum, ...],
    found: Posterior,
    steps_against: dict[str, tuple[str, ...]],
    model: Model,
) -> tuple[LedgerEntry, ...]:
    """Groups at or above the ledger's probability, or with a cause among the most probable; the likeliest first."""
    causes = found.causes
    rank = round(model.knowledge.number("ledger_rank"))
    top = {model.parameters.causes[i] for i in np.argsort(-causes, kind="stable")[:rank]}
    least = model.knowledge.number("ledger_probability")
    out = []
    for group in GROUPS:
        own = members(group, model)
        if group == "compression":
            p = min(float(compression_probability(found, model)), 1.0)
        else:
            p = min(float(sum(causes[model.parameters.causes.index(c)] for c in own)), 1.0)
        if p < least and not top & set(own):
            continue
        telling = telling_findings(group, strata, model)
        asked = tuple(f for f in telling if answers.asked(f))
        not_asked = tuple(f for f in telling if not answers.asked(f))
        if group == "compression":
            against_it = tuple(f for f in telling if f in answers.absent)
        else:
            against_it = steps_against[group]
        out.append(LedgerEntry(group, p, own, asked, not_asked, against_it))
    return tuple(sorted(out, key=lambda e: -e.probability))


def telling_findings(group: str, strata: tuple[Stratum, ...], model: Model) -> tuple[str, ...]:
    """Findings of history and examination that tell the group best from all other causes, the best first.

    Ranked by the expected weight of evidence (Kullback-Leibler divergence) between the group's patients and the rest,
    both weighted by their base rates in the patient's likeliest stratum.
    """
    stratum = max(strata, key=lambda s: s.weight)
    age = age_group(model.parameters, stratum)
    weights = np.exp(model.means.log_base(stratum))
    own = members(group, model)
    mask = np.isin(model.parameters.causes, own)
    index = model.knowledge.index
    askable = [f for section, fs in index.findings.items() if section not in {"imaging", "laboratory"} for f in fs]
    rates = model.means.rates(age)
    place = {f: i for i, f in enumerate(model.parameters.booleans)}
    findings = [f for f in askable if f in place]
    rows = [place[f] for f in findings]
    inside = (weights[mask] @ rates[mask] / max(weights[mask].sum(), np.finfo(float).tiny))[rows]
    outside = (weights[~mask] @ rates[~mask] / weights[~mask].sum())[rows]
    if group == "compression":  # no cause is inside, so ``outside`` is the rate of everybody
        for i, finding in enumerate(findings):
            driven = [
                k for k, d in enumerate(model.layout.drivers[finding]) if model.parameters.complications[d] in own
            ]
            inside[i] = model.means.strengths(finding, age)[:, driven].max(axis=1) @ weights if driven else 0.0
    telling = np.flatnonzero(inside > outside)
    scores = _divergence(inside[telling], outside[telling]).tolist()
    best = sorted(zip(scores, telling.tolist(), strict=True), key=lambda pair: (-pair[0], findings[pair[1]]))[:SHOWN]
    return tuple(findings[i] for _, i in best)


def _divergence(p: Array, q: Array) -> Array:
    out: Array = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    return out


def against(items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model) -> dict[str, tuple[str, ...]]:
    """For each group, the answers that on their own lower its odds, the strongest first, in the likeliest stratum."""
    likeliest = max(strata, key=lambda s: s.weight)
    base = model.means.log_base(likeliest)
    joint = base + each_alone(items, likeliest, model)
    out: dict[str, tuple[str, ...]] = {}
    for group in GROUPS:
        if group == "compression":
            continue
        inside = np.isin(model.parameters.causes, members(group, model))
        before = logsumexp(base[inside]) - logsumexp(base[~inside])
        shifts = logsumexp(joint[:, inside]) - logsumexp(joint[:, ~inside]) - before
        change = [(float(shift), item.finding) for shift, item in zip(shifts, items, strict=True)]
        out[group] = tuple(finding for shift, finding in sorted(change) if shift < 0)
    return out


def chances(found: Posterior, model: Model) -> dict[str, float]:
    """Probability of every cause and complication by id (``found`` without a draws axis)."""
    causes = zip(model.parameters.causes, found.causes.tolist(), strict=True)
    complications = zip(model.parameters.complications, complication_table(found, model).tolist(), strict=True)
    return {**dict(causes), **dict(complications)}


def complication_table(found: Posterior, model: Model) -> Array:
    """Probability of each complication, (..., K), averaged over causes."""
    return np.clip(complication_shares(found, model.layout), 0, 1)  # a sum of many may leave the range by a rounding
