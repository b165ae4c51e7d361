"""Parts become Parquet files of many rows, in the order of the parts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import Model
from backspasm.population.screen import parquet
from backspasm.population.screen.files import digest_of_file
from backspasm.population.screen.parquet import files_of, write_file, write_rows
from backspasm.population.screen.run import Request, screen
from backspasm.population.screen.schemas import ASSESSED
from tests.population_records import export


def rows(numbers: range) -> pa.RecordBatch:
    names = pa.array([f"p{i}" for i in numbers])
    flags = pa.array([["saddle_anaesthesia"] * (i % 3) for i in numbers], ASSESSED.field("red_flags").type)
    known = {"patient": names, "red_flags": flags}
    columns = [known.get(f.name, pa.nulls(len(numbers), f.type)) for f in ASSESSED]
    return pa.record_batch(columns, schema=ASSESSED)


def test_a_file_holds_the_parts_in_order_in_large_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP", 10)
    parts = []
    for i, batches in enumerate(([range(3), range(3, 7)], [], [range(0)], [range(7, 40)], [range(40, 42)])):
        parts.append(tmp_path / f"{i}.arrow")
        write_rows(parts[-1], (rows(b) for b in batches))
    digest = write_file(tmp_path / "whole.parquet", parts)
    found = pq.ParquetFile(tmp_path / "whole.parquet")
    assert found.schema_arrow == ASSESSED
    assert [found.metadata.row_group(i).num_rows for i in range(found.metadata.num_row_groups)] == [10, 10, 10, 10, 2]
    assert found.read().combine_chunks().to_batches()[0].equals(rows(range(42)))
    assert write_file(tmp_path / "again.parquet", parts) == digest


def test_no_part_makes_an_empty_file(tmp_path: Path) -> None:
    write_file(tmp_path / "empty.parquet", [])
    found = pq.read_table(tmp_path / "empty.parquet")
    assert (found.num_rows, found.schema) == (0, ASSESSED)


def test_neighbouring_parts_share_a_file_as_far_as_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ONE_FILE", 100)
    assert files_of([]) == [range(0)]
    assert files_of([40, 60, 0]) == [range(3)]
    assert files_of([40, 61]) == [range(1), range(1, 2)]
    assert files_of([300, 10, 90, 1]) == [range(1), range(1, 3), range(3, 4)]


def test_a_run_of_more_rows_than_one_file_holds_writes_a_folder_of_them(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = export(model, tmp_path / "export", 14)
    whole = screen(Request(records, tmp_path / "one", bucket=40_000), model)
    assert whole.assessments == "assessments.parquet"
    monkeypatch.setattr(parquet, "ONE_FILE", 6)
    parts = screen(Request(records, tmp_path / "many", bucket=40_000), model)
    assert (parts.assessments, parts.encounters, parts.urgency) == ("assessments", whole.encounters, whole.urgency)
    names = sorted(p.name for p in (tmp_path / "many" / "assessments").iterdir())
    assert names == [f"part-{i:06d}.parquet" for i in range(len(names))]
    assert 1 < len(names) <= 14
    tables = [pq.read_table(tmp_path / "many" / "assessments" / name) for name in names]
    assert pa.concat_tables(tables).equals(pq.read_table(tmp_path / "one" / "assessments.parquet"))
    manifest = msgspec.json.decode((tmp_path / "many" / "manifest.json").read_bytes())
    assert set(manifest["files"]) == {f"assessments/{name}" for name in names} | {"problems.parquet"}
    for name, digest in manifest["files"].items():
        assert digest == digest_of_file(tmp_path / "many" / name)
