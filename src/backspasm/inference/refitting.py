"""The model without a study, or with one side of a dispute alone: only the cells that this touches are fitted anew.

Equal to fitting the whole model, bit for bit, since the same code fits each cell (``fitting.Tables``); a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from backspasm.inference.base_rates import BaseRates, fit_base_rates
from backspasm.inference.elicited import Opinions
from backspasm.inference.fitting import Tables
from backspasm.inference.gathered import Gathered, Place, differing, gather, only
from backspasm.inference.model import Model
from backspasm.inference.observations import Cell
from backspasm.records.types import AGE_GROUPS


class Refitter:
    """Fits variants of one model. What the variants share (opinions, what the studies say) is worked out once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.gathered = gather(model.knowledge)
        self.opinions = Opinions(model.knowledge)

    def without(self, left_out: AbstractSet[str]) -> Model:
        """The model without the studies (``study``) or facts (``study/fact``) named."""
        names = frozenset(left_out)
        return self._fitted(gather(self.model.knowledge, names), self._base_without(names))

    def with_only(self, cells: AbstractSet[Place], keep: AbstractSet[str], also: bool = False) -> Model:
        """The model in which these rates rest on these facts alone: no other study, and no opinion.

        Where none of the facts speaks (at another age), the opinions stand. Every other cell keeps all that it has.
        ``also``: facts that are on file but not pooled count here.
        """
        gathered = only(self.model.knowledge, self.gathered, cells, frozenset(keep), also)
        return self._fitted(gathered, self.model.parameters.base, cells)

    def _base_without(self, names: frozenset[str]) -> BaseRates:
        base = self.model.parameters.base
        studies = {name.partition("/")[0] for name in names}
        behind = {address.partition("/")[0] for facts in base.facts.values() for address in facts}
        if not studies & behind:
            return base
        return fit_base_rates(self.model.knowledge, self.model.parameters.ages, names)

    def _fitted(self, gathered: Gathered, base: BaseRates, alone: AbstractSet[Place] = frozenset()) -> Model:
        knowledge, fitted = self.model.knowledge, self.model.parameters
        tables = Tables(knowledge, gathered, self.opinions, fitted, alone)
        causes = {c: i for i, c in enumerate(tables.causes)}
        complications = {k: i for i, k in enumerate(tables.complication_ids)}
        booleans = {f: i for i, f in enumerate(tables.booleans)}
        ages = {g: i for i, g in enumerate(AGE_GROUPS)}
        measured = {m: i for i, m in enumerate(tables.measured)}

        shares = differing(self.gathered.complications, gathered.complications) | _at(alone, gathered.complications)
        changed_shares = {
            (complications[x.what], ages[x.age], causes[x.given])
            for x in shares
            if x.what in complications and x.given in causes
        }
        changed_rates = differing(self.gathered.rates, gathered.rates) | _at(alone, gathered.rates)
        rates = {(booleans[x.what], ages[x.age], x.given) for x in changed_rates}
        changed_strengths = {
            (f, complications[given], g)
            for f, g, given in rates
            if given in complications and complications[given] in tables.drivers[tables.booleans[f]]
        }
        to_fit = {(f, g, causes[given]) for f, g, given in rates if given in causes}
        to_fit |= self._leaning_on(tables, changed_shares, changed_strengths)
        values = {
            Cell(x.what, x.given, x.age)
            for x in differing(self.gathered.values, gathered.values)
            | differing(self.gathered.value_facts, gathered.value_facts)
            if x.given in causes
        }
        for x in gathered.values:
            if x.given in causes and any(
                (k, ages[x.age], causes[x.given]) in changed_shares for k in tables.drivers[x.what]
            ):
                values.add(x)

        for k, g, c in sorted(changed_shares):
            tables.fit_complication(k, g, c)
        for f, k, g in sorted(changed_strengths):
            tables.fit_strength(f, k, g)
        for f, g, c in sorted(to_fit):
            tables.fit_rate(f, g, c)
        for x in values:
            tables.fit_value(measured[x.what], ages[x.age], causes[x.given])
        return Model(knowledge, tables.parameters(base))

    def _leaning_on(
        self, tables: Tables, shares: set[tuple[int, int, int]], strengths: set[tuple[int, int, int]]
    ) -> set[tuple[int, int, int]]:
        """Rates whose prior was worked out with a share or a strength that changes: (finding, age, cause)."""
        if not shares and not strengths:
            return set()
        out = set()
        causes = {c: i for i, c in enumerate(tables.causes)}
        for cell in tables.gathered.rates:
            if cell.given not in causes:
                continue
            f, g, c = tables.booleans.index(cell.what), AGE_GROUPS.index(cell.age), causes[cell.given]
            drivers = tables.drivers[cell.what]
            leans = any((k, g, c) in shares or (f, k, g) in strengths for k in drivers)
            if leans and tables.without_complications(f):
                out.add((f, g, c))
        return out


def _at(places: AbstractSet[Place], table: Mapping[Cell, object]) -> set[Cell]:
    """Cells of a table at these places."""
    return {cell for cell in table if (cell.what, cell.given) in places}
