"""Verdicts of safe prescribing against a table written from labels and guidelines before the engine was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from backspasm import Knowledge, from_case
from backspasm.advice.prescribing import patient_facts, verdicts
from backspasm.patients.answers import answers_of

TABLE = yaml.safe_load((Path(__file__).parent / "prescribing.yaml").read_text(encoding="utf-8"))["situations"]
USUAL: dict[str, Any] = {"age_years": 40, "sex": "male", "medications": [], "allergies": [], "comorbidities": []}


def verdict_of(treatment: str, patient: dict[str, Any], knowledge: Knowledge) -> str:
    case = from_case({**USUAL, **patient}, knowledge)
    found = verdicts(patient_facts(case, answers_of(case, knowledge), knowledge), knowledge)
    return found[treatment].verdict if treatment in found else "none"


def name(row: dict[str, Any]) -> str:
    said = " ".join(f"{k}={v}" for k, v in row["patient"].items())
    return f"{row['treatment']} {said}".strip().replace(" ", "_")[:90]


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_the_verdict_is_that_of_label_or_guideline(row: dict[str, Any], knowledge: Knowledge) -> None:
    assert verdict_of(row["treatment"], row["patient"], knowledge) == row["verdict"], row["source"]


def test_the_table_is_large_and_covers_every_drug(knowledge: Knowledge) -> None:
    assert len(TABLE) >= 120
    assert set(knowledge.index.treatments["drugs"]) <= {row["treatment"] for row in TABLE}
    assert {row["verdict"] for row in TABLE} == {"avoid", "caution", "none"}


def test_the_sources_of_the_table_exist(knowledge: Knowledge) -> None:
    addresses = [a.strip() for row in TABLE for a in row["source"].split(",")[0].split(":")[:1]]
    named = [a for a in addresses if "/" in a and " " not in a]
    assert len(named) > 100
    assert [a for a in named if knowledge.fact(a) is None] == []
