"""Which rates matter most to decisions: where a study would be worth most.

For a rate in doubt (a finding given a cause): how much expected loss would be spared if it were known before deciding on
urgency? That is the expected value of partial perfect information (Ades AE, Lu G, Claxton K. Med Decis Making
2004;24:207-27), over virtual patients, with the rate set one standard deviation of the opinions' distribution up or down
(two-point quadrature). The opinions' spread is taken also where studies have narrowed it, so that a pair's place does
not depend on what has already been found.

Patients are drawn cause by cause, half of them as causes present and half the same number of each, and weighed by how
often they present: so rare causes are heard, and no patient weighs more than two. They are asked as the assumption
``asked_in_practice`` says: tests seldom, since urgency is mostly decided before them. The probabilities of the causes
given the answers are those of the engine; setting one rate changes the odds of one cause by a factor that follows from
the answer. Two approximations: the chances of complications given the cause stay as they are, and a driven finding's
answer is judged by its rate among all patients with the cause.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from backspasm.advice.red_flags import fired_rules, floor
from backspasm.advice.urgency import level_shares
from backspasm.inference.elicited import Opinions
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model, code_digest
from backspasm.inference.numbers import age_group
from backspasm.inference.parameters import cell_key
from backspasm.inference.posterior import Posterior, posterior
from backspasm.inference.special import expit, logit
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.from_case import from_case
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.presenters import presenters
from backspasm.records.cache import cache_folder, keep
from backspasm.records.search import Search
from backspasm.records.types import AGE_GROUPS

#: virtual patients
PATIENTS = 2_000
#: effects are told for so many presenters
PRESENTERS = 1_000


class Priority(Struct, frozen=True):
    """A finding given a cause: loss spared for 1,000 presenters if its rate were known, what it rests on, and searches.

    ``share`` is that of the effect of all pairs together.
    """

    finding: str
    cause: str
    effect: float
    share: float
    facts: tuple[str, ...]
    searches: tuple[Search, ...]


class Effects(Struct, frozen=True):
    """All pairs, the largest effect first; how many patients were drawn; share of all effect that rests on studies."""

    pairs: tuple[Priority, ...]
    patients: int
    studied_share: float

    def without_evidence(self, top: int) -> tuple[Priority, ...]:
        """Of the first ``top`` pairs those that rest on opinions alone."""
        return tuple(p for p in self.pairs[:top] if not p.facts)


@dataclass(frozen=True)
class _Spreads:
    """Standard deviations of the opinions: of rates (G, C, F) in log odds, of measured means (G, C, M)."""

    rates: Array
    values: Array


def effects(
    model: Model, seed: int = 1, patients: int = PATIENTS, progress: Callable[[int], None] | None = None
) -> Effects:
    """Rank every pair of a finding and a cause.

    Args:
        patients: virtual patients, at least one with each cause.
        progress: told after each cause.
    """
    p = model.parameters
    spreads = _spreads(model)
    total = np.zeros((len(p.booleans) + len(p.measured), len(p.causes)))
    strata, _ = presenters(model.knowledge)
    base = np.sum([s.weight * np.exp(model.means.log_base(s)) for s in strata], axis=0)
    counts = np.ceil(patients * (base / base.sum() + 1 / len(base)) / 2).astype(int)
    asked = _Asked(model, seed)
    tables: Any = None
    for c, cause in enumerate(p.causes):
        cohort = Cohort(Wanted(causes=(cause,), seed=seed, answered=asked.first), model)
        tables = cohort.sampler.tables if tables is None else tables
        cohort.sampler.tables = tables  # they do not depend on the cause, and cost more than the patients
        for case in cohort.cases(cohort.patients(0, int(counts[c]))):
            patient = from_case(asked.thinned(case), model.knowledge)
            answers = answers_of(patient, model.knowledge)
            found_strata = strata_of(patient, model.knowledge)
            found = posterior(answers.items, found_strata, model.means, model.layout, model.knowledge)
            lowest = model.knowledge.index.urgency.index(
                floor(fired_rules(patient, answers, model.knowledge), model.knowledge)
            )
            group = age_group(p, found_strata[0])
            total += base[c] / counts[c] * _regret(answers, found, group, lowest, spreads, model)
        if progress is not None:
            progress(1)
    return _ranked(total * PRESENTERS, int(counts.sum()), model)


class _Asked:
    """What is asked: of history and examination one share, of what only a test tells a smaller one."""

    def __init__(self, model: Model, seed: int) -> None:
        shares = model.knowledge.table("asked_in_practice")
        self.first = shares["history_and_examination"]
        self.keep = shares["tests"] / self.first
        index = model.knowledge.index
        self.tests = {f for i in model.knowledge.investigations.values() for f in i.reveals}
        self.tests |= {f for section in MACHINES for f in index.findings[section]}
        self.rng = np.random.default_rng(seed)

    def thinned(self, case: dict[str, Any]) -> dict[str, Any]:
        """The case with only some of its test results."""
        drop = {f for f in sorted(self.tests) if self.rng.random() >= self.keep}
        measured = {m: v for m, v in case["measured"].items() if m not in drop}
        lists = {key: [f for f in case[key] if f not in drop] for key in ("present", "absent")}
        return {**case, **lists, "measured": measured}


Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]


def worked_out(model: Model, bar: Bar, patients: int = PATIENTS) -> Effects:
    """Effects, worked out with a bar that moves on with every cause."""
    with bar(len(model.parameters.causes)) as advance:
        return effects(model, patients=patients, progress=advance)


def kept_effects(model: Model, bar: Bar) -> Effects:
    """The usual effects: from the cache where they are there, else worked out (a minute) and kept."""
    place = cache_folder() / f"{model.knowledge.digest[:24]}-{code_digest()}-effects.json"
    try:
        return msgspec.json.decode(place.read_bytes(), type=Effects)
    except (OSError, msgspec.MsgspecError):
        pass
    found = worked_out(model, bar)
    keep(place, msgspec.json.encode(found))
    return found


def _spreads(model: Model) -> _Spreads:
    p = model.parameters
    opinions = Opinions(model.knowledge)
    rates = np.stack([opinions.rates(f, studied=False)[1] for f in p.booleans], axis=-1)
    values = np.array(
        [
            [
                opinions.values(m, age, bool(p.measured_drivers[i]), studied=False)[:, 0, 1]
                for i, m in enumerate(p.measured)
            ]
            for age in AGE_GROUPS
        ]
    )
    return _Spreads(rates, values.transpose(0, 2, 1))


def _regret(answers: Answers, found: Posterior, group: int, lowest: int, spreads: _Spreads, model: Model) -> Array:
    """Loss spared by knowing each rate of this patient's answers, (F + M, C)."""
    p = model.parameters
    names = (*p.booleans, *p.measured)
    out = np.zeros((len(names), len(p.causes)))
    by_cause, causes = level_shares(found, model), found.causes
    table = model.knowledge.tables("loss")
    levels = model.knowledge.index.urgency
    # no rule may be undercut: only levels as urgent as the floor are open
    losses = np.array([[table[given][need] for need in levels] for given in levels[: lowest + 1]])  # (given, need)
    now = causes @ by_cause
    chosen = int((losses @ now).argmin())
    for finding, change in _changes(answers, group, spreads, model).items():  # (2, C) log factors
        factor = causes * np.expm1(change)  # of one cause at a time
        mixed = (now + factor[..., None] * by_cause) / (1 + factor)[..., None]  # (2, C, L)
        expected = mixed @ losses.T  # (2, C, given)
        out[names.index(finding)] = (expected[..., chosen] - expected.min(axis=-1)).mean(axis=0)
    return out


