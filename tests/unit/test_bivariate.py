"""Pooling sensitivity and false alarms together: what it adds, and what it must leave alone."""

from __future__ import annotations

import pytest

from backspasm import Knowledge, Model
from backspasm.inference.bivariate import Pair, update_both
from backspasm.inference.logit_normal import LogitNormal, Observation, from_counts, update
from backspasm.inference.observations import rate_sightings

PRIOR, SILENT, SCALE = LogitNormal(-1.0, 0.8), LogitNormal(0.0, 10.0), 0.7


def test_without_partners_it_is_the_pooling_of_one_rate() -> None:
    seen = [from_counts(12, 40), from_counts(30, 50), from_counts(9, 61)]
    alone = update(PRIOR, seen, SCALE)
    found = update_both(PRIOR, SILENT, [Pair(o, None) for o in seen], SCALE).diseased
    assert found.mean == pytest.approx(alone.mean, abs=0.01)
    assert found.sd == pytest.approx(alone.sd, rel=0.02)


def test_a_lone_study_tells_nothing_of_how_the_two_go_together() -> None:
    found = update_both(PRIOR, SILENT, [Pair(from_counts(12, 40), from_counts(5, 50))], SCALE)
    assert found.correlation == pytest.approx(0.0, abs=0.02)


def test_studies_that_alarm_more_and_find_more_are_seen_to() -> None:
    pairs = [Pair(from_counts(10 * i, 100), from_counts(4 * i, 100)) for i in (2, 4, 5, 7, 9)]
    found = update_both(SILENT, SILENT, pairs, SCALE)
    assert found.correlation > 0.5
    turned = update_both(SILENT, SILENT, [Pair(p.others, p.diseased) for p in pairs], SCALE)
    assert turned.mean[1] == pytest.approx(found.mean[0])
    assert turned.correlation == pytest.approx(found.correlation)


def test_a_study_of_one_rate_borrows_from_what_the_others_show_of_both() -> None:
    """Where all others alarm less than this one, its own share of alarms tells that it finds more than usual."""
    both = [Pair(from_counts(20 * i, 200), from_counts(8 * i, 200)) for i in (3, 4, 5, 6)]
    eager = Pair(None, from_counts(120, 200))
    found, before = update_both(SILENT, SILENT, [*both, eager], SCALE), update_both(SILENT, SILENT, both, SCALE)
    assert found.mean[1] > before.mean[1]
    assert found.mean[0] > before.mean[0]


def test_bias_makes_a_study_weigh_less() -> None:
    near, far = from_counts(45, 50), Observation(2.2, 0.2, 4.0)
    plain = update_both(PRIOR, SILENT, [Pair(near, near), Pair(near, near)], SCALE)
    biased = update_both(PRIOR, SILENT, [Pair(far, far), Pair(far, far)], SCALE)
    assert biased.mean[0] < plain.mean[0]


def test_both_halves_of_a_study_know_each_other(knowledge: Knowledge) -> None:
    sightings = [s for seen in rate_sightings(knowledge).values() for s in seen]
    paired = [s for s in sightings if s.partner is not None]
    assert len({s.address for s in paired}) > 30
    by_address = {s.address for s in sightings}
    assert {s.address for s in paired} <= by_address


def test_the_model_pools_paired_cells_together(model: Model) -> None:
    assert model.parameters.backing["saddle_anaesthesia|cauda_equina_syndrome|adult"].facts
