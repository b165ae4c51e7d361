"""What this FHIR server can do: CapabilityStatement and OperationDefinitions."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backspasm.presentation.fhir.names import ASSESS, Json
from backspasm.presentation.words import DISCLAIMER
from backspasm.records.library import package_version
from backspasm.service.fhir.bodies import answered, check_format
from backspasm.service.media_types import FHIR, JSON

NEXT_QUESTION = "http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-next-question"
#: when what is described here was last changed
CHANGED = "2026-11-23"


def capability(address: str) -> Json:
    """The CapabilityStatement of the server at an address."""
    interactions = [{"code": "read"}, {"code": "search-type"}]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": {"name": "backspasm", "version": package_version()},
        "implementation": {"description": f"Assessment of back pain. {DISCLAIMER}", "url": f"{address}/fhir"},
        "fhirVersion": "4.0.1",
        "format": [FHIR, JSON],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Questionnaire",
                        "interaction": interactions,
                        "searchParam": [{"name": "url", "type": "uri"}],
                        "operation": [{"name": "next-question", "definition": NEXT_QUESTION}],
                    },
                    {"type": "OperationDefinition", "interaction": [{"code": "read"}]},
                ],
                "operation": [{"name": "assess", "definition": ASSESS}],
            }
        ],
    }


def assess_definition() -> Json:
    """What `$assess` takes and gives."""
    record = "The record of one patient: the Patient, and what is known; also a response to the intake"
    given = (
        "A collection: GuidanceResponse, ClinicalImpression, RiskAssessments, ServiceRequest proposals, DetectedIssues"
    )
    return {
        "resourceType": "OperationDefinition",
        "id": "assess",
        "url": ASSESS,
        "version": package_version(),
        "name": "Assess",
        "title": "Assess a patient with back pain",
        "status": "active",
        "kind": "operation",
        "description": f"Red flags, urgency, differential, what to ask and to order next. {DISCLAIMER}",
        "affectsState": False,
        "code": "assess",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            {"name": "record", "use": "in", "min": 1, "max": "1", "documentation": record, "type": "Bundle"},
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": given, "type": "Bundle"},
        ],
    }


@get("/metadata", sync_to_thread=False)
def metadata(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """What this server can do."""
    check_format(request)
    return answered(capability(state.settings.url))


@get("/OperationDefinition/{identifier:str}", sync_to_thread=False)
def definition(identifier: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """What an operation takes and gives."""
    check_format(request)
    if identifier != "assess":
        raise NotFoundException(detail="OperationDefinition: unknown id. Mend: assess")
    return answered(assess_definition())


ROUTES = (metadata, definition)
