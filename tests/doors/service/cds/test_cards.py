"""What the services say of invented patients, and when they say nothing."""

from __future__ import annotations

import json
import re

import fhirkit
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from tests.doors.service.cds.made import (
    FLAGS,
    IMAGING,
    MEDICINES,
    Json,
    answers,
    body,
    bundle,
    cards,
    condition,
    image,
    low_back_pain,
    medicine,
    person,
    record,
    signing,
)
from tests.doors.service.cds.requirements import requirement
from tests.doors.service.cds.wire import faults

PAIN = bundle(low_back_pain())
SADDLE = bundle(answers(saddle_anaesthesia=True, urinary_retention=True))
PLAIN = bundle(
    answers(
        urinary_retention=False,
        urinary_incontinence=False,
        faecal_incontinence=False,
        saddle_anaesthesia=False,
        bilateral_leg_pain=False,
        progressive_neurological_deficit=False,
    )
)
MRI = image("mri", "MRI lumbar spine without contrast")

#: name -> service and call: each answers with cards
SPOKEN: dict[str, tuple[str, Json]] = {
    "emergency": (FLAGS, body("patient-view", record(conditions=PAIN, answers=SADDLE))),
    "not indicated": (IMAGING, signing(record(conditions=PAIN, answers=PLAIN), MRI)),
    "indicated sooner": (IMAGING, signing(record(conditions=PAIN, answers=SADDLE), MRI)),
    "interaction": (
        MEDICINES,
        signing(
            record(conditions=PAIN, medications=bundle(medicine("m", "apixaban 5 mg"))),
            medicine("d", "Naproxen 500 mg tablet", status="draft"),
        ),
    ),
    "no help": (
        MEDICINES,
        signing(record(conditions=PAIN), medicine("d", "morphine sulfate 10 mg tablet", status="draft")),
    ),
}


@pytest.fixture(params=SPOKEN)
def spoken(request: pytest.FixtureRequest, client: TestClient[Litestar]) -> Json:
    service, call = SPOKEN[request.param]
    found: Json = client.post(f"/cds-services/{service}", json=call).json()
    return found


@requirement(1, 3, 74, 75, 80, 83, 85, 87, 88, 89, 90, 92, 93, 95, 96, 98, 100, 103, 105, 107, 111, 115, 117, 119, 121)
@requirement(124, 127, 128, 131, 132, 133, 134, 135, 136, 138, 139, 141, 142, 144, 147, 214, 216, 217, 218, 219, 220)
def test_cards_keep_every_rule_of_the_wire(spoken: Json) -> None:
    assert spoken["cards"]
    assert faults(spoken) == []
    assert list(spoken) == ["cards"]


@requirement(125, 130)
def test_resources_of_suggestions_are_valid_r4(client: TestClient[Litestar]) -> None:
    seen = set()
    for service, call in SPOKEN.values():
        for card in cards(client, service, call):
            for suggestion in card.get("suggestions", ()):
                for action in suggestion["actions"]:
                    if "resource" in action:
                        seen.add(action["resource"]["resourceType"])
                        assert fhirkit.validate(json.dumps(action["resource"])) in (None, [], ())
    assert seen == {"ServiceRequest", "MedicationRequest"}


def test_an_emergency_is_told_with_its_reasons(client: TestClient[Litestar]) -> None:
    (card,) = cards(client, *SPOKEN["emergency"])
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("EMERGENCY: back pain with numb saddle area")
    assert "Recorded: Saddle anaesthesia" in card["detail"]
    assert any("MRI" in s["label"] for s in card["suggestions"])
    assert "Not asked or not recorded" in card["detail"]


def test_a_record_without_back_pain_gets_no_card(client: TestClient[Litestar]) -> None:
    cancer = bundle(condition("c", "C50.911", "Malignant neoplasm of breast"))
    assert cards(client, FLAGS, body("patient-view", record(conditions=cancer))) == []


def test_base_rates_alone_say_nothing(client: TestClient[Litestar]) -> None:
    assert cards(client, FLAGS, body("patient-view", record(conditions=PAIN))) == []


