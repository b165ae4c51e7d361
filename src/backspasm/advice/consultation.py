"""What a decision in the middle of work needs of an assessment: urgency, red flags, tests and treatments, in milliseconds.

The same answers by the same rules as ``assess`` gives; left out is what takes long: intervals, the steps of each cause, the
value of further questions, and the course.
"""

from __future__ import annotations

from functools import cached_property

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


class Consultation(Struct, frozen=True, dict=True):
    """One patient at the point of care. What follows from the triage is worked out where it is first asked for."""

    triage: Triage
    model: Model

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """Of every cause and complication."""
        return must_not_miss.chances(self.triage.found, self.model)

    @cached_property
    def investigations(self) -> tuple[Advice, ...]:
        t = self.triage
        return advise(circumstances(t.patient, t.answers, t.level, t.red_flags, t.found, (), self.model))

    @cached_property
    def treatments(self) -> TreatmentAdvice:
        t = self.triage
        return treatment_advice(t.patient, t.answers, self.probabilities, t.level, self.model.knowledge)

    @cached_property
    def facts(self) -> PatientFacts:
        """What rules of prescribing look at."""
        return patient_facts(self.triage.patient, self.triage.answers, self.model.knowledge)

    @cached_property
    def not_asked(self) -> tuple[str, ...]:
        """Safety questions without an answer."""
        asked = safety_findings(self.triage.patient, self.model.knowledge)
        return tuple(f for f in asked if not self.triage.answers.asked(f))


def consult(patient: Patient, model: Model) -> Consultation:
    """Look at one patient.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    return Consultation(triage(patient, model), model)
