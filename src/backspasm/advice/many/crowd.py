"""Many patients as arrays: what is known of each with all that follows from it, and the posterior of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import Codes, Columns, Flags, columns_of, known_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.posteriors import posteriors
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior
from backspasm.patients.patient import Patient


@dataclass(frozen=True)
class Crowd:
    """n patients in the order given.

    ``known`` (F, n): 1 present, -1 absent, 0 not asked, after all that follows from it. ``age`` (n): years, NaN where
    unknown. ``comorbidities``: id -> who has it. ``contradictory`` (n): must not be assessed.
    """

    patients: Sequence[Patient]
    columns: Columns
    known: Codes
    age: Array
    comorbidities: dict[str, Flags]
    contradictory: Flags
    found: Posterior
    model: Model

    def __len__(self) -> int:
        return len(self.columns)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {f: i for i, f in enumerate(self.model.parameters.booleans)}

    @cached_property
    def _measured(self) -> dict[str, int]:
        return {m: i for i, m in enumerate(self.model.parameters.measured)}

    @cached_property
    def nobody(self) -> Flags:
        return np.zeros(len(self), dtype=bool)

    def present(self, finding: str) -> Flags:
        """Who has the finding; nobody has one that the model does not know."""
        place = self._place.get(finding)
        return self.nobody if place is None else self.known[place] > 0

    def absent(self, finding: str) -> Flags:
        """Who was asked for the finding and has it not."""
        place = self._place.get(finding)
        return self.nobody if place is None else self.known[place] < 0

    def measured(self, finding: str) -> Array | None:
        """The values in the finding's unit, NaN where not measured; None for what is no measurement."""
        place = self._measured.get(finding)
        return None if place is None else self.columns.measured[:, place]

    def asked(self, finding: str) -> Flags:
        """Of whom an answer or a value is known."""
        value = self.measured(finding)
        return ~np.isnan(value) if value is not None else self.present(finding) | self.absent(finding)

    def has(self, comorbidity: str) -> Flags:
        return self.comorbidities.get(comorbidity, self.nobody)

    @cached_property
    def causes(self) -> Array:
        """Probability of every cause, (n, C)."""
        return self.found.causes

    @cached_property
    def ranking(self) -> NDArray[np.intp]:
        """Positions of the causes, the most probable first, (n, C)."""
        return np.argsort(-self.causes, axis=1, kind="stable")


def crowd_of(patients: Sequence[Patient], model: Model) -> Crowd:
    """Work out what is known of each patient, and the posterior at the fixed parameter set.

    Raises:
        InputError: where a list of a patient (medicines, comorbidities) contradicts an answer. Answers that contradict
            each other are marked instead.
    """
    columns = columns_of(patients, model.parameters, model.knowledge)
    evidence, known = known_of(columns, model.parameters, model.knowledge)
    comorbidities: dict[str, Flags] = {}
    for i, patient in enumerate(patients):
        for name in patient.comorbidities:
            comorbidities.setdefault(name, np.zeros(len(patients), dtype=bool))[i] = True
    return Crowd(
        patients=patients,
        columns=columns,
        known=known,
        age=np.array([np.nan if p.age_years is None else p.age_years for p in patients], dtype=np.float64),
        comorbidities=comorbidities,
        contradictory=evidence.contradictory,
        found=posteriors(columns, evidence, model),
        model=model,
    )
