"""What is kept for a short time: once made, never too much, never too long, and no failure."""

from __future__ import annotations

import pytest

from backspasm.service.kept import Kept, digest_of


def test_a_value_is_made_once_and_again_when_it_is_old() -> None:
    now, made = [0.0], []

    def make() -> int:
        made.append(1)
        return len(made)

    kept: Kept[int] = Kept(10, 60.0, clock=lambda: now[0])
    assert [kept.get("a", make), kept.get("a", make), kept.get("b", make)] == [1, 1, 2]
    now[0] = 61.0
    assert kept.get("a", make) == 3


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept: Kept[str] = Kept(2, 60.0, clock=lambda: 0.0)
    for name in ("a", "b", "a", "c"):
        kept.get(name, lambda: "old")
    assert len(kept) == 2
    assert [kept.get(name, lambda: "new") for name in ("a", "c", "b")] == ["old", "old", "new"]


def test_with_no_room_nothing_is_kept() -> None:
    kept: Kept[str] = Kept(0, 60.0)
    kept.get("a", lambda: "old")
    assert kept.get("a", lambda: "new") == "new"


def test_a_failure_is_raised_and_not_kept() -> None:
    kept: Kept[int] = Kept(2, 60.0)

    def broken() -> int:
        raise ValueError

    with pytest.raises(ValueError):
        kept.get("a", broken)
    assert kept.get("a", lambda: 1) == 1


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert digest_of([b"ab", b"c"]) != digest_of([b"a", b"bc"]) != digest_of([b"abc"])
