"""The lines of many patients, over the bytes of an Arrow batch: nothing is copied, and no line is an object before it is used."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.population.screen.schemas import RECORDS


class PatientLines(Struct, frozen=True):
    """Line j of patient i: ``first[i] <= j < first[i + 1]``; its bytes: ``data[at[j]:at[j + 1]]``, with or without a newline.

    ``source``: position of its file among the input files; ``line``: its number in the file, from 1 (0: the data are a whole
    Bundle); ``kind``: place of its type in ``lines.KINDS``, -1 where nobody has looked.
    """

    patients: list[str]
    first: list[int]
    source: NDArray[np.int32]
    line: NDArray[np.int64]
    kind: NDArray[np.int8]
    at: list[int]
    data: memoryview

    def text(self, line: int) -> memoryview:
        """The bytes of a line, not copied."""
        return self.data[self.at[line] : self.at[line + 1]]


def patient_lines(batch: pa.RecordBatch) -> PatientLines:
    """The lines of a batch of ``schemas.RECORDS``."""
    column = batch.column("lines")
    offsets = column.offsets.to_numpy()
    values = column.values.slice(offsets[0], offsets[-1] - offsets[0])
    source, line, data, kind = (values.field(i) for i in range(values.type.num_fields))
    at = np.frombuffer(data.buffers()[1], np.int32)[data.offset : data.offset + len(data) + 1]
    return PatientLines(
        patients=batch.column("patient").to_pylist(),
        first=(offsets - offsets[0]).tolist(),
        source=source.to_numpy(),
        line=line.to_numpy(),
        kind=kind.to_numpy(),
        at=at.tolist(),
        data=memoryview(data.buffers()[2] or b""),
    )


def lines_batch(patients: pa.Array, first: NDArray[np.int64], lines: pa.StructArray) -> pa.RecordBatch:
    """A batch of ``schemas.RECORDS``.

    Args:
        patients: their ids, text.
        first: for each patient the place of its first line, and after them the number of lines.
        lines: of all patients, one after the other, as ``schemas.LINE``.
    """
    listed = pa.ListArray.from_arrays(pa.array(first, pa.int32()), lines, type=RECORDS.field("lines").type)
    return pa.record_batch([patients, listed], schema=RECORDS)
