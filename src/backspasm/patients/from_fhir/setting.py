"""In what kind of place the patient is seen, from the class and the kind of service of the encounter."""

from __future__ import annotations

import re

from backspasm.patients.from_fhir.structs import Encounter
from backspasm.patients.from_fhir.terms import codes, words
from backspasm.patients.from_fhir.visit import class_code

#: HL7 ActCode classes of encounters; an unscheduled inpatient is as ill as one in the emergency department
CLASSES = {
    "EMER": "emergency",
    "IMP": "emergency",
    "ACUTE": "emergency",
    "NONAC": "emergency",
    "OBSENC": "emergency",
    "SS": "emergency",
    "VR": "community",
    "HH": "community",
    "AMB": "primary_care",
}
#: SNOMED CT: emergency medicine, accident and emergency; general practice, family practice; paediatric specialties;
#: orthopaedics, trauma and orthopaedics, rheumatology, neurosurgery
SERVICES = {
    "773568002": "emergency",
    "310000008": "emergency",
    "394814009": "primary_care",
    "419772000": "primary_care",
    "394537008": "paediatric_clinic",
    "394801008": "spine_clinic",
    "394810000": "spine_clinic",
    "394610002": "spine_clinic",
}
_CHILD = re.compile(r"\bp(a)?ediatric", re.IGNORECASE)
_SPECIALIST = re.compile(
    r"orthop(a)?edic|\bspin(e|al)\b|neurosurg|rheumatolog|\bback clinic\b|\bpain clinic\b", re.IGNORECASE
)
_EMERGENCY = re.compile(r"\bemergency (room|department|medicine|service)|\baccident and emergency\b", re.IGNORECASE)
_GENERAL = re.compile(r"\b(general|family) (practice|medicine|physician)|\bprimary care\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"\btele(phone|medicine|health)|\bvideo consult", re.IGNORECASE)


def setting_of(encounter: Encounter | None, known: tuple[str, ...]) -> str | None:
    """The setting's id, or None where the encounter does not tell. An emergency goes before the specialty."""
    if encounter is None:
        return None
    by_class = CLASSES.get(class_code(encounter))
    setting = by_class if by_class in {"emergency", "community"} else _by_service(encounter) or by_class
    return setting if setting in known else None


def _by_service(encounter: Encounter) -> str | None:
    concepts = [c for c in (encounter.service_type, *encounter.type) if c is not None]
    text = " | ".join(t for c in concepts for t in words(c))
    if _CHILD.search(text):
        return "paediatric_clinic"
    hints = (
        (_EMERGENCY, "emergency"),
        (_SPECIALIST, "spine_clinic"),
        (_TELEPHONE, "community"),
        (_GENERAL, "primary_care"),
    )
    by_words = next((setting for pattern, setting in hints if pattern.search(text)), None)
    return by_words or next(
        (SERVICES[c] for concept in concepts for c in sorted(codes(concept)) if c in SERVICES), None
    )
