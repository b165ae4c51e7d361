"""Kidney function as prescribing needs it: the eGFR as measured, or estimated from creatinine in adults.

Method: CKD-EPI 2021 without race; its constants are the assumption ``estimate_of_egfr``. Children need another
equation with their height, which is not known here, so their creatinine alone says nothing.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

Array = NDArray[np.float64]
STAGES = ("chronic_kidney_disease_mild", "chronic_kidney_disease_severe")


class Kidney(Struct, frozen=True):
    """``egfr`` in mL/min/1.73 m2. ``known``: a value, or a kidney disease whose stage is stated."""

    egfr: float | None
    known: bool
    says: str


def kidney_function(patient: Patient, knowledge: Knowledge) -> Kidney:
    """What is known of the kidneys."""
    staged = any(c in patient.comorbidities for c in STAGES)
    egfr, creatinine = patient.measured.get("egfr"), patient.measured.get("creatinine")
    if egfr is not None:
        return Kidney(egfr, True, f"eGFR {egfr:g}")
    if creatinine is None:
        return Kidney(None, staged, "neither eGFR nor creatinine is known, and no kidney disease was stated")
    age = patient.age_years
    if age is None or age < knowledge.number("child_under"):
        return Kidney(None, staged, "creatinine alone does not give it without an adult's age")
    value = float(estimated_egfr(creatinine, age, patient.sex, knowledge))
    return Kidney(value, True, f"eGFR about {value:.0f}, estimated from creatinine {creatinine:g}")


def estimated_egfr(creatinine: Array | float, age: Array | float, sex: str, knowledge: Knowledge) -> Array:
    """eGFR of adults of one sex, from creatinine in umol/L and age in years, of one or of many."""
    # of unknown sex: the lower of the two, the safe reading
    sexes = ("female", "male") if sex == "unknown" else (sex,)
    each = [_estimate(creatinine, age, s, knowledge) for s in sexes]
    out: Array = np.minimum.reduce(each)
    return out


def _estimate(creatinine: Array | float, age: Array | float, sex: str, knowledge: Knowledge) -> Array:
    c = knowledge.table("estimate_of_egfr")
    ratio = creatinine / c["umol_per_mg_dl"] / c[f"k_{sex}"]
    low, high = np.minimum(ratio, 1.0), np.maximum(ratio, 1.0)
    value: Array = c["factor"] * low ** c[f"a_{sex}"] * high ** c["b"] * c["c"] ** age
    return value * c["d_female"] if sex == "female" else value
