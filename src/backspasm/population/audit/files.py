"""Reads what ``screen`` wrote and writes the audit: rows as Parquet, candidates as a list, one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backspasm.patients.patient import InputError
from backspasm.population.audit.counts import count
from backspasm.population.audit.measures import MEASURES, NEEDED, Limits, Marks, marks
from backspasm.population.audit.page import audit_page
from backspasm.population.audit.results import Audit, results
from backspasm.population.output_folder import made
from backspasm.population.screened import LATER, SCHEMA
from backspasm.records.knowledge import Knowledge

#: encounters looked at together
BATCH = 65_536
CANDIDATES = pa.schema(
    [
        ("patient", pa.string()),
        ("encounter", pa.string()),
        ("site", pa.string()),
        ("clinician_group", pa.string()),
        ("measure", pa.string()),
        ("because", pa.list_(pa.string())),
    ]
)
#: measure -> the column that says why an encounter is a candidate
BECAUSE = {
    "missed_red_flag": "red_flags",
    "indication_without_imaging": "imaging_indicated",
    "imaging_without_indication": "imaged_with",
    "risky_prescription": "avoid",
}


def parts_of(folder: Path) -> tuple[Path, ...]:
    """The Parquet files that hold the screened encounters.

    Raises:
        InputError: there are none, or they lack a column that the audit reads.
    """
    parts = tuple(sorted(folder.glob("assessments/*.parquet"))) or tuple(folder.glob("assessments.parquet"))
    if not parts:
        mend = "give the folder that `backspasm screen INPUT --out FOLDER` wrote"
        raise InputError.one("SCREENED_DIR", str(folder), "holds no assessments.parquet and no assessments/", mend)
    for part in parts:
        try:
            names = pq.read_schema(part).names
        except (pa.ArrowInvalid, OSError) as error:
            what = "cannot be read as Parquet"
            raise InputError.one(
                part.name, str(error).splitlines()[0], what, "screen again into a new folder"
            ) from None
        missing = [name for name in (*NEEDED, "imaged_with") if name not in names]
        if missing:
            why = "; what came after the encounters was not looked at" if set(missing) & set(LATER) else ""
            what = f"lacks {', '.join(missing)}{why}"
            raise InputError.one(part.name, "", what, "screen FHIR records again with this version")
    return parts


def audit(
    parts: tuple[Path, ...],
    knowledge: Knowledge,
    small_cell: float | None = None,
    candidates: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit screened encounters, a batch at a time.

    Args:
        small_cell: count below which a cell is not shown; the named assumption if None.
        candidates: file for the list of candidates, one row an encounter and measure; its folder is made where needed.
        progress: told how many encounters were looked at.

    Raises:
        InputError: an impossible threshold, or no encounter at all.
    """
    threshold = knowledge.number("audit_small_cell") if small_cell is None else small_cell
    if threshold < 1:
        raise InputError.one("small-cell", threshold, "is not a count", "give 1 (nothing is hidden) or more")
    limits = Limits.of(knowledge)
    if not size_of(parts):
        raise InputError.one("SCREENED_DIR", "", "holds no encounter", "screen records in which back pain occurs")
    if candidates is not None:
        made(candidates.parent, candidates.parent)
    writer = None if candidates is None else pq.ParquetWriter(candidates, CANDIDATES)

    def each() -> Iterator[tuple[pa.RecordBatch, Marks]]:
        for batch in _batches(parts):
            marked = marks(batch, limits, knowledge)
            if writer is not None:
                writer.write_table(_listed(batch, marked))
            if progress is not None:
                progress(len(batch))
            yield batch, marked

    try:
        return results(count(each(), knowledge), knowledge, threshold)
    finally:
        if writer is not None:
            writer.close()


def size_of(parts: tuple[Path, ...]) -> int:
    """How many encounters the parts hold."""
    return sum(pq.read_metadata(part).num_rows for part in parts)


def write_audit(
    parts: tuple[Path, ...],
    out: Path,
    knowledge: Knowledge,
    small_cell: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit screened encounters into a folder: ``audit.html``, the rows, and ``candidates.parquet``. Raises as ``audit``."""
    found = audit(parts, knowledge, small_cell, out / "candidates.parquet", progress)
    write_rows(found, out)
    (out / "audit.html").write_bytes(audit_page(found, knowledge))
    return found


def write_rows(found: Audit, folder: Path) -> None:
    """``rates.parquet``, ``times.parquet`` and ``alerts.parquet``: the rows as they are shown, hidden cells as nulls."""
    for name, rows in (("rates", found.rates), ("times", found.times), ("alerts", found.alerts)):
        fields = rows[0].__struct_fields__ if rows else ()
        kinds = {f: _kind(f) for f in fields}
        columns = [pa.array([getattr(row, f) for row in rows], kinds[f]) for f in fields]
        pq.write_table(pa.table(columns, schema=pa.schema(kinds.items())), folder / f"{name}.parquet")


def _kind(name: str) -> pa.DataType:
    if name in {"measure", "alert", "dimension", "group"}:
        return pa.string()
    return pa.int64() if name in {"count", "of", "cards"} else pa.float64()


def _batches(parts: tuple[Path, ...]) -> Iterator[pa.RecordBatch]:
    kinds = {field.name: field.type for field in SCHEMA}
    wanted = [*NEEDED, "imaged_with"]
    schema = pa.schema([(name, kinds[name]) for name in wanted])
    for part in parts:
        for batch in pq.ParquetFile(part).iter_batches(BATCH, columns=wanted):
            if len(batch):
                columns = [pc.cast(batch[name], kinds[name]) for name in wanted]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _listed(batch: pa.RecordBatch, marked: Marks) -> pa.Table:
    tables = []
    for measure in MEASURES:
        rows = pa.array(np.flatnonzero(marked.candidates[measure.id]))
        columns = [pc.take(batch[name], rows) for name in CANDIDATES.names[:4]]
        why = pc.take(batch[BECAUSE[measure.id]], rows)
        tables.append(pa.table([*columns, pa.array([measure.id] * len(rows), pa.string()), why], schema=CANDIDATES))
    return pa.concat_tables(tables)
