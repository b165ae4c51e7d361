"""What a record holds after an encounter: images of the spine and referrals. For audits only, never for an assessment."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.imaging import modality_of, of_spine
from backspasm.patients.from_fhir.moments import Moment, first_of
from backspasm.patients.from_fhir.structs import Coding, Concept, Element, Period, Reference
from backspasm.patients.from_fhir.terms import codes, words

#: resources that can show an image of the spine or a referral; other types need not be decoded
TYPES = frozenset({"ServiceRequest", "DiagnosticReport", "ImagingStudy", "Procedure"})
#: an order or a picture in one of these states did not come about
VOID = frozenset(
    {"revoked", "entered-in-error", "cancelled", "not-done", "draft", "unknown", "preparation", "stopped", "registered"}
)
NOT_ORDERED = frozenset({"proposal", "plan", "option"})
#: SNOMED CT: patient referral
REFERRAL = "3457005"
#: DICOM modalities -> ours
DICOM = {"MR": "mri", "CT": "ct", "CR": "radiograph", "DX": "radiograph", "RG": "radiograph"}


class Later(Element, frozen=True):
    """The fields of a ServiceRequest, DiagnosticReport, ImagingStudy or Procedure that tell of an image or a referral."""

    resource_type: str
    status: str | None = None
    intent: str | None = None
    category: tuple[Concept, ...] | Concept = ()
    code: Concept | None = None
    authored_on: str | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    started: str | None = None
    issued: str | None = None
    encounter: Reference | None = None
    modality: tuple[Coding, ...] = ()
    procedure_code: tuple[Concept, ...] = ()
    description: str | None = None
    body_site: tuple[Concept, ...] = ()
    do_not_perform: bool | None = field(default=None)


class FollowUp(Struct, frozen=True):
    """As the columns of the same names. Days are whole calendar days."""

    imaged_days: float | None = None
    imaged_with: tuple[str, ...] = ()
    imaged_before_days: float | None = None
    workup_days: float | None = None


def follow_up(resources: Iterable[Later], start: Moment, encounter: str | None = None) -> FollowUp:
    """Images of the spine and referrals, before and after the start of an encounter.

    Args:
        resources: those of the patient, of the types in ``TYPES``.
        start: of the encounter.
        encounter: reference of the encounter. What says to belong to it is not dated before it.
    """
    images: list[tuple[float, str]] = []
    before: list[float] = []
    referrals: list[float] = []
    for resource in resources:
        if not came_about(resource):
            continue
        when = _when(resource)
        if when is None:
            continue
        days = float((when.day() - start.day()).days)
        own = resource.encounter is not None and resource.encounter.reference is not None
        if own and encounter is not None and address(resource.encounter.reference or "") == address(encounter):  # type: ignore[union-attr]
            days = max(days, 0.0)
        kind = image_of_spine(resource)
        if kind is not None:
            if days >= 0:
                images.append((days, kind))
            else:
                before.append(-days)
        elif is_referral(resource) and days >= 0:
            referrals.append(days)
    first = min((d for d, _ in images), default=None)
    return FollowUp(
        imaged_days=first,
        imaged_with=tuple(sorted({kind for _, kind in images})),
        imaged_before_days=min(before, default=None),
        workup_days=min([*referrals, *([] if first is None else [first])], default=None),
    )


def came_about(resource: Later) -> bool:
    """Whether an order stands or a picture was taken."""
    return not (resource.status in VOID or resource.intent in NOT_ORDERED or resource.do_not_perform)


def image_of_spine(resource: Later) -> str | None:
    """What the spine was pictured with (radiograph, mri, ct), or None where this is no picture of it."""
    concepts = [c for c in (resource.code, *resource.procedure_code) if c is not None]
    if resource.description:
        concepts.append(Concept(text=resource.description))
    kind = next((m for c in concepts if (m := modality_of(c)) is not None), None)
    if kind is None:
        by_dicom = next((DICOM[c.code] for c in resource.modality if c.code in DICOM), None)
        kind = by_dicom  # type: ignore[assignment]
    shown = any(of_spine(c) for c in (*concepts, *resource.body_site))
    return kind if shown else None


def is_referral(resource: Later) -> bool:
    """Whether it sends the patient to someone else."""
    category = resource.category if isinstance(resource.category, tuple) else (resource.category,)
    concepts = [c for c in (resource.code, *category) if c is not None]
    if resource.resource_type != "ServiceRequest":
        return False
    return any(REFERRAL in codes(c) or any("referral" in text for text in words(c)) for c in concepts)


def _when(resource: Later) -> Moment | None:
    performed, effective = resource.performed_period, resource.effective_period
    return first_of(
        resource.authored_on, resource.started, resource.effective_date_time, effective.start if effective else None,
        resource.performed_date_time, performed.start if performed else None, resource.issued,
    )  # fmt: skip
