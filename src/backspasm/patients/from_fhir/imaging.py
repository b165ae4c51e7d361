"""Coded conclusions of spine images: what a radiologist concluded, by what the picture was taken with."""

from __future__ import annotations

import re
from typing import Literal

from backspasm.patients.from_fhir.replies import ABNORMAL, NORMAL
from backspasm.patients.from_fhir.structs import Concept
from backspasm.patients.from_fhir.terms import Match, codes, words

Modality = Literal["radiograph", "mri", "ct"]

#: SNOMED CT and ICD-10-CM: inflammation of the sacroiliac joint
SACROILIITIS = frozenset({"55146009", "M46.1"})
_MODALITY: tuple[tuple[Modality, re.Pattern[str]], ...] = (
    ("mri", re.compile(r"\bmr[i]?\b|magnetic resonance", re.IGNORECASE)),
    ("ct", re.compile(r"\bct\b|computed tomography|computerized tomography|\bcat scan", re.IGNORECASE)),
    ("radiograph", re.compile(r"\bxr\b|x-?ray|radiograph|plain (film|radiography)", re.IGNORECASE)),
)
_SPINE = re.compile(r"\bspin(e|al)\b|\b(lumbar|lumbosacral|thoracolumbar|sacr(um|al)|sacroiliac)\b", re.IGNORECASE)
#: diagnosis or process -> the finding of that picture
SEEN: dict[tuple[Modality, str], str] = {
    ("mri", "discitis"): "mri_infection",
    ("mri", "vertebral_osteomyelitis"): "mri_infection",
    ("mri", "spinal_tuberculosis"): "mri_infection",
    ("mri", "spinal_epidural_abscess"): "mri_epidural_collection",
    ("mri", "spinal_metastasis"): "mri_tumour",
    ("mri", "multiple_myeloma"): "mri_tumour",
    ("mri", "bone_sarcoma"): "mri_tumour",
    ("mri", "spinal_cord_tumour"): "mri_tumour",
    ("mri", "spinal_stenosis"): "mri_stenosis",
    ("mri", "nerve_root_irritation"): "mri_root_compression",
    ("mri", "cauda_equina_syndrome"): "mri_cauda_or_cord_compression",
    ("mri", "spinal_cord_compression"): "mri_cauda_or_cord_compression",
    ("radiograph", "osteoporotic_vertebral_fracture"): "radiograph_fracture",
    ("radiograph", "traumatic_vertebral_fracture"): "radiograph_fracture",
    ("radiograph", "spondylolysis"): "radiograph_pars_defect",
    ("radiograph", "spondylolisthesis"): "radiograph_slip",
    ("ct", "aortic_emergency"): "ct_aortic_pathology",
    ("ct", "renal_colic"): "ct_ureteric_stone",
}


def modality_of(concept: Concept | None) -> Modality | None:
    """What a picture was taken with, from the words of its code."""
    text = " | ".join(words(concept))
    return next((modality for modality, pattern in _MODALITY if pattern.search(text)), None)


def of_spine(concept: Concept | None) -> bool:
    """Whether the words of a code name the spine or a part of it."""
    return any(_SPINE.search(text) for text in words(concept))


def seen(study: Concept | None, conclusion: Concept, matches: tuple[Match, ...]) -> dict[str, bool]:
    """Imaging findings that a coded conclusion of an imaging study means, each present or absent.

    Args:
        study: the code of the report or observation.
        matches: what the conclusion's codes mean.
    """
    modality = modality_of(study)
    if modality is None:
        return {}
    found = {SEEN[modality, m.id]: True for m in matches if (modality, m.id) in SEEN}
    found |= {m.id: True for m in matches if m.kind == "finding" and m.id.startswith(f"{modality}_")}
    given = codes(conclusion)
    if modality == "mri" and given & SACROILIITIS:
        found["mri_sacroiliitis"] = True
    if modality != "ct" and given & {NORMAL, ABNORMAL} and of_spine(study):
        found[f"{modality}_normal"] = ABNORMAL not in given
    return found
