"""Invented FHIR records, read as a clinician reads them."""

from __future__ import annotations

import pytest

from backspasm import Model, from_fhir
from tests.doors.records import RECORDS, expectations, missing_fragments, seen, unreferenced, wanted

EXPECTED = expectations("expected.yaml")


def test_every_record_has_its_expectation() -> None:
    assert {p.name for p in RECORDS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_record_is_read_as_expected(name: str, model: Model) -> None:
    patient = from_fhir((RECORDS / name).read_bytes(), model.knowledge)
    expected = EXPECTED[name]
    assert seen(patient, expected) == wanted(expected)
    assert missing_fragments(patient, expected) == []
    assert unreferenced(patient, model) == []
