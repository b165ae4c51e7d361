"""What a reader acts on, in short: the urgency and the leading causes. For comparing one model with another."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.advice.must_not_miss import complication_table
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.advice.urgency import expected_loss
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.patient import Patient

#: how many leading causes are compared
LEADING = 3


class Verdict(Struct, frozen=True):
    """Urgency, and every cause and complication with its probability, the most probable first."""

    level: str
    causes: tuple[tuple[str, float], ...]
    complications: tuple[tuple[str, float], ...]

    @property
    def leading(self) -> tuple[str, ...]:
        """The most probable causes, in order."""
        return tuple(cause for cause, _ in self.causes[:LEADING])

    def agrees(self, other: Verdict) -> bool:
        """Whether a reader would act alike: same urgency, same leading causes in the same order."""
        return self.level == other.level and self.leading == other.leading

    def shift(self, other: Verdict) -> float:
        """The largest change of the probability of any cause or complication."""
        theirs = dict((*other.causes, *other.complications))
        return max(abs(p - theirs[name]) for name, p in (*self.causes, *self.complications))


class Question(Struct, frozen=True):
    """A patient made ready to be put to several models: what does not depend on rates is worked out once."""

    answers: Answers
    strata: tuple[Stratum, ...]
    floor: str


def question(patient: Patient, model: Model) -> Question:
    """Derive answers and strata, and let the safety rules speak.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    answers = answers_of(patient, model.knowledge)
    lowest = floor(fired_rules(patient, answers, model.knowledge), model.knowledge)
    return Question(answers, strata_of(patient, model.knowledge), lowest)


def verdict(asked: Question, model: Model) -> Verdict:
    """Urgency and causes at the fixed parameter set of a model, as an assessment would give them."""
    found = posterior(asked.answers.items, asked.strata, model.means, model.layout, model.knowledge)
    level = min(asked.floor, expected_loss(found, model).level, key=model.knowledge.index.urgency.index)
    parameters = model.parameters
    return Verdict(
        level,
        _ranked(parameters.causes, found.causes),
        _ranked(parameters.complications, complication_table(found, model)),
    )


def _ranked(names: tuple[str, ...], values: Array) -> tuple[tuple[str, float], ...]:
    return tuple((names[i], float(values[i])) for i in np.argsort(-values, kind="stable"))
