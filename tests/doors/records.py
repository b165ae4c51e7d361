"""Compares patients read from records with what a person read in the same records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from backspasm import Model, Patient, assess

RECORDS = Path(__file__).parent.parent / "records"


def expectations(name: str) -> dict[str, dict[str, Any]]:
    """Expectations by file name."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((RECORDS / name).read_text(encoding="utf-8"))
    return loaded


def seen(patient: Patient, expected: dict[str, Any]) -> dict[str, Any]:
    """The patient in the form of an expectation, order aside."""
    return {
        "age_years": patient.age_years,
        "sex": patient.sex,
        "setting": patient.setting,
        "pregnant": patient.pregnant,
        "present": sorted(patient.present),
        "absent": sorted(patient.absent),
        "measured": patient.measured,
        "medications": sorted(patient.medications),
        "comorbidities": sorted(patient.comorbidities),
    } | ({"days_ago": patient.days_ago} if "days_ago" in expected else {})


def wanted(expected: dict[str, Any]) -> dict[str, Any]:
    """An expectation without its fragments, order aside."""
    plain = {"pregnant": None} | {k: v for k, v in expected.items() if k not in {"notes", "unread"}}
    return {k: sorted(v) if isinstance(v, list) else v for k, v in plain.items()}


def missing_fragments(patient: Patient, expected: dict[str, Any]) -> list[str]:
    """Fragments of notes and unread that the patient lacks."""
    unread = [f"{u.what}: {u.why}" for u in patient.unread]
    lacking = [f for f in expected.get("notes", ()) if not any(f in note for note in patient.notes)]
    return lacking + [f for f in expected.get("unread", ()) if not any(f in u for u in unread)]


def unreferenced(patient: Patient, model: Model) -> list[str]:
    """After an assessment: answers, medicines and comorbidities without a reference to a resource."""
    kept = assess(patient, model).patient
    keys = [*kept.present, *kept.absent, *kept.measured]
    keys += [f"medications:{m}" for m in kept.medications] + [f"comorbidities:{c}" for c in kept.comorbidities]
    return [key for key in keys if not kept.sources.get(key) or not all("/" in r for r in kept.sources[key])]
