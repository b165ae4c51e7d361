"""Where a patient stands before the next question: answers, belief, the rules' floor and the decision as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backspasm.advice.belief import Belief, belief_of
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.advice.rule_arrays import Facts, facts_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.patient import Patient


@dataclass(frozen=True, eq=False)
class Situation:
    """Everything that the value of a question depends on. ``floor``, ``level``: positions in the index of urgency."""

    patient: Patient
    answers: Answers
    strata: tuple[Stratum, ...]
    model: Model
    belief: Belief
    facts: Facts
    floor: int
    level: int

    @property
    def loss(self) -> Array:
        """Level given x level needed."""
        return self.belief.space.loss

    @cached_property
    def loss_now(self) -> float:
        """Expected loss of the urgency as it would be given now."""
        return float(self.loss[self.level] @ self.belief.needed)

    @cached_property
    def floors_known(self) -> dict[str, int]:
        """The rules' floor if one more finding is there, as far as it was asked for (``value.present_floor`` fills it)."""
        return {}

    def decide(self, masses: Array) -> Array:
        """Level of least expected loss under masses of need (..., L); of equal ones the more urgent. The floor is not in it."""
        levels = masses.shape[-1]  # one product of two matrices instead of many small ones
        out: Array = np.argmin((masses.reshape(-1, levels) @ self.loss.T).reshape(masses.shape), axis=-1)
        return out


def situation_of(patient: Patient, model: Model) -> Situation:
    """The situation of a patient.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    answers = answers_of(patient, model.knowledge)
    lowest = floor(fired_rules(patient, answers, model.knowledge), model.knowledge)
    return situation(patient, answers, strata_of(patient, model.knowledge), lowest, model)


def situation(patient: Patient, answers: Answers, strata: tuple[Stratum, ...], least: str, model: Model) -> Situation:
    """The situation from answers, strata and the least urgency that the rules demand, which are there already."""
    belief = belief_of(answers.items, strata, model)
    lowest = model.knowledge.index.urgency.index(least)
    best = int(np.argmin(belief.space.loss @ belief.needed))
    return Situation(patient, answers, strata, model, belief, facts_of(patient, answers), lowest, min(best, lowest))
