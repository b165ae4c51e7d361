"""Each field of a case is read as the contract says; what is wrong with it is named."""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import InputError, Knowledge, Patient, from_case
from backspasm.patients.case_text import DEEPEST, parse_text
from backspasm.patients.from_case import FIELDS, impossible
from backspasm.patients.patient import InputProblem, shortened
from backspasm.patients.reading import detect, read_patient


def read(knowledge: Knowledge, **fields: Any) -> Patient:
    return from_case({"age_years": 47, **fields}, knowledge)


def faults(knowledge: Knowledge, case: Any) -> list[InputProblem]:
    with pytest.raises(InputError) as error:
        from_case(case, knowledge)
    return list(error.value.problems)


# --- fields --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({"age_years": 47}, "age_years", 47.0),
        ({"age_years": 0}, "age_years", 0.0),
        ({"age_years": 1.5}, "age_years", 1.5),
        ({"age_years": None}, "age_years", None),
        ({}, "sex", "unknown"),
        ({"sex": None}, "sex", "unknown"),
        ({"sex": "female"}, "sex", "female"),
        ({}, "setting", None),
        ({"setting": "emergency"}, "setting", "emergency"),
        ({}, "present", ()),
        ({"present": None}, "present", ()),
        ({"present": ["fever", "rigors"]}, "present", ("fever", "rigors")),
        ({"present": ["fever", "fever"]}, "present", ("fever",)),
        ({"present": [{"finding": "fever"}]}, "present", ("fever",)),
        ({"present": [{"finding": "significant_trauma", "days_ago": 3}]}, "present", ("significant_trauma",)),
        ({"present": [{"finding": "significant_trauma", "days_ago": 3}]}, "days_ago", {"significant_trauma": 3.0}),
        ({"absent": ["weight_loss"]}, "absent", ("weight_loss",)),
        ({"measured": {"crp": 182, "temperature": 38.7}}, "measured", {"crp": 182.0, "temperature": 38.7}),
        ({"measured": None}, "measured", {}),
        ({"days_ago": {"significant_trauma": 180}}, "days_ago", {"significant_trauma": 180.0}),
        ({"medications": ["apixaban", " apixaban ", "a\n b"]}, "medications", ("apixaban", "a b")),
        ({"allergies": ["naproxen"]}, "allergies", ("naproxen",)),
        ({"comorbidities": ["heart_failure", "heart_failure"]}, "comorbidities", ("heart_failure",)),
        ({}, "pregnant", None),
        ({"pregnant": False}, "pregnant", False),
        ({"pregnant": True}, "pregnant", True),
        ({"pregnancy_weeks": 12}, "pregnancy_weeks", 12.0),
        ({"pregnancy_weeks": None}, "pregnancy_weeks", None),
        ({"pregnant": False, "pregnancy_weeks": 0}, "pregnancy_weeks", 0.0),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_field_is_read(knowledge: Knowledge, fields: dict[str, Any], attribute: str, value: object) -> None:
    assert getattr(read(knowledge, **fields), attribute) == value


def test_every_field_of_the_contract_is_read(knowledge: Knowledge) -> None:
    case = {
        "age_years": 31,
        "sex": "female",
        "setting": "referred",
        "present": ["night_pain"],
        "absent": ["fever"],
        "measured": {"crp": 3},
        "days_ago": {"recent_infection": 20},
        "medications": ["naproxen"],
        "allergies": ["aspirin"],
        "comorbidities": ["asthma"],
        "pregnant": True,
        "pregnancy_weeks": 20,
    }
    assert set(case) == set(FIELDS)
    empty, full = Patient(age_years=None), from_case(case, knowledge)
    for field in FIELDS:
        assert getattr(full, field) != getattr(empty, field), field


def test_an_empty_list_that_was_given_says_that_there_is_nothing(knowledge: Knowledge) -> None:
    assert read(knowledge).stated == ()
    assert read(knowledge, allergies=None, medications=[]).stated == ("medications",)
    assert read(knowledge, allergies=[], comorbidities=["asthma"]).stated == ("allergies", "comorbidities")


