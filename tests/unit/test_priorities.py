"""Which rates matter most to decisions."""

from __future__ import annotations

import json

import pytest

from backspasm import Model
from backspasm.population.priorities import Effects, effects
from backspasm.population.priorities_text import priorities_json


@pytest.fixture(scope="module")
def found(model: Model) -> Effects:
    return effects(model, patients=40)


def test_knowing_a_rate_never_costs(found: Effects) -> None:
    assert all(p.effect >= 0 for p in found.pairs)
    assert found.pairs[0].effect > 0
    assert sum(p.share for p in found.pairs) == pytest.approx(1, abs=0.01)
    assert [p.effect for p in found.pairs] == sorted((p.effect for p in found.pairs), reverse=True)


def test_every_finding_of_every_cause_is_ranked(found: Effects, model: Model) -> None:
    p = model.parameters
    assert len(found.pairs) == len(p.causes) * (len(p.booleans) + len(p.measured))
    assert found.patients >= 40
    assert 0 <= found.studied_share <= 1


def test_a_pair_tells_its_evidence_or_what_was_searched(found: Effects) -> None:
    by_pair = {(p.finding, p.cause): p for p in found.pairs}
    assert "harding2005/night_pain" in by_pair["night_pain", "nonspecific_back_pain"].facts
    assumed = by_pair["morning_stiffness", "other_referred"]
    assert not assumed.facts
    assert assumed.searches[0].terms


def test_the_ranking_is_told_as_plain_data(found: Effects) -> None:
    data = json.loads(priorities_json(found, 5))
    assert [p["rank"] for p in data["pairs"]] == [1, 2, 3, 4, 5]
    assert data["patients"] == found.patients
