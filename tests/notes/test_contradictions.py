"""A note that contradicts itself is read: the finding becomes uncertain, and the patient can be assessed."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.answers import answers_of
from tests.notes.conftest import Reader

NOTES = {
    "fever": "Mum reports fever. No fever.",
    "sudden_onset": "Sudden onset of pain. Insidious onset over weeks.",
    "dramatic_nsaid_response": "Dramatic relief with ibuprofen. No dramatic response to nsaids.",
    "radiograph_normal": "X-ray normal. X-ray: compression fracture of L1.",
}


@pytest.mark.parametrize("finding", NOTES)
def test_a_contradiction_becomes_uncertain(read: Reader, knowledge: Knowledge, finding: str) -> None:
    reading = read(NOTES[finding])
    assert finding in reading.uncertain
    assert finding not in {*reading.present, *reading.absent}
    assert any(f"finding {finding}" == u.what for u in reading.patient.unread)
    answers_of(reading.patient, knowledge)


@pytest.mark.parametrize(
    "text",
    [
        "No fever. T 38.9.",
        "Power 2/5 in the left leg. No motor weakness.",
        "Takes apixaban. No anticoagulants.",
        "Crossed SLR positive. SLR negative.",
        "He is pregnant. Male, 40.",
        "No improvement after 6 weeks of physio. Pain for 3 days.",
        "BCC removed. History of breast cancer.",
        "Normal MRI. MRI shows discitis, an epidural abscess and cord compression.",
    ],
)
def test_answers_that_exclude_each_other_are_not_refused(read: Reader, knowledge: Knowledge, text: str) -> None:
    answers_of(read(text).patient, knowledge)