@pytest.mark.parametrize(
    ("finding", "beyond"),
    [
        ("temperature", (27.9, 44.1)),
        ("crp", (-0.1, 1000.1)),
        ("pain_intensity", (-1, 10.5)),
        ("post_void_residual", (-1, 3001)),
    ],
)
def test_a_measurement_may_lie_at_the_ends_of_what_is_possible_but_not_beyond(
    knowledge: Knowledge, finding: str, beyond: tuple[float, float]
) -> None:
    ends = knowledge.findings[finding].plausible
    assert ends is not None
    for end in ends:
        assert impossible(finding, knowledge.number(end), knowledge) is None
    for value in (*beyond, float("nan"), float("inf")):
        problem = impossible(finding, value, knowledge)
        assert problem is not None
        assert problem.field == f"measured.{finding}"
        assert problem.value == f"{value:g}"


def test_every_measured_finding_has_limits(knowledge: Knowledge) -> None:
    for finding in knowledge.findings.values():
        if finding.kind == "measured":
            assert impossible(finding.id, 1e9, knowledge) is not None, finding.id


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, [("input", "the case is empty")]),
        (None, [("input", "a case is a mapping of fields, this is empty")]),
        ([], [("input", "a case is a mapping of fields, this is empty")]),
        ("fever", [("input", "a case is a mapping of fields, this is a text")]),
        (True, [("input", "a case is a mapping of fields, this is true or false")]),
        ({"sex": "male"}, [("age_years", "missing")]),
        ({"age_years": 4, "AGE": 4}, [("AGE", "unknown field")]),
        ({"age_years": 4, 5: 6}, [("5", "unknown field")]),
        ({"age_years": 4, None: 6}, [("None", "unknown field")]),
        ({"age_years": "4"}, [("age_years", "is text, not a number")]),
        ({"age_years": [4]}, [("age_years", "is not a number")]),
        ({"age_years": 10**400}, [("age_years", "is not a number")]),
        ({"age_years": 125.5}, [("age_years", "is impossible (expected 0 to 125)")]),
        ({"age_years": 4, "sex": "m"}, [("sex", "unknown")]),
        ({"age_years": 4, "sex": ""}, [("sex", "unknown")]),
        ({"age_years": 4, "setting": ["emergency"]}, [("setting", "unknown")]),
        ({"age_years": 4, "present": ["Fever"]}, [("present", "unknown finding")]),
        ({"age_years": 4, "present": [["fever"]]}, [("present", "a finding is named by its id")]),
        (
            {"age_years": 4, "present": [{"finding": "fever", "since": 3}]},
            [("present", "a finding is named by its id")],
        ),
        ({"age_years": 4, "measured": {3: 4}}, [("measured", "a finding is named by its id")]),
        ({"age_years": 4, "measured": {"crp": [4]}}, [("measured.crp", "is not a number")]),
        ({"age_years": 4, "days_ago": [3]}, [("days_ago", "must map finding ids to numbers")]),
        ({"age_years": 4, "days_ago": {"fever": True}}, [("days_ago.fever", "must be a number of days, 0 or more")]),
        ({"age_years": 4, "pregnant": "no"}, [("pregnant", "must be true, false or null")]),
        ({"age_years": 4, "pregnant": 1}, [("pregnant", "must be true, false or null")]),
        ({"age_years": 4, "pregnancy_weeks": -1}, [("pregnancy_weeks", "is impossible (expected 0 to 45)")]),
        ({"age_years": 4, "medications": "apixaban"}, [("medications", "must be a list, this is a text")]),
        ({"age_years": 4, "medications": [None]}, [("medications", "must be a name")]),
        ({"age_years": 4, "allergies": [{}]}, [("allergies", "must be a name")]),
        ({"age_years": 4, "comorbidities": [3]}, [("comorbidities", "unknown")]),
        ({"age_years": 4, "comorbidities": True}, [("comorbidities", "must be a list, this is true or false")]),
        (
            {"age_years": 40, "sex": "male", "pregnant": True, "pregnancy_weeks": 9, "present": ["pregnancy"]},
            [(field, "contradicts sex (male)") for field in ("pregnant", "present", "pregnancy_weeks")],
        ),
        (
            {"age_years": 40, "present": ["fever", "rigors"], "absent": ["rigors", "fever"]},
            [("present and absent", "is in both lists")] * 2,
        ),
    ],
    ids=lambda value: str(value)[:60] if not isinstance(value, list) or not value else "",
)
def test_a_fault_is_named_with_its_field(knowledge: Knowledge, case: Any, expected: list[tuple[str, str]]) -> None:
    found = faults(knowledge, case)
    assert [(p.field, p.what) for p in found] == expected
    assert all(p.mend for p in found)


