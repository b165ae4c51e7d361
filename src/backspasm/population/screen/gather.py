"""Batches of records: from a bucket, from rows of Python values, from Bundles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backspasm.population.screen.heads import Heads, Integers, lines_as_arrow
from backspasm.population.screen.inputs import File, open_file
from backspasm.population.screen.patient_lines import lines_batch
from backspasm.population.screen.schemas import LINE

#: a line of Python values: position of its file, its number, its bytes
Line = tuple[int, int, bytes]
#: from the address of what patients share, and the place of a patient, to the line
Shared = Callable[[bytes, int], Line | None]

#: patients in one batch, and bytes of text after which a batch is not made larger
PATIENTS = 512
TEXT = 32_000_000
_MEDICATION = re.compile(rb'"reference"\s*:\s*"[^"]*(Medication/[^"/]+)')


def bucket_batches(parts: Sequence[tuple[Path, int]], bucket: int) -> Iterator[pa.RecordBatch]:
    """The patients of one bucket, in order of their ids, each with the lines in the order of the input.

    Args:
        parts: the sorted stretches in order, each with what to add to its line numbers.
    """
    keys, lines = [], []
    for path, before in parts:
        with pa.memory_map(str(path)) as source:
            batch = pa.ipc.open_file(source).get_batch(bucket)
            if batch.num_rows:
                keys.append(batch.column("key"))
                lines.append(_lines(batch, before))
    if not lines:
        return
    named = pa.chunked_array(keys).combine_chunks().dictionary_encode()
    names: list[bytes] = named.dictionary.to_pylist()
    by_name = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.uint16 if len(names) < 1 << 16 else np.int64)  # small numbers are sorted by radix
    rank[by_name] = np.arange(len(names))
    of_line = rank[named.indices.to_numpy()]
    order = np.argsort(of_line, kind="stable")  # stable: lines keep their order
    first = np.searchsorted(of_line[order], np.arange(len(names) + 1))
    shared = shared_lines(tuple(parts))
    yield from patient_batches(
        pa.array([names[i] for i in by_name], pa.binary()).cast(pa.string()),
        first,
        pa.chunked_array(lines).combine_chunks(),
        order,
        (lambda name, _: shared.get(name)) if shared else None,
    )


def _lines(batch: pa.RecordBatch, before: int) -> pa.StructArray:
    """The lines of a sorted stretch with their numbers in the file."""
    numbers = pc.add(batch.column("line"), before)
    columns = [batch.column("source"), numbers, batch.column("data"), batch.column("kind")]
    return pa.StructArray.from_arrays(columns, names=["source", "line", "data", "kind"])


def patient_batches(
    patients: pa.Array, first: Integers, lines: pa.StructArray, order: Integers, shared: Shared | None
) -> Iterator[pa.RecordBatch]:
    """Patients with their lines as batches of a bounded size.

    Args:
        patients: their ids, text.
        first: for each patient the place in ``order`` of its first line, and after them the number of lines.
        lines: as ``schemas.LINE``, ``data`` also with long offsets.
        shared: what patients share; a patient gets those that its lines refer to.
    """
    sizes = pc.binary_length(lines.field("data")).to_numpy()[order]
    reached = np.concatenate([[0], np.cumsum(sizes)])[first]
    start, count = 0, len(first) - 1
    while start < count:
        enough = int(np.searchsorted(reached, reached[start] + TEXT, "right")) - 1
        end = min(count, start + PATIENTS, max(start + 1, enough))
        own = lines.take(pa.array(order[first[start] : first[end]]))
        at = first[start : end + 1] - first[start]
        yield lines_batch(patients.slice(start, end - start), *_with_shared(_as_line(own), at, start, shared))
        start = end


def _as_line(lines: pa.StructArray) -> pa.StructArray:
    return pa.StructArray.from_arrays([lines.field(f.name).cast(f.type) for f in LINE], fields=list(LINE))


def _with_shared(
    lines: pa.StructArray, first: Integers, start: int, shared: Shared | None
) -> tuple[Integers, pa.StructArray]:
    """The lines of patients, and after those of each the shared ones that they refer to. ``start``: place of the first."""
    if shared is None:
        return first, lines
    data = lines.field("data")
    named: dict[int, dict[bytes, None]] = {}
    for i in np.flatnonzero(pc.match_substring(data, b"Medication/").to_numpy(zero_copy_only=False)).tolist():
        patient = int(np.searchsorted(first, i, "right")) - 1
        named.setdefault(patient, {}).update(dict.fromkeys(_MEDICATION.findall(data[i].as_py())))
    found = [(patient, shared(name, start + patient)) for patient, names in named.items() for name in names]
    more = [(patient, line) for patient, line in found if line is not None]
    if not more:
        return first, lines
    joined = pa.concat_arrays([lines, struct_of([line for _, line in more])])
    whose = np.concatenate([np.repeat(np.arange(len(first) - 1), np.diff(first)), [patient for patient, _ in more]])
    counts = np.bincount(whose, minlength=len(first) - 1)
    return np.concatenate([[0], np.cumsum(counts)]), joined.take(pa.array(np.argsort(whose, kind="stable")))


def struct_of_text(text: bytes, heads: Heads, source: int, before: int) -> pa.StructArray:
    """All lines of a text, not copied; ``before`` is the number of the first."""
    size = len(heads.type)
    numbers = pa.array(np.arange(before, before + size))
    texts = lines_as_arrow(text, heads.at)
    columns = [pa.array(np.full(size, source, np.int32)), numbers, texts, pa.array(heads.kind)]
    return pa.StructArray.from_arrays(columns, names=[field.name for field in LINE])


def struct_of(lines: Sequence[Line]) -> pa.StructArray:
    """Lines of Python values as ``schemas.LINE``."""
    return pa.StructArray.from_arrays(
        [
            pa.array([x[0] for x in lines], pa.int32()),
            pa.array([x[1] for x in lines], pa.int64()),
            pa.array([x[2] for x in lines], pa.binary()),
            pa.array(np.full(len(lines), -1, np.int8)),
        ],
        fields=list(LINE),
    )


def records_batch(rows: Sequence[tuple[str, Sequence[Line]]]) -> pa.RecordBatch:
    """Patients with their lines as a batch."""
    first = np.cumsum([0, *(len(lines) for _, lines in rows)])
    names = pa.array([name for name, _ in rows], pa.string())
    return lines_batch(names, first, struct_of([line for _, lines in rows for line in lines]))


@lru_cache(maxsize=1)
def shared_lines(parts: tuple[tuple[Path, int], ...]) -> dict[bytes, Line]:
    """What patients share, by its address. Held in memory: a formulary, not a population."""
    out: dict[bytes, Line] = {}
    for path, before in parts:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            for row in file.get_batch(file.num_record_batches - 1).to_pylist():
                out[row["key"]] = (row["source"], row["line"] + before, row["data"])
    return out


def with_shared(lines: list[Line], shared: dict[bytes, Line]) -> list[Line]:
    """The lines of a patient and those shared ones that they refer to."""
    if not shared:
        return lines
    named = dict.fromkeys(m for _, _, data in lines for m in _MEDICATION.findall(data))
    return lines + [shared[name] for name in named if name in shared]


def bundle_batches(files: Iterable[tuple[int, File]]) -> Iterator[pa.RecordBatch]:
    """A batch for each Bundle."""
    for source, file in files:
        with open_file(file.path, file.codec) as stream:
            data = stream.read()
        yield records_batch([("", [(source, 0, data)])])
