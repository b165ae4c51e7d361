"""The fields of FHIR R4 resources that are read; everything else in a resource is skipped while parsing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Element(Struct, frozen=True, rename="camel", gc=False):
    """Base of all FHIR elements: frozen, snake case here, camel case there."""


class Coding(Element, frozen=True):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(Element, frozen=True):
    """A CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Identifier(Element, frozen=True):
    system: str | None = None
    value: str | None = None


class Reference(Element, frozen=True):
    reference: str | None = None
    identifier: Identifier | None = None


class Quantity(Element, frozen=True):
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Period(Element, frozen=True):
    start: str | None = None
    end: str | None = None


class Meta(Element, frozen=True):
    last_updated: str | None = None


class Contained(Element, frozen=True):
    """A resource inside another one: only medications and patients are looked at."""

    resource_type: str
    id: str | None = None
    code: Concept | None = None
    gender: str | None = None
    birth_date: str | None = None
    identifier: tuple[Identifier, ...] = ()


class Resource(Element, frozen=True):
    """What all resources share. ``subject`` and ``patient`` are the two names of the same thing."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[Contained, ...] = ()
    subject: Reference | None = None
    patient: Reference | None = None
    encounter: Reference | None = None


class PatientResource(Element, frozen=True):
    id: str | None = None
    meta: Meta | None = None
    gender: str | None = None
    birth_date: str | None = None
    identifier: tuple[Identifier, ...] = ()


class EncounterDiagnosis(Element, frozen=True):
    condition: Reference | None = None


class Participant(Element, frozen=True):
    individual: Reference | None = None


class Encounter(Resource, frozen=True):
    status: str | None = None
    class_: Coding | None = field(name="class", default=None)
    type: tuple[Concept, ...] = ()
    service_type: Concept | None = None
    period: Period | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
    service_provider: Reference | None = None
    participant: tuple[Participant, ...] = ()


class Condition(Resource, frozen=True):
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    abatement_string: str | None = None
    abatement_age: Any = None
    recorded_date: str | None = None


class ReferenceRange(Element, frozen=True):
    high: Quantity | None = None


class Valued(Element, frozen=True):
    """The part that an Observation and each of its components share."""

    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    data_absent_reason: Concept | None = None
    interpretation: tuple[Concept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class Observation(Resource, frozen=True):
    status: str | None = None
    focus: tuple[Reference, ...] = ()
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    component: tuple[Valued, ...] = ()
    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    data_absent_reason: Concept | None = None
    interpretation: tuple[Concept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class Route(Element, frozen=True):
    route: Concept | None = None


class MedicationUse(Resource, frozen=True):
    """MedicationRequest, MedicationStatement and MedicationAdministration, whose fields differ little."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    authored_on: str | None = None
    date_asserted: str | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    context: Reference | None = None
    dosage_instruction: tuple[Route, ...] = ()


class Medication(Element, frozen=True):
    id: str | None = None
    code: Concept | None = None


class AllergyIntolerance(Resource, frozen=True):
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: str | None = None
    recorded_date: str | None = None


class Procedure(Resource, frozen=True):
    status: str | None = None
    code: Concept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None


class DiagnosticReport(Resource, frozen=True):
    status: str | None = None
    code: Concept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    conclusion: str | None = None
    conclusion_code: tuple[Concept, ...] = ()
    presented_form: tuple[Element, ...] = ()


class RelativeCondition(Element, frozen=True):
    code: Concept | None = None


class FamilyMemberHistory(Resource, frozen=True):
    status: str | None = None
    date: str | None = None
    condition: tuple[RelativeCondition, ...] = ()


class ResponseAnswer(Element, frozen=True):
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_decimal: float | None = None
    value_quantity: Quantity | None = None
    value_coding: Coding | None = None
    value_string: str | None = None
    item: tuple[ResponseItem, ...] = ()


class ResponseItem(Element, frozen=True):
    link_id: str | None = None
    definition: str | None = None
    answer: tuple[ResponseAnswer, ...] = ()
    item: tuple[ResponseItem, ...] = ()


class QuestionnaireResponse(Resource, frozen=True):
    status: str | None = None
    questionnaire: str | None = None
    authored: str | None = None
    item: tuple[ResponseItem, ...] = ()
