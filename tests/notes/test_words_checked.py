"""Patterns that the language of patterns cannot say are refused where they stand."""

from __future__ import annotations

import pytest

from backspasm.records.word_checks import _NESTED


@pytest.mark.parametrize("pattern", ["(cannot|not (feel|tell)) .. wipe", "(walks .. far|stands) .. legs"])
def test_brackets_or_gaps_inside_brackets_are_found(pattern: str) -> None:
    assert _NESTED.search(pattern)


@pytest.mark.parametrize("pattern", ["(cannot|not) .. (feel|tell)", "{numb} & {saddle}", "numb .. (left|right)? toe"])
def test_ordinary_patterns_are_not(pattern: str) -> None:
    assert not _NESTED.search(pattern)
