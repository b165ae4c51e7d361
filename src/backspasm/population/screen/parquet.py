"""Assessed rows on the disk: parts as they come, and from them Parquet files of a size that readers like.

Parquet costs much for each column of each group of rows, and parts are small, so that their memory is: they are kept as
Arrow, and become groups of many rows at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from backspasm.population.screen.files import digest_of_file, write_atomically
from backspasm.population.screen.schemas import ASSESSED

#: up to so many rows the assessments are one file; and so many rows has a file of several
ONE_FILE = 200_000
#: rows in one group of a Parquet file
GROUP = 32_768


def write_rows(place: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a part, whole or not at all."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")

    def write(path: Path) -> None:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, ASSESSED, options=options) as out:
            for batch in batches:
                out.write_batch(batch)

    write_atomically(place, write)


def write_file(place: Path, parts: Sequence[Path]) -> str:
    """Put parts, one after the other, into a Parquet file; its digest. In memory is one group of rows."""

    def write(path: Path) -> None:
        with pq.ParquetWriter(path, ASSESSED, compression="zstd") as out:
            for group in _groups(parts):
                out.write_table(group, row_group_size=GROUP)

    write_atomically(place, write)
    return digest_of_file(place)


def _groups(parts: Sequence[Path]) -> Iterator[pa.Table]:
    """The rows of all parts, ``GROUP`` at a time."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for part in parts:
        with pa.memory_map(str(part)) as source:
            file = pa.ipc.open_file(source)
            for i in range(file.num_record_batches):
                batch = file.get_batch(i)
                while count + batch.num_rows >= GROUP:
                    yield pa.Table.from_batches([*waiting, batch.slice(0, GROUP - count)], ASSESSED)
                    batch = batch.slice(GROUP - count)
                    waiting, count = [], 0
                waiting.append(batch)
                count += batch.num_rows
    if count:
        yield pa.Table.from_batches(waiting, ASSESSED)


def files_of(rows: Sequence[int]) -> list[range]:
    """Which parts make each file, by how many rows each part has: all where they fit into one, else neighbours.

    A file has at most ``ONE_FILE`` rows, unless one part alone has more.
    """
    out: list[range] = []
    start = count = 0
    for i, own in enumerate(rows):
        if i > start and count + own > ONE_FILE:
            out.append(range(start, i))
            start, count = i, 0
        count += own
    return [*out, range(start, len(rows))]
