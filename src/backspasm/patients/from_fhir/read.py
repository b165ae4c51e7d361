"""Hands each resource of the patient to its reader."""

from __future__ import annotations

from collections.abc import Sequence

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.conditions import Problem, measured_onset, read_condition
from backspasm.patients.from_fhir.history import read_allergy, read_family, read_procedure, read_report
from backspasm.patients.from_fhir.identity import Owner
from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.medications import Shelf, read_medication
from backspasm.patients.from_fhir.observations import read_observation
from backspasm.patients.from_fhir.questionnaire import read_questionnaires
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    FamilyMemberHistory,
    MedicationUse,
    Observation,
    Procedure,
)


def read_all(found: Sequence[Found], owner: Owner, context: Context, ledger: Ledger) -> None:
    """Enter everything into the ledger."""
    shelf = Shelf(found)
    pains: list[Problem] = []
    for item in found:
        match item.resource:
            case Condition() as condition:
                pain = read_condition(condition, item, context, ledger)
                if pain is not None:
                    pains.append(pain)
            case Observation() as observation:
                if _about(observation, owner):
                    read_observation(item.reference, observation, context, ledger)
                else:
                    ledger.leave(item.reference, "its focus is someone or something else than the patient; not used")
            case MedicationUse() as use:
                read_medication(item, use, shelf, context, ledger)
            case AllergyIntolerance() as allergy:
                read_allergy(item.reference, allergy, context, ledger)
            case Procedure() as procedure:
                read_procedure(item.reference, procedure, context, ledger)
            case DiagnosticReport() as report:
                read_report(item.reference, report, context, ledger)
            case FamilyMemberHistory() as family:
                read_family(item.reference, family, context, ledger)
    measured_onset(pains, context, ledger)
    read_questionnaires(found, context, ledger)


def _about(observation: Observation, owner: Owner) -> bool:
    """An observation may belong to the patient's record and yet be about another: a fetus, a donor, a relative."""
    return all(owner.is_meant(focus, observation.contained) for focus in observation.focus)
