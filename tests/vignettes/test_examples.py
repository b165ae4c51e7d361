"""The example patients get the advice that their stories call for; ordinary pain stays ordinary."""

from __future__ import annotations

from pathlib import Path

import pytest

from backspasm import Assessment, Model, assess, from_case, read_patient
from tests.made_up import PLAIN_STRAIN

EXAMPLES = Path(__file__).parents[2] / "examples"

#: file -> urgency, leading cause (or one of them), groups that must stand in the ledger
EXPECTED = {
    "strain_after_lifting.yaml": ("self_care", {"muscle_strain"}, set()),
    "child_refuses_to_walk.yaml": ("same_day", {"discitis", "vertebral_osteomyelitis"}, {"infection"}),
    "teenager_night_pain.yaml": ("urgent", {"osteoid_osteoma", "osteoblastoma"}, set()),
    "cauda_equina.yaml": ("emergency", {"disc_herniation"}, {"compression"}),
    "known_cancer.yaml": ("emergency", {"spinal_metastasis"}, {"malignancy", "compression"}),
    "drug_use_with_fever.yaml": ("emergency", {"spinal_epidural_abscess", "vertebral_osteomyelitis"}, {"infection"}),
    "inflammatory_pattern.yaml": ("urgent", {"axial_spondyloarthritis"}, set()),
    "old_woman_minor_fall.yaml": ("urgent", {"osteoporotic_vertebral_fracture"}, {"fracture"}),
    "fhir_adult_emergency.json": ("emergency", {"spinal_epidural_abscess", "vertebral_osteomyelitis"}, {"infection"}),
    "fhir_child_clinic.json": ("same_day", {"leukaemia"}, {"malignancy"}),
}


def assessed(name: str, model: Model) -> Assessment:
    return assess(read_patient((EXAMPLES / name).read_bytes(), model.knowledge), model, draws=20)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_example_gets_the_advice_it_calls_for(name: str, model: Model) -> None:
    urgency, leading, groups = EXPECTED[name]
    result = assessed(name, model)
    assert result.urgency.level == urgency
    assert result.differential[0].cause in leading
    assert groups <= {entry.group for entry in result.must_not_miss}


def test_every_example_is_checked() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("setting", ["community", "primary_care", "emergency"])
@pytest.mark.parametrize("age", [16, 24, 35, 47, 58])
def test_a_plain_strain_is_not_sent_to_hospital(age: int, setting: str, model: Model) -> None:
    case = {**PLAIN_STRAIN, "age_years": age, "setting": setting}
    result = assess(from_case(case, model.knowledge), model, draws=20)
    assert result.urgency.level in {"self_care", "routine"}
    least = model.knowledge.number("ledger_probability")
    # a group may be listed because one of its causes is the fifth likeliest, but none may be likely
    assert all(entry.probability < least for entry in result.must_not_miss)
