"""The codes of back pain encounters: defects are reported with file, line and mend; the codes tell what they should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from backspasm import Knowledge
from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.structs import Coding, Concept
from backspasm.patients.from_fhir.terms import Terms
from backspasm.records.back_pain import BackPainCodes, back_pain_problems
from backspasm.records.library import knowledge_folder
from backspasm.records.problems import Problem
from backspasm.records.schemas import schema_problems
from backspasm.records.yaml_source import Source, read_yaml

FILE = "back_pain.yaml"


def shipped() -> Source:
    source, problems = read_yaml(knowledge_folder() / FILE, Path(knowledge_folder()))
    assert problems == []
    return source


def problems_with(knowledge: Knowledge, **changed: Any) -> list[Problem]:
    old = shipped()
    source = Source(FILE, old.data | changed, old.lines)
    assert schema_problems(source, "back_pain") == []
    codes = msgspec.convert(source.data, BackPainCodes)
    return list(back_pain_problems(msgspec.structs.replace(knowledge, back_pain=codes), [source]))


def test_the_shipped_record_has_no_problem(knowledge: Knowledge) -> None:
    assert problems_with(knowledge) == []


@pytest.mark.parametrize(
    ("changed", "what", "mend"),
    [
        ({"findings": ["muscle_spasn"]}, "findings: unknown 'muscle_spasn'", "did you mean 'muscle_spasm'?"),
        ({"complications": ["cauda"]}, "complications: unknown 'cauda'", ""),
        ({"cause_groups": ["mechanic"]}, "cause_groups: unknown 'mechanic'", "did you mean 'mechanical'?"),
        ({"chronic": ["278860008"]}, "chronic: unknown '278860008'", "did you mean '278860009'?"),
        (
            {"chronic": [], "symptoms": [{"system": "snomed", "code": "161891005", "display": "Backache"}] * 2},
            "161891005 is given twice",
            "keep one",
        ),
        (
            {"chronic": [], "symptoms": [{"system": "snomed", "code": "16", "display": "x", "match": "prefix"}]},
            "16: only codes of ICD-10-CM can be matched by their beginning",
            "leave out match",
        ),
    ],
)
def test_a_defect_is_named(knowledge: Knowledge, changed: dict[str, Any], what: str, mend: str) -> None:
    (problem,) = problems_with(knowledge, **changed)
    assert problem.file == FILE
    assert problem.line > 0
    assert what in problem.what
    assert mend in problem.mend


@pytest.mark.parametrize(
    ("system", "code", "concerns"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm", "M54.50", True),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M5459", True),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M54.2", False),
        ("http://snomed.info/sct", "279039007", True),
        ("http://snomed.info/sct", "2790390071", False),
        ("http://example.org/own", "M54.5", False),
    ],
)
def test_codes_of_the_pain_itself(knowledge: Knowledge, system: str, code: str, concerns: bool) -> None:
    back = BackPain(knowledge, Terms(knowledge))
    assert back.concerns(Concept((Coding(system, code),))) is concerns
