"""Writes a cohort: records that the other commands read, and the truth kept apart from them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backspasm.patients.patient import InputError
from backspasm.population.cohort import Cohort, Patients, identifiers
from backspasm.population.output_folder import made

Format = Literal["cases", "parquet"]
#: stretches that make one group of rows in Parquet: many small groups are slow to read
STRETCHES = 16


def write_cohort(
    cohort: Cohort,
    count: int,
    folder: Path,
    form: Format,
    progress: Callable[[int], None] | None = None,
) -> tuple[Path, Path]:
    """Write ``count`` patients and return the paths of the records and of the truth.

    ``records/cases.jsonl``: a case a line. ``records/cases.parquet``: a row a patient, boolean findings as true, false or
    null (not asked), measurements as numbers or null. ``truth.parquet``: id, cause, complications, setting, band, sex.
    Line or row number ``i`` of the records is row ``i`` of the truth.

    Args:
        progress: told the number of patients written each time some were.

    Raises:
        InputError: where no patients are asked for, or the folder holds a cohort already or cannot be made.
    """
    if count < 1:
        raise InputError.one("n", count, "is not a number of patients", "give a whole number, 1 or more")
    records = folder / "records" / ("cases.jsonl" if form == "cases" else "cases.parquet")
    truth = folder / "truth.parquet"
    for place in (folder / "records", truth):
        if place.exists():
            raise InputError.one("out", str(place), "is there already", "name a new folder, or remove the old one")
    made(records.parent, folder)
    with ExitStack() as stack:
        truth_file = stack.enter_context(pq.ParquetWriter(truth, _TRUTH))
        if form == "cases":
            lines = stack.enter_context(records.open("wb"))
        else:
            rows = stack.enter_context(pq.ParquetWriter(records, _schema(cohort)))
        waiting: list[pa.Table] = []
        for patients in cohort.stretches(count):
            truth_file.write_table(_truth(cohort, patients))
            if form == "cases":
                lines.write(b"".join(msgspec.json.encode(case) + b"\n" for case in cohort.cases(patients)))
            else:
                waiting.append(_rows(cohort, patients))
                if len(waiting) == STRETCHES:
                    rows.write_table(pa.concat_tables(waiting))
                    waiting = []
            if progress is not None:
                progress(len(patients))
        if waiting:
            rows.write_table(pa.concat_tables(waiting))
    return records, truth


_TRUTH = pa.schema(
    [
        ("id", pa.string()),
        ("cause", pa.string()),
        ("complications", pa.list_(pa.string())),
        ("setting", pa.string()),
        ("band", pa.string()),
        ("sex", pa.string()),
    ]
)


def _truth(cohort: Cohort, patients: Patients) -> pa.Table:
    names = np.array(cohort.model.parameters.complications)
    strata = [cohort.strata[i] for i in patients.drawn.stratum]
    columns: list[Any] = [
        identifiers(patients),
        np.array(cohort.model.parameters.causes)[patients.drawn.cause],
        [names[row].tolist() for row in patients.drawn.complications],
        [s.setting for s in strata],
        [s.band for s in strata],
        [s.sex for s in strata],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _TRUTH, strict=True)], schema=_TRUTH)


def _schema(cohort: Cohort) -> pa.Schema:
    p = cohort.model.parameters
    who = [("id", pa.string()), ("age_years", pa.float64()), ("sex", pa.string()), ("setting", pa.string())]
    return pa.schema([*who, *((b, pa.bool_()) for b in p.booleans), *((m, pa.float64()) for m in p.measured)])


def _rows(cohort: Cohort, patients: Patients) -> pa.Table:
    strata = [cohort.strata[i] for i in patients.drawn.stratum]
    columns: list[Any] = [
        pa.array(identifiers(patients)),
        pa.array(patients.age_years),
        pa.array([s.sex for s in strata]),
        pa.array([s.setting for s in strata]),
    ]
    columns += [pa.array(column > 0, mask=column == 0) for column in patients.answers.T]
    columns += [pa.array(column, mask=np.isnan(column)) for column in patients.measured.T]
    return pa.table(columns, schema=_schema(cohort))
