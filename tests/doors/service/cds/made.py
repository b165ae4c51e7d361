"""Made-up calls of CDS Hooks: an invented patient, dates counted back from today, and the client that sends them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.settings import Access, CdsHooksSettings, Settings, SmartSettings, StoreSettings
from tests.doors.service.conftest import BASE_URL, IN_MEMORY

Json = dict[str, Any]

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
FLAGS, IMAGING, MEDICINES = "back-pain-red-flags", "spine-imaging", "back-pain-medicines"
OWN = {"reference": "Patient/p1"}


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d")


def just_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}


def person(**fields: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": ago(45 * 365)} | fields


def condition(name: str, code: str, display: str, **fields: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": name,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": ICD, "code": code, "display": display}]},
        "subject": OWN,
        "onsetDateTime": ago(5),
        "recordedDate": ago(1),
    } | fields


def low_back_pain(**fields: Any) -> Json:
    return condition("pain", "M54.50", "Low back pain, unspecified", **fields)


def answers(**given: bool) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "triage",
        "status": "completed",
        "subject": OWN,
        "authored": just_now(),
        "item": [{"linkId": finding, "answer": [{"valueBoolean": said}]} for finding, said in given.items()],
    }


def medicine(name: str, words: str, **fields: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "subject": OWN,
        "authoredOn": ago(20),
        "medicationCodeableConcept": {"text": words},
    } | fields


def image(name: str, words: str, **fields: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "subject": OWN,
        "code": {"text": words},
    } | fields


def record(**parts: Any) -> Json:
    """Prefetch under our own keys; what is not named was looked for and not found."""
    whole = dict.fromkeys(
        ("conditions", "observations", "medications", "statements", "allergies", "procedures", "answers")
    )
    return {"patient": person()} | whole | parts


def body(hook: str, prefetch: Json | None = None, **more: Any) -> Json:
    context = {"userId": "Practitioner/1", "patientId": "p1"} | more.pop("context", {})
    out = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context} | more
    return out if prefetch is None else out | {"prefetch": prefetch}


def signing(prefetch: Json | None, *drafts: Json, **more: Any) -> Json:
    """A call as orders are signed."""
    return body("order-sign", prefetch, context={"draftOrders": bundle(*drafts)}, **more)


@contextmanager
def service(
    model: Model,
    cds: CdsHooksSettings | None = None,
    access: Access | None = None,
    smart: SmartSettings | None = None,
    store: StoreSettings = IN_MEMORY,
    **more: Any,
) -> Iterator[TestClient[Litestar]]:
    """The service with settings of its own."""
    settings = Settings(
        cds_hooks=cds or CdsHooksSettings(),
        access=access or Access(),
        smart=smart or SmartSettings(),
        store=store,
        **more,
    )
    with TestClient(create_app(settings, model), base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield client


def cards(client: TestClient[Litestar], name: str, call: Json) -> list[Json]:
    """The cards that a service answers with."""
    answer = client.post(f"/cds-services/{name}", json=call)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["cards"]
    return found
