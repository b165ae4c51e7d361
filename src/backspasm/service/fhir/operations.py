"""The FHIR doors as the OpenAPI document describes them."""

from __future__ import annotations

from backspasm.service.media_types import FHIR
from backspasm.service.rest.openapi.operations import Operation, Parameter

_RESOURCE: dict[str, str | None] = {FHIR: "FhirResource"}
_READS = (400, 406, 413, 415)


def _id(*known: str) -> Parameter:
    return Parameter("identifier", "path", "Id of the resource.", {"type": "string", "enum": list(known)}, known[0])


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/fhir/metadata", "FHIR R4", "fhir_metadata", "CapabilityStatement", "", _RESOURCE, refuses=(406,), refusal=FHIR
    ),
    Operation(
        "get", "/fhir/OperationDefinition/{identifier}", "FHIR R4", "fhir_operation", "OperationDefinition of $assess", "",
        _RESOURCE, parameters=(_id("assess"),), refuses=(404, 406), refusal=FHIR,
    ),
    Operation(
        "post", "/fhir/$assess", "FHIR R4", "fhir_assess", "Assess the patient of a Bundle",
        "Takes a Bundle, or Parameters with one as `record`; gives a Bundle with GuidanceResponse, ClinicalImpression, "
        "RiskAssessments, ServiceRequest proposals and DetectedIssues. A refusal is an OperationOutcome.",
        _RESOURCE, body=_RESOURCE, refuses=_READS, refusal=FHIR,
    ),
    Operation(
        "get", "/fhir/Questionnaire", "FHIR R4", "fhir_questionnaires", "Both Questionnaires, or the one of a canonical url", "",
        _RESOURCE,
        parameters=(Parameter("url", "query", "Canonical url.", {"type": "string"}, "urn:backspasm:questionnaire:intake"),),
        refuses=(406,), refusal=FHIR,
    ),
    Operation(
        "get", "/fhir/Questionnaire/{identifier}", "FHIR R4", "fhir_questionnaire", "The intake, or its adaptive form",
        "Every finding as a question with its codes, units, bounds and conditions.", _RESOURCE,
        parameters=(_id("intake", "interview"),), refuses=(404, 406), refusal=FHIR,
    ),
    Operation(
        "post", "/fhir/Questionnaire/$next-question", "FHIR R4", "fhir_next_question", "The next question of an interview",
        "Takes a QuestionnaireResponse with the answers so far (or Parameters with one as `questionnaire-response`), and gives it "
        "back with the question added that would change the decision most; completed where no question would.",
        _RESOURCE, body=_RESOURCE, refuses=_READS, refusal=FHIR,
    ),
)  # fmt: skip
