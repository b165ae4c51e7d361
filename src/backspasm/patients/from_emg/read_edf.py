"""EDF, EDF+ and BDF recordings, by pyedflib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backspasm.patients.from_emg.files import Opened, extra, reading
from backspasm.patients.from_emg.marks import marks_of_annotations
from backspasm.patients.from_emg.recording import Trace

#: how our own files say that they are made up
SYNTHETIC = "SYNTHETIC"
#: bytes of a header, and of the description of each signal in it
HEADER, PER_SIGNAL = 256, 256


def read_edf(path: Path) -> Opened:
    """All ordinary signals with their labels, rates, units and ranges; annotations that name a phase become marks."""
    pyedflib: Any = extra("pyedflib", f"{path} (EDF or BDF)")
    _refuse_cut_short(path)
    with reading(path, "EDF or BDF"), pyedflib.EdfReader(str(path)) as file:
        labels = [str(label).strip() for label in file.getSignalLabels()]
        traces = []
        for i, label in enumerate(labels):
            traces.append(
                Trace(
                    name=label or f"signal {i + 1}",
                    values=np.asarray(file.readSignal(i), dtype=float),
                    rate_hz=float(file.getSampleFrequency(i)),
                    unit=str(file.getPhysicalDimension(i)).strip(),
                    rails=(float(file.getPhysicalMinimum(i)), float(file.getPhysicalMaximum(i))),
                )
            )
        starts, lengths, texts = file.readAnnotations()
        made_up = SYNTHETIC in f"{file.getRecordingAdditional()} {file.getPatientAdditional()}".upper()
    return Opened(tuple(traces), marks_of_annotations(list(starts), list(lengths), [str(t) for t in texts]), made_up)


def _refuse_cut_short(path: Path) -> None:
    """An EDF file says how many records it holds: fewer bytes than that are a file cut short, whatever a library makes of them."""
    with reading(path, "EDF or BDF"):
        data = path.open("rb")
        with data:
            head = data.read(HEADER)
            if len(head) < HEADER:
                raise ValueError(f"{len(head)} bytes are fewer than a header")
            bdf = head[:1] == b"\xff"
            size, records, signals = int(head[184:192]), int(head[236:244]), int(head[252:256])
            if signals <= 0:
                raise ValueError("the header names no signal")
            rest = data.read(PER_SIGNAL * signals)
        if len(rest) < PER_SIGNAL * signals:
            raise ValueError("the header is cut short")
        at = 216 * signals  # the number of samples a record stands after label, transducer, unit, ranges and filters
        samples = sum(int(rest[at + 8 * i : at + 8 * i + 8]) for i in range(signals))
        wanted = size + records * samples * (3 if bdf else 2)
        have = path.stat().st_size
        if records >= 0 and have < wanted:
            raise ValueError(f"{have:,} bytes, but its header promises {wanted:,}")
