"""The identity of what was assessed: the same on every way from a record or a case to an assessment."""

from __future__ import annotations

import hashlib

import msgspec

from backspasm.patients.patient import Patient


def case_digest(patient: Patient) -> str:
    """SHA-256 of what the assessment saw of a patient, without where it was read.

    The JSON array of age in years, sex, setting, present findings, absent findings, measurements, days since findings,
    medications, allergies, comorbidities, pregnant, weeks of pregnancy, and the lists that were asked for.
    """
    return digest_of(
        (
            patient.age_years, patient.sex, patient.setting, sorted(patient.present), sorted(patient.absent),
            patient.measured, patient.days_ago, patient.medications, patient.allergies, patient.comorbidities,
            patient.pregnant, patient.pregnancy_weeks, patient.stated,
        )
    )  # fmt: skip


def digest_of(case: tuple[object, ...]) -> str:
    """SHA-256 of values in the order that ``case_digest`` names."""
    return hashlib.sha256(msgspec.json.encode(case, order="sorted")).hexdigest()
