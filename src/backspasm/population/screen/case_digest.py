"""The identity of what was assessed: the same on every way from a record or a case to an assessment."""

from __future__ import annotations

import hashlib

import msgspec

from backspasm.patients.patient import Patient


def case_digest(patient: Patient) -> str:
    """SHA-256 of what the assessment saw of a patient, without where it was read.

    The JSON array of age in years, sex, setting, present findings, absent findings, measurements, days since findings,
    medications, allergies, comorbidities, pregnant, weeks of pregnancy, and the lists that were asked for. Names stand in
    alphabetical order: in which order a record says them is no part of the case.
    """
    return digest_of(
        (
            _float(patient.age_years), patient.sex, patient.setting, sorted(patient.present), sorted(patient.absent),
            {m: float(v) for m, v in patient.measured.items()}, {f: float(d) for f, d in patient.days_ago.items()},
            sorted(patient.medications), sorted(patient.allergies), sorted(patient.comorbidities), patient.pregnant,
            _float(patient.pregnancy_weeks), patient.stated,
        )
    )  # fmt: skip


def _float(value: float | None) -> float | None:
    """A case may give a whole number without its point."""
    return None if value is None else float(value)


def digest_of(case: tuple[object, ...]) -> str:
    """SHA-256 of values in the order that ``case_digest`` names."""
    return hashlib.sha256(msgspec.json.encode(case, order="sorted")).hexdigest()
