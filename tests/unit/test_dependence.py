"""Correlations of findings among the model's patients, and as studies report them."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from backspasm import Knowledge, Model
from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.population import dependence as module
from backspasm.population.dependence import PAIRS, Dependence, Pair, correlation, dependence, reported
from backspasm.population.validation_page import validation_page
from backspasm.population.validation_text import Validation, print_validation, validation_json
from backspasm.records.types import Fact


def test_the_correlation_of_yes_and_no_is_phi() -> None:
    x = np.repeat([1.0, 1.0, 0.0, 0.0], [30, 28, 5, 37])
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 28, 5, 37])
    phi = (30 * 37 - 28 * 5) / np.sqrt(58 * 42 * 35 * 65)
    assert correlation(x, y) == pytest.approx(phi)
    assert np.isnan(correlation(np.ones(3), np.arange(3.0)))


def test_a_fourfold_table_gives_phi_with_an_interval() -> None:
    fact = Fact(
        id="a", kind="association", finding="esr", other="crp", both=30, first_only=28, second_only=5, neither=37
    )
    found = reported(fact, None)
    assert found.value == pytest.approx(0.412, abs=0.001)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_a_printed_correlation_without_a_number_of_patients_has_no_interval() -> None:
    found = reported(Fact(id="a", kind="association", finding="esr", other="crp", value=0.5), None)
    assert (found.value, found.low, found.high) == (0.5, None, None)


@pytest.fixture(scope="module")
def few(model: Model) -> dict[Pair, Dependence]:
    """Three pairs, few patients."""
    with pytest.MonkeyPatch.context() as patch:
        wanted = [p for p in PAIRS if p.finding in {"esr", "urinary_retention"} and p.given != module.INFECTIONS]
        for name, value in (("FIXED", 4_000), ("WORLDS", 3), ("PATIENTS", 500), ("PAIRS", tuple(wanted))):
            patch.setattr(module, name, value)
        return {d.pair: d for d in dependence(model, 1)}


def test_inflammation_makes_esr_and_crp_go_together(few: dict[Pair, Dependence]) -> None:
    everybody = few[Pair("esr", "crp", "emergency")]
    assert everybody.model.value > 0.15
    assert {r.address for r in everybody.reported} >= {"colombet2010/esr_with_crp", "mckenzie2023/esr_with_crp"}
    assert next(r for r in everybody.reported if r.address.startswith("colombet2010")).model is not None


def test_what_is_reported_of_one_disease_stands_beside_that_disease(few: dict[Pair, Dependence]) -> None:
    spondylitis = few[Pair("esr", "crp", "spine_clinic", module.SPONDYLOARTHRITIS)]
    assert {r.address for r in spondylitis.reported} == {"liu2005/esr_with_crp", "spoorenberg1999/esr_with_crp"}


def test_it_is_shown_on_a_terminal_as_json_and_on_a_page(few: dict[Pair, Dependence], knowledge: Knowledge) -> None:
    found = Validation(dependence=tuple(few.values()))
    console = Console(width=160, record=True, file=io.StringIO())
    print_validation(found, knowledge, console)
    text, page = console.export_text(), validation_page(found, knowledge)
    for shown in ("colombet2010/esr_with_crp", "How findings go together"):
        assert shown in text
        assert shown in page
    data = json.loads(validation_json(found))
    assert {"pair", "measure", "model", "reported", "searched"} <= data["dependence"][0].keys()


def test_every_pair_has_a_report_or_a_search(knowledge: Knowledge) -> None:
    reports = {frozenset((f.finding, f.other)) for _, f in knowledge.facts() if f.kind == "association"}
    searches = {frozenset((s.finding, s.other)) for s in knowledge.searches if s.other}
    inflammatory = set(module.INFLAMMATORY)
    for pair in PAIRS:
        names = frozenset((pair.finding, pair.other))
        assert names in reports | searches or names <= inflammatory, pair


def test_compressed_patients_are_drawn_as_often_as_they_occur(model: Model) -> None:
    """The resampling undoes that causes with many complications were drawn more often."""
    pair = Pair("urinary_retention", "saddle_anaesthesia", "emergency", COMPRESSIONS)
    sample = module._sample(pair, model, model.means, 6_000, 1)
    everybody = module._sample(Pair(pair.finding, pair.other, pair.setting), model, model.means, 30_000, 2)
    p = model.parameters
    columns = [p.complications.index(k) for k in COMPRESSIONS]
    rows = everybody.drawn.complications[:, columns].any(axis=1)
    disc = p.causes.index("disc_herniation")
    plain = float((everybody.drawn.cause[rows] == disc).mean())
    ours = float((sample.drawn.cause[sample.rows] == disc).mean())
    assert abs(plain - ours) < 4 * np.sqrt(0.25 / rows.sum())