def test_back_pain_that_is_over_gets_no_card(client: TestClient[Litestar]) -> None:
    over = bundle(low_back_pain(clinicalStatus={"coding": [{"code": "resolved"}]}))
    history = bundle(condition("c", "Z85.3", "Personal history of malignant neoplasm of breast"))
    both = bundle(*(e["resource"] for e in (*over["entry"], *history["entry"])))
    assert cards(client, FLAGS, body("patient-view", record(conditions=both))) == []


# --- imaging -------------------------------------------------------------------------------------------------------


def test_an_image_that_helps_nobody_is_said_to_be_so(client: TestClient[Litestar]) -> None:
    (card,) = cards(client, *SPOKEN["not indicated"])
    assert card["indicator"] == "warning"
    assert "not indicated" in card["summary"]
    (remove,) = card["suggestions"]
    assert remove["actions"] == [
        {
            "type": "delete",
            "description": "Remove the order of MRI lumbar spine without contrast",
            "resourceId": "ServiceRequest/mri",
        }
    ]
    assert card["extension"] == {"davinci-crd.associated-resource": [{"reference": "ServiceRequest/mri"}]}


def test_what_was_not_asked_is_never_held_against_an_image(client: TestClient[Litestar]) -> None:
    (card,) = cards(client, IMAGING, signing(record(conditions=PAIN), MRI))
    assert card["indicator"] == "info"
    assert "no reason for it in the record" in card["summary"]
    assert "saddle anaesthesia" in card["detail"]
    assert "isRecommended" not in card["suggestions"][0]


def test_somebodys_suspicion_is_not_argued_with(client: TestClient[Litestar]) -> None:
    suspected = image("mri", "MRI lumbar spine", reasonCode=[{"coding": [{"system": ICD_10, "code": "G83.4"}]}])
    assert cards(client, IMAGING, signing(record(conditions=PAIN), suspected)) == []


ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"


def test_an_image_for_something_else_is_not_ours(client: TestClient[Litestar]) -> None:
    other = image("mri", "MRI lumbar spine", reasonCode=[{"text": "Follow-up of a known syrinx"}])
    assert cards(client, IMAGING, signing(record(), other)) == []
    assert cards(client, IMAGING, signing(record(), image("mri", "MRI of the brain"))) == []


def test_an_image_due_now_that_was_ordered_as_routine(client: TestClient[Litestar]) -> None:
    (card,) = cards(client, IMAGING, signing(record(conditions=PAIN, answers=SADDLE), MRI))
    assert card["indicator"] == "critical"
    (faster,) = card["suggestions"]
    (action,) = faster["actions"]
    assert action["type"] == "update"
    assert action["resource"] == MRI | {"priority": "stat"}


def test_a_wider_image_replaces_a_narrow_one(client: TestClient[Litestar]) -> None:
    cord = bundle(answers(upper_motor_neurone_signs=True, sensory_level=True))
    (card,) = cards(client, IMAGING, signing(record(conditions=PAIN, answers=cord), MRI))
    assert card["summary"].startswith("MRI of the whole spine is indicated (now)")
    assert [a["type"] for a in card["suggestions"][0]["actions"]] == ["delete", "create"]


def test_of_several_orders_only_the_selected_one_is_judged(client: TestClient[Litestar]) -> None:
    drafts = bundle(MRI, image("xray", "X-ray of the lumbar spine"))
    call = body(
        "order-select",
        record(conditions=PAIN, answers=PLAIN),
        context={"selections": ["ServiceRequest/xray"], "draftOrders": drafts},
    )
    (card,) = cards(client, IMAGING, call)
    assert card["summary"].startswith("X-ray of the lumbar spine: not indicated")


# --- medicines -----------------------------------------------------------------------------------------------------


def test_an_interaction_is_named_and_an_alternative_offered(client: TestClient[Litestar]) -> None:
    first, *_ = cards(client, *SPOKEN["interaction"])
    assert first["indicator"] == "warning"
    assert first["summary"].startswith("Naproxen 500 mg tablet: advised against: takes apixaban")
    assert "With an anticoagulant serious bleeding" in first["detail"]
    replace, remove = first["suggestions"]
    assert replace["label"].startswith("Replace it by Paracetamol")
    assert [a["type"] for a in replace["actions"]] == ["delete", "create"]
    assert remove["actions"][0]["resourceId"] == "MedicationRequest/d"


