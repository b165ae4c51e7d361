"""The course of one patient as somebody asks for it: which options, how far, how many draws."""

from __future__ import annotations

from collections.abc import Sequence

from backspasm.advice.assessment import differential_of
from backspasm.advice.course import course_of, days_until, options_of
from backspasm.cycle.one_patient import SEED, Expected
from backspasm.inference.model import Model
from backspasm.patients.patient import InputError, Patient


def simulated(
    patient: Patient, model: Model, options: Sequence[str] | None, last: int, draws: int, seed: int | None
) -> Expected:
    """The course to expect, untreated and under options.

    Args:
        options: names or prescriptions in words; the usual ones if none is given.
        last: the last day that is shown.
        draws: patients drawn for the bands.
        seed: of the chance; that of every assessment if None.

    Raises:
        InputError: answers that contradict each other, an unknown option, or pain that most probably is not of the back.
    """
    chosen = options_of(options, model.knowledge) if options else None
    causes = differential_of(patient, model)
    chance = SEED if seed is None else seed
    found = course_of(patient, causes, model.knowledge, chosen, days_until(last), draws, chance)
    if found is None:
        what = "the pain of this patient most probably comes from elsewhere than the back; the model says nothing of it"
        raise InputError.one("case", "", what, "simulate a patient whose pain is of the back")
    return found
