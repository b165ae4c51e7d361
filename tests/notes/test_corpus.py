"""How well the reader reads notes that were written without knowing its words."""

from __future__ import annotations

from typing import Any

import pytest

from backspasm import Knowledge
from tests.notes.score import corpus, halves, readings, score

#: below what the reader reaches; raise them with it. The notes held out were never looked at.
FLOORS = {"first": (0.96, 0.89), "blind": (0.90, 0.89), "held out": (0.86, 0.83)}


@pytest.mark.parametrize("half", list(FLOORS))
def test_precision_and_recall(knowledge: Knowledge, half: str, record_property: Any) -> None:
    found = score(readings(halves(corpus())[half], knowledge))
    print(f"{half} notes: {found}")
    record_property(half, str(found))
    precision, recall = FLOORS[half]
    assert found.precision >= precision
    assert found.recall >= recall
