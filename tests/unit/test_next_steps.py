"""Tests and imaging, pathways and signs to come back for: what must hold for every patient, not only for the published ones."""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import Assessment, Knowledge, Model, assess, from_case
from backspasm.advice.investigations import Advice
from backspasm.advice.situations import Circumstances, holds
from backspasm.presentation.as_json import to_data
from backspasm.records.care_types import VERDICTS, WHENS, Situation
from tests.conftest import random_patients
from tests.made_up import PLAIN_STRAIN as STRAIN

IMAGING = {
    "radiograph",
    "mri_lumbar",
    "mri_whole_spine",
    "ct_spine",
    "bone_scan",
    "sacroiliac_mri",
    "ct_abdomen_or_angiography",
}
RADIATION = {"radiograph", "ct_spine", "bone_scan", "ct_abdomen_or_angiography"}
MRI = {"mri_lumbar", "mri_whole_spine", "sacroiliac_mri"}


def assessed(model: Model, **case: Any) -> Assessment:
    return assess(from_case(case, model.knowledge), model, draws=5)


def advised(a: Assessment) -> dict[str, Advice]:
    return {x.test: x for x in a.plan.investigations if x.verdict != "not_indicated"}


@pytest.fixture(scope="module")
def many(model: Model) -> list[Assessment]:
    return [assess(p, model, draws=2) for p in random_patients(60, 11, model.knowledge)]


# --- plain pain ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["community", "primary_care", "emergency"])
@pytest.mark.parametrize("age", [9, 13, 16, 24, 35, 47, 58])
def test_no_imaging_is_advised_for_a_plain_strain(age: int, setting: str, model: Model) -> None:
    found = assessed(model, age_years=age, setting=setting, **STRAIN)
    assert not IMAGING & set(advised(found))
    said = {x.test for x in found.plan.investigations}
    assert {"radiograph", "mri_lumbar"} <= said, "that no imaging helps must be said, with the evidence"
    assert all(x.sources for x in found.plan.investigations)


# --- the strictest rule wins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [4, 15, 35, 70])
def test_a_numb_saddle_always_brings_mri_now(age: int, model: Model) -> None:
    case = {**STRAIN, "present": [*STRAIN["present"], "saddle_anaesthesia"], "absent": ["fever"]}
    found = advised(assessed(model, age_years=age, setting="primary_care", **case))
    assert any(found[t].verdict == "indicated" and found[t].when == "now" for t in MRI & set(found))


def test_advice_is_sorted_and_each_test_named_once(many: list[Assessment]) -> None:
    for a in many:
        strength = [
            (VERDICTS.index(x.verdict), WHENS.index(x.when) if x.when else len(WHENS)) for x in a.plan.investigations
        ]
        assert strength == sorted(strength)
        assert len({x.test for x in a.plan.investigations}) == len(a.plan.investigations)
        for x in a.plan.investigations:
            assert x.because
            assert x.sources
            assert (x.when is None) == (x.verdict == "not_indicated")


def test_a_test_within_a_wider_one_says_so(model: Model) -> None:
    found = advised(
        assessed(
            model,
            age_years=62,
            sex="female",
            setting="primary_care",
            present=["history_of_cancer", "saddle_anaesthesia", "motor_weakness", "upper_motor_neurone_signs"],
        )
    )
    assert found["mri_lumbar"].part_of == "mri_whole_spine"


# --- limits ----------------------------------------------------------------------------------------------------------


def test_no_child_is_sent_for_ct_of_the_spine_or_a_bone_scan(many: list[Assessment]) -> None:
    children = [a for a in many if a.patient.age_years is not None and a.patient.age_years < 18]
    assert children
    for a in children:
        found = advised(a)
        assert found.get("bone_scan") is None or found["bone_scan"].verdict == "consider"
        assert "ct_spine" not in found or found["ct_spine"].verdict == "consider"
        for test in (RADIATION - {"bone_density"}) & set(found):
            assert any("child" in caution for caution in found[test].cautions), test


def test_radiation_in_pregnancy_carries_a_caution(model: Model) -> None:
    case = {
        "age_years": 33,
        "sex": "female",
        "setting": "emergency",
        "present": ["significant_trauma", "spinal_tenderness"],
    }
    known = advised(assessed(model, **case, pregnant=True))
    silent = advised(assessed(model, **case))
    denied = advised(assessed(model, **case, pregnant=False))
    assert any("Pregnant" in c for c in known["radiograph"].cautions)
    assert any("Ask about pregnancy" in c for c in silent["radiograph"].cautions)
    assert not any("regnan" in c for c in denied["radiograph"].cautions)


def test_an_unknown_kidney_function_is_said_before_contrast(model: Model) -> None:
    case = {
        "age_years": 74,
        "sex": "male",
        "setting": "emergency",
        "present": ["tearing_pain", "sudden_onset", "hypotension"],
    }
    silent = advised(assessed(model, **case))["ct_abdomen_or_angiography"].cautions
    good = advised(assessed(model, **case, measured={"egfr": 80}))["ct_abdomen_or_angiography"].cautions
    poor = advised(assessed(model, **case, measured={"egfr": 20}))["ct_abdomen_or_angiography"].cautions
    assert any("not known" in c for c in silent)
    assert not any("idney" in c for c in good)
    assert any("very low" in c for c in poor)


@pytest.mark.parametrize("comorbidity", ["pacemaker", "claustrophobia"])
def test_mri_carries_its_cautions(comorbidity: str, model: Model) -> None:
    found = advised(
        assessed(
            model,
            age_years=50,
            sex="male",
            setting="emergency",
            present=["saddle_anaesthesia"],
            comorbidities=[comorbidity],
        )
    )
    for test in MRI & set(found):
        assert any(comorbidity.lower() in c.lower() for c in found[test].cautions)
        assert found[test].when == "now", "a caution never delays a scan that cannot wait"


