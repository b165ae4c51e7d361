"""Reading a patient from FHIR: what counts, what does not, and that nothing is dropped in silence."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from backspasm.patients.answers import answers_of
from backspasm.patients.from_fhir import from_fhir
from backspasm.patients.from_fhir.conditions import (
    ABOUT_THE_PAST,
    LASTING_COMORBIDITIES,
    OLD_INFARCTION,
    RECENT_INFARCTION,
)
from backspasm.patients.from_fhir.imaging import SEEN
from backspasm.patients.from_fhir.observations import MULTIPLES
from backspasm.patients.from_fhir.reconcile import REASSURING
from backspasm.patients.from_fhir.setting import CLASSES, SERVICES
from backspasm.patients.from_fhir.windows import LASTING, SLOW, STATES
from backspasm.patients.patient import InputError, Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import read_knowledge

Json = dict[str, Any]

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
DAY = "2024-05-20"
START, END = f"{DAY}T10:00:00Z", f"{DAY}T12:00:00Z"


# --- helpers: small bundles ----------------------------------------------------------------------------------------


@cache
def knowledge() -> Knowledge:
    return read_knowledge()


def concept(system: str, code: str, display: str = "") -> Json:
    return {"coding": [{"system": system, "code": code, "display": display or code}]}


def person(**fields: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-05-20"} | fields


def encounter(**fields: Any) -> Json:
    about = {"reasonCode": [concept(ICD, "M54.50")], "class": {"code": "EMER"}, "period": {"start": START, "end": END}}
    return resource("Encounter", "e", status="finished", **(about | fields))


def resource(kind: str, name: str, **fields: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p"}} | fields


def condition(name: str, code: Json, **fields: Any) -> Json:
    status = {"coding": [{"code": fields.pop("clinical", "active")}]}
    verification = {"coding": [{"code": fields.pop("verification", "confirmed")}]}
    return resource("Condition", name, code=code, clinicalStatus=status, verificationStatus=verification, **fields)


def observation(name: str, code: str, value: float | None = None, unit: str = "", **fields: Any) -> Json:
    given = {} if value is None else {"valueQuantity": {"value": value, "code": unit, "unit": unit}}
    base: Json = {"status": "final", "effectiveDateTime": f"{DAY}T11:00:00Z", "code": concept(LOINC, code)}
    return resource("Observation", name, **(base | given | fields))


def request(name: str, display: str, **fields: Any) -> Json:
    base = {"status": "active", "intent": "order", "authoredOn": "2024-05-01"}
    return resource(
        "MedicationRequest", name, medicationCodeableConcept=concept(RXNORM, "0", display), **(base | fields)
    )


def response(name: str, *items: Json, **fields: Any) -> Json:
    base = {"status": "completed", "authored": f"{DAY}T10:30:00Z", "item": list(items)}
    return resource("QuestionnaireResponse", name, **(base | fields))


def item(link: str, **answer: Any) -> Json:
    return {"linkId": link, "answer": [answer]} if answer else {"linkId": link}


def bundle(*resources: Json, kind: str = "collection") -> bytes:
    entries = [{"fullUrl": f"https://fhir.test/{r['resourceType']}/{r.get('id')}", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def read(*resources: Json) -> Patient:
    """The patient of a bundle with the usual person and encounter, whose answers must always be derivable."""
    patient = from_fhir(bundle(person(), encounter(), *resources), knowledge())
    answers_of(patient, knowledge())
    return patient


def unread(patient: Patient, word: str) -> bool:
    return any(word in u.what or word in u.why for u in patient.unread)


def noted(patient: Patient, *words: str) -> bool:
    return any(all(w in note for w in words) for note in patient.notes)


# --- the bundle ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"{", "input"),
        (b"", "input"),
        (b"\xff\xfe", "input"),
        (b"[]", "Bundle"),
        (b'{"resourceType": "Patient"}', "resourceType"),
        (b"{}", "resourceType"),
        (b'{"resourceType": "Bundle"}', "Bundle.entry"),
        (bundle(encounter()), "Bundle.entry"),
        (bundle(person(), person(id="q")), "Bundle.entry"),
    ],
)
def test_what_is_no_record_of_one_patient_is_refused(data: bytes, field: str) -> None:
    with pytest.raises(InputError) as error:
        from_fhir(data, knowledge())
    assert [p.field for p in error.value.problems] == [field]
    assert error.value.problems[0].mend


def test_the_same_patient_twice_is_one_patient() -> None:
    newer = person(gender="male", meta={"lastUpdated": "2024-01-01T00:00:00Z"})
    assert from_fhir(bundle(newer, person(), encounter()), knowledge()).sex == "male"


def test_a_malformed_resource_is_listed_and_the_rest_is_read() -> None:
    broken = observation("bad", "1988-5", 5, "mg/L") | {"valueQuantity": {"value": "high"}}
    patient = read(broken, observation("good", "8867-4", 90, "/min"))
    assert patient.measured == {"heart_rate": 90}
    assert unread(patient, "Observation/bad")


def test_an_entry_that_cannot_be_told_does_not_stop_the_reading() -> None:
    broken: list[Any] = [{"resource": {"resourceType": 5}}, {"resource": {"resourceType": "Condition", "id": 7}}, 3, {}]
    whole = json.loads(bundle(person(), encounter()))
    patient = from_fhir(json.dumps(whole | {"entry": [*whole["entry"], *broken]}).encode(), knowledge())
    assert [u.what for u in patient.unread] == ["Bundle.entry[2]", "Bundle.entry[4]", "Condition/entry-3"]


def test_of_a_history_only_the_newest_versions_count() -> None:
    new, old = observation("x", "1988-5", 5, "mg/L"), observation("x", "1988-5", 182, "mg/L")
    gone = {"fullUrl": "https://fhir.test/Observation/y", "request": {"method": "DELETE"}}
    record = json.loads(bundle(person(), encounter(), new, old, observation("y", "8867-4", 80, "/min"), kind="history"))
    record["entry"].insert(0, gone)
    assert from_fhir(json.dumps(record).encode(), knowledge()).measured == {"crp": 5}


def test_resources_of_another_patient_are_listed_and_never_used() -> None:
    patient = read(observation("x", "1988-5", 182, "mg/L", subject={"reference": "Patient/q"}))
    assert patient.measured == {}
    assert unread(patient, "Observation/x")


@pytest.mark.parametrize(
    "reference",
    ["Patient/p", "urn:uuid:p", "https://elsewhere.test/fhir/Patient/p", "Patient/p/_history/3"],
)
def test_all_forms_of_a_reference_are_understood(reference: str) -> None:
    assert "crp" in read(observation("x", "1988-5", 5, "mg/L", subject={"reference": reference})).measured


def test_a_contained_patient_is_this_one_unless_it_says_otherwise() -> None:
    for born, expected in (("1980-05-20", {"crp": 5}), ("1951-01-01", {})):
        inner = {"resourceType": "Patient", "id": "c", "birthDate": born}
        given = observation("x", "1988-5", 5, "mg/L", subject={"reference": "#c"}, contained=[inner])
        assert read(given).measured == expected


def test_types_that_are_not_read_are_listed_once_unless_they_say_nothing_of_health() -> None:
    papers = [resource("DocumentReference", f"d{i}") for i in range(3)] + [resource("Claim", "c")]
    patient = read(*papers)
    assert [u.what for u in patient.unread] == ["DocumentReference (3)"]


# --- the person and the encounter ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "age", "note"),
    [
        ("1980-05-20", 44.0, None),
        ("1980-05-21", 43.99, None),
        ("2022-11-20", 1.49, None),
        ("2024-05-20", 0.0, None),
        ("1980", 43.88, "middle"),
        ("1980-05", 44.01, "middle"),
        (None, None, "age unknown"),
        ("2025-01-01", None, None),
        ("1850-01-01", None, None),
        ("soon", None, None),
    ],
)
def test_age_is_that_at_the_encounter(born: str | None, age: float | None, note: str | None) -> None:
    patient = from_fhir(bundle(person(birthDate=born), encounter()), knowledge())
    assert patient.age_years == age
    assert note is None or noted(patient, note)
    assert note is not None or age is not None or unread(patient, "age unknown")
    assert ("age_years" in patient.sources) is (age is not None)


def test_a_child_under_two_has_an_age_in_months() -> None:
    patient = from_fhir(bundle(person(birthDate="2023-11-20"), encounter()), knowledge())
    assert patient.age_years == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("fields", "setting"),
    [
        ({"class": {"code": "EMER"}}, "emergency"),
        ({"class": {"code": "IMP"}}, "emergency"),
        ({"class": {"code": "AMB"}}, "primary_care"),
        ({"class": {"code": "VR"}}, "community"),
        ({"class": {"code": "AMB"}, "serviceType": {"text": "Orthopaedics"}}, "spine_clinic"),
        ({"class": {"code": "AMB"}, "serviceType": {"text": "Pediatric orthopedics"}}, "paediatric_clinic"),
        ({"class": {"code": "XYZ"}}, None),
    ],
)
def test_setting_comes_from_the_class_and_the_service(fields: Json, setting: str | None) -> None:
    assert from_fhir(bundle(person(), encounter(**fields)), knowledge()).setting == setting


def test_the_latest_encounter_about_back_pain_is_the_one_at_issue() -> None:
    later = resource("Encounter", "f", status="finished", period={"start": "2024-09-01"}, **{"class": {"code": "AMB"}})
    patient = read(later)
    assert noted(patient, "Encounter/e", "about back pain")
    assert patient.setting == "emergency"


def test_a_condition_can_make_an_encounter_one_about_back_pain() -> None:
    plain = encounter(reasonCode=[])
    later = resource("Encounter", "f", status="finished", period={"start": "2024-09-01"})
    pain = condition("c", concept(SNOMED, "279039007"), encounter={"reference": "Encounter/e"})
    assert noted(from_fhir(bundle(person(), plain, later, pain), knowledge()), "Encounter/e", "about back pain")


def test_nothing_is_known_of_what_happened_after_the_encounter() -> None:
    patient = read(
        observation("x", "1988-5", 182, "mg/L", effectiveDateTime="2024-05-22"),
        observation("y", "8310-5", 39, "Cel", issued="2024-05-21T10:00:00Z"),
        condition("c", concept(ICD, "C50.9"), recordedDate="2024-06-01"),
        request("m", "prednisolone 5 MG", authoredOn="2024-06-01"),
        response("q", item("fever", valueBoolean=True), authored="2024-06-01"),
    )
    assert (patient.present, patient.measured, patient.medications) == ((), {}, ())
    assert {u.what for u in patient.unread if "after the encounter" in u.why} == {
        "Observation (2)", "Condition (1)", "MedicationRequest (1)", "QuestionnaireResponse (1)",
    }  # fmt: skip


def test_an_end_years_later_does_not_let_the_reader_see_the_years_between() -> None:
    late = condition("late", concept(ICD, "C50.9"), recordedDate="2024-09-01")
    stay = encounter(period={"start": "2024-03-01T09:00:00Z", "end": "2026-03-01T09:00:00Z"})
    assert "history_of_cancer" not in read(person(), stay, late).present


def test_without_an_encounter_the_record_is_read_as_of_its_latest_date() -> None:
    patient = from_fhir(bundle(person(), observation("x", "1988-5", 5, "mg/L")), knowledge())
    assert patient.age_years == 44.0
    assert patient.measured == {"crp": 5}
    assert patient.setting is None


# --- conditions ----------------------------------------------------------------------------------------------------


def test_codes_are_matched_with_and_without_dot_and_by_prefix() -> None:
    patient = read(condition("a", concept(ICD, "C50.911")), condition("b", concept(ICD, "E119")))
    assert patient.present == ("history_of_cancer", "diabetes")
    assert patient.sources["history_of_cancer"] == ("Condition/a",)


@pytest.mark.parametrize("status", ["entered-in-error", "refuted", "provisional", "differential", "unconfirmed"])
def test_what_is_not_confirmed_is_no_finding(status: str) -> None:
    patient = read(condition("c", concept(SNOMED, "363346000"), verification=status, recordedDate=DAY))
    assert patient.present == patient.absent == ()
    assert unread(patient, "Condition/c") or noted(patient, "refuted", "Condition/c")


def test_a_symptom_refuted_now_is_absent_and_one_refuted_long_ago_says_nothing() -> None:
    fever = concept(SNOMED, "386661006")
    assert read(condition("c", fever, verification="refuted", recordedDate=DAY)).absent == ("fever",)
    assert read(condition("c", fever, verification="refuted", recordedDate="2020-01-01")).absent == ()


def test_what_is_over_is_no_finding_of_today_but_a_cancer_stays_history() -> None:
    patient = read(
        condition("f", concept(SNOMED, "386661006"), clinical="resolved", onsetDateTime="2024-05-01"),
        condition("g", concept(SNOMED, "89362005"), onsetDateTime="2024-05-01", abatementDateTime="2024-05-10"),
        condition("c", concept(SNOMED, "254837009"), clinical="remission", onsetDateTime="2014-05-20"),
    )
    assert patient.present == ("history_of_cancer",)
    assert patient.days_ago == {"history_of_cancer": 3653}


def test_what_ended_after_the_encounter_was_there_at_the_encounter() -> None:
    given = {"clinical": "resolved", "onsetDateTime": "2024-05-18", "abatementDateTime": "2024-05-30"}
    assert read(condition("f", concept(SNOMED, "386661006"), **given)).present == ("fever",)


def test_a_symptom_forgotten_on_the_problem_list_is_asked_again() -> None:
    patient = read(condition("f", concept(SNOMED, "165232002"), onsetDateTime="2019-01-01"))
    assert patient.present == ()
    assert unread(patient, "Condition/f")


def test_an_old_crash_keeps_its_date() -> None:
    crash = condition("c", concept(SNOMED, "262521009"), clinical="resolved", onsetDateTime="2004-05-20")
    patient = read(crash)
    assert patient.present == ("significant_trauma",)
    assert patient.days_ago["significant_trauma"] == 7305


def test_of_several_events_the_last_before_the_pain_counts() -> None:
    code = concept(SNOMED, "387731002")
    patient = read(
        condition("b", concept(SNOMED, "279039007"), onsetDateTime="2024-05-10"),
        *(
            resource("Procedure", f"p{day}", status="completed", code=code, performedDateTime=f"2024-{day}")
            for day in ("01-10", "05-01", "05-15")
        ),
    )
    assert patient.measured["duration_days"] == 10
    assert patient.days_ago["recent_spinal_procedure"] == 19


@pytest.mark.parametrize(
    ("ended", "days"),
    [("2024-05-15", 10), ("2024-05-05", 15), (None, 10)],
    ids=["across onset", "before onset", "not over"],
)
def test_an_infection_counts_by_its_day_nearest_to_the_onset(ended: str | None, days: float) -> None:
    patient = read(
        condition("b", concept(SNOMED, "279039007"), onsetDateTime="2024-05-10"),
        condition("i", concept(SNOMED, "128045006"), onsetDateTime="2024-05-01", abatementDateTime=ended),
    )
    assert patient.days_ago == {"recent_infection": days}


def test_onset_gives_the_duration_and_resolved_back_pain_an_earlier_episode() -> None:
    pain = concept(SNOMED, "279039007")
    patient = read(
        condition("new", pain, onsetDateTime="2024-05-13"),
        condition("old", pain, clinical="resolved", onsetDateTime="2020-01-01", abatementDateTime="2020-02-01"),
    )
    assert patient.measured == {"duration_days": 7}
    assert patient.present == ("previous_episodes",)
    assert patient.sources["duration_days"] == ("Condition/new",)
    assert patient.sources["previous_episodes"] == ("Condition/old",)


def test_pain_that_began_today_has_lasted_no_day_and_a_partial_onset_is_said() -> None:
    pain = concept(SNOMED, "279039007")
    assert read(condition("c", pain, onsetDateTime=START)).measured == {"duration_days": 0}
    patient = read(condition("c", pain, onsetDateTime="2024-05"))
    assert patient.measured == {"duration_days": 10}
    assert noted(patient, "Condition/c", "middle")


def test_a_chronic_pain_dated_by_its_recording_has_no_duration() -> None:
    assert read(condition("c", concept(SNOMED, "278860009"), onsetDateTime=START)).measured == {}


def test_a_diagnosis_of_today_is_noted_and_no_finding() -> None:
    patient = read(condition("c", concept(ICD, "M51.26"), onsetDateTime="2024-05-01"))
    assert patient.present == ()
    assert noted(patient, "recorded diagnosis", "Condition/c")


def test_a_problem_list_is_no_picture() -> None:
    patient = read(condition("c", concept(ICD, "I71.4"), onsetDateTime="2022-01-01"))
    assert patient.present == ("known_aortic_aneurysm",)


@pytest.mark.parametrize(
    "code",
    [concept(ICD, "Z80.3"), concept(SNOMED, "0", "Family history of malignant neoplasm"), concept(SNOMED, "275937001")],
)
def test_the_family_is_not_the_patient(code: Json) -> None:
    cancer = {"relationship": concept(SNOMED, "72705000"), "condition": [{"code": concept(SNOMED, "254837009")}]}
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "status": "completed",
        "patient": {"reference": "Patient/p"},
    }
    patient = read(condition("c", code), family | cancer)
    assert patient.present == ()
    assert unread(patient, "Condition/c")
    assert unread(patient, "FamilyMemberHistory")


def test_spondyloarthritis_in_the_family_is_a_finding() -> None:
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "status": "completed",
        "patient": {"reference": "Patient/p"},
    }
    patient = read(family | {"condition": [{"code": concept(SNOMED, "9631008")}]})
    assert patient.present == ("family_history_spondyloarthritis",)


def test_comorbidities_are_those_of_today_and_an_old_infarction_is_not_recent() -> None:
    patient = read(
        condition("a", concept(ICD, "I50.9")),
        condition("b", concept(ICD, "I21.9"), onsetDateTime="2015-01-01"),
        condition("c", concept(ICD, "J45.9"), clinical="resolved"),
    )
    assert patient.comorbidities == ("heart_failure", "ischaemic_heart_disease")
    assert patient.sources["comorbidities:heart_failure"] == ("Condition/a",)


# --- observations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "value", "unit", "finding", "expected"),
    [
        ("1988-5", 18.2, "mg/dL", "crp", 182.0),
        ("8310-5", 101.3, "[degF]", "temperature", 38.5),
        ("718-7", 98, "g/L", "haemoglobin", 9.8),
        ("6690-2", 15300, "/uL", "leukocytes", 15.3),
        ("49765-1", 10.4, "mg/dL", "calcium", 2.595),
        ("2160-0", 1.1, "mg/dL", "creatinine", 97.24),
        ("72514-3", 7, "{score}", "pain_intensity", 7.0),
        ("72514-3", 7, "", "pain_intensity", 7.0),
        ("8867-4", 88, "{beats}/min", "heart_rate", 88.0),
    ],
)
def test_units_are_converted(code: str, value: float, unit: str, finding: str, expected: float) -> None:
    patient = read(observation("x", code, value, unit))
    assert patient.measured[finding] == pytest.approx(expected, abs=1e-3)
    assert patient.sources[finding] == ("Observation/x",)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (observation("x", "1988-5", 5, "furlong"), "furlong"),
        (observation("x", "1988-5", 5, ""), "has no unit"),
        (observation("x", "8310-5", 385, "Cel"), "impossible"),
        (observation("x", "1988-5", valueString="raised"), "not given as a number"),
        (observation("x", "1988-5", 5, "mg/L", status="cancelled"), "cancelled"),
        (observation("x", "1988-5", 5, "mg/L", effectiveDateTime=None), "no date"),
        (observation("x", "1988-5", 5, "mg/L", focus=[{"reference": "Patient/fetus"}]), "focus"),
        (observation("x", "1988-5", 5, "mg/L", effectiveDateTime="2024-05-01"), "too old"),
    ],
)
def test_a_value_that_cannot_be_used_is_listed_with_its_reason(given: Json, word: str) -> None:
    patient = read(given)
    assert patient.measured == {}
    assert unread(patient, word)


def test_an_impossible_value_leaves_the_one_before() -> None:
    first = observation("a", "8310-5", 38.4, "Cel", effectiveDateTime=f"{DAY}T10:10:00Z")
    assert read(first, observation("b", "8310-5", 384, "Cel")).measured == {"temperature": 38.4}


def test_the_most_recent_value_counts_and_preliminary_ones_are_said() -> None:
    old = observation("a", "718-7", 13.1, "g/dL", effectiveDateTime="2024-04-01")
    patient = read(observation("b", "718-7", 9.9, "g/dL", status="preliminary"), old)
    assert patient.measured == {"haemoglobin": 9.9}
    assert noted(patient, "Observation/b", "preliminary")


@pytest.mark.parametrize("fields", [{"status": "entered-in-error"}, {"status": "registered"}, {"dataAbsentReason": {}}])
def test_errors_and_missing_data_are_not_asked(fields: Json) -> None:
    assert read(observation("x", "1988-5", 5, "mg/L", **fields)).measured == {}


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"valueCodeableConcept": concept(SNOMED, "10828004")}, True),
        ({"valueCodeableConcept": concept(SNOMED, "260385009")}, False),
        ({"valueCodeableConcept": {"text": "Negative"}}, False),
        ({"valueBoolean": True}, True),
        ({"valueString": "positive"}, True),
        ({"valueString": "cannot be ruled out"}, None),
        ({"interpretation": [{"coding": [{"code": "POS"}]}]}, True),
        ({"valueQuantity": {"value": 3, "code": "1"}, "interpretation": [{"coding": [{"code": "N"}]}]}, False),
        ({"valueQuantity": {"value": 3, "code": "1"}}, None),
    ],
)
def test_yes_and_no_in_all_their_forms(fields: Json, answer: bool | None) -> None:
    patient = read(observation("x", "4821-5", **fields))
    assert patient.present == (("hla_b27",) if answer is True else ())
    assert patient.absent == (("hla_b27",) if answer is False else ())


@pytest.mark.parametrize(
    ("born", "systolic", "present", "absent"),
    [
        ("1980-05-20", 82, True, False),
        ("1980-05-20", 90, False, True),
        ("2022-05-20", 82, False, True),
        ("2022-05-20", 72, True, False),
        (None, 82, False, False),
        (None, 60, True, False),
        (None, 120, False, True),
    ],
)
def test_hypotension_is_judged_by_age(born: str | None, systolic: float, present: bool, absent: bool) -> None:
    part = {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": systolic, "code": "mm[Hg]"}}
    given = observation("bp", "85354-9", component=[part])
    patient = from_fhir(bundle(person(birthDate=born), encounter(), given), knowledge())
    assert ("hypotension" in patient.present, "hypotension" in patient.absent) == (present, absent)


def test_lipase_is_judged_by_the_limit_of_the_laboratory() -> None:
    limit = [{"high": {"value": 60, "code": "U/L"}}]
    assert read(observation("x", "3040-3", 400, "U/L", referenceRange=limit)).present == ("lipase_raised",)
    assert read(observation("x", "3040-3", 100, "U/L", referenceRange=limit)).absent == ("lipase_raised",)
    assert unread(read(observation("x", "3040-3", 400, "U/L")), "lipase_raised")


@pytest.mark.parametrize(
    ("code", "present", "absent"), [("449868002", True, False), ("266919005", False, True), ("8517006", False, False)]
)
def test_smoking(code: str, present: bool, absent: bool) -> None:
    patient = read(observation("x", "72166-2", valueCodeableConcept=concept(SNOMED, code)))
    assert ("smoking" in patient.present, "smoking" in patient.absent) == (present, absent)


def test_pregnancy_and_its_weeks() -> None:
    pregnant = observation("x", "82810-3", valueCodeableConcept=concept(SNOMED, "77386006"))
    weeks = observation("w", "18185-9", 20, "wk", effectiveDateTime="2024-05-13")
    patient = read(pregnant, weeks)
    assert (patient.pregnant, patient.pregnancy_weeks) == (True, 21.0)
    assert patient.sources["pregnancy"] == ("Observation/x",)
    man = from_fhir(bundle(person(gender="male"), encounter(), pregnant), knowledge())
    assert man.pregnant is None
    assert unread(man, "pregnancy")


def test_a_coded_conclusion_counts_by_what_the_picture_was_taken_with() -> None:
    def report(display: str, code: str) -> Patient:
        study = concept(LOINC, "0", display)
        done = {"status": "final", "code": study, "effectiveDateTime": DAY, "conclusion": "see text"}
        return read(resource("DiagnosticReport", "r", conclusionCode=[concept(SNOMED, code)], **done))

    assert report("MR Lumbar spine", "2304001").present == ("mri_infection",)
    assert report("MRI lumbar spine", "17621005").present == ("mri_normal",)
    assert report("XR Lumbar spine", "240221008").present == ("radiograph_pars_defect",)
    assert report("MRI lumbar spine", "263654008").absent == ("mri_normal",)
    assert report("XR Chest", "17621005").present == ()
    assert report("Hepatic panel", "17621005").present == ()
    assert unread(report("XR Chest", "17621005"), "DiagnosticReport")


# --- medicines, allergies, procedures ------------------------------------------------------------------------------


def test_medicines_by_ingredient_by_name_and_by_reference() -> None:
    stored = {"resourceType": "Medication", "id": "m", "code": concept(RXNORM, "11289", "warfarin")}
    inner = {"resourceType": "Medication", "id": "in", "code": concept(RXNORM, "0", "Ibuprofen 400 MG Oral Tablet")}
    referred = request("a", "x") | {"medicationReference": {"reference": "Medication/m"}}
    contained = request("b", "x") | {"medicationReference": {"reference": "#in"}, "contained": [inner]}
    del referred["medicationCodeableConcept"], contained["medicationCodeableConcept"]
    patient = read(
        stored, referred, contained, request("c", "acetaminophen 325 MG / Unheardof 5 MG"), request("d", "Unheardof")
    )
    assert patient.medications == ("warfarin", "ibuprofen", "paracetamol", "Unheardof")
    assert patient.sources["medications:warfarin"] == ("MedicationRequest/a",)
    assert "anticoagulant_use" in answers_of(patient, knowledge()).present


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "cancelled"},
        {"status": "stopped"},
        {"status": "entered-in-error"},
        {"status": "draft"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"doNotPerform": True},
        {"status": "completed", "authoredOn": "2023-01-01"},
    ],
)
def test_what_is_ordered_no_more_is_not_taken(fields: Json) -> None:
    patient = read(request("m", "prednisolone 5 MG Oral Tablet", **fields))
    assert patient.medications == ()
    assert unread(patient, "MedicationRequest")


def test_a_completed_course_of_late_still_counts() -> None:
    assert read(request("m", "prednisolone", status="completed", authoredOn="2024-05-10")).medications == (
        "prednisolone",
    )


def test_a_steroid_cream_is_no_steroid_course() -> None:
    patient = read(request("m", "Prednisolone 1 % Topical Cream"))
    assert patient.medications == ()
    assert unread(patient, "local use")


def test_allergies() -> None:
    def allergy(name: str, display: str, state: str = "confirmed") -> Json:
        verified = {"coding": [{"code": state}]}
        of = {"patient": {"reference": "Patient/p"}, "verificationStatus": verified}
        return {"resourceType": "AllergyIntolerance", "id": name, "code": concept(SNOMED, "0", display)} | of

    patient = read(
        allergy("a", "Naproxen"),
        allergy("b", "Codeine", "refuted"),
        allergy("c", "Peanut"),
        allergy("d", "No known allergy"),
    )
    assert patient.allergies == ("naproxen", "Peanut")
    assert unread(patient, "AllergyIntolerance/b")
    assert patient.stated == ("allergies",)


def test_where_code_and_words_of_a_medicine_differ_the_words_are_taken_and_it_is_said() -> None:
    patient = read(
        request("m", "Alendronate (Fosamax)") | {"medicationCodeableConcept": concept(RXNORM, "3002", "Fosamax")}
    )
    assert patient.medications == ("alendronic_acid",)
    assert unread(patient, "cyclophosphamide")


def test_a_procedure_counts_when_it_was_done() -> None:
    def spinal(status: str) -> Patient:
        done = {"status": status, "code": concept(SNOMED, "277762005"), "performedDateTime": "2024-05-10"}
        return read(resource("Procedure", "s", **done))

    assert spinal("completed").days_ago == {"recent_spinal_procedure": 10}
    assert spinal("completed").sources["recent_spinal_procedure"] == ("Procedure/s",)
    assert spinal("not-done").present == ()


# --- questionnaires ------------------------------------------------------------------------------------------------


def test_answers_of_a_questionnaire() -> None:
    yes, no, unsure = ({"valueCoding": {"system": SNOMED, "code": c}} for c in ("373066001", "373067005", "261665006"))
    group = {"linkId": "group", "item": [item("night_pain", **yes), item("/back/saddle_anaesthesia", **no)]}
    patient = read(
        response(
            "q", group, item("fever", valueBoolean=False), item("weight_loss"), item("rigors", **unsure),
            item("temperature", valueQuantity={"value": 99.5, "code": "[degF]"}),
            item("pain_intensity", valueInteger=8),
            item("crp", valueDecimal=9999), item("favourite_colour", valueString="blue"), status="in-progress",
        )
    )  # fmt: skip
    assert patient.present == ("night_pain",)
    assert patient.absent == ("fever", "saddle_anaesthesia")
    assert patient.measured == {"pain_intensity": 8, "temperature": 37.5}
    assert unread(patient, "favourite_colour")
    assert unread(patient, "crp")
    assert not unread(patient, "blue")
    assert noted(patient, "QuestionnaireResponse/q", "not finished")


def test_of_two_responses_the_latest_counts() -> None:
    form = {"questionnaire": "https://forms.test/back"}
    early = response("a", item("fever", valueBoolean=True), authored=f"{DAY}T09:00:00Z", **form)
    patient = read(response("b", item("fever", valueBoolean=False), **form), early)
    assert patient.absent == ("fever",)
    assert unread(patient, "QuestionnaireResponse/a")


def test_a_sign_absent_weeks_ago_does_not_reassure_and_one_present_still_warns() -> None:
    old = response(
        "q",
        item("motor_weakness", valueBoolean=True),
        item("saddle_anaesthesia", valueBoolean=False),
        authored="2024-05-05",
    )
    patient = read(old)
    assert (patient.present, patient.absent) == (("motor_weakness",), ())
    assert unread(patient, "saddle_anaesthesia")


# --- contradictions ------------------------------------------------------------------------------------------------


def test_the_most_recent_of_two_answers_wins_and_both_are_named() -> None:
    first = response(
        "a", item("night_pain", valueBoolean=True), authored=f"{DAY}T08:00:00Z", questionnaire="https://x.test/1"
    )
    patient = read(first, response("b", item("night_pain", valueBoolean=False), questionnaire="https://x.test/2"))
    assert patient.absent == ("night_pain",)
    assert noted(patient, "QuestionnaireResponse/a", "QuestionnaireResponse/b")


def test_a_cancer_in_the_record_is_not_denied_away() -> None:
    cancer = condition("c", concept(SNOMED, "254837009"), onsetDateTime="2014-05-20")
    patient = read(cancer, response("q", item("history_of_cancer", valueBoolean=False)))
    assert patient.present == ("history_of_cancer",)


def test_fever_denied_but_measured_is_fever() -> None:
    patient = read(response("q", item("fever", valueBoolean=False)), observation("t", "8310-5", 38.7, "Cel"))
    assert patient.absent == ()
    assert noted(patient, "fever", "QuestionnaireResponse/q")
    assert "fever" in answers_of(patient, knowledge()).present


def test_contradictions_by_implication_are_resolved_towards_what_warns() -> None:
    patient = read(
        response(
            "q", item("motor_weakness", valueBoolean=False), item("severe_motor_weakness", valueBoolean=True),
            item("no_improvement_after_4_weeks", valueBoolean=True), item("duration_days", valueInteger=3),
            item("minor_skin_cancer_only", valueBoolean=True), item("history_of_cancer", valueBoolean=True),
            item("mri_normal", valueBoolean=True), item("mri_tumour", valueBoolean=True),
            item("corticosteroid_use", valueBoolean=False),
        ),
        request("m", "prednisolone 5 MG Oral Tablet"),
    )  # fmt: skip
    assert patient.present == (
        "no_improvement_after_4_weeks",
        "history_of_cancer",
        "severe_motor_weakness",
        "mri_tumour",
    )
    assert patient.absent == ()
    assert patient.measured == {}
    derived = answers_of(patient, knowledge()).present
    assert {"motor_weakness", "corticosteroid_use"} <= set(derived)


def test_the_findings_named_in_code_exist() -> None:
    named = LASTING | STATES | SLOW | REASSURING | ABOUT_THE_PAST | set(SEEN.values()) | set(MULTIPLES)
    assert named <= set(knowledge().index.finding_ids)
    assert set(knowledge().index.comorbidities) >= LASTING_COMORBIDITIES | {RECENT_INFARCTION, OLD_INFARCTION}
    assert {cause for _, cause in SEEN} <= {*knowledge().index.cause_ids, *knowledge().index.complications}
    assert set(knowledge().index.settings) >= set(CLASSES.values()) | set(SERVICES.values())


def test_no_words_of_the_patient_in_an_error() -> None:
    secret = person() | {"birthDate": {"Jane": "Doe"}}
    with pytest.raises(InputError) as error:
        from_fhir(bundle(secret), knowledge())
    assert "Jane" not in str(error.value)
    assert "Doe" not in str(error.value)


# --- found by reading records by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [("420 mL", 420.0), ("420mL", 420.0), ("0.42 L", 420.0)])
def test_a_worded_value_with_its_unit_is_read(text: str, value: float) -> None:
    patient = read(response("q", item("post_void_residual", valueString=text)))
    assert patient.measured["post_void_residual"] == value


@pytest.mark.parametrize("text", ["420", "about 420 mL", "400-450 mL", "< 50 mL", "420 cups", "420 mL twice"])
def test_a_worded_value_without_a_known_unit_is_listed(text: str) -> None:
    patient = read(response("q", item("post_void_residual", valueString=text)))
    assert "post_void_residual" not in patient.measured
    assert unread(patient, "post_void_residual")


def test_an_allergy_to_an_anti_inflammatory_drug_is_the_comorbidity() -> None:
    for name, expected in (("Aspirin", ("nsaid_hypersensitivity",)), ("Penicillin V", ())):
        allergy = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}}
        assert read(allergy | {"code": {"text": name}}).comorbidities == expected


@pytest.mark.parametrize("word", ["spinal_injury", "Spine fracture"])
def test_a_later_visit_for_a_spinal_injury_in_words_is_at_issue(word: str) -> None:
    period = {"start": "2024-06-20T10:00:00Z", "end": "2024-06-20T10:30:00Z"}
    later = encounter(reasonCode=[{"text": word}], period=period) | {"id": "later"}
    assert noted(read(later), "Encounter/later", "about back pain")


@pytest.mark.parametrize("unit", ["cells/uL", "cells/µL", "{cells}/uL"])
def test_cells_per_microlitre(unit: str) -> None:
    counts = (observation("w", "6690-2", 7800, unit), observation("t", "777-3", 212000, unit))
    patient = read(*counts)
    assert (patient.measured["leukocytes"], patient.measured["platelets"]) == (7.8, 212.0)


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-31T23:59:59+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01"])
def test_a_date_at_the_end_of_the_calendar_does_not_stop_the_reading(day: str) -> None:
    visit = {"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": day}}
    patient = from_fhir(bundle(person(), visit), knowledge())
    assert patient.age_years is None  # nobody is that old, nor was anybody there before the birth
