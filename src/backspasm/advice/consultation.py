"""What a decision in the middle of work needs of an assessment: urgency, red flags, tests and treatments, in milliseconds.

The same answers by the same rules as ``assess`` gives; left out is what takes long: intervals, the steps of each cause, the
value of further questions, and the course.
"""

from __future__ import annotations

from msgspec import Struct

from backspasm.advice import must_not_miss
from backspasm.advice.investigations import Advice, advise
from backspasm.advice.prescribing import PatientFacts, patient_facts
from backspasm.advice.situations import circumstances
from backspasm.advice.treatments import TreatmentAdvice, treatment_advice
from backspasm.advice.triage import Triage, triage
from backspasm.advice.worth import safety_findings
from backspasm.inference.model import Model
from backspasm.patients.patient import Patient


class Consultation(Struct, frozen=True):
    """One patient at the point of care.

    ``probabilities``: of every cause and complication; ``not_asked``: safety questions without an answer.
    """

    triage: Triage
    probabilities: dict[str, float]
    investigations: tuple[Advice, ...]
    treatments: TreatmentAdvice
    facts: PatientFacts
    not_asked: tuple[str, ...]


def consult(patient: Patient, model: Model) -> Consultation:
    """Look at one patient.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    knowledge = model.knowledge
    first = triage(patient, model)
    circumstance = circumstances(patient, first.answers, first.level, first.red_flags, first.found, (), model)
    chances = must_not_miss.chances(first.found, model)
    return Consultation(
        triage=first,
        probabilities=chances,
        investigations=advise(circumstance),
        treatments=treatment_advice(patient, first.answers, chances, first.level, knowledge),
        facts=patient_facts(patient, first.answers, knowledge),
        not_asked=tuple(f for f in safety_findings(patient, knowledge) if not first.answers.asked(f)),
    )
