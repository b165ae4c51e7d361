"""The bundles and questionnaires that go out are valid FHIR R4, by two validators that know nothing of each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationdefinition import OperationDefinition
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from pydantic import ValidationError

from backspasm import Knowledge, Model, assess, read_patient
from backspasm.presentation.fhir.adaptive import next_question
from backspasm.presentation.fhir.bundle import to_fhir
from backspasm.presentation.fhir.questionnaire import intake, interview
from backspasm.service.fhir.metadata import assess_definition, capability
from tests.conftest import random_patients
from tests.doors.conftest import Run

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").iterdir())
#: what a resource is held to does not depend on the width of its intervals
DRAWS = 20


def faults(data: bytes, second: Any) -> list[str]:
    """What either validator finds."""
    found = [str(issue) for issue in fhirkit.validate(data)]
    try:
        second.model_validate_json(data)
    except ValidationError as error:
        found.append(str(error))
    return found


@pytest.fixture(scope="module")
def bundles(model: Model) -> dict[str, bytes]:
    """Every example as a bundle, by name."""
    read = {p.stem: read_patient(p.read_bytes(), model.knowledge) for p in EXAMPLES}
    return {name: to_fhir(assess(patient, model, DRAWS), model.knowledge) for name, patient in read.items()}


@pytest.mark.parametrize("name", [p.stem for p in EXAMPLES])
def test_every_example_is_a_valid_bundle(name: str, bundles: dict[str, bytes]) -> None:
    assert faults(bundles[name], Bundle) == []


def test_thirty_random_patients_are_valid_bundles(model: Model) -> None:
    for patient in random_patients(30, 4, model.knowledge):
        assert faults(to_fhir(assess(patient, model, DRAWS), model.knowledge), Bundle) == []


#: the codes of R4 (4.0.1) for elements whose binding is required; the validators look at the form of a code alone
OBSERVED = {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
CODES = {
    ("Bundle", "type"): {"collection"},
    ("RiskAssessment", "status"): OBSERVED,
    ("DetectedIssue", "status"): OBSERVED,
    ("DetectedIssue", "severity"): {"high", "moderate", "low"},
    ("ClinicalImpression", "status"): {"in-progress", "completed", "entered-in-error"},
    ("ServiceRequest", "status"): {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"},
    ("ServiceRequest", "intent"): {"proposal"},
    ("ServiceRequest", "priority"): {"routine", "urgent", "asap", "stat"},
    ("GuidanceResponse", "status"): {"success", "data-requested", "data-required", "in-progress", "failure"},
    ("QuestionnaireResponse", "status"): {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
    ("Patient", "gender"): {"male", "female", "other", "unknown"},
}


def test_codes_are_those_that_r4_requires(bundles: dict[str, bytes]) -> None:
    seen = set()
    for made in map(json.loads, bundles.values()):
        for resource in (made, *(e["resource"] for e in made["entry"])):
            for (kind, element), codes in CODES.items():
                if resource["resourceType"] == kind:
                    seen.add((kind, element))
                    assert resource[element] in codes, (kind, element)
            for issue in resource.get("issue", ()):
                assert (issue["severity"], issue["code"]) == ("warning", "incomplete")
    assert seen == set(CODES)


def test_the_questionnaires_are_valid(knowledge: Knowledge) -> None:
    for made in (intake(knowledge), interview(knowledge)):
        assert faults(json.dumps(made).encode(), Questionnaire) == []


def test_the_descriptions_of_the_server_are_valid() -> None:
    assert faults(json.dumps(capability("http://127.0.0.1:8000")).encode(), CapabilityStatement) == []
    assert faults(json.dumps(assess_definition()).encode(), OperationDefinition) == []


def test_an_interview_under_way_is_valid(model: Model) -> None:
    started: dict[str, Any] = next_question({"resourceType": "QuestionnaireResponse", "status": "in-progress"}, model)
    age = {"linkId": "age_years", "answer": [{"valueDecimal": 8}]}
    going = next_question(started | {"item": [{"linkId": "group.person", "item": [age]}]}, model)
    for response in (started, going):
        assert faults(json.dumps(response).encode(), QuestionnaireResponse) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b["entry"][2]["resource"].pop("subject"),
        lambda b: b["entry"][2]["resource"].update(status="two  words"),
        lambda b: b["entry"][2]["resource"]["prediction"][0].update(probabilityDecimal="much"),
        lambda b: b.update(unknown=1),
    ],
)
def test_the_validators_find_what_is_wrong(spoil: Any, bundles: dict[str, bytes]) -> None:
    """The tests above could fail."""
    made = json.loads(bundles["cauda_equina"])
    spoil(made)
    assert faults(json.dumps(made).encode(), Bundle)


def test_the_command_writes_the_bundle_and_nothing_else(run: Run) -> None:
    outcome = run("assess", str(EXAMPLES[0]), "--format", "fhir")
    assert outcome.code == 0
    assert outcome.err == ""
    assert faults(outcome.out.encode(), Bundle) == []
    assert run("assess", str(EXAMPLES[0]), "--format", "fhir").out == outcome.out
