"""What is known of many patients at their encounters, as arrays: what screening assesses without a Patient for each of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.columns import SEXES, Columns
from backspasm.inference.logit_normal import Array
from backspasm.inference.parameters import Parameters
from backspasm.patients.patient import Patient
from backspasm.population.screen.case_digest import digest_of

Names = tuple[str, ...]


@dataclass(frozen=True)
class KnownAtEncounters:
    """n encounters. ``order`` (n): place of the patient in the batch; encounters of one patient stand in order of time.

    ``columns``: answers with what the lists say, outdated ones left out, links not followed; ``own`` (F, n): the answers as
    given: 1 present, -1 absent, 0 not asked. ``age`` in years, ``weeks`` of pregnancy and all days are NaN where unknown.
    ``pregnant`` (n): 1, -1, 0 unknown. ``imaged_days`` to ``followed_days``: what the record holds later, for audits alone.
    """

    order: NDArray[np.int64]
    patient: list[str]
    encounter: list[str]
    start: NDArray[np.datetime64]
    site: list[str | None]
    clinician_group: list[str | None]
    columns: Columns
    own: NDArray[np.int8]
    age: Array
    medications: list[Names]
    allergies: list[Names]
    comorbidities: list[Names]
    stated: list[Names]
    pregnant: NDArray[np.int8]
    weeks: Array
    days_ago: dict[int, dict[str, float]]
    imaged_days: Array
    imaged_with: list[Names]
    imaged_before_days: Array
    workup_days: Array
    followed_days: Array
    parameters: Parameters

    def __len__(self) -> int:
        return len(self.order)

    def take(self, rows: NDArray[np.intp]) -> KnownAtEncounters:
        """Some of the encounters, in the order given."""
        places = rows.tolist()
        taken: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                taken[field.name] = [value[i] for i in places]
            elif isinstance(value, np.ndarray):
                taken[field.name] = value[..., rows]
        c, ago = self.columns, self.days_ago
        return KnownAtEncounters(
            **taken,
            columns=Columns(c.answers[rows], c.measured[rows], c.setting[rows], c.band[rows], c.sex[rows]),
            days_ago={k: ago[i] for k, i in enumerate(places) if i in ago},
            parameters=self.parameters,
        )

    def digests(self) -> list[str]:
        """Of each encounter what ``case_digest`` gives for its patient."""
        p, c = self.parameters, self.columns
        order = np.array(sorted(range(len(p.booleans)), key=p.booleans.__getitem__), dtype=np.intp)
        names = [p.booleans[f] for f in order]
        present, absent = (_names(names, (self.own[order] == answer).T) for answer in (1, -1))
        values = c.measured.tolist()
        measured = [{m: v for m, v in zip(p.measured, row, strict=True) if v == v} for row in values]
        settings = [*p.settings, None]
        sexes = [*SEXES, "unknown"]
        pregnant = {0: None, 1: True, -1: False}
        lists = ([sorted(names) for names in own] for own in (self.medications, self.allergies, self.comorbidities))
        return [
            digest_of((age, sexes[sex], settings[setting], *rest))
            for age, sex, setting, *rest in zip(
                days_or_none(self.age), c.sex.tolist(), c.setting.tolist(), present, absent, measured,
                [self.days_ago.get(i, {}) for i in range(len(self))], *lists,
                [pregnant[x] for x in self.pregnant.tolist()], days_or_none(self.weeks), self.stated,
                strict=True,
            )
        ]  # fmt: skip

    def patient_at(self, i: int) -> Patient:
        """The patient at one encounter, without sources and notes."""
        p, c = self.parameters, self.columns
        row, values = self.own[:, i], c.measured[i]
        return Patient(
            age_years=_known(self.age[i]),
            sex=SEXES[c.sex[i]] if c.sex[i] >= 0 else "unknown",  # type: ignore[arg-type]
            setting=p.settings[c.setting[i]] if c.setting[i] >= 0 else None,
            present=tuple(p.booleans[f] for f in np.flatnonzero(row > 0)),
            absent=tuple(p.booleans[f] for f in np.flatnonzero(row < 0)),
            measured={p.measured[m]: float(values[m]) for m in np.flatnonzero(~np.isnan(values))},
            days_ago=self.days_ago.get(i, {}),
            medications=self.medications[i],
            allergies=self.allergies[i],
            comorbidities=self.comorbidities[i],
            pregnant=None if self.pregnant[i] == 0 else bool(self.pregnant[i] > 0),
            pregnancy_weeks=_known(self.weeks[i]),
            stated=self.stated[i],
        )


def _names(names: list[str], where: NDArray[np.bool_]) -> list[list[str]]:
    """The names of each row that are marked."""
    rows, columns = np.nonzero(where)
    told = [names[i] for i in columns.tolist()]
    ends = np.searchsorted(rows, np.arange(len(where) + 1)).tolist()
    return [told[a:b] for a, b in pairwise(ends)]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def days_or_none(values: Array) -> list[float | None]:
    """A column of numbers, None where there are none."""
    return [None if v != v else v for v in values.tolist()]