def test_a_draft_is_not_taken_yet(client: TestClient[Litestar]) -> None:
    draft = medicine("d", "oxycodone 5 mg", status="active")
    call = signing(record(medications=bundle(draft)), draft)
    assert cards(client, MEDICINES, call) == []


def test_two_drafts_are_judged_together(client: TestClient[Litestar]) -> None:
    call = signing(record(), medicine("a", "oxycodone 5 mg"), medicine("b", "diazepam 5 mg"))
    found = cards(client, MEDICINES, call)
    assert {c["extension"]["davinci-crd.associated-resource"][0]["reference"] for c in found} == {
        "MedicationRequest/a",
        "MedicationRequest/b",
    }
    assert "diazepam 5 mg (ordered too)" in found[0]["summary"]


@pytest.mark.parametrize(
    ("ordered", "taken"), [("fentanyl patch", "temazepam"), ("flurazepam 15 mg", "oxycodone 10 mg")]
)
def test_an_opioid_and_a_benzodiazepine_whichever_comes_second(
    ordered: str, taken: str, client: TestClient[Litestar]
) -> None:
    (card,) = cards(
        client, MEDICINES, signing(record(medications=bundle(medicine("m", taken))), medicine("d", ordered))
    )
    assert card["indicator"] == "warning"
    assert "breathing may stop" in card["detail"]


def test_a_relaxant_waits_for_the_cause(client: TestClient[Litestar]) -> None:
    call = signing(record(conditions=PAIN, answers=SADDLE), medicine("d", "cyclobenzaprine 10 mg"))
    found = [c for c in cards(client, MEDICINES, call) if c["source"]["topic"]["code"] == "treatment-choice"]
    assert "treat the cause first" in found[0]["summary"]


def test_other_medicines_are_not_ours(client: TestClient[Litestar]) -> None:
    assert cards(client, MEDICINES, signing({}, medicine("d", "metformin 500 mg"))) == []
    assert cards(client, MEDICINES, signing({}, medicine("d", "some unknown remedy"))) == []


def test_an_order_that_cannot_be_read_is_no_empty_answer(client: TestClient[Litestar]) -> None:
    broken = medicine("broken", "x", medicationCodeableConcept=1)
    answer = client.post(f"/cds-services/{MEDICINES}", json=signing(record(), broken))
    assert answer.status_code == 400
    assert [p["field"] for p in answer.json()["problems"]] == ["MedicationRequest/broken"]
    (card, *_) = cards(
        client, MEDICINES, signing(record(), broken, medicine("a", "oxycodone"), medicine("b", "diazepam"))
    )
    assert "MedicationRequest/broken (cannot be read)" in card["detail"]


def test_a_child_is_told_apart(client: TestClient[Litestar]) -> None:
    young = person(birthDate=f"{int(person()['birthDate'][:4]) + 36}-01-15")
    (card, *_) = cards(client, MEDICINES, signing(record(patient=young), medicine("d", "tramadol 50 mg")))
    assert card["indicator"] == "critical"
    assert "contraindicated: age" in card["summary"]


def test_the_same_patient_gets_the_same_answer_as_everywhere(model: Model) -> None:
    """A consultation agrees with the whole assessment in all that both say."""
    from backspasm import assess, from_case
    from backspasm.advice.consultation import consult

    case = {"age_years": 61, "sex": "female", "setting": "emergency", "present": ["fever", "night_pain"]}
    patient = from_case(case | {"medications": ["apixaban"], "measured": {"crp": 80}}, model.knowledge)
    whole, quick = assess(patient, model, draws=20), consult(patient, model)
    assert quick.triage.level == whole.urgency.level
    assert quick.triage.red_flags == whole.red_flags
    assert quick.investigations == whole.plan.investigations
    assert quick.treatments == whole.treatments


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "**bold** [x](javascript:alert(1))", "a\nb\x1b[31m"])
def test_text_of_a_record_cannot_steer_a_card(hostile: str, client: TestClient[Litestar]) -> None:
    call = signing(record(medications=bundle(medicine("m", "apixaban"))), medicine("d", f"naproxen {hostile}"))
    found = cards(client, MEDICINES, call)
    assert faults({"cards": found}) == []
    for card in found:
        assert not re.search(r"(?<!\\)\]\(javascript", card["detail"])
        assert "<script" not in card["detail"]
        assert card["summary"].isprintable()
