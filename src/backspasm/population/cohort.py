"""Virtual patients in columns: what is true of them, and what was asked and written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import JointDraws, Numbers
from backspasm.inference.sampling import Drawn, Sampler, world
from backspasm.inference.single_draw import SingleDraw
from backspasm.patients.patient import InputError
from backspasm.population.presenters import presenters

#: patients drawn at a time: about 20 MB of random numbers
CHUNK = 8_192

#: two links whose two sides say one thing in two ways: only one of the two is asked, or the weaker would be dropped
EITHER_OR = {"at_least_implies", "supersedes"}


@dataclass(frozen=True)
class Wanted:
    """What cohort is wanted. ``answered``: share of the questions asked; ``draw``: number of a joint draw, or None."""

    setting: str | None = None
    age_from: float | None = None
    age_to: float | None = None
    sex: str | None = None
    causes: tuple[str, ...] = ()
    answered: float = 0.3
    seed: int = 1
    draw: int | None = None


@dataclass(frozen=True)
class Patients:
    """A stretch of a cohort. ``answers``: 1 present, 0 not asked, -1 absent, (n, F); ``measured``: NaN not asked, (n, M)."""

    start: int
    drawn: Drawn
    age_years: Array
    answers: NDArray[np.int8]
    measured: Array

    def __len__(self) -> int:
        return len(self.age_years)


class Cohort:
    """A cohort that can be drawn in any stretches; a patient depends on the seed and its own number only."""

    def __init__(self, wanted: Wanted, model: Model, numbers: Numbers | None = None) -> None:
        """``numbers``: draw from these instead of the fixed set or the wanted draw."""
        _check(wanted, model)
        self.wanted = wanted
        self.model = model
        self.strata, self.ages = presenters(model.knowledge, wanted.setting, wanted.age_from, wanted.age_to, wanted.sex)
        if numbers is None:
            numbers = model.means if wanted.draw is None else SingleDraw(JointDraws(model.parameters), wanted.draw)
        self.sampler = Sampler(world(numbers, model.layout, model.knowledge, self.strata, wanted.causes), wanted.seed)

    def stretches(self, count: int, chunk: int = CHUNK) -> Iterator[Patients]:
        """The first ``count`` patients, ``chunk`` at a time."""
        for start in range(0, count, chunk):
            yield self.patients(start, min(chunk, count - start))

    def patients(self, start: int, count: int) -> Patients:
        """Patients number ``start`` to ``start + count``."""
        drawn = self.sampler.draw(start, count)
        low, high = np.array(self.ages)[drawn.stratum].T
        return Patients(start, drawn, _years(low + (high - low) * drawn.age), *self._written(drawn))

    def _written(self, drawn: Drawn) -> tuple[NDArray[np.int8], Array]:
        """What is asked of each patient. Whether it is depends on no finding, so what was not asked says nothing."""
        p = self.model.parameters
        asked = drawn.coins < self.wanted.answered
        column = {name: i for i, name in enumerate((*p.booleans, *p.measured))}
        # pregnancy is not asked of males: a case that said so would be refused
        male = np.array([s.sex == "male" for s in self.strata])[drawn.stratum]
        asked[male, column["pregnancy"]] = False
        for link in self.model.knowledge.links:
            one, other = column[link.finding], column[link.other]
            if link.kind == "excludes":  # a scan is read as a whole
                asked[:, other] = asked[:, one]
            elif link.kind in EITHER_OR:
                both = asked[:, one] & asked[:, other]
                first = drawn.coins[:, one] < drawn.coins[:, other]
                asked[both & first, other] = False
                asked[both & ~first, one] = False
            elif link.kind == "below_excludes":
                asked[:, other] &= asked[:, one]
        split = len(p.booleans)
        answers = np.where(asked[:, :split], np.where(drawn.present, 1, -1), 0).astype(np.int8)
        return answers, np.where(asked[:, split:], drawn.values, np.nan)

    def cases(self, patients: Patients) -> Iterator[dict[str, Any]]:
        """The patients in the fields of the case contract, findings in canonical order."""
        p = self.model.parameters
        booleans, measured = np.array(p.booleans), np.array(p.measured)
        for i in range(len(patients)):
            s = self.strata[patients.drawn.stratum[i]]
            row, values = patients.answers[i], patients.measured[i]
            known = np.flatnonzero(~np.isnan(values))
            age = float(patients.age_years[i])
            yield {
                "age_years": int(age) if age.is_integer() else age,
                "sex": s.sex,
                "setting": s.setting,
                "present": booleans[row > 0].tolist(),
                "absent": booleans[row < 0].tolist(),
                "measured": dict(zip(measured[known].tolist(), values[known].tolist(), strict=True)),
            }


def identifiers(patients: Patients) -> list[str]:
    """An id for each patient: its number in the cohort."""
    return [f"v{i:08d}" for i in range(patients.start, patients.start + len(patients))]


def _years(age: Array) -> Array:
    """Ages as they are told: tenths of years, cut off and not rounded, so that nobody changes the band."""
    return np.floor(age * 10) / 10


def _check(wanted: Wanted, model: Model) -> None:
    from backspasm.records.problems import did_you_mean

    index = model.knowledge.index
    if wanted.setting is not None and wanted.setting not in index.settings:
        known = f"one of {', '.join(index.settings)}"
        raise InputError.one("setting", wanted.setting, "unknown", did_you_mean(wanted.setting, index.settings, known))
    for cause in wanted.causes:
        if cause not in index.cause_ids:
            known = f"one of {', '.join(index.cause_ids)}"
            raise InputError.one("cause", cause, "unknown cause", did_you_mean(cause, index.cause_ids, known))
    if not 0 <= wanted.answered <= 1:
        raise InputError.one("answered", wanted.answered, "is not a share", "give a number from 0 to 1, such as 0.4")
    if wanted.sex not in {None, "male", "female"}:
        raise InputError.one("sex", wanted.sex, "unknown", "use male or female, or leave it out for both")
    if wanted.seed < 0:
        raise InputError.one("seed", wanted.seed, "is negative", "give a whole number, 0 or more")
    draws = JointDraws(model.parameters).count
    if wanted.draw is not None and not 0 <= wanted.draw < draws:
        raise InputError.one("draw", wanted.draw, "no such draw", f"give a number from 0 to {draws - 1}")
    low, high = wanted.age_from, wanted.age_to
    for name, age in (("age-from", low), ("age-to", high)):
        if age is not None and not age >= 0:  # also what is no number at all
            raise InputError.one(name, f"{age:g}", "is not an age", "give years, 0 or more")
    if low is not None and high is not None and low >= high:
        raise InputError.one("age-to", f"{high:g}", "is not above --age-from", f"give more than {low:g}")
