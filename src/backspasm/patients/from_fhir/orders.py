"""Draft orders: medicines and images of the spine that somebody is about to order. A draft is not yet taken or done."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from backspasm.patients.from_fhir.ledger import Context
from backspasm.patients.from_fhir.medications import is_local, names_of, words_of_use
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.from_fhir.structs import Concept, Element, Medication, MedicationUse, Reference, Resource
from backspasm.patients.from_fhir.terms import words
from backspasm.patients.from_fhir.today import Ordered
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.medicines import ingredients
from backspasm.patients.patient import Unread, shortened
from backspasm.records.knowledge import Knowledge

_REGION = re.compile(
    r"\b(lumb\w*|lumbosacral|thoracolumbar|l[- ]?spine|ls[- ]?spine|spin(e|al)|sacr\w*|vertebra\w*|back)\b",
    re.IGNORECASE,
)
_NOT_BACK = re.compile(r"\b(cervical|neck|c[- ]?spine|thoracic|t[- ]?spine)\b", re.IGNORECASE)
_LOW = re.compile(r"\b(lumb\w*|lumbosacral|thoracolumbar|l[- ]?spine|ls[- ]?spine|low(er)? back)\b", re.IGNORECASE)
_WHOLE = re.compile(r"\b(whole|entire|total|complete|full|pan)[- ]?spine\b", re.IGNORECASE)
_SACROILIAC = re.compile(r"\b(sacro[- ]?iliac|si joints?)\b", re.IGNORECASE)
_MRI = re.compile(r"\b(mri|mr|nmr|magnetic resonance)\b", re.IGNORECASE)
_CT = re.compile(r"\b(ct|cat scan|compute[dr]i?z?e?d? tomograph\w*)\b", re.IGNORECASE)
_X_RAY = re.compile(r"\b(x[- ]?rays?|xr|radiograph\w*|radiologic\w*|plain films?)\b", re.IGNORECASE)
_BONE_SCAN = re.compile(r"\b(bone scan|scintigra\w+|spect)\b", re.IGNORECASE)
#: states of an order that will not be carried out
_DEAD = frozenset({"cancelled", "stopped", "completed", "revoked", "entered-in-error", "ended"})


class MedicineOrder(Struct, frozen=True):
    """A medicine about to be ordered. ``medicines``: what it contains of what we know, none where it was not recognised."""

    reference: str
    name: str
    medicines: tuple[str, ...]
    reason: Ordered


class ImagingOrder(Struct, frozen=True):
    """An image of the back about to be ordered: ``test`` is the id of our investigation."""

    reference: str
    name: str
    test: str
    priority: str | None
    reason: Ordered


class Orders(Struct, frozen=True):
    """What is about to be ordered, in order; ``unread``: drafts that could not be read, with the reason."""

    medicines: tuple[MedicineOrder, ...] = ()
    images: tuple[ImagingOrder, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def reasons(self) -> tuple[Ordered, ...]:
        return (*(o.reason for o in self.medicines), *(o.reason for o in self.images))


class _Draft(Resource, frozen=True):
    """What medication and service requests share of what is read here."""

    resource_type: str = ""
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    priority: str | None = None
    code: Concept | None = None
    body_site: tuple[Concept, ...] = ()
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()


class _Head(Element, frozen=True):
    resource_type: str | None = None
    id: str | None = None


_DRAFT = msgspec.json.Decoder(_Draft)
_USE = msgspec.json.Decoder(MedicationUse)
_HEAD = msgspec.json.Decoder(_Head)
_SHELF = msgspec.json.Decoder(Medication)


def read_orders(drafts: Iterable[Raw], others: Iterable[Raw], knowledge: Knowledge) -> Orders:
    """The orders among draft resources.

    Args:
        drafts: resources as JSON, each on its own; others than MedicationRequest and ServiceRequest are passed over.
        others: resources in which a Medication may stand that a draft refers to.
    """
    reader = reader_of(knowledge)
    context = Context(knowledge, reader.terms, reader.back, Visit(None, None))
    shelf = _shelf((*drafts, *others))
    medicines: list[MedicineOrder] = []
    images: list[ImagingOrder] = []
    unread: list[Unread] = []
    for place, raw in enumerate(drafts):
        name = f"draftOrders[{place}]"
        try:
            head = _HEAD.decode(raw)
            name = f"{head.resource_type}/{head.id or place}"
            if head.resource_type not in {"MedicationRequest", "ServiceRequest"}:
                continue
            draft = _DRAFT.decode(raw)
            if draft.do_not_perform or (draft.status or "") in _DEAD:
                continue
            if head.resource_type == "MedicationRequest":
                medicines.append(_medicine(name, draft, _USE.decode(raw), shelf, context))
            else:
                image = _image(name, draft)
                images += [] if image is None else [image]
        except (msgspec.DecodeError, RecursionError) as error:
            unread.append(Unread(name, f"malformed: {shortened(str(error))}"))
    return Orders(tuple(medicines), tuple(images), tuple(unread))


def _shelf(resources: Iterable[Raw]) -> dict[str, Concept | None]:
    """Medications by their local reference."""
    out = {}
    for raw in resources:
        try:
            head = _HEAD.decode(raw)
            if head.resource_type == "Medication" and head.id:
                out[f"Medication/{head.id}"] = _SHELF.decode(raw).code
        except (msgspec.DecodeError, RecursionError):
            continue  # the reader of the record names it
    return out


def _medicine(
    name: str, draft: _Draft, use: MedicationUse, shelf: dict[str, Concept | None], context: Context
) -> MedicineOrder:
    concept = use.medication_codeable_concept or _referred(use, shelf)
    found = names_of(concept, context)
    local = is_local(words_of_use(concept, use))
    known = [_form(n, local, context.knowledge) for n in found if n in context.knowledge.medicines]
    parts = tuple(dict.fromkeys(i for m in known if m for i in ingredients(m, context.knowledge)))
    shown = next((t for t in (concept.text if concept else None, *_displays(concept), *found) if t), "")
    return MedicineOrder(name, shortened(shown), parts, _ordered(name, draft))


def _referred(use: MedicationUse, shelf: dict[str, Concept | None]) -> Concept | None:
    reference = use.medication_reference.reference if use.medication_reference else None
    if reference is None:
        return None
    if reference.startswith("#"):
        return next((c.code for c in use.contained if c.id == reference.removeprefix("#")), None)
    return shelf.get("/".join(reference.split("/")[-2:]))


def _form(medicine: str, local: bool, knowledge: Knowledge) -> str | None:
    """A gel is the gel's record where there is one; a drug for local use that has none is judged as nothing."""
    if not local or medicine.endswith("_topical"):
        return medicine
    gel = f"{medicine}_topical"
    return gel if gel in knowledge.medicines else None


