"""Does a run say how many patients were read one by one, and why, and nothing of what their records say?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from backspasm import Model
from backspasm.cli_screen import alone_in_words
from backspasm.population.screen import batch
from backspasm.population.screen.run import Request, screen
from tests.population_records import export

PATIENTS = 6
SECRET = "Quillfeather"


@pytest.fixture(scope="module")
def records(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(model, tmp_path_factory.mktemp("export"), PATIENTS)


def test_a_fault_of_the_fast_reader_is_told_by_its_kind_and_changes_no_row(
    records: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = screen(Request(records, tmp_path / "plain"), model)
    assert not any(reason.startswith(batch.FAULT) for reason in plain.read_alone or {})

    def fails(*_: object) -> None:
        raise ZeroDivisionError(f"in the record of {SECRET}")

    monkeypatch.setattr(batch, "plain_of_batch", fails)
    summary = screen(Request(records, tmp_path / "alone"), model)
    assert summary.read_alone == {"fault:ZeroDivisionError": PATIENTS}
    one, other = (pq.read_table(tmp_path / out / "assessments.parquet") for out in ("plain", "alone"))
    assert one.equals(other)
    manifest = (tmp_path / "alone" / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(manifest)["summary"]["read_alone"] == {"fault:ZeroDivisionError": PATIENTS}
    assert SECRET not in manifest
    # what was finished before says it again
    assert screen(Request(records, tmp_path / "alone"), model).read_alone == summary.read_alone


def test_records_that_are_not_plain_are_counted(records: Path, model: Model, tmp_path: Path) -> None:
    place = tmp_path / "records"
    place.mkdir()
    for file in records.glob("*.ndjson"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        if file.name.startswith("Encounter"):  # which month, but not on which day, is for the whole reader
            lines[:2] = [re.sub(r'"start":\s*"(\d{4}-\d{2})[^"]*"', r'"start":"\1"', line) for line in lines[:2]]
        (place / file.name).write_text("".join(lines), encoding="utf-8")
    before = screen(Request(records, tmp_path / "before"), model).read_alone or {}
    after = screen(Request(place, tmp_path / "after"), model).read_alone or {}
    assert after.get(batch.NOT_PLAIN, 0) == before.get(batch.NOT_PLAIN, 0) + 2


def test_the_words_name_numbers_and_reasons() -> None:
    said = alone_in_words({"bundle": 2, "fault:KeyError": 1_200, "not_plain": 3})
    assert said == (
        "1,205 patients were read one by one, which is slower: 2 come as Bundles; 3 have records that are not plain; 1,200 "
        "since reading many at once failed (KeyError), which is a fault to report"
    )
