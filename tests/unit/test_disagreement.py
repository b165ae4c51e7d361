"""When do studies count as disagreeing, and which stand on which side?"""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.inference.disagreement import disagreement_of, disagreements
from backspasm.inference.logit_normal import from_counts
from backspasm.inference.observations import Cell, Sighting

CELL = Cell("fever", "discitis", "adult")


def seen(*counts: tuple[int, int]) -> tuple[Sighting, ...]:
    return tuple(Sighting(f"s{i}/f", f"s{i}", True, from_counts(x, n)) for i, (x, n) in enumerate(counts))


def test_two_large_studies_far_apart_disagree(knowledge: Knowledge) -> None:
    found = disagreement_of(CELL, seen((20, 100), (80, 100)), knowledge)
    assert found is not None
    assert [s.address for s in found.low] == ["s0/f"]
    assert [s.address for s in found.high] == ["s1/f"]
    assert found.p < 0.001
    assert found.between_share > 0.9


def test_the_sides_are_those_that_leave_least_variation_within(knowledge: Knowledge) -> None:
    found = disagreement_of(CELL, seen((10, 100), (62, 100), (12, 100), (70, 100), (65, 100)), knowledge)
    assert found is not None
    assert {s.address for s in found.low} == {"s0/f", "s2/f"}
    assert {s.address for s in found.high} == {"s1/f", "s3/f", "s4/f"}


@pytest.mark.parametrize(
    ("why", "counts"),
    [
        ("one study cannot disagree", [(20, 100)]),
        ("small studies differ by chance", [(2, 6), (4, 6)]),
        ("huge studies that differ by little", [(50_000, 100_000), (52_000, 100_000)]),
        ("the same", [(20, 100), (21, 100), (19, 100)]),
    ],
)
def test_no_disagreement(why: str, counts: list[tuple[int, int]], knowledge: Knowledge) -> None:
    assert disagreement_of(CELL, seen(*counts), knowledge) is None, why


def test_known_disputes_are_found_in_the_studies(knowledge: Knowledge) -> None:
    places = {d.place for d in disagreements(knowledge)}
    assert ("fever", "spinal_epidural_abscess") in places
    assert ("urinary_retention", "cauda_equina_syndrome") in places
    assert ("dramatic_nsaid_response", "axial_spondyloarthritis") in places
    assert ("history_of_cancer", "spinal_metastasis") in places


def test_every_disagreement_has_two_sides_of_different_studies(knowledge: Knowledge) -> None:
    for d in disagreements(knowledge):
        low, high = {s.lineage for s in d.low}, {s.lineage for s in d.high}
        assert low
        assert high
        assert not low & high
        assert max(s.observation.log_odds for s in d.low) < min(s.observation.log_odds for s in d.high)
        assert d.ages


def test_asking_for_some_findings_gives_the_same_as_all(knowledge: Knowledge) -> None:
    every = [d for d in disagreements(knowledge) if d.what == "fever"]
    assert list(disagreements(knowledge, {"fever"})) == every
