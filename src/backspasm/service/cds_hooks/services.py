"""The CDS services: when an EHR calls them, and what of the record they look at."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from backspasm.presentation.card_types import Wire

#: the version of the specification that the answers follow; clients of 3.0 read them too
VERSION = "2.0"
Hook = Literal["patient-view", "order-select", "order-sign"]
Topic = Literal["urgency", "imaging", "medicines"]


class Query(Struct, frozen=True):
    """One part of the record. ``what``: in words; ``template``: how an EHR finds it; ``latest``: its first page is enough."""

    key: str
    what: str
    template: str
    latest: bool = False

    def filled(self, patient: str, encounter: str | None = None) -> str:
        """The query for one patient, by ids."""
        named = self.template.replace("{{context.patientId}}", patient)
        return named.replace("{{context.encounterId}}", encounter or "")


PATIENT = Query("patient", "the patient", "Patient/{{context.patientId}}")
ENCOUNTER = Query("encounter", "the encounter", "Encounter/{{context.encounterId}}")
CONDITIONS = Query("conditions", "problems and diagnoses", "Condition?patient={{context.patientId}}")
OBSERVATIONS = Query(
    "observations",
    "measurements and laboratory results",
    "Observation?patient={{context.patientId}}&_sort=-date&_count=100",
    latest=True,
)
MEDICATIONS = Query(
    "medications", "the medication list", "MedicationRequest?patient={{context.patientId}}&status=active"
)
STATEMENTS = Query(
    "statements",
    "medicines that the patient says to take",
    "MedicationStatement?patient={{context.patientId}}&status=active",
)
ALLERGIES = Query("allergies", "allergies", "AllergyIntolerance?patient={{context.patientId}}")
PROCEDURES = Query(
    "procedures", "procedures", "Procedure?patient={{context.patientId}}&_sort=-date&_count=50", latest=True
)
ANSWERS = Query(
    "answers",
    "answers to questionnaires",
    "QuestionnaireResponse?patient={{context.patientId}}&_sort=-authored&_count=10",
    latest=True,
)


class Service(Struct, frozen=True):
    """One service. ``silent_with``: parts of the record that must have been seen before it may say nothing."""

    id: str
    topic: Topic
    hooks: tuple[Hook, ...]
    title: str
    description: str
    usage: str
    queries: tuple[Query, ...]
    silent_with: tuple[str, ...]


HISTORY = (PATIENT, ENCOUNTER, CONDITIONS, OBSERVATIONS, MEDICATIONS, PROCEDURES, ANSWERS)
SERVICES = (
    Service(
        id="back-pain-red-flags",
        topic="urgency",
        hooks=("patient-view",),
        title="Red flags and urgency of back pain",
        description=(
            "When the record of a patient with back pain is opened: how urgent it is, and why. "
            "Silent where the record holds no back pain, or nothing that presses."
        ),
        usage="Symptoms that are nowhere coded are not seen: not recorded is not the same as not there.",
        queries=HISTORY,
        silent_with=("conditions",),
    ),
    Service(
        id="spine-imaging",
        topic="imaging",
        hooks=("order-select", "order-sign"),
        title="Is this image of the back indicated?",
        description="Whether an MRI, CT, radiograph or bone scan of the back helps this patient, when, and what would help more.",
        usage="An order is recognised by the words of its code (text or display) and of its body site, in English.",
        queries=HISTORY,
        silent_with=("conditions",),
    ),
    Service(
        id="back-pain-medicines",
        topic="medicines",
        hooks=("order-select", "order-sign"),
        title="Is this medicine safe for this patient?",
        description=(
            "What speaks against an anti-inflammatory drug, a muscle relaxant or an opioid (and against other medicines together "
            "with these) for this patient, and what may be given instead. Doses are not checked."
        ),
        usage="A medicine is recognised by its RxNorm code or by its name. Allergies and other medicines must be in the record.",
        queries=(PATIENT, ENCOUNTER, CONDITIONS, OBSERVATIONS, MEDICATIONS, STATEMENTS, ALLERGIES, ANSWERS),
        silent_with=("conditions", "medications", "allergies"),
    ),
)
BY_ID = {s.id: s for s in SERVICES}


class Described(Wire, frozen=True):
    """One service under one hook, as discovery tells it."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: dict[str, str]
    usage_requirements: str
    version: str


class Discovery(Wire, frozen=True):
    services: tuple[Described, ...]


def described() -> bytes:
    """The answer of discovery. A service under two hooks stands there twice: its later answer replaces the earlier one."""
    found = tuple(
        Described(
            hook=hook,
            title=s.title,
            description=s.description,
            id=s.id,
            prefetch={q.key: q.template for q in s.queries},
            usage_requirements=s.usage,
            version=f"{VERSION}.0",
        )
        for s in SERVICES
        # clients that know one hook for each id keep the last: the earlier in the workflow
        for hook in reversed(s.hooks)
    )
    return msgspec.json.encode(Discovery(found))
