"""Probabilities of a table are those of each case alone, and what a case may not hold is listed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import InputError, Model, from_case
from backspasm.advice.assessment import differential_of
from backspasm.inference.many import leading as leading_module
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.cohort_files import write_cohort
from backspasm.population.screen import probabilities as module
from backspasm.population.screen import run
from backspasm.population.screen.probabilities import columns_of_batch, gathered
from backspasm.population.screen.run import Request, screen

COUNT = 200


@pytest.fixture(scope="module")
def table(model: Model, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    records, _ = write_cohort(Cohort(Wanted(seed=5), model), COUNT, tmp_path_factory.mktemp("t") / "c", "parquet")
    return pq.read_table(records)


@pytest.fixture(params=["machine code", "NumPy"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to the same numbers."""
    if request.param == "NumPy":
        monkeypatch.setattr(leading_module, "machine_code", lambda compiled: None)
    else:
        pytest.importorskip("numba")
    return str(request.param)


def probabilities(
    table: pa.Table, model: Model, folder: Path, group: int = 64
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    folder.mkdir()
    pq.write_table(table, folder / "cases.parquet", row_group_size=group)
    screen(Request(folder / "cases.parquet", folder / "out", only_probabilities=True), model)
    rows = pq.read_table(folder / "out" / "assessments").to_pylist()
    return rows, pq.read_table(folder / "out" / "problems.parquet").to_pylist()


@pytest.mark.usefixtures("engine")
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


@pytest.mark.usefixtures("engine")
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


def test_it_does_not_matter_how_the_file_is_cut(
    table: pa.Table, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of rows of any size, several of them in a step, batches that begin in the middle of a byte."""
    whole, _ = probabilities(table, model, tmp_path / "whole", group=COUNT)
    for rows, batch, step in ((64, 37, 130), (7, 3, 50), (COUNT, 13, 64), (50, 1000, 1)):
        monkeypatch.setattr(module, "ROWS", batch)
        monkeypatch.setattr(run, "gathered", partial(gathered, rows=step))
        cut, problems = probabilities(table, model, tmp_path / f"{rows}-{batch}", rows)
        assert problems == []
        assert [r["patient"] for r in cut] == [r["patient"] for r in whole]
        for cause in model.parameters.causes:
            one, other = (np.array([r[cause] for r in found], dtype=float) for found in (cut, whole))
            assert np.abs(one - other).max() < 1e-7


def test_batches_that_begin_in_the_middle_of_another(table: pa.Table, model: Model) -> None:
    batch = table.combine_chunks().to_batches()[0]
    whole = columns_of_batch(batch, model)[0]
    for first, count in ((0, 5), (3, 17), (8, 8), (101, 99)):
        part = columns_of_batch(batch.slice(first, count), model)[0]
        for name in ("answers", "measured", "setting", "band", "sex"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[first : first + count])


def test_columns_in_which_nothing_is_said(table: pa.Table, model: Model, tmp_path: Path) -> None:
    """Whether they are there, are empty, or have no type does not matter; the same for groups of rows."""
    silent = [*model.parameters.booleans[::2], *model.parameters.measured[::2]]
    without, _ = probabilities(table.drop_columns(silent), model, tmp_path / "without")
    for name, kind in (("empty", None), ("untyped", pa.null())):
        quiet = table
        for column in silent:
            own = kind if kind is not None else table.schema.field(column).type
            quiet = quiet.set_column(quiet.column_names.index(column), column, pa.nulls(COUNT, own))
        assert probabilities(quiet, model, tmp_path / name)[0] == without
    half = pa.concat_tables([table.slice(0, 64), table.drop_columns(silent).slice(64)], promote_options="default")
    rows, _ = probabilities(half, model, tmp_path / "half")
    whole, _ = probabilities(table, model, tmp_path / "whole")
    for causes in model.parameters.causes:
        assert [r[causes] for r in rows[:64]] == pytest.approx([r[causes] for r in whole[:64]], abs=1e-7)
        assert [r[causes] for r in rows[64:]] == pytest.approx([r[causes] for r in without[64:]], abs=1e-7)


def test_words_as_dictionaries_and_names_that_are_missing(table: pa.Table, model: Model, tmp_path: Path) -> None:
    """Another dictionary in every group of rows, and words that nobody knows in one."""
    plain, _ = probabilities(table, model, tmp_path / "plain")
    coded = table
    for name in ("sex", "setting"):
        words = table.column(name).combine_chunks().dictionary_encode()
        coded = coded.set_column(coded.column_names.index(name), name, words)
    coded = changed(coded, "id", 5, None)
    rows, problems = probabilities(coded, model, tmp_path / "coded")
    assert problems == []
    assert rows[5]["patient"] == "line-6"
    rows[5]["patient"] = plain[5]["patient"]
    assert rows == plain
    lost = changed(table, "setting", 130, "emergancy")
    rows, problems = probabilities(lost, model, tmp_path / "lost")
    assert [p["line"] for p in problems] == [131]
    assert len(rows) == COUNT - 1


def test_numbers_as_text_are_refused(table: pa.Table, model: Model, tmp_path: Path) -> None:
    for name in ("crp", "age_years"):
        text = table.set_column(table.column_names.index(name), name, table.column(name).cast(pa.string()))
        with pytest.raises(InputError, match=f"{name}.*is string, not a number"):
            probabilities(text, model, tmp_path / name)


def test_lists_are_refused(table: pa.Table, model: Model, tmp_path: Path) -> None:
    wide = table.append_column("medications", pa.array([["naproxen"]] * COUNT))
    with pytest.raises(InputError, match="is a column that it does not read"):
        probabilities(wide, model, tmp_path / "w")
