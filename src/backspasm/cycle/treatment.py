"""A treatment as the engines take it: for each drug the doses offered, who takes them, and what a concentration does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from backspasm.cycle.model import Array
from backspasm.cycle.pharmacokinetics import Exponentials

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Acts = Literal["nsaid", "relaxant"]

#: pain at which a dose by the clock is taken: always
ALWAYS = -1.0


@dataclass(frozen=True, eq=False)
class Dosing:
    """One drug in ``n`` patients.

    ``answer`` is the response to a dose of 1 (concentrations in the drug's own unit). The effect is
    ``most c^steepness / (ec50^steepness + c^steepness)``, all (n,). Drowsiness is ``c^g / (c^g + (threshold (1 + T))^g)``
    with ``T`` the tolerance in units of ``sedation_ec50``, times ``tolerance_size``; a drug that does not sedate has an
    infinite ``sedation_ec50``. Doses of ``amounts`` (k,) are offered on ``days`` (k,) (rising); patient i takes dose k if
    ``takes[k, i]`` and pain is at least ``pain_at_least[k]``.
    """

    drug: str
    acts: Acts
    answer: Exponentials
    ec50: Array
    steepness: Array
    most: Array
    sedation_ec50: Array
    sedation_steepness: Array
    tolerance_size: Array
    days: Array
    amounts: Array
    pain_at_least: Array
    takes: Bools

    @cached_property
    def hyperbolic(self) -> bool:
        """Whether the effect's exponent is 1 in all."""
        return bool(np.all(self.steepness == 1))

    def taken(self, which: slice | np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Dosing:
        """The same drug in some of the patients."""
        a = self.answer
        cut = {
            name: getattr(self, name)[which]
            for name in (
                "ec50",
                "steepness",
                "most",
                "sedation_ec50",
                "sedation_steepness",
                "tolerance_size",
            )
        }
        answer = Exponentials(a.rates[:, which], a.site[:, which], a.tolerance[:, which])
        return replace(self, answer=answer, takes=self.takes[:, which], **cut)

    def effect(self, concentration: Array) -> Array:
        """The effect (0 to 1) of a site concentration (..., n)."""
        ratio = np.maximum(concentration, 0) / self.ec50
        if not self.hyperbolic:
            ratio = ratio**self.steepness
        effect: Array = self.most * ratio / (1 + ratio)
        return effect

    def drowsiness(self, concentration: Array, tolerance: Array) -> Array:
        """How drowsy (0 to 1) a site concentration makes, given the lagged concentration that tolerance follows."""
        tolerated = 1 + self.tolerance_size * np.maximum(tolerance, 0) / self.sedation_ec50
        ratio = (np.maximum(concentration, 0) / (self.sedation_ec50 * tolerated)) ** self.sedation_steepness
        drowsy: Array = ratio / (1 + ratio)
        return drowsy


@dataclass(frozen=True, slots=True, eq=False)
class Treatment:
    """Drugs taken together; effects of one kind add up as independent blocks: ``1 - prod (1 - E)``."""

    drugs: tuple[Dosing, ...] = ()

    def taken(self, which: slice | np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Treatment:
        return Treatment(tuple(d.taken(which) for d in self.drugs))

    @property
    def dose_days(self) -> Array:
        """Every day on which some dose is offered, rising, once each."""
        return np.array(sorted({day for d in self.drugs for day in d.days.tolist()}), dtype=np.float64)


NONE = Treatment()
