"""Medicines, allergies and comorbidities by the words of notes."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note.values import find_values


def _found(text: str, field: str, knowledge: Knowledge) -> list[str]:
    return [str(f.value) for f in find_values(text, [], [], knowledge).facts if f.field == field]


MEDICINES: tuple[tuple[str, list[str]], ...] = (
    ("takes naproxen 500 mg bd", ["naproxen"]),
    ("DH: ramipril, amlodipine, metformin", ["ramipril", "amlodipine", "metformin"]),
    ("on Eliquis and Tylenol", ["Eliquis", "Tylenol"]),
    ("Meds: co-codamol 30/500", ["co-codamol"]),
    ("cocodamol prn", ["cocodamol"]),
    ("diclofenec 50 mg", ["diclofenec"]),
    ("ibuprophen and paracetemol", ["ibuprophen", "paracetemol"]),
    ("Calpol given", ["Calpol"]),
    ("St John's wort", ["St John's wort"]),
    ("Xyzabine 5 mg daily", ["Xyzabine"]),
    ("amoxicillin for his chest", ["amoxicillin"]),
    ("taking 400 mg twice", []),
    ("no tablets", []),
    ("her patience is thin, serious pain persists", []),
    ("power preserved", []),
    ("insulin resistance", []),
    ("ASA grade 2", []),
    ("provider advised exercise", []),
    ("urea 5, creatinine 88", []),
)  # fmt: skip


@pytest.mark.parametrize(("text", "names"), MEDICINES)
def test_which_medicines_a_note_names(text: str, names: list[str], knowledge: Knowledge) -> None:
    assert _found(text, "medications", knowledge) == names


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("He stopped diclofenac last year.", "stopped"),
        ("Warfarin was stopped.", "stopped"),
        ("She is not taking ibuprofen.", "not taking"),
        ("no longer takes codeine", "no longer takes"),
        ("takes tramadol", "takes"),
    ],
)
def test_what_became_of_a_medicine_is_said_by_its_cue(text: str, cue: str, knowledge: Knowledge) -> None:
    (fact,) = [f for f in find_values(text, [], [], knowledge).facts if f.field == "medications"]
    assert fact.cue == cue


ALLERGIES: tuple[tuple[str, list[str]], ...] = (
    ("Allergic to penicillin.", ["penicillin"]),
    ("allergic to penicillin and latex", ["penicillin", "latex"]),
    ("Allergies: codeine, plasters", ["codeine", "plasters"]),
    ("Allergies: penicillin (rash)", ["penicillin"]),
    ("ALLERGIES: Morphine (itching).", ["Morphine"]),
    ("Penicillin allergy (anaphylaxis)", ["Penicillin"]),
    ("Allergy trimethoprim.", ["trimethoprim"]),
    ("intolerant of naproxen", ["naproxen"]),
    ("codeine intolerance", ["codeine"]),
    ("Septrin gives me a rash", ["Septrin"]),
    ("Allergies?\nCaller: Vancomycin.", ["Vancomycin"]),
    ("allergic to strawberries", ["strawberries"]),
    ("Allergic: vancomycin (flushes)", ["vancomycin"]),
    ("NKDA", []),
    ("No known drug allergies.", []),
    ("Allergies: none", []),
    ("Allergies: NKDA", []),
    ("no allergies", []),
    ("not allergic to anything", []),
    ("Any allergies?\nPatient: No.", []),
    ("allergy clinic next week", []),
)  # fmt: skip


@pytest.mark.parametrize(("text", "names"), ALLERGIES)
def test_which_allergies_a_note_names(text: str, names: list[str], knowledge: Knowledge) -> None:
    assert _found(text, "allergies", knowledge) == names


def test_what_the_patient_is_allergic_to_is_no_medicine_taken(knowledge: Knowledge) -> None:
    assert _found("Allergic to naproxen. Takes ibuprofen.", "medications", knowledge) == ["ibuprofen"]


COMORBIDITIES: tuple[tuple[str, list[str]], ...] = (
    ("CKD 2", ["chronic_kidney_disease_mild"]),
    ("CKD3a", ["chronic_kidney_disease_mild"]),
    ("CKD4", ["chronic_kidney_disease_severe"]),
    ("stage 4 CKD", ["chronic_kidney_disease_severe"]),
    ("ESRD on dialysis", ["chronic_kidney_disease_severe", "chronic_kidney_disease_severe"]),
    ("CCF", ["heart_failure"]),
    ("HF", ["heart_failure"]),
    ("congestive heart failure", ["heart_failure"]),
    ("IHD", ["ischaemic_heart_disease"]),
    ("heart attack in 2015", ["ischaemic_heart_disease"]),
    ("MI 3 weeks ago", ["ischaemic_heart_disease", "recent_myocardial_infarction"]),
    ("previous TIA", ["stroke"]),
    ("CVA in 2019", ["stroke"]),
    ("AF", ["arrhythmia_or_heart_block"]),
    ("atrial fibrillation", ["arrhythmia_or_heart_block"]),
    ("complete heart block", ["arrhythmia_or_heart_block"]),
    ("poorly controlled hypertension", ["hypertension_uncontrolled"]),
    ("PUD", ["peptic_ulcer"]),
    ("stomach ulcer", ["peptic_ulcer"]),
    ("GI bleed last year", ["gastrointestinal_bleed"]),
    ("bleeding ulcer", ["peptic_ulcer", "gastrointestinal_bleed"]),
    ("asthma", ["asthma"]),
    ("asthmatic", ["asthma"]),
    ("liver cirrhosis", ["liver_disease"]),
    ("hepatitis C", ["liver_disease"]),
    ("overactive thyroid", ["hyperthyroidism"]),
    ("angle-closure glaucoma", ["angle_closure_glaucoma"]),
    ("BPH", ["prostatic_hyperplasia"]),
    ("enlarged prostate", ["prostatic_hyperplasia"]),
    ("epilepsy", ["epilepsy"]),
    ("seizure disorder", ["epilepsy"]),
    ("OSA on CPAP", ["sleep_apnoea", "sleep_apnoea"]),
    ("haemophilia A", ["bleeding_disorder"]),
    ("sickle cell disease", ["sickle_cell_disease"]),
    ("breast-feeding", ["breastfeeding"]),
    ("has a pacemaker", ["pacemaker"]),
    ("contrast allergy", ["contrast_allergy"]),
    ("claustrophobic", ["claustrophobia"]),
    ("myasthenia gravis", ["myasthenia_gravis"]),
    ("sickle cell trait", []),
    ("no CVA tenderness", []),
    ("open-angle glaucoma", []),
    ("mi casa", []),
    ("gastric bypass", []),
)  # fmt: skip


@pytest.mark.parametrize(("text", "ids"), COMORBIDITIES)
def test_which_comorbidities_a_note_names(text: str, ids: list[str], knowledge: Knowledge) -> None:
    assert _found(text, "comorbidities", knowledge) == ids