def _displays(concept: Concept | None) -> tuple[str, ...]:
    return () if concept is None else tuple(c.display for c in concept.coding if c.display)


def _image(name: str, draft: _Draft) -> ImagingOrder | None:
    texts = (*words(draft.code), *(t for site in draft.body_site for t in words(site)))
    test = imaging_test(" ".join(texts))
    if test is None:
        return None
    shown = next((t for t in (draft.code.text if draft.code else None, *_displays(draft.code)) if t), "")
    return ImagingOrder(name, shortened(shown), test, draft.priority, _ordered(name, draft))


def imaging_test(text: str) -> str | None:
    """The investigation that words for an image mean; None where it is no image, or of no part of the back that we know.

    A single region above the lumbar spine (MRI of the neck) is none of ours: advice on the lumbar spine would not fit it.
    """
    if _MRI.search(text) and _SACROILIAC.search(text):
        return "sacroiliac_mri"
    if _BONE_SCAN.search(text):
        return "bone_scan"
    if not (_REGION.search(text) or _SACROILIAC.search(text)):
        return None
    elsewhere = _NOT_BACK.search(text) is not None
    low = _LOW.search(text) is not None
    if _MRI.search(text):
        if _WHOLE.search(text) or (elsewhere and low):
            return "mri_whole_spine"
        return None if elsewhere else "mri_lumbar"
    if elsewhere and not low:
        return None
    if _CT.search(text):
        return "ct_spine"
    return "radiograph" if _X_RAY.search(text) else None


def _ordered(name: str, draft: _Draft) -> Ordered:
    return Ordered(name, draft.reason_code, draft.reason_reference)
