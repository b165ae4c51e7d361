"""Which rates matter most to decisions."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from backspasm import Model
from backspasm.population.priorities import Effects, effects
from backspasm.population.priorities_text import print_priorities, priorities_json


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


def test_every_pair_and_every_search_can_be_read_on_a_narrow_terminal(found: Effects, model: Model) -> None:
    out = io.StringIO()
    print_priorities(found, 100, model.knowledge, Console(file=out, width=80, highlight=False))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert [int(line[:4]) for line in lines if line[:4].strip().isdigit()] == list(range(1, 101))
    text = " ".join(out.getvalue().split())
    for pair in found.pairs[:100]:
        if pair.facts:
            assert pair.facts[0] in text
        elif pair.searches:
            assert " ".join(pair.searches[-1].found.split()) in text
    silent = sum(not p.facts and not p.searches for p in found.pairs[:100])
    assert text.count("no search on record") == silent
    told = {(s.date, s.terms, s.found) for p in found.pairs[:100] if not p.facts for s in p.searches[-1:]}
    same = sum(not p.facts and bool(p.searches) for p in found.pairs[:100]) - len(told)
    assert text.count("searched as for rank") == same
