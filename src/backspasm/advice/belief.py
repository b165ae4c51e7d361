"""What is believed now, over every state of the model, with the urgency that each state needs.

A state is a cause with a configuration of all complications, in one setting and age group (several where those are
unknown). Everything about the value of a question is a sum over states, so the sum is laid out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.likelihood import log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.posterior import prepared, terms_of
from backspasm.inference.special import logsumexp
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item

Key = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Space:
    """The states of a model: C causes x J configurations of all complications.

    ``place``: for each group of complications, which of its configurations each of the J is, (J,).
    ``needs``: position of the urgency level that the state needs, (C, J). ``loss``: level given x level needed, (L, L).
    """

    place: tuple[NDArray[np.int64], ...]
    sizes: tuple[int, ...]
    needs: NDArray[np.int64]
    loss: Array

    @cached_property
    def need_flags(self) -> Array:
        """1 where the state needs the level, (C, J, L)."""
        out: Array = (self.needs[..., None] == np.arange(len(self.loss))).astype(float)
        return out


@lru_cache(maxsize=8)
def space_of(model: Model) -> Space:
    """Lay out the states of a model."""
    knowledge, parameters = model.knowledge, model.parameters
    levels = knowledge.index.urgency
    sizes = tuple(len(g.configurations) for g in model.layout.groups)
    chosen = np.array(list(product(*(range(n) for n in sizes))))
    most = np.full(len(chosen), len(levels) - 1)
    for g, group in enumerate(model.layout.groups):
        for k, member in enumerate(group.members):
            level = levels.index(knowledge.complications[parameters.complications[member]].urgency)
            present = group.configurations[chosen[:, g], k] > 0
            most = np.where(present, np.minimum(most, level), most)
    cause = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    table = knowledge.tables("loss")
    loss = np.array([[table[given][need] for need in levels] for given in levels])
    return Space(tuple(chosen[:, g] for g in range(len(sizes))), sizes, np.minimum(cause[:, None], most), loss)


@dataclass(frozen=True, eq=False)
class Belief:
    """Probability of every state, (keys, C, J), summing to 1; a key is a setting with an age group."""

    model: Model
    keys: tuple[Key, ...]
    weights: Array

    @property
    def space(self) -> Space:
        return space_of(self.model)

    @cached_property
    def ages(self) -> tuple[int, ...]:
        """The age groups of the keys."""
        return tuple(dict.fromkeys(age for _, age in self.keys))

    def of_age(self, age: int) -> list[int]:
        """Positions of the keys of one age group."""
        return [i for i, (_, a) in enumerate(self.keys) if a == age]

    @cached_property
    def by_need(self) -> Array:
        """Probability of every state, apart by the level it needs: (keys, C, J, L)."""
        out: Array = self.weights[..., None] * self.space.need_flags
        return out

    @cached_property
    def needed(self) -> Array:
        """Probability that each level is needed, (L,)."""
        out: Array = self.by_need.sum(axis=(0, 1, 2))
        return out

    def collapsed(self, group: int | None, weights: Array | None = None) -> Array:
        """``weights`` (keys, C, J, L; default ``by_need``) summed over all complications but those of one group.

        Returns (keys, C, N, L), N = 1 without a group.
        """
        out = self.collapsed_to([] if group is None else [group], weights)
        return out[:, :, None] if group is None else out

    def collapsed_to(self, groups: list[int], weights: Array | None = None) -> Array:
        """The same for several groups: (keys, C, N of the first, N of the second, ..., L)."""
        if weights is None:
            key = tuple(groups)
            if key not in self._collapsed:
                self._collapsed[key] = self.collapsed_to(groups, self.by_need)
            return self._collapsed[key]
        total = weights
        k, c, _, levels = total.shape
        others = tuple(2 + g for g in range(len(self.space.sizes)) if g not in groups)
        out: Array = total.reshape(k, c, *self.space.sizes, levels).sum(axis=others)
        return out

    @cached_property
    def _collapsed(self) -> dict[tuple[int, ...], Array]:
        return {}

    def spread(self, group: int | None, values: Array) -> Array:
        """(..., N) over a group's configurations, repeated over all J."""
        if group is None:
            return np.broadcast_to(values, (*values.shape[:-1], self.weights.shape[-1]))
        out: Array = values[..., self.space.place[group]]
        return out