def test_faults_come_in_the_same_order_every_time(knowledge: Knowledge) -> None:
    both = ["rigors", "fever", "vomiting", "headache", "fatigue"]
    found = faults(knowledge, {"age_years": 4, "present": both, "absent": both})
    assert [p.value for p in found] == both


def test_the_error_says_everything_in_one_text() -> None:
    error = InputError([InputProblem("a", "1", "is wrong", "mend it"), InputProblem("b", "", "missing", "add it")])
    assert str(error) == "a (1): is wrong. Mend: mend it\nb: missing. Mend: add it"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\n words", "two words"),
        (3.5, "3.5"),
        (["a", "b"], "['a', 'b']"),
        ("x" * 81, "x" * 79 + "…"),
        ("x" * 80, "x" * 80),
        ("\x1b[2J", "\N{REPLACEMENT CHARACTER}[2J"),
        (10**5000, "…"),
    ],
    ids=["lines", "number", "list", "long", "just short", "control", "digits"],
)
def test_a_value_is_shown_on_one_short_line(value: object, shown: str) -> None:
    assert shortened(value) == shown


# --- text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 47", {"a": 47}),
        ("a: -4.5", {"a": -4.5}),
        ("a: .5", {"a": 0.5}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: 047", {"a": "047"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 0x1F", {"a": "0x1F"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 2024-05-01", {"a": "2024-05-01"}),
        ("a: yes", {"a": True}),
        ("a: ~\nb:", {"a": None, "b": None}),
        ("a: '3'", {"a": "3"}),
        ("a: <<", {"a": "<<"}),
        ("{a: 3, b: [x]}", {"a": 3, "b": ["x"]}),
        ('{"a": 3, "b": ["x"]}', {"a": 3, "b": ["x"]}),
        ('  \n{"a": null}', {"a": None}),
        ("a: &name 3", {"a": 3}),
        ("", None),
    ],
)
def test_text_is_read_without_surprises(text: str, data: object) -> None:
    found = parse_text(text)
    assert found == data
    assert type(found) is type(data)


def test_nesting_is_read_to_its_limit() -> None:
    inside = DEEPEST - 1  # the mapping is one level itself
    assert parse_text(f"a: {'[' * inside}{']' * inside}") is not None
    with pytest.raises(InputError, match="nested too deep"):
        parse_text(f"a: {'[' * (inside + 1)}{']' * (inside + 1)}")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"resourceType": "Bundle"}', "fhir"),
        (b'\xef\xbb\xbf\n {"entry": [], "resourceType" : "Bundle"}', "fhir"),
        (b'{"age_years": 47}', "case"),
        (b"resourceType: Bundle", "case"),
        (b"age_years: 47", "case"),
        (b"", "case"),
    ],
)
def test_the_kind_of_input_is_found_out(data: bytes, kind: str) -> None:
    assert detect(data) == kind


def test_a_byte_order_mark_is_no_part_of_the_text(knowledge: Knowledge) -> None:
    assert read_patient(b"\xef\xbb\xbfage_years: 47", knowledge) == read(knowledge)


def test_a_case_of_more_than_a_megabyte_is_refused(knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match="are too many for a case"):
        read_patient(b"age_years: 47 #" + b" " * 1_000_000, knowledge)


def test_what_only_days_ago_names_has_happened(knowledge: Knowledge) -> None:
    """A time without the finding itself was once read as nothing at all."""
    patient = from_case({"age_years": 47, "present": ["fever"], "days_ago": {"significant_trauma": 3}}, knowledge)
    assert set(patient.present) == {"fever", "significant_trauma"}
    assert patient.days_ago == {"significant_trauma": 3}


def test_a_measurement_has_no_time(knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match=r"days_ago\.crp \(3\): is a measurement"):
        from_case({"age_years": 47, "days_ago": {"crp": 3}}, knowledge)
