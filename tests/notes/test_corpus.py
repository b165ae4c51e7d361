"""How well the reader reads notes that were written without knowing its words."""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import Knowledge
from tests.notes.score import corpus, even, readings, score

#: below what the reader reaches; raise them with it. The odd notes were never looked at.
FLOORS = {"even": (0.90, 0.85), "odd": (0.82, 0.70)}


@pytest.mark.parametrize("half", ["even", "odd"])
def test_precision_and_recall(knowledge: Knowledge, half: str, record_property: Any) -> None:
    found = score(readings([e for e in corpus() if even(e) == (half == "even")], knowledge))
    print(f"{half} notes: {found}")
    record_property(half, str(found))
    precision, recall = FLOORS[half]
    assert found.precision >= precision
    assert found.recall >= recall
