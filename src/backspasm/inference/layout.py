"""Which complications belong together: those that share a finding form a group, and groups are independent given the cause."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from backspasm.inference.logit_normal import Array
from backspasm.inference.parameters import Parameters
from backspasm.records.types import Link


@dataclass(frozen=True)
class Group:
    """Complications (positions) that share findings, and all their configurations (N x members, 0 or 1)."""

    members: tuple[int, ...]
    configurations: Array


@dataclass(frozen=True)
class Layout:
    """Groups of complications, and the group of every finding (None: driven by the cause alone)."""

    groups: tuple[Group, ...]
    group_of: dict[str, int | None]
    drivers: dict[str, tuple[int, ...]]

    @cached_property
    def item_groups(self) -> dict[tuple[str, str | None], int | None]:
        """The group that an item of a finding (and of another, given which) bears on, as ``likelihood.item_group`` found it."""
        return {}

    @cached_property
    def scopes(self) -> dict[tuple[str, str | None], tuple[int, ...]]:
        """The complications that an item of a finding (and of another, given which) bears on, as ``likelihood.scope_of`` found
        them."""
        return {}

    @cached_property
    def _places(self) -> dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[int, ...]]:
        return {}

    def places(self, own: tuple[int, ...], wider: tuple[int, ...]) -> tuple[int, ...]:
        """For each set of some complications (``sets_of``), which set of a few of them it holds."""
        key = own, wider
        if key not in self._places:
            place = np.zeros(2 ** len(wider), dtype=int)
            for complication in own:
                place = 2 * place + sets_of(len(wider))[:, wider.index(complication)].astype(int)
            self._places[key] = tuple(place.tolist())
        return self._places[key]

    def positions(self, finding: str, group: int) -> list[int]:
        """Columns of the group's configurations that drive the finding."""
        return [self.groups[group].members.index(k) for k in self.drivers[finding]]


def sets_of(complications: int) -> Array:
    """All sets of so many complications, (2**n, n) of 0 and 1."""
    return np.array(list(product((0.0, 1.0), repeat=complications)))


def layout_of(parameters: Parameters, links: tuple[Link, ...]) -> Layout:
    """Join complications that drive one finding, or two findings that are one variable."""
    drivers = dict(zip(parameters.booleans, parameters.boolean_drivers, strict=True))
    drivers |= dict(zip(parameters.measured, parameters.measured_drivers, strict=True))
    together = [set(d) for d in drivers.values() if d]
    together += [
        {*drivers[link.finding], *drivers[link.other]} for link in links if link.kind in {"implies", "excludes"}
    ]
    merged: list[set[int]] = [{k} for k in range(len(parameters.complications))]
    for joined in together:
        touching = [m for m in merged if m & joined]
        merged = [m for m in merged if not m & joined] + [set().union(*touching)] if touching else merged
    groups = tuple(Group(tuple(sorted(m)), sets_of(len(m))) for m in sorted(merged, key=min))
    group_of = {
        finding: next((i for i, g in enumerate(groups) if set(d) & set(g.members)), None)
        for finding, d in drivers.items()
    }
    return Layout(groups, group_of, drivers)