# --- situations ------------------------------------------------------------------------------------------------------


def circumstances_of(model: Model, **case: Any) -> Circumstances:
    from backspasm.advice.red_flags import fired_rules
    from backspasm.advice.situations import circumstances
    from backspasm.inference.posterior import posterior
    from backspasm.inference.strata import strata_of
    from backspasm.patients.answers import answers_of

    patient = from_case(case, model.knowledge)
    answers = answers_of(patient, model.knowledge)
    strata = strata_of(patient, model.knowledge)
    found = posterior(answers.items, strata, model.means, model.layout, model.knowledge)
    fired = fired_rules(patient, answers, model.knowledge)
    return circumstances(patient, answers, "routine", fired, found, (), model)


def test_what_was_not_asked_is_neither_present_nor_denied(model: Model) -> None:
    c = circumstances_of(model, age_years=40, absent=["fever"])
    assert holds(Situation(denied="fever"), c)
    assert not holds(Situation(denied="rigors"), c)
    assert not holds(Situation(finding="rigors"), c)
    assert not holds(Situation(measured="crp", at_most="raised_crp"), c)


def test_an_unknown_age_is_neither_child_nor_adult(model: Model) -> None:
    c = circumstances_of(model, age_years=None)
    assert not c.child
    assert not holds(Situation(age_under="child_age"), c)
    assert not holds(Situation(age_from="child_age"), c)
    assert holds(Situation(pregnancy="possible"), c)


def test_a_group_is_the_sum_of_its_causes(model: Model) -> None:
    c = circumstances_of(model, age_years=60, present=["fever", "spinal_tenderness"])
    own = [x.id for x in model.knowledge.causes.values() if x.must_not_miss == "infection"]
    assert c.probability["infection"] == pytest.approx(sum(c.probability[name] for name in own))


# --- pathways --------------------------------------------------------------------------------------------------------


def test_every_cause_and_complication_has_a_pathway_with_sources(knowledge: Knowledge) -> None:
    wanted = {*knowledge.index.cause_ids, *knowledge.index.complications}
    assert set(knowledge.pathways) == wanted
    for pathway in knowledge.pathways.values():
        assert pathway.steps
        assert all(step.sources for step in pathway.steps)
        assert any(knowledge.fact(s) for step in pathway.steps for s in step.sources), pathway.id


def test_the_leading_cause_and_every_listed_group_have_their_pathway(
    many: list[Assessment], knowledge: Knowledge
) -> None:
    for a in many:
        shown = {p.id: p for p in a.plan.pathways}
        assert a.differential[0].cause in shown
        for entry in a.must_not_miss:
            own = (
                ("cauda_equina_syndrome", "spinal_cord_compression")
                if entry.group == "compression"
                else tuple(c.id for c in knowledge.causes.values() if c.must_not_miss == entry.group)
            )
            assert set(own) & set(shown), entry.group
        for p in shown.values():
            times = [WHENS.index(s.by_when) for s in p.steps]
            assert times == sorted(times)


def test_steps_for_children_are_not_shown_to_adults(model: Model) -> None:
    fracture = {"setting": "emergency", "sex": "female", "present": ["significant_trauma", "spinal_tenderness"]}
    adult = next(
        p for p in assessed(model, age_years=40, **fracture).plan.pathways if p.id == "traumatic_vertebral_fracture"
    )
    child = next(
        p for p in assessed(model, age_years=8, **fracture).plan.pathways if p.id == "traumatic_vertebral_fracture"
    )
    assert not any(s.do.startswith("Children") for s in adult.steps)
    assert any(s.do.startswith("Children") for s in child.steps)


# --- signs to come back for ------------------------------------------------------------------------------------------


def test_everyone_is_told_of_the_cauda_equina_and_weak_legs_first(many: list[Assessment]) -> None:
    for a in many:
        watch = [s for s in a.plan.words if s.section == "watch"]
        assert [s.id for s in watch[:2]] == ["watch_cauda_equina", "watch_legs"]
        assert sum(s.section == "urgency" for s in a.plan.words) == 1
        assert sum(s.section == "what_we_think" for s in a.plan.words) == 1


def test_a_remaining_risk_is_told(model: Model) -> None:
    low = assessed(model, age_years=30, setting="primary_care", **STRAIN)
    sick = assessed(model, age_years=30, setting="emergency", present=["fever", "iv_drug_use"])
    old = assessed(model, age_years=75, setting="primary_care", **STRAIN)
    assert "watch_sepsis" not in {s.id for s in low.plan.words}
    assert "watch_sepsis" in {s.id for s in sick.plan.words}
    assert {"watch_aorta", "watch_fracture"} <= {s.id for s in old.plan.words}


# --- output ----------------------------------------------------------------------------------------------------------


def test_json_names_test_verdict_when_because_sources_and_cautions(model: Model) -> None:
    a = assessed(model, age_years=2.5, sex="female", setting="emergency", present=["refusal_to_walk", "fever"])
    data = to_data(a, model.knowledge)
    for entry in data["investigations"]:
        assert {"test", "verdict", "when", "because", "sources", "cautions"} <= set(entry)
        assert entry["verdict"] in VERDICTS
        assert set(entry["burden"]) == {"minutes", "discomfort", "cost_band", "result_hours", "msv"}
    assert data["pathways"]
    assert data["safety_net"]
    cited = {r["study"] for r in data["bibliography"]}
    studies = {s.partition("/")[0] for e in data["investigations"] for s in e["sources"] if "/" in s}
    assert studies <= cited
    assert not any("investigations" in line for line in data["not_assessed"])
