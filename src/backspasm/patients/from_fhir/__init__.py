"""Reads a patient from a FHIR R4 Bundle, as the patient was known at the encounter that is about back pain."""

from __future__ import annotations

from backspasm.patients.from_fhir.bundle import open_bundle
from backspasm.patients.from_fhir.record import Record, patient_at, reader_of, record_of, visit_of
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

__all__ = ["from_fhir"]


def from_fhir(data: bytes, knowledge: Knowledge) -> Patient:
    """The patient of a Bundle.

    Args:
        data: a FHIR R4 Bundle as JSON, holding one Patient and what is known about that patient.

    Returns:
        The patient at the latest encounter about back pain (else at the latest encounter, else at the latest date of
        the record). Ages in years, times in days before that encounter, measurements in the units of the findings. What
        was not used is listed in ``unread``; ``sources`` maps every answer to the resources that gave it.

    Raises:
        InputError: not JSON, not a Bundle, no Patient, or several. One bad resource never stops the reading.
    """
    return patient_of(record_of_bundle(data), knowledge)


def record_of_bundle(data: bytes) -> Record:
    """The record that a Bundle holds. Raises InputError as ``from_fhir`` does."""
    opened = open_bundle(data)
    return record_of(opened.found, opened.timestamp, opened.unread)


def patient_of(record: Record, knowledge: Knowledge) -> Patient:
    """The patient at the encounter at issue."""
    reader = reader_of(knowledge)
    return patient_at(record, visit_of(record, reader), reader)
