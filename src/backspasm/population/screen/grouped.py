"""Exports in which each patient's resources stand together: assessed in one pass, without sorting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from backspasm.population.screen.gather import PATIENTS, records_batch, with_shared
from backspasm.population.screen.inputs import File, lines_of, open_file
from backspasm.population.screen.lines import SHARED, Head, head_of
from backspasm.population.screen.partition import BLOCK, WANTED, Stretch
from backspasm.population.screen.records import Problem

Row = tuple[str, list[tuple[int, int, bytes]]]


class GroupedReader:
    """The patients of one stretch: those whose first line begins in it. Lines are counted from the first of them."""

    def __init__(self, stretch: Stretch, file: File) -> None:
        self.stretch, self.file = stretch, file
        self.lines = 0
        self.types: dict[str, int] = {}
        self.problems: list[Problem] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of patients in the order of the file."""
        rows: list[Row] = []
        for row in self._patients():
            rows.append(row)
            if len(rows) == PATIENTS:
                yield records_batch(rows)
                rows = []
        if rows:
            yield records_batch(rows)

    def _patients(self) -> Iterator[Row]:
        key: str | None = None
        own: list[tuple[int, int, bytes]] = []
        shared: dict[bytes, tuple[int, int, bytes]] = {}
        for data, head in self._heads():
            if head.patient is None and head.type in SHARED:
                shared[head.name.encode()] = (self.stretch.source, self.lines, data)
                continue
            if head.patient is not None and head.patient != key:
                if key is not None and own:
                    yield key, with_shared(own, shared)
                key, own = head.patient, []
            if head.patient is not None and head.type in WANTED:
                own.append((self.stretch.source, self.lines, data))
        if key is not None and own:
            yield key, with_shared(own, shared)

    def _heads(self) -> Iterator[tuple[bytes, Head]]:
        """Every line of the stretch's patients, with its head; what is wrong is listed."""
        with open_file(self.file.path, self.file.codec) as stream:
            try:
                for data, head in self._range(stream):
                    self.lines += 1
                    if head is None:
                        continue
                    if head.type:
                        self.types[head.type] = self.types.get(head.type, 0) + 1
                    if head.reason is not None and head.patient is None:
                        self.problems.append(Problem(self.stretch.source, self.lines, head.name, head.reason))
                    else:
                        yield data, head
            except (OSError, EOFError) as error:
                what = f"the file cannot be read further: {type(error).__name__}"
                self.problems.append(Problem(self.stretch.source, self.lines, "", what))

    def _range(self, stream: BinaryIO) -> Iterator[tuple[bytes, Head | None]]:
        """Lines from the first patient that begins in the stretch to the last line of the last that does."""
        if self.file.codec is not None:
            for lines in lines_of(stream, BLOCK):
                for data in lines:
                    yield data, _head(data)
            return
        at, before = _first_line(stream, self.stretch.start)
        skipping = before is not None
        last: str | None = before
        stream.seek(at)
        while at < self.file.size:
            data = stream.readline()
            begin, at = at, at + len(data)
            head = _head(data)
            key = None if head is None else head.patient
            if skipping and (key is None or key == before):
                continue
            if begin >= self.stretch.end and key is not None and key != last:
                return
            skipping = False
            last = last if key is None else key
            yield data, head


def _head(data: bytes) -> Head | None:
    return None if not data or data.isspace() else head_of(data)


def _first_line(stream: BinaryIO, start: int) -> tuple[int, str | None]:
    """Where the first line at or after ``start`` begins, and whose the last line before it is."""
    if not start:
        return 0, None
    stream.seek(start - 1)
    at = start - 1 + len(stream.readline())
    back = max(0, at - BLOCK)
    stream.seek(back)
    for data in reversed(stream.read(at - back).split(b"\n")):
        head = _head(data)
        if head is not None and head.patient is not None:
            return at, head.patient
    return at, None