def belief_of(items: tuple[Item, ...], strata: tuple[Stratum, ...], model: Model) -> Belief:
    """The exact posterior over states, at the fixed parameter set."""
    ready = prepared(items, model.means, model.knowledge)
    priors: dict[Key, list[Array]] = {}
    for stratum in strata:
        key = (stratum.setting, age_group(model.parameters, stratum))
        priors.setdefault(key, []).append(np.log(stratum.weight) + model.means.log_base(stratum))
    space = space_of(model)
    logs = []
    for key, parts in priors.items():
        terms = terms_of(ready, model.means, model.layout, *key, model.knowledge)
        by_group = list(terms.log_shares)
        total = logsumexp(np.stack(parts), axis=0)
        for group, log_p in terms.items:
            if group is None:
                total = total + log_p[..., 0]
            else:
                by_group[group] = by_group[group] + log_p
        state = np.broadcast_to(total[:, None], space.needs.shape)
        for place, log_p in zip(space.place, by_group, strict=True):
            state = state + log_p[:, place]
        logs.append(state)
    joint = np.stack(logs)
    p = np.exp(joint - joint.max())
    return Belief(model, tuple(priors), p / p.sum())


@lru_cache(maxsize=64)
def present_table(model: Model, age: int) -> dict[str, Array]:
    """P(finding is there | cause) of every boolean finding that no complication touches, (C, 1) each: the same everywhere."""
    return {
        f: _present(model, f, model.parameters.settings[0], age)
        for f in model.parameters.booleans
        if _group(model, f) is None
    }


@lru_cache(maxsize=64)
def driven_table(model: Model, setting: str, age: int) -> dict[str, Array]:
    """P(finding is there | state) of every boolean finding that complications touch, (C, N) each."""
    return {f: _present(model, f, setting, age) for f in model.parameters.booleans if _group(model, f) is not None}


def _present(model: Model, finding: str, setting: str, age: int) -> Array:
    item = Item("present", finding)
    return np.exp(log_item(item, model.means, model.layout, setting, age, model.knowledge)[1])


@lru_cache(maxsize=8)
def groups_of(model: Model) -> dict[str, int | None]:
    """The group of complications that touches each boolean finding, through its own drivers or its links."""
    from backspasm.inference.likelihood import item_group

    return {f: item_group(Item("present", f), model.layout, model.knowledge) for f in model.parameters.booleans}


def _group(model: Model, finding: str) -> int | None:
    return groups_of(model)[finding]


def present_given_state(model: Model, finding: str, keys: tuple[Key, ...]) -> tuple[int | None, Array]:
    """Group of a boolean finding, and P(it is there | state), (keys, C, N)."""
    group = _group(model, finding)
    found = [
        present_table(model, age)[finding] if group is None else driven_table(model, setting, age)[finding]
        for setting, age in keys
    ]
    return group, found[0][None] if len(found) == 1 else np.stack(found)


@lru_cache(maxsize=8)
def _places(model: Model) -> dict[int | None, dict[str, int]]:
    """The boolean findings that each group of complications touches, and the row of each."""
    out: dict[int | None, dict[str, int]] = {}
    for finding, group in groups_of(model).items():
        own = out.setdefault(group, {})
        own[finding] = len(own)
    return out


def present_rows(
    model: Model, findings: tuple[str, ...], keys: tuple[Key, ...]
) -> Iterator[tuple[int | None, list[int], Array]]:
    """By group of complications: the positions of its findings, and P(each is there | state), (its findings, keys, C, N)."""
    for group, places in _places(model).items():
        own = [i for i, f in enumerate(findings) if f in places]
        if own:
            table = model.means.kept.get(("present_rows", group, keys), lambda: _rows(model, places, keys))  # noqa: B023
            yield group, own, table[[places[findings[i]] for i in own]]


def _rows(model: Model, findings: Iterable[str], keys: tuple[Key, ...]) -> Array:
    return np.stack([present_given_state(model, f, keys)[1] for f in findings])
