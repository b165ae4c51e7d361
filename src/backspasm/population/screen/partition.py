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

import msgspec
import pyarrow as pa
from msgspec import Struct

from backspasm.patients.from_fhir.bundle import READ
from backspasm.population.follow_up import TYPES
from backspasm.population.screen.files import write_atomically
from backspasm.population.screen.inputs import File, Input, lines_of, open_file
from backspasm.population.screen.lines import SHARED, head_of
from backspasm.population.screen.records import Problem

#: bytes of text that one stretch of input holds, and that one bucket holds on average
STRETCH = 48_000_000
BUCKET = 24_000_000
#: bytes read at a time
BLOCK = 4_000_000
#: types whose lines go to the buckets
WANTED = frozenset(READ) | TYPES

SORTED = pa.schema([("key", pa.binary()), ("source", pa.int32()), ("line", pa.int64()), ("data", pa.large_binary())])


class Stretch(Struct, frozen=True):
    """A part of an input file: from byte ``start`` up to the line that begins before ``end``. A compressed file is one stretch."""

    source: int
    start: int
    end: int

    @property
    def name(self) -> str:
        return f"stretch-{self.source:05d}-{self.start:014d}"


class Sorted(Struct, frozen=True):
    """What one stretch came to: number of lines, of resources by type, and problems with lines counted from its start."""

    lines: int
    types: dict[str, int]
    problems: tuple[Problem, ...]
    parts: int


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


def sort_stretch(stretch: Stretch, file: File, buckets: int, folder: Path) -> Sorted:
    """Sort one stretch into ``folder/NAME-part.arrow``; a long (compressed) one becomes several parts."""
    work = _Sorting(stretch, buckets, folder)
    with open_file(file.path, file.codec) as stream:
        try:
            if file.codec is None:
                lines = lines_of_stretch(stream, stretch)
            else:
                lines = lines_of(stream, BLOCK)
            for some in lines:
                work.take(some)
        except (OSError, EOFError) as error:
            work.fault(0, "", f"the file cannot be read further: {type(error).__name__}")
    return work.finish()


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


class _Sorting:
    def __init__(self, stretch: Stretch, buckets: int, folder: Path) -> None:
        self.stretch, self.buckets, self.folder = stretch, buckets, folder
        self.count = self.bytes = self.parts = 0
        self.types: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._clear()

    def _clear(self) -> None:
        self.rows: list[tuple[list[bytes], list[int], list[bytes]]] = [([], [], []) for _ in range(self.buckets + 1)]
        self.bytes = 0

    def fault(self, line: int, resource: str, reason: str) -> None:
        self.problems.append(Problem(self.stretch.source, line, resource, reason))

    def take(self, lines: list[bytes]) -> None:
        for data in lines:
            self.count += 1
            if not data or data.isspace():
                continue
            head = head_of(data)
            if head.type:
                self.types[head.type] += 1
            if head.reason is not None:
                if head.patient is None:
                    self.fault(self.count, head.name, head.reason)
                    continue
            if head.type not in WANTED:
                continue
            if head.patient is not None:
                key = head.patient.encode()
                keys, numbers, texts = self.rows[bucket_of(key, self.buckets)]
            elif head.type in SHARED:
                key = head.name.encode()
                keys, numbers, texts = self.rows[self.buckets]
            else:
                continue
            keys.append(key)
            numbers.append(self.count)
            texts.append(data)
            self.bytes += len(data)
        if self.bytes >= STRETCH:
            self._write()

    def _write(self) -> None:
        place = self.folder / f"{self.stretch.name}-{self.parts:04d}.arrow"

        def write(path: Path) -> None:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, SORTED) as file:
                for keys, numbers, texts in self.rows:
                    file.write_batch(
                        pa.record_batch(
                            [
                                pa.array(keys, pa.binary()),
                                pa.array([self.stretch.source] * len(keys), pa.int32()),
                                pa.array(numbers, pa.int64()),
                                pa.array(texts, pa.large_binary()),
                            ],
                            schema=SORTED,
                        )
                    )

        write_atomically(place, write)
        self.parts += 1
        self._clear()

    def finish(self) -> Sorted:
        if self.bytes or not self.parts:
            self._write()
        out = Sorted(self.count, dict(sorted(self.types.items())), tuple(self.problems), self.parts)
        place = self.folder / f"{self.stretch.name}.json"
        write_atomically(place, lambda path: path.write_bytes(msgspec.json.encode(out)))
        return out
