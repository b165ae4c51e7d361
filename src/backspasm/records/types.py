"""The frozen records that knowledge files become. No numbers are computed here, no files are known here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

AgeGroup = Literal["young_child", "teen", "adult", "older"]
AGE_GROUPS: tuple[AgeGroup, ...] = ("young_child", "teen", "adult", "older")


class Record(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all records: frozen, keyword-only, refusing unknown keys."""


# --- evidence: what studies reported -------------------------------------------------------------------------------


class Proportion(Record, frozen=True, kw_only=True):
    """``x`` of ``n``, or a value with its interval as printed."""

    x: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Ratio(Record, frozen=True, kw_only=True):
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Comparator(Record, frozen=True, kw_only=True):
    """Whom the study compared with; ``causes`` only where that group stands for causes of ours."""

    described: str
    causes: tuple[str, ...] = ()


class CutOff(Record, frozen=True, kw_only=True):
    cutoff: float
    x: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Against(Record, frozen=True, kw_only=True):
    """What a treatment was compared with; ``treatments`` where that is one of ours."""

    described: str
    treatments: tuple[str, ...] = ()


class Arm(Record, frozen=True, kw_only=True):
    """One group of a trial: ``x`` of ``n``, or a value with its interval, in the unit of the fact."""

    arm: str
    at: str | None = None
    x: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    sd: float | None = None


class Fact(Record, frozen=True, kw_only=True):
    """One result of one study. Which fields are filled depends on ``kind`` (see docs/knowledge-format.md)."""

    id: str
    kind: str
    finding: str | None = None
    causes: tuple[str, ...] = ()
    complication: str | None = None
    comparator: Comparator | None = None
    denominator: str | None = None
    sex: str | None = None
    x: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    tp: int | None = None
    fn: int | None = None
    fp: int | None = None
    tn: int | None = None
    sensitivity: Proportion | None = None
    specificity: Proportion | None = None
    lr_pos: Ratio | None = None
    lr_neg: Ratio | None = None
    odds_ratio: Ratio | None = None
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    at_least: tuple[CutOff, ...] = ()
    below: tuple[CutOff, ...] = ()
    other: str | None = None
    both: int | None = None
    first_only: int | None = None
    second_only: int | None = None
    neither: int | None = None
    cutoff: float | None = None
    other_cutoff: float | None = None
    rule: str | None = None
    quantity: str | None = None
    day: float | None = None
    statement: str | None = None
    group: str | None = None
    about: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    given: str | None = None
    against: Against | None = None
    outcome: str | None = None
    at: str | None = None
    measure: str | None = None
    unit: str | None = None
    arms: tuple[Arm, ...] = ()
    direction: str | None = None
    certainty: Literal["high", "moderate", "low", "very_low", "not_graded"] | None = None
    stage: Literal["acute", "subacute", "chronic", "mixed"] | None = None
    strength: Literal["contraindicated", "advised_against", "caution", "lower_dose", "advice", "dose"] | None = None
    relation: Literal["same", "near", "broader", "narrower"] = "same"
    defined_as: str | None = None
    setting: str | None = None
    ages: tuple[AgeGroup, ...] = ()
    locator: str | None = None
    counts_derived: bool = False
    verification: Literal["complete", "partial"] = "complete"
    spectrum: Literal["presenters", "selected"] = "presenters"
    read: Literal["full_text", "abstract", "secondary"] | None = None
    note: str | None = None
    used: bool = True
    because: str | None = None


class Retired(Record, frozen=True, kw_only=True):
    date: str
    because: str
    replaced_by: str | None = None


class Study(Record, frozen=True, kw_only=True):
    """One study with its facts."""

    id: str
    citation: str
    design: str
    setting: str
    population: str
    ages: tuple[AgeGroup, ...]
    read: Literal["full_text", "abstract", "secondary"]
    facts: tuple[Fact, ...]
    pmid: str | None = None
    doi: str | None = None
    url: str | None = None
    year: int | None = None
    n: int | None = None
    lineage: str | None = None
    note: str | None = None
    retired: Retired | None = None


# --- evidence: what had to be assumed ------------------------------------------------------------------------------


class Assumption(Record, frozen=True, kw_only=True):
    """A number, or a small table of numbers, that nobody measured: what it is, who set it and why."""

    id: str
    says: str
    who: str
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    table: dict[str, float | dict[str, float]] | None = None


class ElicitedRate(Record, frozen=True, kw_only=True):
    """An estimator's rate with its 90 % plausible range."""

    estimate: float
    low: float
    high: float
    why: str
    causes: tuple[str, ...] = ()
    ages: tuple[AgeGroup, ...] = ()
    settings: tuple[str, ...] = ()


class ElicitedRates(Record, frozen=True, kw_only=True):
    rates: tuple[ElicitedRate, ...]
    others: ElicitedRate


