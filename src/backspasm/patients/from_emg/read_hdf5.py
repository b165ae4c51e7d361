"""HDF5 recordings, by h5py: one dataset a channel, or one of samples x channels with their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backspasm.patients.from_emg.files import Opened, extra, reading
from backspasm.patients.from_emg.marks import marks_of_annotations
from backspasm.patients.from_emg.recording import Mark, Trace
from backspasm.patients.patient import InputError

RATES = ("rate_hz", "sampling_rate", "sample_rate", "samplerate", "fs", "sfreq", "rate")
UNITS = ("unit", "units")
NAMES = ("channels", "channel_names", "names", "labels")
MARKS = "marks"


def read_hdf5(path: Path, rate_hz: float | None, unit: str | None) -> Opened:
    """Every numeric dataset of one or two dimensions; rate and unit are attributes of it, of its group, or of the file."""
    h5py: Any = extra("h5py", f"{path} (HDF5)")
    traces: list[Trace] = []
    with reading(path, "HDF5"), h5py.File(path, "r") as file:
        for name, data in _datasets(file, h5py):
            rate = rate_hz or _attribute(data, RATES)
            if rate is None:
                mend = f"give --rate HZ, or set the attribute {RATES[0]!r} of the dataset or of the file"
                raise InputError.one(f"{path}: {name}", "", "has no sampling rate", mend)
            said = unit or _attribute(data, UNITS) or ""
            values = np.asarray(data[()], dtype=float)
            if values.ndim == 1:
                traces.append(Trace(_last(name), values, float(rate), _text(said), rails=_rails(data)))
                continue
            values = values if values.shape[0] >= values.shape[1] else values.T
            names = _attribute(data, NAMES)
            labels = (
                [_text(n) for n in names]
                if names is not None
                else [f"{_last(name)} {i + 1}" for i in range(values.shape[1])]
            )
            if len(labels) != values.shape[1]:
                what = f"has {values.shape[1]} columns and {len(labels)} names"
                raise InputError.one(f"{path}: {name}", "", what, "name every column once in its attribute 'channels'")
            traces += [Trace(n, values[:, i], float(rate), _text(said)) for i, n in enumerate(labels)]
        marks = _marks(file)
        synthetic = bool(file.attrs.get("synthetic", False))
    return Opened(tuple(traces), marks, synthetic)


def _datasets(group: Any, h5py: Any) -> Iterator[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def visit(name: str, item: Any) -> None:
        if (
            isinstance(item, h5py.Dataset)
            and item.ndim in (1, 2)
            and item.dtype.kind in "iuf"
            and _last(name) not in (MARKS, "time")
        ):
            found.append((name, item))

    group.visititems(visit)
    yield from found


def _attribute(data: Any, names: tuple[str, ...]) -> Any:
    for place in (data, data.parent, data.file):
        for name in names:
            if name in place.attrs:
                return place.attrs[name]
    return None


def _rails(data: Any) -> tuple[float, float] | None:
    rails = data.attrs.get("rails")
    return (float(rails[0]), float(rails[1])) if rails is not None and len(rails) == 2 else None


def _marks(file: Any) -> tuple[Mark, ...]:
    if MARKS not in file or file[MARKS].dtype.names is None:
        return ()
    rows = file[MARKS][()]
    starts, ends = (np.asarray(rows[n], dtype=float) for n in ("start", "end"))
    return marks_of_annotations(list(starts), list(ends - starts), [_text(p) for p in rows["phase"]])


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
