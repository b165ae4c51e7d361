"""Opens a Bundle: decodes the resources that are read and counts those that are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

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
    """What an entry is. Read leniently: what is wrong with it is for the decoder of its type to say."""

    resourceType: Any = None  # noqa: N815 (the name in FHIR)
    id: Any = None
    meta: Any = None


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
    entry: tuple[Raw, ...] = ()


class _Slot(Struct, frozen=True):
    """One entry before its resource is decoded."""

    type: str
    id: str | None
    updated: str
    full_url: str | None
    deleted: bool
    data: Raw
    index: int

    @property
    def name(self) -> str:
        tail = (self.full_url or "").removeprefix("urn:uuid:").rsplit("/", 1)[-1]
        return f"{self.type}/{self.id or tail or f'entry-{self.index}'}"


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
    unread: list[Unread] = []
    slots = [slot for i, raw in enumerate(bundle.entry) if (slot := _slot(raw, i, unread)) is not None]
    found: list[Found] = []
    skipped: Counter[str] = Counter()
    decoders = {name: msgspec.json.Decoder(kind) for name, kind in READ.items()}
    for slot in _newest(slots, bundle.type == "history"):
        if slot.type not in decoders:
            skipped[slot.type] += 1
            continue
        try:
            resource = decoders[slot.type].decode(slot.data)
        except (msgspec.DecodeError, RecursionError) as error:
            if slot.type == "Patient":
                raise InputError.one("Patient", slot.name, f"malformed: {error}", "correct the field named") from None
            unread.append(Unread(slot.name, f"malformed: {error}"))
            continue
        found.append(Found(slot.type, slot.name, slot.full_url, resource))
    unread += _not_read(skipped)
    return Opened(bundle.timestamp, tuple(found), tuple(unread))


def _decode(data: bytes) -> _Bundle:
    try:
        return msgspec.json.decode(data.removeprefix(_UTF8_BOM), type=_Bundle)
    except msgspec.ValidationError as error:
        what, mend = f"not a FHIR Bundle: {error}", "give one JSON object with resourceType Bundle"
        raise InputError.one("Bundle", "", what, mend) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _is_export(data):
            what = "holds one resource a line, as an export of many patients does"
            mend = "give one Bundle with the record of one patient, or assess all: backspasm screen FILE --out FOLDER"
            raise InputError.one("input", "", what, mend) from None
        what = f"not valid JSON: {shortened(str(error))}"
        raise InputError.one("input", "", what, "check brackets, quotes, commas and that the file is whole") from None


def _is_export(data: bytes) -> bool:
    """Whether the first line is a whole object, and the next begins another."""
    first, _, rest = data.partition(b"\n")
    if rest.lstrip()[:1] != b"{":
        return False
    try:
        return isinstance(msgspec.json.decode(first, type=dict[str, Raw]), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _slot(raw: Raw, index: int, unread: list[Unread]) -> _Slot | None:
    """What an entry holds; None, and listed, if that cannot be told."""
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
        head = msgspec.json.decode(entry.resource, type=_Head | None)
    except (msgspec.DecodeError, RecursionError) as error:
        unread.append(Unread(f"Bundle.entry[{index}]", f"malformed: {error}"))
        return None
    deleted = entry.request is not None and entry.request.method == "DELETE"
    if head is None:
        return _Slot("", None, "", entry.full_url, deleted, entry.resource, index)
    if not isinstance(head.resourceType, str):
        unread.append(Unread(f"Bundle.entry[{index}]", "malformed: its resource has no resourceType"))
        return None
    name = head.id if isinstance(head.id, str) else None
    updated = head.meta.get("lastUpdated") if isinstance(head.meta, dict) else None
    when = updated if isinstance(updated, str) else ""
    return _Slot(head.resourceType, name, when, entry.full_url, deleted, entry.resource, index)


def _newest(slots: list[_Slot], is_history: bool) -> list[_Slot]:
    """The entries to read: of several versions of a resource the newest, and none if it was deleted."""
    best: dict[tuple[str, str], _Slot] = {}
    for slot in slots:
        if not slot.type:
            continue
        key = (slot.type, slot.id or slot.full_url or f"#{slot.index}")
        old = best.get(key)
        # a history lists the newest first, other bundles have no order of their own: there the later entry stands
        if old is None or slot.updated > old.updated or (slot.updated == old.updated and not is_history):
            best[key] = slot
    gone = _deleted(slots) if is_history else frozenset()
    kept = (slot for (kind, name), slot in best.items() if f"{kind}/{name}" not in gone)
    return sorted(kept, key=lambda slot: slot.index)


def _deleted(slots: Iterable[_Slot]) -> frozenset[str]:
    """Addresses whose newest version in a history is a deletion."""
    latest: dict[str, bool] = {}
    for slot in slots:
        if slot.full_url:
            latest.setdefault("/".join(slot.full_url.split("/")[-2:]), slot.deleted)
    return frozenset(address for address, deleted in latest.items() if deleted)


def _not_read(skipped: Counter[str]) -> list[Unread]:
    """One line for each type of resource that says something about the patient but is not read."""
    return [
        Unread(f"{kind} ({count})", "resources of this type are not read")
        for kind, count in sorted(skipped.items())
        if kind not in NOT_CLINICAL
    ]
