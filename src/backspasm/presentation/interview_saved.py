"""Saves an interview to a file and takes it up again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec

from backspasm.advice.interview import State, patient_of, replayed
from backspasm.inference.model import Model
from backspasm.patients.patient import InputError, Patient
from backspasm.presentation.json_bytes import json_bytes

FORMAT = "backspasm interview 1"


class Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: JSON with the state, and the knowledge with which it was asked."""

    format: str
    knowledge: str
    state: State


def save(state: State, place: Path, model: Model) -> None:
    """Write the file whole or not at all, readable by its owner only, since it is about a patient.

    Raises:
        InputError: where it cannot be written.
    """
    data = json_bytes(Saved(FORMAT, model.knowledge.digest, state))
    made: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:  # made with mode 600
            made = Path(file.name)
            file.write(data)
        made.replace(place)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)  # it is about a patient
        raise _unwritable(place, error.strerror or type(error).__name__) from None


def check_place(place: Path) -> None:
    """Whether an interview can be saved there, asked before its first question. Raises InputError."""
    if place.is_dir():
        raise _unwritable(place, "Is a directory")
    if not place.parent.is_dir():
        raise _unwritable(place, "No such folder")


def _unwritable(place: Path, why: str) -> InputError:
    mend = "name a file in a folder that you may write to"
    return InputError.one("--save", str(place), f"cannot be written ({why})", mend)


def resume(place: Path, model: Model) -> State:
    """Read the file, and check every answer in it as if it were given now.

    Raises:
        InputError: where the file is no saved interview, or an answer is not possible (any more).
    """
    try:
        saved = msgspec.json.decode(place.read_bytes(), type=Saved)
    except FileNotFoundError:
        raise InputError.one("--resume", str(place), "does not exist", "name the file that --save wrote") from None
    except (OSError, msgspec.DecodeError):
        raise InputError.one(
            "--resume", str(place), "is not a saved interview", "name the file that --save wrote"
        ) from None
    if saved.format != FORMAT:
        raise InputError.one("--resume", saved.format, "is another format", f"this version reads {FORMAT!r}")
    return replayed(saved.state, model)


def case_of(patient: Patient) -> dict[str, Any]:
    """The patient as a case of the contract."""
    return {
        "age_years": patient.age_years,
        "sex": patient.sex,
        "setting": patient.setting,
        "present": list(dict.fromkeys(patient.present)),
        "absent": list(dict.fromkeys(patient.absent)),
        "measured": dict(patient.measured),
        "days_ago": dict(patient.days_ago),
        "medications": list(patient.medications),
        "allergies": list(patient.allergies),
        "comorbidities": list(patient.comorbidities),
        "pregnant": patient.pregnant,
        "pregnancy_weeks": patient.pregnancy_weeks,
    }


def case_of_state(state: State) -> dict[str, Any]:
    """What an interview found, as a case."""
    return case_of(patient_of(state))
