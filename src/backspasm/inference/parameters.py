"""The model's parameters as distributions: pure arrays, ready to be cached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.base_rates import BaseRates
from backspasm.inference.logit_normal import Array
from backspasm.inference.strata import Ages


@dataclass(frozen=True)
class Backing:
    """What stands behind a cell: the facts pooled, and the share of the weight that they (not the elicitation) have."""

    facts: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Parameters:
    """The model. Axes: S settings, G age groups, C causes, K complications, F boolean findings, M measured findings.

    Rates are log odds with mean and sd. ``marginal`` says whether a rate includes the complications (then the leak is
    solved for) or is that of patients without them. ``value_*`` have a last axis: driving complication absent, present.
    ``error_in_kind`` is the correlation of what is not known of one finding's rates in two causes of the same kind.
    """

    settings: tuple[str, ...]
    causes: tuple[str, ...]
    complications: tuple[str, ...]
    booleans: tuple[str, ...]
    measured: tuple[str, ...]
    kinds: tuple[str, ...]  # of the causes, C: mechanical, infectious, ...
    lognormal: tuple[bool, ...]
    boolean_drivers: tuple[tuple[int, ...], ...]
    measured_drivers: tuple[tuple[int, ...], ...]
    ages: Ages
    base: BaseRates
    complication_mean: Array  # S x G x C x K
    complication_sd: Array
    rate_mean: Array  # G x C x F
    rate_sd: Array
    marginal: NDArray[np.bool_]  # G x C x F
    strength_mean: Array  # G x K x C x F, NaN where the complication does not drive the finding
    strength_sd: Array
    value_mean: Array  # G x C x M x 2
    value_mean_sd: Array
    value_log_spread: Array
    value_log_spread_sd: Array
    leak_floor: float
    error_in_kind: float
    backing: dict[str, Backing]


def cell_key(what: str, given: str, age: str) -> str:
    """Key of a cell in ``Parameters.backing``."""
    return f"{what}|{given}|{age}"
