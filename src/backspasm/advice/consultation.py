"""What a decision in the middle of work needs of an assessment: urgency, red flags, tests and treatments, in milliseconds.

The same answers by the same rules as ``assess`` gives; left out is what takes long: intervals, the steps of each cause, the
value of further questions, and the course.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from backspasm.advice import must_not_miss
from backspasm.advice.investigations import Advice, advise
from backspasm.advice.prescribing import PatientFacts, patient_facts
from backspasm.advice.red_flags import Fired, fired_rules, floor
from backspasm.advice.situations import circumstances
from backspasm.advice.treatments import TreatmentAdvice, treatment_advice
from backspasm.advice.urgency import expected_loss
from backspasm.advice.worth import safety_findings
from backspasm.inference.model import Model
from backspasm.inference.posterior import posterior
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.patient import Patient


class Consultation(Struct, frozen=True):
    """One patient at the point of care.

    ``level`` is the urgency, ``floor`` what the rules alone demand. ``probabilities``: of every cause and complication.
    ``groups``: of every group that must not be missed. ``not_asked``: safety questions without an answer.
    """

    patient: Patient
    answers: Answers
    level: str
    floor: str
    red_flags: tuple[Fired, ...]
    probabilities: dict[str, float]
    groups: dict[str, float]
    investigations: tuple[Advice, ...]
    treatments: TreatmentAdvice
    facts: PatientFacts
    not_asked: tuple[str, ...]
    knowledge_digest: str
    input_digest: str


def consult(patient: Patient, model: Model) -> Consultation:
    """Look at one patient.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    knowledge = model.knowledge
    answers = answers_of(patient, knowledge)
    found = posterior(answers.items, strata_of(patient, knowledge), model.means, model.layout, knowledge)
    fired = fired_rules(patient, answers, knowledge)
    lowest = floor(fired, knowledge)
    level = min(lowest, expected_loss(found, model).level, key=knowledge.index.urgency.index)
    circumstance = circumstances(patient, answers, level, fired, found, (), model)
    chances = must_not_miss.chances(found, model)
    return Consultation(
        patient=patient,
        answers=answers,
        level=level,
        floor=lowest,
        red_flags=fired,
        probabilities=chances,
        groups={g: circumstance.probability[g] for g in must_not_miss.GROUPS},
        investigations=advise(circumstance),
        treatments=treatment_advice(patient, answers, chances, level, knowledge),
        facts=patient_facts(patient, answers, knowledge),
        not_asked=tuple(f for f in safety_findings(patient, knowledge) if not answers.asked(f)),
        knowledge_digest=knowledge.digest,
        input_digest=hashlib.sha256(msgspec.json.encode(patient, order="deterministic")).hexdigest(),
    )
