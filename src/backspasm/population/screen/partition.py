"""Sorts the lines of an export into buckets by patient, so that a bucket can be assessed by itself in bounded memory.

Each stretch of input becomes one Arrow file in the working folder with a batch for each bucket. The last batch holds what
patients share (Medication).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from msgspec import Struct

from backspasm.population.screen.deletions import Deletions
from backspasm.population.screen.files import write_atomically
from backspasm.population.screen.heads import Heads, Integers, Owners, heads_of, lines_as_arrow
from backspasm.population.screen.inputs import File, Input, open_file, unreadable
from backspasm.population.screen.records import Problem

#: bytes of text that one stretch of input holds, and that one bucket holds on average
STRETCH = 48_000_000
BUCKET = 24_000_000
#: bytes read at a time
BLOCK = 4_000_000

#: the lines of a bucket, each with its newline; ``kind`` is its place in ``lines.KINDS``. Of shared lines ``key`` is the name
SORTED = pa.schema(
    [
        ("key", pa.binary()),
        ("source", pa.int32()),
        ("line", pa.int64()),
        ("data", pa.large_binary()),
        ("kind", pa.int8()),
    ]
)


class Stretch(Struct, frozen=True):
    """A part of an input file: from byte ``start`` up to the line that begins before ``end``. A compressed file is one stretch."""

    source: int
    start: int
    end: int

    @property
    def name(self) -> str:
        return f"stretch-{self.source:05d}-{self.start:014d}"


class Sorted(Struct, frozen=True):
    """What one stretch came to: number of lines, of resources by type, and problems with lines counted from its start.

    ``deleted``: lines that are not read because the export names their resource or patient as deleted.
    """

    lines: int
    types: dict[str, int]
    problems: tuple[Problem, ...]
    parts: int
    deleted: int = 0


def stretches_of(given: Input) -> tuple[Stretch, ...]:
    """The stretches of all files, in order."""
    out: list[Stretch] = []
    for i, file in enumerate(given.files):
        if file.codec is not None or not file.size:
            out.append(Stretch(i, 0, file.size))
        else:
            out += [Stretch(i, at, min(at + STRETCH, file.size)) for at in range(0, file.size, STRETCH)]
    return tuple(out)


def bucket_of(key: bytes, buckets: int) -> int:
    """The bucket of a patient: the same on every machine."""
    return zlib.crc32(key) % buckets


def sort_stretch(
    stretch: Stretch, file: File, buckets: int, folder: Path, deletions: Deletions | None = None
) -> Sorted:
    """Sort one stretch into ``folder/NAME-part.arrow``; a long (compressed) one becomes several parts."""
    lines = parts = deleted = 0
    types: Counter[str] = Counter()
    problems: list[Problem] = []

    def sort(text: bytes) -> None:
        nonlocal lines, parts, deleted
        owners = Owners()
        heads = heads_of(text, owners)
        problems.extend(Problem(stretch.source, lines + f.index + 1, f.resource, f.reason) for f in heads.faults)
        types.update(heads.types())
        if deletions is not None:
            heads, gone = deletions.applied(text, heads, owners.keys)
            deleted += gone
        batches = _by_bucket(text, heads, owners, stretch.source, lines, buckets)
        _write(batches, folder / f"{stretch.name}-{parts:04d}.arrow")
        lines += len(heads.type)
        parts += 1

    with open_file(file.path, file.codec) as stream:
        try:
            for text in texts_of_stretch(stream, stretch) if file.codec is None else texts_of(stream, STRETCH):
                sort(text)
        except (OSError, EOFError) as error:
            problems.append(Problem(stretch.source, 0, "", unreadable(error)))
    if not parts:
        sort(b"")
    return Sorted(lines, dict(sorted(types.items())), tuple(problems), parts, deleted)


def texts_of_stretch(stream: BinaryIO, stretch: Stretch) -> Iterator[bytes]:
    """The lines that begin in the stretch, as one text. One that runs over its end belongs to it."""
    at = stretch.start
    if at:
        stream.seek(at - 1)
        at += len(stream.readline()) - 1
    size = stretch.end - at
    if size <= 0:
        return
    try:
        text = stream.read(size)
        if not text.endswith(b"\n"):
            text += stream.readline()
    except OSError:
        stream.seek(at)  # what stands before the fault can still be read
        yield from texts_of(stream, size)
    else:
        if text:
            yield text if text.endswith(b"\n") else text + b"\n"


def texts_of(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Texts of whole lines of about so many bytes, each line with its newline.

    Raises:
        OSError, EOFError: the stream cannot be read further; the lines before were given.
    """
    pieces: list[bytes] = []
    held = 0
    failure: Exception | None = None
    while True:
        try:
            data = stream.read(BLOCK)
        except (OSError, EOFError) as error:
            failure = error
            break
        if not data:
            break
        pieces.append(data)
        held += len(data)
        if held >= size and b"\n" in data:
            text = b"".join(pieces)
            end = text.rfind(b"\n") + 1
            pieces, held = [text[end:]], len(text) - end
            yield text[:end]
    text = b"".join(pieces)
    if failure is not None:
        text = text[: text.rfind(b"\n") + 1]  # the last line is not whole
    elif text and not text.endswith(b"\n"):
        text += b"\n"
    if text:
        yield text
    if failure is not None:
        raise failure


def lines_of_stretch(stream: BinaryIO, stretch: Stretch) -> Iterator[list[bytes]]:
    """Lines that begin in the stretch, some at a time. One that runs over its end belongs to it."""
    at = stretch.start
    if at:
        stream.seek(at - 1)
        at += len(stream.readline()) - 1
    while at < stretch.end:
        data = stream.read(min(BLOCK, stretch.end - at))
        if not data:
            return
        data += stream.readline() if not data.endswith(b"\n") else b""
        at += len(data)
        yield data.removesuffix(b"\n").split(b"\n")


def _by_bucket(
    text: bytes, heads: Heads, owners: Owners, source: int, before: int, buckets: int
) -> Iterator[pa.RecordBatch]:
    """A batch for each bucket, and one of what patients share."""
    texts = lines_as_arrow(text, heads.at)
    kept = np.flatnonzero(heads.kind >= 0)
    of_owner = np.array([bucket_of(key, buckets) for key in owners.keys], np.int64)
    bucket = of_owner[heads.owner[kept]]
    small = bucket.astype(np.uint16) if buckets < 1 << 16 else bucket  # numbers of two bytes are sorted by radix
    keys = pa.array(owners.keys, pa.binary())

    def batch(lines: Integers, named: pa.Array) -> pa.RecordBatch:
        columns = [named, pa.array(np.full(len(lines), source, np.int32)), pa.array(lines + (before + 1))]
        return pa.record_batch([*columns, texts.take(pa.array(lines)), pa.array(heads.kind[lines])], schema=SORTED)

    order = kept[np.argsort(small, kind="stable")]
    whole = batch(order, keys.take(pa.array(heads.owner[order])))
    first = 0
    for count in np.bincount(bucket, minlength=buckets).tolist():
        yield whole.slice(first, count)
        first += count
    yield batch(
        np.array(list(heads.shared), np.int64), pa.array([x.encode() for x in heads.shared.values()], pa.binary())
    )


def _write(batches: Iterator[pa.RecordBatch], place: Path) -> None:
    def write(path: Path) -> None:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, SORTED) as file:
            for batch in batches:
                file.write_batch(batch)

    write_atomically(place, write)
