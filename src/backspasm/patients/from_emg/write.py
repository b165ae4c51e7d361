"""Writes a recording as EDF+, BDF+, HDF5 or CSV: for synthetic recordings, and to move one from tool to tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backspasm.patients.from_emg.files import extra
from backspasm.patients.from_emg.read_edf import SYNTHETIC
from backspasm.patients.from_emg.recording import Recording, Trace
from backspasm.patients.patient import InputError

ENDINGS = (".edf", ".bdf", ".h5", ".hdf5", ".csv")


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording; the ending of its name says how.

    Raises:
        InputError: for another ending, a file that is there already, or a library that is missing.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError.one("OUT", str(path), "has no known ending", f"use one of {', '.join(ENDINGS)}")
    if path.exists():
        raise InputError.one("OUT", str(path), "is there already", "name another file")
    if not path.parent.is_dir():
        raise InputError.one("OUT", str(path), "lies in a folder that does not exist", "make the folder first")
    if ending in {".edf", ".bdf"}:
        _write_edf(recording, path, ending == ".bdf")
    elif ending == ".csv":
        _write_csv(recording, path)
    else:
        _write_hdf5(recording, path)


def _traces(recording: Recording) -> tuple[Trace, ...]:
    return (*recording.muscles, *((recording.angle,) if recording.angle else ()))


def _write_edf(recording: Recording, path: Path, bdf: bool) -> None:
    pyedflib: Any = extra("pyedflib", f"{path} (EDF or BDF)")
    kind = pyedflib.FILETYPE_BDFPLUS if bdf else pyedflib.FILETYPE_EDFPLUS
    bits = 24 if bdf else 16
    traces = _traces(recording)
    with pyedflib.EdfWriter(str(path), len(traces), file_type=kind) as file:
        if recording.synthetic:
            file.setRecordingAdditional(SYNTHETIC)
        for i, trace in enumerate(traces):
            rails = trace.rails or _round_rails(trace.values)
            file.setSignalHeader(
                i,
                {
                    "label": trace.name[:16],
                    "dimension": trace.unit,
                    "sample_frequency": trace.rate_hz,
                    "physical_min": rails[0],
                    "physical_max": rails[1],
                    "digital_min": -(2 ** (bits - 1)),
                    "digital_max": 2 ** (bits - 1) - 1,
                    "transducer": "",
                    "prefilter": "",
                },
            )
        seconds = int(len(traces[0].values) / traces[0].rate_hz)  # records last a second
        file.writeSamples([np.ascontiguousarray(t.values[: round(seconds * t.rate_hz)]) for t in traces])
        for mark in recording.marks:
            file.writeAnnotation(mark.start, mark.end - mark.start, mark.phase)


def _round_rails(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """A range of whole numbers a little wider than the signal, as a recorder has it."""
    most = float(np.ceil(1.05 * np.max(np.abs(values))) + 1)
    return -most, most


def _write_csv(recording: Recording, path: Path) -> None:
    traces = _traces(recording)
    rate = traces[0].rate_hz
    with path.open("w", encoding="utf-8", newline="") as file:
        if recording.synthetic:
            file.write(f"# synthetic recording ({recording.name}): made up, of no person\n")
        file.write(",".join(["time (s)", *(f"{t.name} ({t.unit})" for t in traces)]) + "\n")
        table = np.column_stack([np.arange(len(traces[0].values)) / rate, *(t.values for t in traces)])
        np.savetxt(file, table, fmt=["%.6f", *["%.4f"] * len(traces)], delimiter=",")


def _write_hdf5(recording: Recording, path: Path) -> None:
    h5py: Any = extra("h5py", f"{path} (HDF5)")
    with h5py.File(path, "w") as file:
        file.attrs["synthetic"] = recording.synthetic
        for trace in _traces(recording):
            data = file.create_dataset(f"emg/{trace.name}", data=trace.values, compression="gzip", compression_opts=1)
            data.attrs["rate_hz"], data.attrs["unit"] = trace.rate_hz, trace.unit
            if trace.rails is not None:
                data.attrs["rails"] = trace.rails
        if recording.marks:
            rows = np.array(
                [(m.start, m.end, m.phase.encode()) for m in recording.marks],
                dtype=[("start", "f8"), ("end", "f8"), ("phase", "S16")],
            )
            file.create_dataset("marks", data=rows)
