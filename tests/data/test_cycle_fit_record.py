"""The fit on file: of the plan on file, by chains that agree, with the published course inside; and faults of it are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backspasm import Knowledge
from backspasm.cycle.engine import simulate
from backspasm.cycle.fit.whole import digest
from backspasm.cycle.population import population
from backspasm.cycle.treatment import NONE
from backspasm.presentation.cycle_fit_words import ESS, RHAT, model_words, verdict
from backspasm.records.library import knowledge_folder
from tests.data.spoilt import told_of


def test_the_fit_on_file_is_that_of_the_targets_on_file(knowledge: Knowledge) -> None:
    record = knowledge.cycle_fit
    assert record.digest == digest(knowledge.cycle_plan)
    assert [f.structure for f in record.fits] == [s.id for s in knowledge.cycle_plan.structures]
    unknowns = [u for f in record.fits for u in f.unknowns]
    assert max(u.rhat for u in unknowns) < RHAT
    assert min(u.ess for u in unknowns) > ESS


@pytest.mark.parametrize("structure", ["weak_loop", "no_loop"])
@pytest.mark.parametrize("week", [0, 6, 26, 52])
def test_the_mean_course_lies_in_the_published_intervals(knowledge: Knowledge, structure: str, week: int) -> None:
    """Weeks 0, 6 and 52 were fitted; week 26 was held out."""
    predicted = {p.target: p for p in knowledge.cycle_fit.of(structure).predicted}
    assert predicted[f"pain_week_{week}"].inside
    role = {t.id: t.role for t in knowledge.cycle_plan.targets}[f"pain_week_{week}"]
    assert role == ("held_out" if week == 26 else "fitted")


def test_the_emergency_department_recovers_as_fast_as_published(knowledge: Knowledge) -> None:
    predicted = {p.target: p for p in knowledge.cycle_fit.of("weak_loop").predicted}
    assert predicted["emergency_improvement"].inside
    assert predicted["emergency_improvement_2018"].inside
    assert predicted["emergency_improvement_2017"].inside


def test_the_return_gain_is_said_not_to_be_told(knowledge: Knowledge) -> None:
    record = knowledge.cycle_fit
    found = {u.id: u for u in record.of(record.main).unknowns}
    assert verdict(found["return_gain"]) == "not told"
    assert verdict(found["injury"]) != "not told"
    assert knowledge.cycle.parameters["return_gain"].identified == "no"
    assert "do not show that there is a loop" in model_words(knowledge.cycle_plan, record)


def test_the_population_of_the_records_shows_the_published_course(knowledge: Knowledge) -> None:
    """Drawn from the parameters' records alone, as trials and maps draw it."""
    p = population(knowledge.cycle, 3_000, np.random.default_rng(5), days_before=7, horizon=365, even=True)
    days = np.array([0.0, 42, 182, 364])
    published = [(48, 57), (21, 25), (9, 15), (3, 10)]
    for patients in (p, p.without_loop()):
        means = simulate(patients, NONE, days, fine=1 / 16, compiled=None).pain.mean(axis=1)
        # the rival shares the figures fitted with the loop, so it may lie a little below
        assert all(low - 3 <= mean <= high + 1 for mean, (low, high) in zip(means, published, strict=True)), means


def test_faults_of_targets_and_fit_are_told_together(tmp_path: Path) -> None:
    parameters = (knowledge_folder() / "cycle/parameters.yaml").read_text(encoding="utf-8")
    value = next(line for line in parameters.splitlines() if line.startswith("    value: "))
    said = told_of(
        tmp_path,
        ("cycle/targets.yaml", "parameter: cox_share", "parameter: cox_shares"),
        ("cycle/targets.yaml", "value: 23\n", "value: 24\n"),
        (
            "cycle/targets.yaml",
            "sources: [menezescosta2012/acute_week_52]",
            "sources: [menezescosta2012/acute_week_51]",
        ),
        ("cycle/targets.yaml", "main: weak_loop", "main: week_loop"),
        ("cycle/targets.yaml", "    n: 973\n", ""),
        ("cycle/targets.yaml", "limits: {return_gain: [0.5, 0.75]", "limits: {return_gain: [0.5, 0.85]"),
        ("cycle/parameters.yaml", "id: injury\n    symbol: I0", "id: injury\n    symbol: I_0"),
        ("cycle/parameters.yaml", value, "    value: 1.5"),
    )
    for part in (
        "unknown parameter 'cox_shares'",
        "24 differs from 23 in menezescosta2012/acute_week_6",
        "unknown source 'menezescosta2012/acute_week_51'",
        "unknown model 'week_loop'. Mend: did you mean 'weak_loop'?",
        "recovered_year: neither an interval nor a number of patients",
        "return_gain from 0.5 to 0.85 leaves its prior",
        "injury: typical differs from the fit on file",
    ):
        assert part in said, said
