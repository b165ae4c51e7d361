"""Treatment follows the cause, every treatment says what it does and harms, and unchecked hazards are named."""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import Knowledge, Model, from_case
from backspasm.advice.assessment import assess
from backspasm.advice.kidney import kidney_function
from backspasm.advice.treatments import TreatmentAdvice
from backspasm.patients.answers import answers_of
from backspasm.patients.medicines import find_allergy, find_medicines, ingredients, taken
from backspasm.presentation.treatments import not_checked_words, treatment_data, treatments_data

STRAIN: dict[str, Any] = {
    "age_years": 34,
    "sex": "male",
    "setting": "primary_care",
    "present": ["improper_lifting", "pain_worse_with_movement", "relieved_by_rest", "paraspinal_spasm"],
    "absent": ["fever", "weight_loss", "saddle_anaesthesia", "urinary_retention", "motor_weakness", "night_pain",
               "history_of_cancer", "iv_drug_use", "immunosuppression", "significant_trauma"],
    "measured": {"duration_days": 2},
    "medications": [], "allergies": [], "comorbidities": [],
}  # fmt: skip
ABSCESS: dict[str, Any] = {
    "age_years": 46,
    "setting": "emergency",
    "present": ["iv_drug_use", "fever", "motor_weakness", "spinal_tenderness", "constant_pain"],
    "measured": {"crp": 210, "temperature": 38.9},
}
CAUDA_EQUINA: dict[str, Any] = {
    "age_years": 41,
    "setting": "emergency",
    "present": ["saddle_anaesthesia", "urinary_retention", "bilateral_leg_pain", "radicular_leg_pain"],
}
FRACTURE: dict[str, Any] = {
    "age_years": 29,
    "setting": "emergency",
    "present": ["significant_trauma", "spinal_tenderness", "radiograph_fracture", "motor_weakness"],
}
FORCE = {"exercise", "manual_therapy", "massage", "stay_active"}
RELAXANTS = {"cyclobenzaprine", "tizanidine", "thiocolchicoside", "methocarbamol", "carisoprodol", "diazepam"}


def advice(model: Model, case: dict[str, Any], **changed: Any) -> TreatmentAdvice:
    return assess(from_case({**case, **changed}, model.knowledge), model, draws=2).treatments


def names(found: TreatmentAdvice) -> list[str]:
    return [c.treatment for c in found.consider]


# --- treatment follows the cause -----------------------------------------------------------------------------------


def test_a_plain_strain_gets_activity_and_warmth_before_any_drug(model: Model) -> None:
    found = advice(model, STRAIN)
    assert not found.cause_first
    assert names(found)[:2] == ["stay_active", "heat"]
    assert {"ibuprofen", "naproxen"} <= set(names(found)[:5])
    assert names(found).index("naproxen") < names(found).index("cyclobenzaprine") < names(found).index("tramadol")
    assert {"bed_rest", "diazepam", "gabapentin", "morphine"} <= {c.treatment for c in found.not_advised}
    assert found.avoid == ()


@pytest.mark.parametrize("case", [ABSCESS, CAUDA_EQUINA, FRACTURE], ids=["abscess", "cauda equina", "fracture"])
def test_a_serious_cause_is_treated_first(model: Model, case: dict[str, Any]) -> None:
    found = advice(model, case)
    assert found.cause_first
    assert not (FORCE | RELAXANTS) & set(names(found))
    assert {c.use.role for c in found.consider} == {"meanwhile"}
    assert "paracetamol" in names(found)
    assert FORCE - {"bed_rest"} <= {h.treatment for h in found.held_back}


def test_an_unstable_spine_lies_flat_until_it_is_known_to_be_stable(model: Model) -> None:
    assert "bed_rest" in names(advice(model, FRACTURE))
    assert "bed_rest" not in names(advice(model, ABSCESS))


def test_colic_gets_its_anti_inflammatory_though_it_is_urgent(model: Model) -> None:
    found = advice(
        model,
        {"age_years": 35, "sex": "male", "setting": "emergency"},
        present=["colicky_flank_pain", "pain_radiating_to_groin", "haematuria", "sudden_onset", "ct_ureteric_stone"],
        absent=["fever"],
    )
    assert {"diclofenac", "ibuprofen", "naproxen"} <= set(names(found))


