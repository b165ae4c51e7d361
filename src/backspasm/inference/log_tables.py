"""Log probabilities of every item of evidence in one setting and age group, as tables that columns of items index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import SEXES, items_of
from backspasm.inference.likelihood import item_group, log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.posterior import terms_of
from backspasm.inference.special import logsumexp
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.types import AGE_GROUPS

#: settings times age groups are two dozen; room for those of one model
TABLES_KEPT = 32


@dataclass(frozen=True)
class Block:
    """Findings that one group of complications (or none) bears on. States are configurations x causes, (N * C).

    ``items``: row of ``EvidenceColumns.items`` -> (1 + items, N * C), whose first row, nothing counted, is 0.
    ``values``: row of ``EvidenceColumns.values`` -> coefficients of the value, its square and 1, (3, U * C): the
    configurations that change measured values are of U kinds, and ``kind_of`` (N) says of which each is.
    ``shares``: prior of the configurations, (N * C).
    """

    items: dict[int, Array]
    values: dict[int, Array]
    kind_of: NDArray[np.intp]
    shares: Array


@dataclass(frozen=True)
class LogTables:
    """``alone``: what no complication drives (N = 1); ``groups``: the rest, by group of complications.

    ``prior`` (bands + 1, sexes + 1, C): log base rates, the last place of either axis being the average over presenters
    (so that -1, unknown, finds it); -inf for bands of other age groups. ``log_setting``: log share of this setting.
    """

    alone: Block
    groups: tuple[Block, ...]
    prior: Array
    log_setting: float


@lru_cache(maxsize=TABLES_KEPT)
def log_tables(model: Model, setting: int, age: int) -> LogTables:
    """Tables of a setting and an age group, by their positions."""
    parameters, name = model.parameters, model.parameters.settings[setting]
    log_shares = terms_of((), model.means, model.layout, name, age, model.knowledge).log_shares
    causes = len(parameters.causes)
    items: dict[int | None, dict[int, Array]] = {g: {} for g in (None, *range(len(log_shares)))}
    for f, forms in enumerate(items_of(parameters, model.knowledge).values()):
        group = item_group_of(forms, model)
        size = causes if group is None else log_shares[group].size
        table = np.zeros((1 + len(forms), size))
        for k, item in enumerate(forms):
            of_item, log_p = log_item(item, model.means, model.layout, name, age, model.knowledge)
            # a form that no complication drives, of a finding of which another form is driven
            states = log_p if of_item == group else np.broadcast_to(log_p, log_shares[group or 0].shape)
            table[1 + k] = states.T.reshape(-1)
        items[group][f] = table
    values: dict[int | None, dict[int, Array]] = {g: {} for g in items}
    kinds: dict[int | None, NDArray[np.intp]] = {}
    for group in items:
        count = 1 if group is None else log_shares[group].shape[1]
        own = [m for m, finding in enumerate(parameters.measured) if model.layout.group_of[finding] == group]
        of_kind = [log_item(_at(0.0, m, model), model.means, model.layout, name, age, model.knowledge)[1] for m in own]
        flat = np.concatenate([np.zeros((1, count)), *of_kind]) if own else np.zeros((1, count))
        _, first, kind_of = np.unique(flat, axis=1, return_index=True, return_inverse=True)
        kinds[group] = kind_of.reshape(-1)
        for m in own:
            low, middle, high = (
                log_item(_at(y, m, model), model.means, model.layout, name, age, model.knowledge)[1][:, first].T
                for y in (-1.0, 0.0, 1.0)
            )
            values[group][m] = np.stack([c.reshape(-1) for c in ((high - low) / 2, (high + low) / 2 - middle, middle)])
    blocks = {
        g: Block(items[g], values[g], kinds[g], np.zeros(causes) if g is None else log_shares[g].T.reshape(-1))
        for g in items
    }
    mix = model.knowledge.table("setting_mix")[name]
    return LogTables(
        blocks[None], tuple(blocks[g] for g in range(len(log_shares))), _prior(model, name, age), float(np.log(mix))
    )


def item_group_of(forms: tuple[Item, ...], model: Model) -> int | None:
    """Group of complications that any form of a finding's item bears on."""
    groups = (item_group(item, model.layout, model.knowledge) for item in forms)
    return next((group for group in groups if group is not None), None)


def _at(y: float, measured: int, model: Model) -> Item:
    """A measured value on the scale of its distribution."""
    return Item("value", model.parameters.measured[measured], value=y)


def _prior(model: Model, setting: str, age: int) -> Array:
    ages = model.parameters.ages
    out = np.full((len(ages.bands) + 1, len(SEXES) + 1, len(model.parameters.causes)), -np.inf)
    male = model.knowledge.number("presenter_male_share")
    log_sex = np.log([male, 1 - male])
    presenters = model.knowledge.tables("presenter_ages")[setting]
    own = [b for b, band in enumerate(ages.bands) if AGE_GROUPS.index(ages.group(band)) == age]
    for b in own:
        for s, sex in enumerate(SEXES):
            out[b, s] = model.means.log_base(Stratum(setting, ages.bands[b], sex))
    out[own, -1] = logsumexp(out[own, :-1] + log_sex[:, None], axis=1)
    with np.errstate(divide="ignore"):
        log_band = np.log([presenters[ages.bands[b]] for b in own])
    out[-1] = logsumexp(out[own] + log_band[:, None, None], axis=0)
    return out


def circumstances(model: Model) -> Iterator[tuple[int, int, list[int]]]:
    """Settings and age groups with the age bands that belong to them."""
    ages = model.parameters.ages
    group = [AGE_GROUPS.index(ages.group(band)) for band in ages.bands]
    for setting in range(len(model.parameters.settings)):
        for age in sorted(set(group)):
            yield setting, age, [b for b, g in enumerate(group) if g == age]
