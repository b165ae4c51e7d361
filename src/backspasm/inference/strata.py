"""Who the patient is: setting, age band and sex condition base rates; what is unknown is averaged over presenters."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AGE_GROUPS, AgeGroup


@dataclass(frozen=True, slots=True)
class Stratum:
    """One setting, age band and sex, with the weight it has for this patient."""

    setting: str
    band: str
    sex: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Ages:
    """Age bands (for base rates) and age groups (for findings), youngest first."""

    bands: tuple[str, ...]
    starts: tuple[float, ...]
    group_starts: tuple[float, ...]

    @classmethod
    def of(cls, knowledge: Knowledge) -> Ages:
        bands, groups = knowledge.table("age_bands"), knowledge.table("age_groups")
        return cls(tuple(bands), tuple(bands.values()), tuple(groups[g] for g in AGE_GROUPS))

    def band(self, age: float) -> str:
        return self.bands[max(i for i, start in enumerate(self.starts) if age >= start)]

    def group(self, band: str) -> AgeGroup:
        start = self.starts[self.bands.index(band)]
        return AGE_GROUPS[max(i for i, lowest in enumerate(self.group_starts) if start >= lowest)]

    def is_child(self, band: str) -> bool:
        return self.group(band) in {"young_child", "teen"}


def age_group_of(age_years: float | None, knowledge: Knowledge) -> AgeGroup | None:
    """The age group of the findings; None where the age is unknown."""
    if age_years is None:
        return None
    ages = Ages.of(knowledge)
    return ages.group(ages.band(age_years))


def strata_of(patient: Patient, knowledge: Knowledge) -> tuple[Stratum, ...]:
    """Strata with weights that sum to 1: one where setting, age and sex are known, else all that are possible."""
    ages = Ages.of(knowledge)
    settings = {patient.setting: 1.0} if patient.setting else knowledge.table("setting_mix")
    shares = knowledge.tables("presenter_ages")
    male = knowledge.number("presenter_male_share")
    sexes = {patient.sex: 1.0} if patient.sex != "unknown" else {"male": male, "female": 1 - male}
    out = []
    for setting, setting_weight in settings.items():
        bands = {ages.band(patient.age_years): 1.0} if patient.age_years is not None else shares[setting]
        for band, band_weight in bands.items():
            out += [Stratum(setting, band, sex, setting_weight * band_weight * w) for sex, w in sexes.items()]
    total = sum(s.weight for s in out)
    return tuple(Stratum(s.setting, s.band, s.sex, s.weight / total) for s in out if s.weight > 0)
