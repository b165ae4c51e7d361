"""backspasm: from what is known about one patient with a back spasm to red flags, urgency and a differential with reasons."""

from backspasm.advice.assessment import Assessment, assess
from backspasm.inference.model import Model, load
from backspasm.patients.from_case import from_case
from backspasm.patients.from_fhir import from_fhir
from backspasm.patients.patient import InputError, Patient
from backspasm.patients.reading import read_patient
from backspasm.presentation.as_json import to_json
from backspasm.probability import Estimate, LikelihoodRatio, Odds, Probability
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import KnowledgeError

__all__ = [
    "Assessment",
    "Estimate",
    "InputError",
    "Knowledge",
    "KnowledgeError",
    "LikelihoodRatio",
    "Model",
    "Odds",
    "Patient",
    "Probability",
    "assess",
    "from_case",
    "from_fhir",
    "load",
    "read_patient",
    "to_json",
]
