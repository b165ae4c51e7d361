"""Codings and concepts for what the knowledge base names, and the URNs of our own extensions and code systems."""

from __future__ import annotations

from typing import Any

from backspasm.patients.from_fhir.own import COMORBIDITY, FINDING
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Code

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
SYSTEMS = {
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "snomed": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}
CAUSE = "urn:backspasm:cause"
COMPLICATION = "urn:backspasm:complication"
GROUP = "urn:backspasm:group"
URGENCY = "urn:backspasm:urgency"
RED_FLAG = "urn:backspasm:red-flag"
INVESTIGATION = "urn:backspasm:investigation"
TREATMENT = "urn:backspasm:treatment"
KIND = "urn:backspasm:kind"
INPUT = "urn:backspasm:input"
NOTICE = "urn:backspasm:notice"
#: extensions: the 90 % interval of a probability; the urgency with its rules; the question behind a data requirement;
#: why an interview ended
INTERVAL = "urn:backspasm:extension:probability-interval"
URGENT = "urn:backspasm:extension:urgency"
QUESTION = "urn:backspasm:extension:question"
ENDED = "urn:backspasm:extension:interview-ended"
#: the operation that this is the answer of
ASSESS = "urn:backspasm:operation:assess"


def coding(system: str, code: str, display: str = "") -> Json:
    out = {"system": system, "code": code}
    return out | ({"display": display} if display else {})


def _coded(codes: tuple[Code, ...]) -> list[Json]:
    """Codings of a record. A category of ICD-10-CM stands for all below it, and is no code to assign: it is left out."""
    return [coding(SYSTEMS[c.system], c.code, c.display) for c in codes if c.match == "exact"]


def concept(system: str, code: str, name: str, codes: tuple[Code, ...] = ()) -> Json:
    """Our own coding first, then what the record has; the name as text."""
    return {"coding": [coding(system, code, name), *_coded(codes)], "text": name}


def cause_concept(cause: str, knowledge: Knowledge) -> Json:
    """A cause or a complication."""
    record = knowledge.causes.get(cause) or knowledge.complications.get(cause)
    system = CAUSE if cause in knowledge.causes else COMPLICATION
    return concept(system, cause, words.cause_name(cause, knowledge), record.codes if record else ())


def finding_codings(finding: str, knowledge: Knowledge) -> list[Json]:
    return [
        coding(FINDING, finding, words.finding_name(finding, knowledge)),
        *_coded(knowledge.findings[finding].codes),
    ]


def comorbidity_coding(comorbidity: str, knowledge: Knowledge) -> Json:
    return coding(COMORBIDITY, comorbidity, knowledge.comorbidities[comorbidity].name)


def urgency_coding(level: str) -> Json:
    return coding(URGENCY, level, words.URGENCY[level][0].lower())


def quantity(value: float, unit: str | None, shown: str | None = None) -> Json:
    """A value in a UCUM unit; a number on a scale, or a ratio, is of unit 1."""
    code = "1" if unit in {None, "", "0-10"} else unit
    out: Json = {"value": value, "system": UCUM, "code": code}
    return out | ({"unit": shown or code} if shown or code != "1" else {})


def percent(probability: float) -> Json:
    """A probability as R4 wants a Range of it: in per cent."""
    return {"value": as_percent(probability), "unit": "%", "system": UCUM, "code": "%"}


def as_percent(probability: float) -> float:
    """Six places of a probability are four of a percentage (R4: decimals of a prediction are percentages, at most 100)."""
    return round(100 * round(probability, 6), 4)
