"""Which disputes bear on a patient, and what would the answer be under each side?"""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import Assessment, Model, assess, from_case
from backspasm.advice.disputes import PatientDispute, bearing, disputes_of
from backspasm.advice.impact import impact
from backspasm.advice.verdict import question, verdict
from backspasm.inference.refitting import Refitter
from backspasm.patients.gathered import examples_folder, patients_in, vignette_patients

ABSCESS: dict[str, Any] = {
    "age_years": 52,
    "sex": "male",
    "setting": "emergency",
    "present": ["spinal_tenderness", "progressive_pain", "iv_drug_use"],
    "absent": ["fever"],
}
STRAIN: dict[str, Any] = {
    "age_years": 34,
    "sex": "male",
    "setting": "primary_care",
    "present": ["improper_lifting", "muscle_spasm", "paraspinal_tenderness"],
    "measured": {"duration_days": 2},
}


def assessed(case: dict[str, Any], model: Model) -> Assessment:
    return assess(from_case(case, model.knowledge), model, draws=20)


def one(disputes: tuple[PatientDispute, ...], name: str) -> PatientDispute:
    return next(d for d in disputes if d.record is not None and d.record.id == name)


def test_the_absence_of_fever_weighs_less_on_the_side_that_seldom_found_it(model: Model) -> None:
    found = one(disputes_of(assessed(ABSCESS, model), model), "fever_in_epidural_abscess")
    p = [dict(s.verdict.causes)["spinal_epidural_abscess"] for s in found.sides if s.verdict is not None]
    seldom, often = p
    assert seldom > often


def test_a_side_is_the_model_with_that_rate_refitted(model: Model) -> None:
    a = assessed(ABSCESS, model)
    found = one(disputes_of(a, model), "fever_in_epidural_abscess")
    asked = question(a.patient, model)
    for side in found.sides:
        other = Refitter(model).with_only({*found.places}, {*side.facts}, also=True)
        assert side.verdict == verdict(asked, other)


def test_a_side_may_rest_on_facts_that_are_not_pooled(model: Model) -> None:
    case = {**STRAIN, "absent": ["urinary_retention"]}
    found = one(disputes_of(assessed(case, model), model), "retention_in_cauda_equina")
    assert {f for side in found.sides for f in side.facts} >= {"korse2017/micturition", "woodfield2022/catheter"}
    compressed = [dict(s.verdict.complications)["cauda_equina_syndrome"] for s in found.sides if s.verdict is not None]
    assert compressed[0] < compressed[1]  # where all retain urine, not retaining it says more


def test_what_was_not_answered_is_not_in_dispute(model: Model) -> None:
    empty = assessed({"age_years": 40, "setting": "primary_care", "sex": "male"}, model)
    findings = {what for b in bearing(empty, model.knowledge) for what, _ in b.places}
    assert findings <= set(model.parameters.complications)


def test_a_curated_dispute_is_not_shown_a_second_time(model: Model) -> None:
    found = bearing(assessed(ABSCESS, model), model.knowledge)
    places = [p for b in found for p in b.places]
    assert len(places) == len(set(places))


def test_studies_of_children_do_not_dispute_an_adult(model: Model) -> None:
    case = {"age_years": 45, "sex": "male", "setting": "emergency", "present": ["fever"]}
    found = bearing(assessed(case, model), model.knowledge)
    assert ("fever", "discitis") not in {p for b in found for p in b.places}


# --- verdicts and impact -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cauda_equina.yaml", "strain_after_lifting.yaml", "fhir_child_clinic.json"])
def test_a_verdict_is_what_the_assessment_says(name: str, model: Model) -> None:
    folder = examples_folder()
    assert folder is not None
    patient = patients_in(folder, model.knowledge)[f"examples/{name}"]
    found, whole = verdict(question(patient, model), model), assess(patient, model, draws=20)
    assert found.level == whole.urgency.level
    assert found.causes == tuple((h.cause, h.estimate.value) for h in whole.differential)
    own = {c.id: c.estimate.value for c in whole.complications if c.id in model.parameters.complications}
    assert dict(found.complications) == own  # the cycle adds one of its own to the assessment


def test_impact_compares_each_patient_with_and_without_the_study(model: Model) -> None:
    patients = vignette_patients(model.knowledge)
    seen: list[tuple[int, int]] = []
    found = impact("deyo1988", patients, model, lambda done, total, _: seen.append((done, total)))
    assert [p.patient for p in found.patients] == list(patients)
    assert seen[0] == (0, len(patients))
    assert seen[-1] == (len(patients), len(patients))
    assert any("history_of_cancer" in cell for cell in found.cells)
    assert "history_of_cancer" in found.red_flags
    cancer = next(p for p in found.patients if p.patient == "vignettes/breast_cancer")
    assert cancer.before.shift(cancer.after) > 0
    assert set(found.changed) == {p for p in found.patients if not p.before.agrees(p.after)}


def test_a_study_that_is_not_pooled_changes_nobody(model: Model) -> None:
    found = impact("friedman2015", vignette_patients(model.knowledge), model)
    assert found.cells == ()
    assert all(p.before == p.after for p in found.patients)
