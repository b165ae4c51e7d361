"""Draft orders: which words mean which image, and which medicine is about to be ordered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from backspasm import Knowledge
from backspasm.patients.from_fhir.orders import imaging_test, read_orders
from backspasm.presentation.card_types import summarised

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("words", "test"),
    [
        ("MRI lumbar spine without contrast", "mri_lumbar"),
        ("Magnetic resonance (eg, proton) imaging, spinal canal and contents, lumbar; without contrast", "mri_lumbar"),
        ("MR L-spine", "mri_lumbar"),
        ("MRI of the back", "mri_lumbar"),
        ("MRI whole spine", "mri_whole_spine"),
        ("MRI cervical, thoracic and lumbar spine", "mri_whole_spine"),
        ("MRI sacroiliac joints", "sacroiliac_mri"),
        ("CT lumbar spine", "ct_spine"),
        ("Computed tomography, lumbar spine; without contrast material", "ct_spine"),
        ("X-ray lumbar spine 2 views", "radiograph"),
        ("Radiologic examination, spine, lumbosacral", "radiograph"),
        ("Bone scan whole body", "bone_scan"),
        ("MRI of the brain", None),
        ("MRI cervical spine", None),
        ("CT thoracic spine", None),
        ("X-ray chest", None),
        ("Lumbar puncture", None),
        ("", None),
    ],
)
def test_words_of_images(words: str, test: str | None) -> None:
    assert imaging_test(words) == test


def raw(resource: Json) -> Raw:
    return Raw(json.dumps(resource).encode())


def drug(**fields: Any) -> Raw:
    return raw({"resourceType": "MedicationRequest", "id": "d", "status": "draft"} | fields)


INSIDE = {"resourceType": "Medication", "id": "in", "code": {"text": "morphine"}}


@pytest.mark.parametrize(
    ("fields", "medicines"),
    [
        ({"medicationCodeableConcept": {"text": "Percocet 5/325"}}, ("oxycodone", "paracetamol")),
        ({"medicationCodeableConcept": {"text": "Voltaren gel"}}, ("diclofenac_topical",)),
        ({"medicationCodeableConcept": {"text": "ibuprofen 5 % cream"}}, ("ibuprofen_topical",)),
        ({"medicationCodeableConcept": {"text": "ketorolac eye drops"}}, ()),
        ({"medicationCodeableConcept": {"text": "something else"}}, ()),
        ({"medicationReference": {"reference": "Medication/m"}}, ("naproxen",)),
        ({"medicationReference": {"reference": "#in"}, "contained": [INSIDE]}, ("morphine",)),
        ({}, ()),
    ],
)  # fmt: skip
def test_the_medicine_of_a_draft(fields: Json, medicines: tuple[str, ...], knowledge: Knowledge) -> None:
    shelf = raw({"resourceType": "Medication", "id": "m", "code": {"text": "naproxen 500 mg"}})
    (order,) = read_orders([drug(**fields)], [shelf], knowledge).medicines
    assert order.medicines == medicines


def test_what_will_not_be_done_is_no_order(knowledge: Knowledge) -> None:
    naproxen = {"medicationCodeableConcept": {"text": "naproxen"}}
    drafts = [drug(status="cancelled", **naproxen), drug(doNotPerform=True, **naproxen), raw({"resourceType": "Task"})]
    assert read_orders(drafts, [], knowledge).medicines == ()


def test_one_bad_draft_does_not_hide_the_others(knowledge: Knowledge) -> None:
    bad = raw({"resourceType": "MedicationRequest", "id": "bad", "medicationCodeableConcept": 1})
    found = read_orders([bad, drug(medicationCodeableConcept={"text": "naproxen"})], [], knowledge)
    assert [o.medicines for o in found.medicines] == [("naproxen",)]
    assert [u.what for u in found.unread] == ["MedicationRequest/bad"]


@pytest.mark.parametrize("text", ["short", "word " * 60, "x" * 500, "a\nb\tc", "\x1b[31mred", "éß漢" * 80])
def test_a_summary_is_one_short_line(text: str) -> None:
    line = summarised(text)
    assert 0 < len(line) < 140
    assert line.isprintable()
