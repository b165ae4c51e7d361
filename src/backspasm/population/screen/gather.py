"""Batches of records: from a bucket, from a stretch of a grouped export, from Bundles; and batches of cases from tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backspasm.population.screen.inputs import File
from backspasm.population.screen.schemas import LINE, RECORDS

#: patients in one batch
PATIENTS = 512
_MEDICATION = re.compile(rb'"reference"\s*:\s*"[^"]*(Medication/[^"/]+)')


def bucket_batches(parts: Sequence[tuple[Path, int]], bucket: int) -> Iterator[pa.RecordBatch]:
    """The patients of one bucket, in order of their ids, each with the lines in the order of the input.

    Args:
        parts: the sorted stretches in order, each with what to add to its line numbers.
    """
    tables = []
    for path, before in parts:
        with pa.memory_map(str(path)) as source:
            batch = pa.ipc.open_file(source).get_batch(bucket)
            if batch.num_rows:
                line = pc.add(batch.column("line"), before)
                tables.append(batch.set_column(2, "line", line))
    if not tables:
        return
    table = pa.Table.from_batches(tables)
    keys: list[bytes] = table.column("key").to_pylist()
    order = sorted(range(len(keys)), key=keys.__getitem__)  # stable: lines keep their order
    source, number = (table.column(n).to_numpy()[order].tolist() for n in ("source", "line"))
    texts = table.column("data").to_pylist()
    shared = shared_lines(tuple(parts))
    rows: list[tuple[str, list[tuple[int, int, bytes]]]] = []
    for key, group in groupby(range(len(order)), key=lambda i: keys[order[i]]):
        lines = [(source[i], number[i], texts[order[i]]) for i in group]
        rows.append((key.decode(), with_shared(lines, shared)))
        if len(rows) == PATIENTS:
            yield records_batch(rows)
            rows = []
    if rows:
        yield records_batch(rows)


def records_batch(rows: Sequence[tuple[str, Sequence[tuple[int, int, bytes]]]]) -> pa.RecordBatch:
    """Patients with their lines as a batch."""
    flat = [line for _, lines in rows for line in lines]
    offsets = np.cumsum([0, *(len(lines) for _, lines in rows)]).astype(np.int32)
    values = pa.StructArray.from_arrays(
        [
            pa.array([x[0] for x in flat], pa.int32()),
            pa.array([x[1] for x in flat], pa.int64()),
            pa.array([x[2] for x in flat], pa.binary()),
        ],
        fields=list(LINE),
    )
    lines = pa.ListArray.from_arrays(pa.array(offsets), values, type=RECORDS.field("lines").type)
    return pa.record_batch([pa.array([name for name, _ in rows], pa.string()), lines], schema=RECORDS)


@lru_cache(maxsize=1)
def shared_lines(parts: tuple[tuple[Path, int], ...]) -> dict[bytes, tuple[int, int, bytes]]:
    """What patients share, by its address. Held in memory: a formulary, not a population."""
    out: dict[bytes, tuple[int, int, bytes]] = {}
    for path, before in parts:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            for row in file.get_batch(file.num_record_batches - 1).to_pylist():
                out[row["key"]] = (row["source"], row["line"] + before, row["data"])
    return out


def with_shared(
    lines: list[tuple[int, int, bytes]], shared: dict[bytes, tuple[int, int, bytes]]
) -> list[tuple[int, int, bytes]]:
    """The lines of a patient and those shared ones that they refer to."""
    if not shared:
        return lines
    named = dict.fromkeys(m for _, _, data in lines for m in _MEDICATION.findall(data))
    return lines + [shared[name] for name in named if name in shared]


def bundle_batches(files: Iterable[tuple[int, File]]) -> Iterator[pa.RecordBatch]:
    """A batch for each Bundle."""
    for source, file in files:
        from backspasm.population.screen.inputs import open_file

        with open_file(file.path, file.codec) as stream:
            data = stream.read()
        yield records_batch([("", [(source, 0, data)])])