def _changes(answers: Answers, group: int, spreads: _Spreads, model: Model) -> dict[str, Array]:
    """Log of the factor by which the probability of each answer changes, one sd up and down, (2, C)."""
    p = model.parameters
    out: dict[str, Array] = {}
    steps = np.array([[1.0], [-1.0]])
    for item in answers.items:
        if item.finding in p.booleans:
            f = p.booleans.index(item.finding)
            rate = model.means.rate(item.finding, group)
            moved = expit(logit(rate) + steps * spreads.rates[group, :, f])
            present = item.kind in PRESENT
            out[item.finding] = np.log(moved / rate) if present else np.log1p(-moved) - np.log1p(-rate)
        elif item.value is not None and item.finding in p.measured:
            m = p.measured.index(item.finding)
            mean, sd = (a[:, :1] for a in model.means.value(item.finding, group))
            y = np.log(max(item.value, np.finfo(float).tiny)) if p.lognormal[m] else item.value
            shift = (steps * spreads.values[group, :, m])[..., None]
            nearer = ((y - mean) ** 2 - (y - mean - shift) ** 2) / (2 * sd**2)
            out[item.finding] = np.clip(nearer[..., 0], -FARTHEST, FARTHEST)
    return out


#: sections of the findings that need a machine or a laboratory
MACHINES = ("laboratory", "imaging", "muscle_activity")
#: items that say that the finding is there
PRESENT = {"present", "without", "present_given", "present_after"}
#: log of the most that one shifted mean may change the odds of a cause: normal tails are thinner than what is known
FARTHEST = 5.0


def _ranked(total: Array, patients: int, model: Model) -> Effects:
    p = model.parameters
    searches: dict[tuple[str, str], list[Search]] = {}
    for s in model.knowledge.searches:
        if s.cause is not None:
            searches.setdefault((s.finding, s.cause), []).append(s)
    whole = float(total.sum())
    pairs = []
    for f, finding in enumerate((*p.booleans, *p.measured)):
        for c, cause in enumerate(p.causes):
            backed = (p.backing.get(cell_key(finding, cause, age)) for age in AGE_GROUPS)
            facts = tuple(dict.fromkeys(a for b in backed if b is not None for a in b.facts))
            effect = float(total[f, c])
            record = tuple(searches.get((finding, cause), ()))
            pairs.append(Priority(finding, cause, round(effect, 6), round(effect / whole, 6), facts, record))
    pairs.sort(key=lambda x: (-x.effect, x.finding, x.cause))
    studied = sum(x.effect for x in pairs if x.facts) / whole
    return Effects(tuple(pairs), patients, round(studied, 6))
