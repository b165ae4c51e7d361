"""Many patients: what is known of each with all that follows from it, and what urgency and ledger want of the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backspasm.advice.many.people import People, people_of
from backspasm.advice.many.wanted import Sums, sums
from backspasm.inference.columns import Codes, Columns, Flags, known_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.posteriors import posteriors
from backspasm.inference.model import Model
from backspasm.patients.patient import Patient


@dataclass(frozen=True)
class Crowd:
    """n patients in the order given.

    ``known`` (F, n): 1 present, -1 absent, 0 not asked, after all that follows from it. ``contradictory`` (n): must not be
    assessed. ``by_cause`` (C, n): probability of every cause. ``sums``: of the whole posterior.
    """

    people: People
    known: Codes
    contradictory: Flags
    by_cause: Array
    sums: Sums
    model: Model

    def __len__(self) -> int:
        return len(self.people)

    @property
    def columns(self) -> Columns:
        return self.people.columns

    @property
    def age(self) -> Array:
        """Years, NaN where unknown, (n)."""
        return self.people.age

    @cached_property
    def _place(self) -> dict[str, int]:
        return {f: i for i, f in enumerate(self.model.parameters.booleans)}

    @cached_property
    def _measured(self) -> dict[str, int]:
        return {m: i for i, m in enumerate(self.model.parameters.measured)}

    @cached_property
    def _present(self) -> Flags:
        return np.asarray(self.known > 0)

    @cached_property
    def _absent(self) -> Flags:
        return np.asarray(self.known < 0)

    @cached_property
    def nobody(self) -> Flags:
        return np.zeros(len(self), dtype=bool)

    def present(self, finding: str) -> Flags:
        """Who has the finding; nobody has one that the model does not know."""
        place = self._place.get(finding)
        return self.nobody if place is None else self._present[place]

    def absent(self, finding: str) -> Flags:
        """Who was asked for the finding and has it not."""
        place = self._place.get(finding)
        return self.nobody if place is None else self._absent[place]

    def measured(self, finding: str) -> Array | None:
        """The values in the finding's unit, NaN where not measured; None for what is no measurement."""
        place = self._measured.get(finding)
        return None if place is None else self.columns.measured[:, place]

    def asked(self, finding: str) -> Flags:
        """Of whom an answer or a value is known."""
        value = self.measured(finding)
        return ~np.isnan(value) if value is not None else self.present(finding) | self.absent(finding)

    def has(self, comorbidity: str) -> Flags:
        return self.people.comorbidities.having(comorbidity)

    @property
    def causes(self) -> Array:
        """Probability of every cause, (n, C)."""
        return self.by_cause.T

    @cached_property
    def ranking(self) -> NDArray[np.intp]:
        """Positions of the causes, the most probable first, (n, C)."""
        return np.argsort(-self.causes, axis=1, kind="stable")


def crowd_of(patients: Sequence[Patient], model: Model) -> Crowd:
    """The same of patients that were read one by one.

    Raises:
        InputError: where a list of a patient (medicines, comorbidities) contradicts an answer. Answers that contradict
            each other are marked instead.
    """
    return crowd_of_people(people_of(patients, model), model)


def crowd_of_people(people: People, model: Model) -> Crowd:
    """Work out what is known of each patient, and the posterior at the fixed parameter set."""
    evidence, known = known_of(people.columns, model.parameters, model.knowledge)
    by_cause, found = posteriors(people.columns, evidence, model, sums(model).of)
    return Crowd(
        people=people,
        known=known,
        contradictory=evidence.contradictory,
        by_cause=by_cause,
        sums=sums(model).split(found),
        model=model,
    )
