"""Many patients as arrays, each as known at one encounter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from backspasm.advice.many.ragged import Positions
from backspasm.inference.columns import SEXES, Columns, Flags, columns_of
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.patients.patient import Patient

Words = tuple[str, ...]


@dataclass(frozen=True)
class Lists:
    """A list of words for each of n patients; each list that occurs is kept once. ``place`` (n): its position in ``kept``."""

    kept: tuple[Words, ...]
    place: Positions

    def having(self, word: str) -> Flags:
        """Whose list holds the word."""
        own = np.array([word in words for words in self.kept], dtype=bool)
        return np.asarray(own[self.place])


@dataclass(frozen=True)
class People:
    """n patients.

    ``columns``: answers with what the lists say (as ``patients.answers.said_by``), links not yet followed. ``age`` (n):
    years, NaN where unknown. ``weeks`` (n): week of pregnancy as stated, else NaN. ``patient_at``: one of them as a
    value, which may be built when asked for; only a comparison of two knowledge bases asks.
    """

    columns: Columns
    age: Array
    medications: Lists
    allergies: Lists
    comorbidities: Lists
    weeks: Array
    patient_at: Callable[[int], Patient]

    def __len__(self) -> int:
        return len(self.columns)

    def of_sex(self, sex: str) -> Flags:
        """Whose sex is known to be this, or, asked for ``unknown``, is not known."""
        return np.asarray(self.columns.sex == (SEXES.index(sex) if sex in SEXES else -1))


def people_of(patients: Sequence[Patient], model: Model) -> People:
    """Arrays of patients that were read one by one.

    Raises:
        InputError: where a list of a patient (medicines, comorbidities) contradicts an answer.
    """
    return People(
        columns=columns_of(patients, model.parameters, model.knowledge),
        age=numbers(p.age_years for p in patients),
        medications=lists_of(p.medications for p in patients),
        allergies=lists_of(p.allergies for p in patients),
        comorbidities=lists_of(p.comorbidities for p in patients),
        weeks=numbers(p.pregnancy_weeks for p in patients),
        patient_at=patients.__getitem__,
    )


def lists_of(lists: Iterable[Words]) -> Lists:
    """Each list that occurs once."""
    known: dict[Words, int] = {}
    place = [known.setdefault(words, len(known)) for words in lists]
    return Lists(tuple(known), np.array(place, dtype=np.intp))


def numbers(values: Iterable[float | None]) -> Array:
    """NaN for None."""
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
