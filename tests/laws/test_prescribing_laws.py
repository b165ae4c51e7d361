"""Laws of safe prescribing: more that speaks against a treatment never makes its verdict milder."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backspasm import Knowledge, from_case
from backspasm.advice.prescribing import patient_facts, verdicts
from backspasm.patients.answers import answers_of

STRICT = {"none": 0, "caution": 1, "avoid": 2}
LAW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def strictness(case: dict[str, Any], knowledge: Knowledge) -> dict[str, int]:
    patient = from_case(case, knowledge)
    found = verdicts(patient_facts(patient, answers_of(patient, knowledge), knowledge), knowledge)
    return {t: STRICT[found[t].verdict if t in found else "none"] for t in knowledge.index.treatment_ids}


def patients(knowledge: Knowledge) -> st.SearchStrategy[dict[str, Any]]:
    medicines, diseases = sorted(knowledge.medicines), sorted(knowledge.index.comorbidities)
    few = 4
    return st.fixed_dictionaries(
        {
            "age_years": st.one_of(st.none(), st.floats(0, 100, allow_nan=False)),
            "sex": st.sampled_from(["female", "unknown"]),
            "medications": st.lists(st.sampled_from(medicines), max_size=few, unique=True),
            "allergies": st.lists(st.sampled_from([*medicines, "penicillin", "sulfa"]), max_size=few, unique=True),
            "comorbidities": st.lists(st.sampled_from(diseases), max_size=few, unique=True),
        }
    )


@LAW
@given(data=st.data())
def test_a_further_contraindication_never_makes_a_verdict_milder(data: st.DataObject, knowledge: Knowledge) -> None:
    case = data.draw(patients(knowledge))
    field = data.draw(st.sampled_from(["medications", "allergies", "comorbidities", "pregnant"]))
    before = strictness(case, knowledge)
    if field == "pregnant":
        weeks = data.draw(st.one_of(st.none(), st.floats(1, 42)))
        more = {**case, "pregnant": True, "pregnancy_weeks": weeks}
    else:
        known = knowledge.index.comorbidities if field == "comorbidities" else sorted(knowledge.medicines)
        more = {**case, field: [*case[field], data.draw(st.sampled_from(sorted(known)))]}
    after = strictness(more, knowledge)
    assert {t for t in before if after[t] < before[t]} == set()


@LAW
@given(data=st.data())
def test_later_weeks_of_pregnancy_and_unknown_ones_are_never_milder(data: st.DataObject, knowledge: Knowledge) -> None:
    case = {**data.draw(patients(knowledge)), "pregnant": True}
    early = data.draw(st.floats(1, 42))
    late = data.draw(st.floats(early, 42))
    at = {w: strictness({**case, "pregnancy_weeks": w}, knowledge) for w in (early, late, None)}
    assert all(at[early][t] <= at[late][t] <= at[None][t] for t in at[early])


@LAW
@given(data=st.data())
def test_worse_kidneys_are_never_milder(data: st.DataObject, knowledge: Knowledge) -> None:
    case = data.draw(patients(knowledge))
    better = data.draw(st.floats(5, 120))
    worse = data.draw(st.floats(5, better))
    one, other = (strictness({**case, "measured": {"egfr": v}}, knowledge) for v in (better, worse))
    assert all(one[t] <= other[t] for t in one)


def test_every_allergy_to_a_medicine_forbids_the_treatment_that_is_it(knowledge: Knowledge) -> None:
    for treatment in knowledge.treatments.values():
        for medicine in treatment.medicines:
            found = strictness({"age_years": 40, "allergies": [medicine]}, knowledge)
            assert found[treatment.id] == STRICT["avoid"], (treatment.id, medicine)
