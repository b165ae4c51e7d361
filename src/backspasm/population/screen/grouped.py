"""Exports in which each patient's resources stand together: assessed in one pass, without sorting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from backspasm.population.screen.deletions import Deletions
from backspasm.population.screen.gather import Line, patient_batches, struct_of_text
from backspasm.population.screen.heads import Heads, Integers, Owners, heads_of
from backspasm.population.screen.inputs import File, open_file, unreadable
from backspasm.population.screen.lines import head_of
from backspasm.population.screen.partition import BLOCK, Stretch, texts_of, texts_of_stretch
from backspasm.population.screen.records import Problem

#: bytes of text that are looked at together: memory of this size is used again and again
PIECE = 8_000_000


class GroupedReader:
    """The patients of one stretch: those whose first line begins in it. Lines are counted from the first of them."""

    def __init__(self, stretch: Stretch, file: File, deletions: Deletions | None = None) -> None:
        self.stretch, self.file, self.deletions = stretch, file, deletions
        self.lines = self.deleted = 0
        self.types: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._shared: dict[bytes, list[Line]] = {}
        #: the patient whose lines belong to the stretch before, while they may go on
        self._before: str | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of patients in the order of the file."""
        with open_file(self.file.path, self.file.codec) as stream:
            at = 0
            if self.file.codec is None:
                at, self._before = _first_line(stream, self.stretch.start)
            rest, carried, over = b"", 0, False
            failure: Exception | None = None
            texts = self._texts(stream, at)
            while not over:
                try:
                    text = next(texts, b"")
                except (OSError, EOFError) as error:
                    text, failure = b"", error
                rest += text
                if text and len(rest) < 2 * carried:
                    continue  # of a patient with very many lines, the same ones are not looked at again and again
                before = len(rest)
                rest, over = yield from self._some(rest, at, last=not text)
                at += before - len(rest)
                carried = len(rest)
                over = over or not text
            if failure is not None:
                self.problems.append(Problem(self.stretch.source, self.lines, "", unreadable(failure)))

    def _texts(self, stream: BinaryIO, at: int) -> Iterator[bytes]:
        """The stretch piece by piece, and what follows: the end of its last patient."""
        if self.file.codec is not None:
            yield from texts_of(stream, PIECE)
            return
        for begin in range(at, self.stretch.end, PIECE):
            piece = Stretch(self.stretch.source, begin, min(begin + PIECE, self.stretch.end))
            yield from texts_of_stretch(stream, piece)
        if at < self.stretch.end:
            yield from texts_of(stream, BLOCK)

    def _some(self, text: bytes, at: int, last: bool) -> Generator[pa.RecordBatch, None, tuple[bytes, bool]]:
        """Batches of those patients of a text whose lines end in it.

        Args:
            at: where in the file the text begins.
            last: nothing comes after it.

        Returns:
            What is left for the next text, and whether the stretch is over.
        """
        owners = Owners()
        heads = heads_of(text, owners)
        owned = np.flatnonzero(heads.owner >= 0)
        who = heads.owner[owned]
        runs = owned[np.flatnonzero(np.diff(who, prepend=-1))]  # the first line of each patient
        begin, size = 0, len(heads.type)
        if self._before is not None:
            keys = owners.keys
            runs = runs[1:] if len(runs) and keys[heads.owner[runs[0]]].decode() == self._before else runs
            if not len(runs):
                return b"", False
            begin, self._before = int(runs[0]), None
        beyond = np.flatnonzero(heads.at[runs] + at >= self.stretch.end) if self.file.codec is None else runs[:0]
        if len(beyond):
            end = int(runs[beyond[0]])
        else:
            end = size if last or not len(runs) else int(runs[-1])
        yield from self._patients(text, heads, owners.keys, runs[runs < end], begin, end)
        return text[heads.at[end] :], bool(len(beyond))

    def _patients(
        self, text: bytes, heads: Heads, keys: list[bytes], runs: Integers, begin: int, end: int
    ) -> Iterator[pa.RecordBatch]:
        """Batches of the patients whose first lines are given; the lines from ``begin`` to ``end`` count."""
        source, before = self.stretch.source, self.lines + 1 - begin
        self.lines += end - begin
        self.types.update(heads.types(begin, end))
        self.problems += [
            Problem(source, before + f.index, f.resource, f.reason) for f in heads.faults if begin <= f.index < end
        ]
        if self.deletions is not None:
            heads, gone = self.deletions.applied(text, heads, keys, begin, end)
            self.deleted += gone
        for i, name in heads.shared.items():
            if begin <= i < end:
                data = text[heads.at[i] : heads.at[i + 1]]
                self._shared.setdefault(name.encode(), []).append((source, before + i, data))
        kept = np.flatnonzero(heads.kind[begin:end] >= 0) + begin
        run = np.searchsorted(runs, kept, "right") - 1
        present, first = np.unique(run, return_index=True)
        names = pa.array([keys[i] for i in heads.owner[runs[present]].tolist()], pa.binary()).cast(pa.string())
        lines = struct_of_text(text, heads, source, before)
        until = np.append(runs, end)[present + 1] + before

        def shared(name: bytes, patient: int) -> Line | None:
            """What was said of a name before the next patient begins."""
            return next((x for x in reversed(self._shared.get(name, ())) if x[1] < until[patient]), None)

        yield from patient_batches(names, np.append(first, len(kept)), lines, kept, shared if self._shared else None)


def _first_line(stream: BinaryIO, start: int) -> tuple[int, str | None]:
    """Where the first line at or after ``start`` begins, and whose the last line before it is."""
    if not start:
        return 0, None
    stream.seek(start - 1)
    at = start - 1 + len(stream.readline())
    back = max(0, at - BLOCK)
    stream.seek(back)
    for data in reversed(stream.read(at - back).split(b"\n")):
        if data and not data.isspace() and (patient := head_of(data).patient) is not None:
            return at, patient
    return at, None
