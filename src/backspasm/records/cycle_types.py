"""The frozen records of the pain-spasm-pain cycle: parameters, drugs, prescriptions, and what causes change."""

from __future__ import annotations

from typing import Literal

from backspasm.records.types import Record

Basis = Literal["study", "derived", "fitted", "assumed"]


class Between(Record, frozen=True, kw_only=True):
    """How patients differ around the typical one; ``sd`` on the log (or logit) scale."""

    kind: Literal["none", "lognormal", "logit_normal"]
    sd: float = 0.0
    at_most: float = 1.0


class CycleParameter(Record, frozen=True, kw_only=True):
    """One parameter of the model: the typical patient's value, its 90 % plausible range, and the spread of patients."""

    id: str
    symbol: str
    name: str
    says: str
    unit: str
    value: float
    low: float
    high: float
    between: Between
    basis: Basis
    identified: Literal["yes", "weakly", "no"]
    sources: tuple[str, ...] = ()
    who: str | None = None
    why: str | None = None
    would_identify: str | None = None


class Correlation(Record, frozen=True, kw_only=True):
    """Correlation of two parameters between patients, on the scales of their spreads."""

    one: str
    other: str
    value: float
    why: str


class Number(Record, frozen=True, kw_only=True):
    """A number with its home; ``cv`` (coefficient of variation) or ``sd`` (of the log) between patients."""

    value: float
    basis: Basis
    low: float | None = None
    high: float | None = None
    cv: float | None = None
    sd: float | None = None
    sources: tuple[str, ...] = ()
    who: str | None = None
    why: str | None = None


class Peripheral(Record, frozen=True, kw_only=True):
    clearance: Number
    volume: Number


class DrugEffect(Record, frozen=True, kw_only=True):
    ec50: Number
    steepness: Number
    most: Number


class Sedation(Record, frozen=True, kw_only=True):
    ec50: Number
    steepness: Number
    tolerance: Number


class CycleDrug(Record, frozen=True, kw_only=True):
    """One drug: kinetics (litres and hours), effect, drowsiness. ``per_mg``: the concentration's amounts in a milligram."""

    id: str
    acts: Literal["nsaid", "relaxant"]
    concentration: str
    per_mg: Number
    bioavailable: Number
    absorption_per_hour: Number
    clearance: Number
    volume: Number
    effect: DrugEffect
    peripheral: Peripheral | None = None
    site_per_hour: Number | None = None
    tolerance_per_hour: Number | None = None
    slow_elimination: Number | None = None
    sedation: Sedation | None = None


class TreatmentOption(Record, frozen=True, kw_only=True):
    """A usual course of treatment that a simulation knows by name."""

    id: str
    name: str
    prescription: str
    sources: tuple[str, ...] = ()


class CauseClass(Record, frozen=True, kw_only=True):
    """Causes whose sources heal alike, and what they change."""

    id: str
    name: str
    healing: Literal["heals", "lasts", "grows", "elsewhere"]
    why: str
    causes: tuple[str, ...]
    healing_times: float = 1.0
    level: float = 0.0
    growth_per_day: float = 0.0
    cox_share_times: float = 1.0


class CycleRecords(Record, frozen=True, kw_only=True):
    """Everything the knowledge base says about the cycle."""

    parameters: dict[str, CycleParameter]
    correlations: tuple[Correlation, ...]
    drugs: dict[str, CycleDrug]
    placebo_drowsy: Number
    slow_from_age: Number
    slow_with: tuple[str, ...]
    options: dict[str, TreatmentOption]
    as_needed_pain: Number
    adherence: Number
    visit_pain: Number
    visit_days: Number
    emergency_visit_days: Number
    classes: dict[str, CauseClass]

    def numbers(self, drug: CycleDrug) -> dict[str, Number]:
        """Every number of a drug by its path."""
        found = {
            name: getattr(drug, name)
            for name in (
                "per_mg", "bioavailable", "absorption_per_hour", "clearance", "volume", "site_per_hour",
                "tolerance_per_hour", "slow_elimination",
            )
        }  # fmt: skip
        for group in ("effect", "sedation", "peripheral"):
            inner = getattr(drug, group)
            if inner is not None:
                found |= {f"{group}.{name}": getattr(inner, name) for name in inner.__struct_fields__}
        return {name: number for name, number in found.items() if number is not None}