def test_a_child_gets_no_relaxant_and_its_weight_is_asked(model: Model) -> None:
    found = advice(model, STRAIN, age_years=9, setting="paediatric_clinic")
    assert not RELAXANTS & set(names(found))
    assert not {"naproxen", "diclofenac", "tramadol"} & set(names(found))
    if not found.cause_first:
        assert {"ibuprofen", "paracetamol"} <= set(names(found))
    assert "weight" in {n.hazard for n in found.not_checked}


def test_lasting_pain_gets_exercise_and_no_relaxant(model: Model) -> None:
    found = advice(model, STRAIN, measured={"duration_days": 200})
    assert found.stage == "chronic"
    if not found.cause_first:
        assert names(found).index("exercise") < names(found).index("naproxen")
        assert not RELAXANTS & set(names(found))


def test_nothing_is_proposed_where_nothing_was_asked(model: Model) -> None:
    found = advice(model, {"age_years": 40})
    assert found.consider == ()
    assert "nothing was asked" in found.cause_first[0]


def test_unknown_age_never_means_adult(model: Model) -> None:
    found = advice(model, STRAIN, age_years=None)
    assert not ({"naproxen", "diclofenac", "tramadol"} | RELAXANTS) & set(names(found))
    assert "age" in {n.hazard for n in found.not_checked}


def test_what_must_be_avoided_is_not_proposed(model: Model) -> None:
    found = advice(model, STRAIN, medications=["apixaban"], allergies=["tramadol"])
    avoided = {v.treatment for v in found.avoid if v.verdict == "avoid"}
    assert {"ibuprofen", "naproxen", "tramadol"} <= avoided
    assert not avoided & set(names(found))


# --- every treatment says what it does ------------------------------------------------------------------------------


def test_every_treatment_has_effect_certainty_harm_and_a_source(knowledge: Knowledge) -> None:
    for treatment in knowledge.treatments.values():
        data = treatment_data(treatment.id, knowledge)
        effects = [e for u in data["uses"] for e in u["effects"]]
        assert effects, treatment.id
        assert all(e["certainty"] and e["against"] and e["population"] for e in effects), treatment.id
        assert data["harms"], treatment.id
        assert all(u["sources"] and u["because"] for u in data["uses"]), treatment.id
        assert data["plain"]
        assert data["studied"]


def test_every_proposal_shows_effect_certainty_and_harm(model: Model) -> None:
    data = treatments_data(advice(model, STRAIN), model.knowledge)
    assert len(data["consider"]) > 10
    for entry in data["consider"]:
        assert entry["effects"], entry["treatment"]
        assert entry["certainty"] in {"high", "moderate", "low", "very_low", "not_graded"}
        assert entry["harms"], entry["treatment"]
        assert entry["sources"], entry["treatment"]


def test_the_question_of_a_relaxant_on_top_shows_both_sides(model: Model) -> None:
    (dispute, *_) = treatments_data(advice(model, STRAIN), model.knowledge)["disputes"]
    assert dispute["id"] == "relaxant_on_top_of_nsaid"
    supporting, against = dispute["sides"][0]["facts"], dispute["sides"][1]["facts"]
    assert {f.partition("/")[0] for f in supporting} >= {"borenstein1990", "basmajian1989", "pareek2009"}
    assert {f.partition("/")[0] for f in against} >= {"friedman2015", "friedman2017", "friedman2018", "friedman2019"}


def test_disputed_drugs_have_both_sides(knowledge: Knowledge) -> None:
    about = {t for d in knowledge.treatment_disputes.values() for t in d.treatments}
    assert {"thiocolchicoside", "tramadol", "paracetamol", "prednisolone", "cyclobenzaprine"} <= about
    assert all(len(d.sides) >= 2 for d in knowledge.treatment_disputes.values())


# --- what was not checked --------------------------------------------------------------------------------------------


def unchecked(model: Model, **changed: Any) -> dict[str, str]:
    found = advice(
        model, {k: v for k, v in STRAIN.items() if k not in {"medications", "allergies", "comorbidities"}}, **changed
    )
    return {n.hazard: not_checked_words(n, model.knowledge) for n in found.not_checked}


