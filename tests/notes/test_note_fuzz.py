"""Mutated notes never make the reader fail, and its time grows with the length of a text, not faster.

`make fuzz` reads 100,000 of them.
"""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from tests.notes.mutated import HOSTILE, SLACK, fault_of, growth, mutated, notes

COUNT, PARTS = 2000, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_notes_are_read(part: int, knowledge: Knowledge) -> None:
    of = notes()
    for seed in range(part, COUNT, PARTS):
        assert fault_of(mutated(seed, of), knowledge) is None, f"seed {seed}"


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length(name: str, knowledge: Knowledge) -> None:
    """A ratio within one run; measured again where the machine was busy with something else."""
    ratios: list[float] = []
    while len(ratios) < 4 and (not ratios or min(ratios) > SLACK):
        ratios.append(growth(name, 24_000, knowledge, times=1)[1])
    assert min(ratios) <= SLACK
