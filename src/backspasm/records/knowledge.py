"""The whole knowledge base as one frozen value, and the way to each of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from backspasm.records.back_pain import BackPainCodes
from backspasm.records.care_types import Indication, Investigation, Pathway, PatientLine
from backspasm.records.cycle_fit_types import FitPlan, FitRecord
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.dispute import Dispute
from backspasm.records.emg import EmgReference
from backspasm.records.history_types import Comorbidity, Medicine
from backspasm.records.question_types import NotAskedOf, SafetySet, Together
from backspasm.records.search import Search
from backspasm.records.treatment_types import Allergen, PrescribingRule, Treatment, TreatmentDispute
from backspasm.records.trial_types import TrialProtocol
from backspasm.records.types import (
    AgeGroup,
    Assumption,
    Cause,
    Complication,
    Elicitation,
    Fact,
    Finding,
    Index,
    Link,
    Record,
    RedFlag,
    Study,
)
from backspasm.records.vignette import Vignette
from backspasm.records.words import Words


class Knowledge(Record, frozen=True, kw_only=True):
    """Everything the system knows. Dictionaries are keyed by id, in canonical order."""

    digest: str
    version: str
    index: Index
    studies: dict[str, Study]
    assumptions: dict[str, Assumption]
    disputes: dict[str, Dispute]
    searches: tuple[Search, ...]
    elicitations: tuple[Elicitation, ...]
    causes: dict[str, Cause]
    complications: dict[str, Complication]
    findings: dict[str, Finding]
    links: tuple[Link, ...]
    red_flags: dict[str, RedFlag]
    medicines: dict[str, Medicine]
    comorbidities: dict[str, Comorbidity]
    vignettes: dict[str, Vignette]
    investigations: dict[str, Investigation]
    indications: tuple[Indication, ...]
    pathways: dict[str, Pathway]
    patient_lines: tuple[PatientLine, ...]
    safety: tuple[SafetySet, ...]
    together: tuple[Together, ...]
    not_asked_of: tuple[NotAskedOf, ...]
    back_pain: BackPainCodes
    cycle: CycleRecords
    cycle_plan: FitPlan
    cycle_fit: FitRecord
    words: Words = Words()
    treatments: dict[str, Treatment]
    prescribing: dict[str, PrescribingRule]
    treatment_disputes: dict[str, TreatmentDispute]
    allergens: dict[str, Allergen]
    emg_references: tuple[EmgReference, ...] = ()
    trials: dict[str, TrialProtocol]

    def __repr__(self) -> str:
        return f"Knowledge(version={self.version!r}, digest={self.digest[:12]!r})"

    def number(self, assumption: str) -> float:
        """The value of a named assumption. Raises KeyError for an unknown name or one without a single value."""
        value = self.assumptions[assumption].value
        if value is None:
            raise KeyError(f"assumption {assumption!r} has no single value")
        return value

    def number_at(self, address: str) -> float:
        """The value of a ``study/fact``, or of a named assumption. Raises KeyError where there is no single value."""
        found = self.fact(address) if "/" in address else None
        if found is None:
            return self.number(address)
        if found[1].value is None:
            raise KeyError(f"fact {address!r} has no single value")
        return found[1].value

    def ages_of(self, address: str) -> tuple[AgeGroup, ...]:
        """Age groups that the fact at ``study/fact`` speaks of: its own, else those of its study; none for an unknown address."""
        found = self.fact(address)
        return () if found is None else found[1].ages or found[0].ages

    def table(self, assumption: str) -> dict[str, float]:
        """The one-level table of a named assumption."""
        out: dict[str, float] = {}
        for key, value in (self.assumptions[assumption].table or {}).items():
            if isinstance(value, dict):
                raise KeyError(f"assumption {assumption!r} has two levels")
            out[key] = value
        return out

    def tables(self, assumption: str) -> dict[str, dict[str, float]]:
        """The two-level table of a named assumption."""
        out: dict[str, dict[str, float]] = {}
        for key, value in (self.assumptions[assumption].table or {}).items():
            if not isinstance(value, dict):
                raise KeyError(f"assumption {assumption!r} has one level")
            out[key] = value
        return out

    def facts(self) -> Iterator[tuple[Study, Fact]]:
        """Every fact with its study, in order of study id."""
        for study in self.studies.values():
            for fact in study.facts:
                yield study, fact

    def addresses(self) -> Iterator[str]:
        """``study/fact`` of every fact."""
        return (f"{study.id}/{fact.id}" for study, fact in self.facts())

    def fact(self, address: str) -> tuple[Study, Fact] | None:
        """The fact at ``study/fact``, or None."""
        study_id, _, fact_id = address.partition("/")
        study = self.studies.get(study_id)
        if study is None:
            return None
        return next(((study, fact) for fact in study.facts if fact.id == fact_id), None)

    @property
    def medicine_classes(self) -> frozenset[str]:
        """Every class that a medicine belongs to."""
        return frozenset(c for m in self.medicines.values() for c in m.classes)

    @property
    def cause_group(self) -> dict[str, str]:
        """Group (mechanical, infectious, ...) of each cause."""
        return {cause: group for group, causes in self.index.causes.items() for cause in causes}
