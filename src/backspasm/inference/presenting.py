"""How common a cause is among those who present, by setting and for children and adults, with its interval and studies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.inference.base_rates import POPULATIONS
from backspasm.inference.intervals import INTERVAL
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import JointDraws, Numbers
from backspasm.inference.strata import Ages, Stratum


@dataclass(frozen=True)
class BaseRate:
    """The share of a cause among presenters (0 to 1) with its 90 % interval; ``facts`` are empty where it is assumed."""

    setting: str
    population: str
    value: float
    low: float
    high: float
    facts: tuple[str, ...]


def base_rates_of(cause: str, model: Model) -> tuple[BaseRate, ...]:
    """Every setting in which somebody of a population presents; both sexes, ages as they present there."""
    parameters = model.parameters
    c = parameters.causes.index(cause)
    joint = JointDraws(parameters)
    out = []
    for setting in parameters.settings:
        for population in POPULATIONS:
            strata = _presenting(setting, population, model)
            if not strata:
                continue
            fixed, drawn = (_share(c, strata, numbers) for numbers in (model.means, joint))
            low, high = np.quantile(drawn, INTERVAL)
            facts = parameters.base.facts.get(f"{setting}|{population}|{cause}", ())
            out.append(BaseRate(setting, population, float(np.squeeze(fixed)), float(low), float(high), facts))
    return tuple(out)


def _presenting(setting: str, population: str, model: Model) -> tuple[Stratum, ...]:
    """Strata with weights that sum to 1."""
    knowledge = model.knowledge
    ages = Ages.of(knowledge)
    male = knowledge.number("presenter_male_share")
    shares = knowledge.tables("presenter_ages")[setting]
    bands = [b for b in ages.bands if ages.is_child(b) == (population == "child") and shares[b] > 0]
    total = sum(shares[b] for b in bands)
    return tuple(
        Stratum(setting, band, sex, shares[band] / total * share)
        for band in bands
        for sex, share in (("male", male), ("female", 1 - male))
    )


def _share(cause: int, strata: tuple[Stratum, ...], numbers: Numbers) -> Array:
    total: Array = np.sum([s.weight * np.exp(numbers.log_base(s))[..., cause] for s in strata], axis=0)
    return total
