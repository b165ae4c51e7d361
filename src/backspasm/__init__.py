"""backspasm: from what is known about one patient with a back spasm to red flags, urgency and a differential with reasons."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

#: where each public name lives; a module is imported when one of its names is first used, so that a command starts fast
_HOMES = {
    "advice.assessment": ("Assessment", "assess"),
    "inference.model": ("Model", "load"),
    "patients.from_case": ("from_case",),
    "patients.from_fhir": ("from_fhir",),
    "patients.patient": ("InputError", "Patient"),
    "patients.reading": ("read_patient",),
    "presentation.as_json": ("to_json",),
    "probability": ("Estimate", "LikelihoodRatio", "Odds", "Probability"),
    "records.knowledge": ("Knowledge",),
    "records.problems": ("KnowledgeError",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
