"""Probabilities of a table are those of each case alone, and what a case may not hold is listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import InputError, Model, from_case
from backspasm.advice.assessment import differential_of
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.cohort_files import write_cohort
from backspasm.population.screen.run import Request, screen

COUNT = 200


@pytest.fixture(scope="module")
def table(model: Model, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    records, _ = write_cohort(Cohort(Wanted(seed=5), model), COUNT, tmp_path_factory.mktemp("t") / "c", "parquet")
    return pq.read_table(records)


def probabilities(
    table: pa.Table, model: Model, folder: Path
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    folder.mkdir()
    pq.write_table(table, folder / "cases.parquet", row_group_size=64)
    screen(Request(folder / "cases.parquet", folder / "out", only_probabilities=True), model)
    rows = pq.read_table(folder / "out" / "assessments").to_pylist()
    return rows, pq.read_table(folder / "out" / "problems.parquet").to_pylist()


def test_they_are_those_of_each_case(table: pa.Table, model: Model, tmp_path: Path) -> None:
    rows, problems = probabilities(table, model, tmp_path / "a")
    assert (len(rows), problems) == (COUNT, [])
    for given, row in list(zip(table.to_pylist(), rows, strict=True))[::9]:
        case = {
            "age_years": given["age_years"], "sex": given["sex"], "setting": given["setting"],
            "present": [f for f in model.parameters.booleans if given[f] is True],
            "absent": [f for f in model.parameters.booleans if given[f] is False],
            "measured": {m: given[m] for m in model.parameters.measured if given[m] is not None},
        }  # fmt: skip
        one = differential_of(from_case(case, model.knowledge), model)
        assert row["patient"] == given["id"]
        assert row["top_cause"] == max(one, key=lambda c: one[c])
        assert row["top_probability"] == pytest.approx(max(one.values()), abs=1e-9)
        assert [row[c] for c in one] == pytest.approx(list(one.values()), abs=1e-6)


def changed(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    place = table.column_names.index(name)
    values = table.column(name).to_pylist()
    values[row] = value
    return table.set_column(place, name, pa.array(values, table.schema.field(name).type))


def test_what_a_case_may_not_hold_is_listed(table: pa.Table, model: Model, tmp_path: Path) -> None:
    whole, _ = probabilities(table, model, tmp_path / "whole")
    faulty = changed(table, "crp", 3, -4.0)
    faulty = changed(faulty, "age_years", 70, 400.0)
    faulty = changed(faulty, "sex", 71, "femal")
    faulty = changed(faulty, "severe_motor_weakness", 100, True)
    faulty = changed(faulty, "motor_weakness", 100, False)
    rows, problems = probabilities(faulty, model, tmp_path / "faulty")
    assert [p["line"] for p in problems] == [4, 71, 72, 101]
    assert [str(p["reason"]).split(":")[0] for p in problems] == [
        "measured.crp", "age_years", "sex", "answers that contradict each other",
    ]  # fmt: skip
    kept = [r for i, r in enumerate(whole) if i not in {3, 70, 71, 100}]
    for row, same in zip(rows, kept, strict=True):
        assert row["patient"] == same["patient"]
        assert [row[c] for c in model.parameters.causes] == pytest.approx([same[c] for c in model.parameters.causes])


def test_unknown_age_sex_and_setting(table: pa.Table, model: Model, tmp_path: Path) -> None:
    for name in ("age_years", "sex", "setting"):
        table = changed(table, name, 0, None)
    rows, _ = probabilities(table, model, tmp_path / "u")
    given = table.to_pylist()[0]
    case = {
        "age_years": None,
        "present": [f for f in model.parameters.booleans if given[f] is True],
        "absent": [f for f in model.parameters.booleans if given[f] is False],
        "measured": {m: given[m] for m in model.parameters.measured if given[m] is not None},
    }
    one = differential_of(from_case(case, model.knowledge), model)
    assert np.abs(np.array([rows[0][c] for c in one], dtype=float) - list(one.values())).max() < 1e-6


def test_lists_are_refused(table: pa.Table, model: Model, tmp_path: Path) -> None:
    wide = table.append_column("medications", pa.array([["naproxen"]] * COUNT))
    with pytest.raises(InputError, match="is a column that it does not read"):
        probabilities(wide, model, tmp_path / "w")
