"""Opens a Bundle: decodes the resources that are read and counts those that are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    Element,
    Encounter,
    FamilyMemberHistory,
    Medication,
    MedicationUse,
    Meta,
    Observation,
    PatientResource,
    Procedure,
    QuestionnaireResponse,
)
from backspasm.patients.patient import InputError, Unread, shortened

#: resource type -> the struct it is read into
READ: dict[str, type[Element]] = {
    "Patient": PatientResource,
    "Encounter": Encounter,
    "Condition": Condition,
    "Observation": Observation,
    "MedicationRequest": MedicationUse,
    "MedicationStatement": MedicationUse,
    "MedicationAdministration": MedicationUse,
    "Medication": Medication,
    "AllergyIntolerance": AllergyIntolerance,
    "Procedure": Procedure,
    "DiagnosticReport": DiagnosticReport,
    "FamilyMemberHistory": FamilyMemberHistory,
    "QuestionnaireResponse": QuestionnaireResponse,
}
#: who, where, who pays and who wrote: nothing in them is about the patient's health
NOT_CLINICAL = frozenset(
    {
        "Account", "Appointment", "AppointmentResponse", "AuditEvent", "Basic", "CareTeam", "ChargeItem", "Claim",
        "ClaimResponse", "CodeSystem", "Contract", "Coverage", "CoverageEligibilityRequest",
        "CoverageEligibilityResponse", "Endpoint", "EnrollmentRequest", "EnrollmentResponse", "ExplanationOfBenefit",
        "Group", "HealthcareService", "InsurancePlan", "Invoice", "Library", "Location", "MessageHeader",
        "OperationOutcome", "Organization", "OrganizationAffiliation", "Parameters", "PaymentNotice",
        "PaymentReconciliation", "Person", "Practitioner", "PractitionerRole", "Provenance", "Questionnaire",
        "RelatedPerson", "Schedule", "Slot", "Specimen", "StructureDefinition", "Subscription", "Substance",
        "SupplyDelivery", "SupplyRequest", "Task", "ValueSet", "VerificationResult", "VisionPrescription",
    }
)  # fmt: skip

_UTF8_BOM = b"\xef\xbb\xbf"


class _Head(Struct, frozen=True):
    resourceType: str = ""  # noqa: N815 (the name in FHIR)
    id: str | None = None
    meta: Meta | None = None


class _Request(Struct, frozen=True):
    method: str | None = None


class _Entry(Struct, frozen=True, rename="camel"):
    full_url: str | None = None
    resource: Raw = Raw(b"null")
    request: _Request | None = None


class _Bundle(Struct, frozen=True, rename="camel"):
    resource_type: str | None = None
    type: str | None = None
    timestamp: str | None = None
    entry: tuple[_Entry, ...] = ()


class Found(Struct, frozen=True):
    """A decoded resource with the name it is cited by (``Condition/123``) and its address in the bundle."""

    type: str
    reference: str
    full_url: str | None
    resource: Element


class Opened(Struct, frozen=True):
    """A bundle after decoding."""

    timestamp: str | None
    found: tuple[Found, ...]
    unread: tuple[Unread, ...]


def open_bundle(data: bytes) -> Opened:
    """Decode a Bundle.

    Raises:
        InputError: not JSON, or not a Bundle. A single malformed resource is listed as unread instead.
    """
    bundle = _decode(data)
    if bundle.resource_type != "Bundle":
        given = bundle.resource_type or ""
        what = "this is not a FHIR Bundle" if given else "missing; this is not a FHIR resource"
        mend = "wrap the patient and the resources about the patient in a Bundle"
        raise InputError.one("resourceType", given, what, mend)
    heads = [_head(entry, i) for i, entry in enumerate(bundle.entry)]
    keep = _newest(heads, bundle)
    found: list[Found] = []
    unread: list[Unread] = []
    skipped: Counter[str] = Counter()
    decoders = {name: msgspec.json.Decoder(kind) for name, kind in READ.items()}
    for i in keep:
        head, entry = heads[i], bundle.entry[i]
        if head.resourceType not in decoders:
            skipped[head.resourceType] += 1
            continue
        name = _name(head, entry, i)
        try:
            resource = decoders[head.resourceType].decode(entry.resource)
        except msgspec.DecodeError as error:
            if head.resourceType == "Patient":
                raise InputError.one("Patient", name, f"malformed: {error}", "correct the field named") from None
            unread.append(Unread(name, f"malformed: {error}"))
            continue
        found.append(Found(head.resourceType, name, entry.full_url, resource))
    unread += _not_read(skipped)
    return Opened(bundle.timestamp, tuple(found), tuple(unread))


def _decode(data: bytes) -> _Bundle:
    try:
        return msgspec.json.decode(data.removeprefix(_UTF8_BOM), type=_Bundle)
    except msgspec.ValidationError as error:
        what, mend = f"not a FHIR Bundle: {error}", "give one JSON object with resourceType Bundle"
        raise InputError.one("Bundle", "", what, mend) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = f"not valid JSON: {shortened(str(error))}"
        raise InputError.one("input", "", what, "check brackets, quotes, commas and that the file is whole") from None


def _head(entry: _Entry, index: int) -> _Head:
    try:
        return msgspec.json.decode(entry.resource, type=_Head | None) or _Head()
    except msgspec.ValidationError as error:
        field, what = f"Bundle.entry[{index}].resource", f"malformed: {error}"
        raise InputError.one(field, "", what, "give a resource with a resourceType") from None


def _newest(heads: list[_Head], bundle: _Bundle) -> list[int]:
    """Positions of the entries to read: of several versions of a resource the newest, and none if it was deleted."""
    best: dict[tuple[str, str], int] = {}
    for i, head in enumerate(heads):
        if not head.resourceType:
            continue
        key = (head.resourceType, head.id or bundle.entry[i].full_url or f"#{i}")
        if key in best:
            old, new = _updated(heads[best[key]]), _updated(head)
            # a history lists the newest first, other bundles have no order of their own: there the later entry stands
            if new > old or (new == old and bundle.type != "history"):
                best[key] = i
        else:
            best[key] = i
    gone = _deleted(bundle.entry) if bundle.type == "history" else frozenset()
    return sorted(i for (kind, name), i in best.items() if f"{kind}/{name}" not in gone)


def _updated(head: _Head) -> str:
    return (head.meta.last_updated if head.meta else None) or ""


def _deleted(entries: Iterable[_Entry]) -> frozenset[str]:
    """Addresses whose newest version in a history is a deletion."""
    latest: dict[str, bool] = {}
    for entry in entries:
        if entry.full_url:
            deleted = entry.request is not None and entry.request.method == "DELETE"
            latest.setdefault("/".join(entry.full_url.split("/")[-2:]), deleted)
    return frozenset(address for address, deleted in latest.items() if deleted)


def _name(head: _Head, entry: _Entry, index: int) -> str:
    tail = (entry.full_url or "").removeprefix("urn:uuid:").rsplit("/", 1)[-1]
    return f"{head.resourceType}/{head.id or tail or f'entry-{index}'}"


def _not_read(skipped: Counter[str]) -> list[Unread]:
    """One line for each type of resource that says something about the patient but is not read."""
    return [
        Unread(f"{kind} ({count})", "resources of this type are not read")
        for kind, count in sorted(skipped.items())
        if kind not in NOT_CLINICAL
    ]
