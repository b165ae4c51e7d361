"""The truth kept beside virtual records: levels, groups and planted events; and how much of it is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import InputError, Knowledge, Model, from_case
from backspasm.advice.must_not_miss import GROUPS
from backspasm.advice.red_flags import fired_rules, floor
from backspasm.patients.answers import answers_of
from backspasm.population.audit.recovered import Recovered, recovered
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.screened import SCHEMA
from backspasm.population.synthetic.files import Layout, write_records
from backspasm.population.synthetic.truth import SCHEMA as TRUTH
from backspasm.population.synthetic.truth import state_of
from tests.unit.test_audit import ALARM, batch


def test_the_full_level_is_that_of_the_rules_with_every_finding_and_of_the_true_state(model: Model) -> None:
    cohort = Cohort(Wanted(seed=2, answered=1.0), model)
    patients = cohort.patients(0, 300)
    state, levels, compared = state_of(patients, cohort), model.knowledge.index.urgency, 0
    for i, case in enumerate(cohort.cases(patients)):
        cause = model.knowledge.causes[model.parameters.causes[patients.drawn.cause[i]]]
        there = np.array(model.parameters.complications)[patients.drawn.complications[i]]
        needed = [cause.urgency, *(model.knowledge.complications[k].urgency for k in there)]
        assert levels[state.needed[i]] == min(needed, key=levels.index)
        patient = from_case(case, model.knowledge)
        answers = answers_of(patient, model.knowledge)
        # of two ways to say one thing a case holds one, while all is true of the patient: the rules then ask for as much or more
        lowest = floor(fired_rules(patient, answers, model.knowledge), model.knowledge)
        assert state.full[i] <= min(levels.index(lowest), state.needed[i])
        compared += levels[state.full[i]] == min(lowest, levels[state.needed[i]], key=levels.index)
    assert compared > 270


def test_groups_are_those_of_cause_and_complications(model: Model) -> None:
    cohort = Cohort(Wanted(seed=2, causes=("discitis", "spinal_metastasis", "aortic_emergency")), model)
    patients = cohort.patients(0, 200)
    found = {name: state_of(patients, cohort).groups[:, g] for g, name in enumerate(GROUPS)}
    causes = np.array(model.parameters.causes)[patients.drawn.cause]
    for group, cause in (
        ("infection", "discitis"),
        ("malignancy", "spinal_metastasis"),
        ("aortic", "aortic_emergency"),
    ):
        assert (found[group] == (causes == cause)).all()
    cord = patients.drawn.complications[:, model.parameters.complications.index("spinal_cord_compression")]
    tail = patients.drawn.complications[:, model.parameters.complications.index("cauda_equina_syndrome")]
    assert (found["compression"] == (cord | tail)).all()
    assert not found["fracture"].any()
    assert cord.any()


def test_planted_events_follow_from_the_rest_of_the_truth(tmp_path: Path, model: Model) -> None:
    written = write_records(Cohort(Wanted(seed=3), model), 400, tmp_path / "c", Layout(10))
    rows = pq.read_table(written.truth).to_pylist()
    order = model.knowledge.index.urgency.index
    window = model.knowledge.number("audit_imaging_window")
    for row in rows:
        alarm = any(order(model.knowledge.red_flags[f].urgency) <= order("urgent") for f in row["documented_flags"])
        imaged = row["imaged_days"] is not None and row["imaged_days"] <= window
        serious = bool(row["must_not_miss"])
        if row["missed_red_flag"]:
            assert serious
            assert alarm
            assert not imaged
        assert row["needless_image"] == (imaged and not alarm and not serious)
        assert order(row["full_urgency"]) <= order(row["needed_urgency"])
    for event in ("missed_red_flag", "needless_image", "risky_prescription"):
        assert 0 < sum(bool(row[event]) for row in rows) < len(rows) / 2, event
    assert len({row["site"] for row in rows}) > 8


def truth_of(rows: list[dict[str, Any]], folder: Path) -> Path:
    plain = dict.fromkeys(TRUTH.names) | {
        "needed_urgency": "self_care",
        "full_urgency": "self_care",
        "missed_red_flag": False,
        "needless_image": False,
    }
    path = folder / "truth.parquet"
    pq.write_table(pa.Table.from_pylist([plain | row for row in rows], schema=TRUTH), path)
    return path


def screened(rows: list[dict[str, Any]], folder: Path) -> tuple[Path, ...]:
    pq.write_table(pa.Table.from_batches([batch(*rows)], schema=SCHEMA), folder / "assessments.parquet")
    return (folder / "assessments.parquet",)


def test_sensitivity_and_precision_by_hand(tmp_path: Path, knowledge: Knowledge) -> None:
    parts = screened(
        [
            ALARM | {"encounter": "missed"},
            ALARM | {"encounter": "false alarm"},
            ALARM | {"encounter": "worked up", "workup_days": 1.0},
            {"encounter": "unseen"},
            {"encounter": "of another cohort"},
        ],
        tmp_path,
    )
    truth = truth_of(
        [
            {"encounter": "missed", "missed_red_flag": True, "needed_urgency": "urgent"},
            {"encounter": "false alarm"},
            {"encounter": "worked up"},
            {"encounter": "unseen", "missed_red_flag": True, "needed_urgency": "emergency"},
            {"encounter": "never screened", "missed_red_flag": True},
        ],
        tmp_path,
    )
    found = {r.what: r for r in recovered(parts, truth, knowledge)}

    def counted(what: str) -> tuple[int, int]:
        r: Recovered = found[what]
        return r.count, r.of

    assert counted("sensitivity: missed red flag") == (1, 2)
    assert counted("precision: missed red flag") == (1, 2)
    assert counted("sensitivity: urgent or sooner, as cause and complications need") == (1, 2)
    assert counted("precision: urgent or sooner, as cause and complications need") == (1, 3)
    assert counted("urgency later than needed") == (1, 4)
    assert found["precision: emergency or sooner, as cause and complications need"].share is None  # of nobody


def test_a_truth_of_other_records_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match="no encounter of it was screened"):
        recovered(screened([{}], tmp_path), truth_of([{"encounter": "x"}], tmp_path), knowledge)