class ElicitedValue(Record, frozen=True, kw_only=True):
    """An estimator's distribution of a measured value; ``low`` and ``high`` are the plausible range of the median."""

    median: float
    p5: float
    p95: float
    low: float
    high: float
    why: str
    causes: tuple[str, ...] = ()
    ages: tuple[AgeGroup, ...] = ()
    when: Literal["present", "absent"] | None = None


class ElicitedValues(Record, frozen=True, kw_only=True):
    values: tuple[ElicitedValue, ...]
    others: tuple[ElicitedValue, ...]


class ElicitedBaseRate(Record, frozen=True, kw_only=True):
    """Presenters in 100,000 with this cause, by setting; relative frequency by age; share of males."""

    child: dict[str, float]
    adult: dict[str, float]
    factor: float
    child_ages: dict[str, float]
    adult_ages: dict[str, float]
    male_share: dict[str, float]
    why: str


class Elicitation(Record, frozen=True, kw_only=True):
    """Everything one estimator said."""

    estimator: str
    rates: dict[str, ElicitedRates]
    complications: dict[str, ElicitedRates]
    strengths: dict[str, dict[str, ElicitedRates]]
    measurements: dict[str, ElicitedValues]
    base_rates: dict[str, ElicitedBaseRate]


# --- what the numbers are about ------------------------------------------------------------------------------------


class Code(Record, frozen=True, kw_only=True):
    """A code of a terminology. ``match: prefix`` covers all codes below (ICD-10-CM only)."""

    system: Literal["icd10cm", "snomed", "loinc", "rxnorm"]
    code: str
    display: str
    match: Literal["exact", "prefix"] = "exact"


class UnitConversion(Record, frozen=True, kw_only=True):
    """``value in our unit = value * factor + offset``; codes are UCUM and common spellings."""

    codes: tuple[str, ...]
    factor: float = 1.0
    offset: float = 0.0


class TimeWindow(Record, frozen=True, kw_only=True):
    """When an answer with a date still says what its bare name says; day counts are ids of assumptions."""

    within_days_before_onset: str | None = None
    within_days_when_onset_unknown: str | None = None
    after_onset: Literal["counts", "does_not_count"] = "counts"
    why: str


class Finding(Record, frozen=True, kw_only=True):
    """One question that can be asked of a patient."""

    id: str
    kind: Literal["boolean", "measured"]
    name: str = ""
    ask: str = ""
    means: str | None = None
    unit: str | None = None
    distribution: Literal["lognormal", "normal"] | None = None
    plausible: tuple[str, str] | None = None
    driven_by: tuple[str, ...] = ()
    elicited_as: Literal["overall", "without_complications"] = "overall"
    codes: tuple[Code, ...] = ()
    units: tuple[UnitConversion, ...] = ()
    time: TimeWindow | None = None
    counts_as: tuple[str, ...] = ()
    does_not_count_as: tuple[str, ...] = ()


class Cause(Record, frozen=True, kw_only=True):
    """What can lie behind the symptom."""

    id: str
    name: str
    plain: str
    affects: str
    urgency: str
    codes: tuple[Code, ...] = ()
    must_not_miss: str | None = None
    remarks: str | None = None


class Complication(Record, frozen=True, kw_only=True):
    """A process that can accompany a cause."""

    id: str
    name: str
    plain: str
    urgency: str
    modelled: bool = True
    remarks: str | None = None
    codes: tuple[Code, ...] = ()


class Condition(Record, frozen=True, kw_only=True):
    """A condition over findings, without negation. Exactly one field is set; numbers are ids of assumptions."""

    finding: str | None = None
    measured: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    age_under: str | None = None
    age_from: str | None = None
    comorbidity: str | None = None
    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    count_of: tuple[Condition, ...] = ()
    count: str | None = None


class RedFlag(Record, frozen=True, kw_only=True):
    """A safety rule: a condition demands at least this urgency."""

    id: str
    name: str
    condition: Condition
    urgency: str
    points_to: tuple[str, ...]
    plain: str
    sources: tuple[str, ...]
    why: str


class Link(Record, frozen=True, kw_only=True):
    """Two or more findings that are one variable: answers derived from answers."""

    id: str
    kind: Literal["implies", "excludes", "at_least_implies", "below_excludes", "supersedes"]
    why: str
    finding: str
    other: str
    threshold: str | None = None


class Index(Record, frozen=True, kw_only=True):
    """The ids, in canonical order."""

    settings: tuple[str, ...]
    urgency: tuple[str, ...]
    causes: dict[str, tuple[str, ...]]
    complications: tuple[str, ...]
    findings: dict[str, tuple[str, ...]]
    comorbidities: tuple[str, ...]
    treatments: dict[str, tuple[str, ...]]
    investigations: tuple[str, ...]

    @property
    def cause_ids(self) -> tuple[str, ...]:
        return tuple(c for group in self.causes.values() for c in group)

    @property
    def treatment_ids(self) -> tuple[str, ...]:
        return tuple(t for group in self.treatments.values() for t in group)

    @property
    def finding_ids(self) -> tuple[str, ...]:
        return tuple(f for section in self.findings.values() for f in section)