def test_hazards_that_nobody_asked_for_are_named(model: Model) -> None:
    found = unchecked(model, sex="female")
    assert {"kidney", "allergy", "medicines", "comorbidities", "pregnancy", "breastfeeding", "contraception"} <= set(
        found
    )
    assert "Thiocolchicoside" in found["contraception"]
    assert "Ibuprofen" in found["kidney"]


def test_what_was_asked_is_not_named(model: Model) -> None:
    found = unchecked(
        model, sex="male", allergies=[], medications=[], comorbidities=[], measured={"egfr": 90, "duration_days": 2}
    )
    assert not {"kidney", "allergy", "medicines", "comorbidities", "pregnancy", "breastfeeding"} & set(found)


def test_no_known_allergy_in_words_is_an_answer(model: Model) -> None:
    assert "allergy" not in unchecked(model, allergies=["NKDA"])
    assert "quibblegrass" in unchecked(model, allergies=["quibblegrass"])["allergy"]


# --- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("co-codamol 30/500", {"codeine", "paracetamol"}),
        ("Nurofen Plus", {"ibuprofen", "codeine"}),
        ("thiocolchicoside + aceclofenac", {"thiocolchicoside", "aceclofenac"}),
        ("Aceclofenac 100 mg/Tizanidine 2 mg tablets", {"aceclofenac", "tizanidine"}),
        ("lisinopril / hydrochlorothiazide", {"lisinopril", "hydrochlorothiazide"}),
        ("Vimovo", {"naproxen", "esomeprazole"}),
        ("hydrocortisone cream", {"hydrocortisone_topical"}),
        ("Norgesic", {"orphenadrine", "aspirin"}),
    ],
)
def test_a_combination_is_all_of_its_ingredients(name: str, contents: set[str], knowledge: Knowledge) -> None:
    found = {i for m in find_medicines(name, knowledge) for i in ingredients(m, knowledge)}
    assert found == contents
    assert set(taken((name,), knowledge)) == contents


def test_a_combination_implies_what_its_contents_imply(knowledge: Knowledge) -> None:
    patient = from_case({"age_years": 50, "medications": ["warfarin + prednisolone"]}, knowledge)
    assert {"anticoagulant_use", "corticosteroid_use"} <= set(answers_of(patient, knowledge).present)


@pytest.mark.parametrize("name", ["penicillin", "Penicillin V Potassium 250 MG", "latex", "peanuts", "NKDA"])
def test_an_unrelated_allergy_is_known_and_means_nothing_here(name: str, knowledge: Knowledge) -> None:
    found = find_allergy(name, knowledge)
    assert found.known
    rules = {r.when.allergy for r in knowledge.prescribing.values()}
    assert not rules & {*found.classes, *found.medicines}


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "egfr"),
    [(80, 50, "male", 103), (80, 50, "female", 77), (150, 70, "male", 43), (300, 70, "male", 19)],
)
def test_kidney_function_is_estimated_from_creatinine(
    creatinine: float, age: float, sex: str, egfr: float, knowledge: Knowledge
) -> None:
    """The published equation written out a second time, by hand."""
    patient = from_case({"age_years": age, "sex": sex, "measured": {"creatinine": creatinine}}, knowledge)
    assert kidney_function(patient, knowledge).egfr == pytest.approx(egfr, abs=1)


def test_a_childs_creatinine_says_nothing_by_itself(knowledge: Knowledge) -> None:
    patient = from_case({"age_years": 8, "measured": {"creatinine": 300}}, knowledge)
    assert kidney_function(patient, knowledge).egfr is None
    assert not kidney_function(patient, knowledge).known


# --- what was seen at the patient's age comes first -------------------------------------------------------------------


@pytest.mark.parametrize(("age", "first"), [(9, "clark2007"), (70, "cashin2023")])
def test_effects_seen_at_the_age_of_the_patient_come_first(model: Model, age: float, first: str) -> None:
    case = {**STRAIN, "age_years": age, "present": ["fever", "night_pain", "saddle_anaesthesia"], "absent": []}
    (found,) = (c for c in advice(model, case).consider if c.treatment == "paracetamol")
    assert found.use.effects[0].startswith(first)
    assert found.age_studied is True


def test_a_treatment_not_studied_at_this_age_says_so(model: Model) -> None:
    (heat,) = (c for c in advice(model, {**STRAIN, "age_years": 9}).consider if c.treatment == "heat")
    assert heat.age_studied is False
