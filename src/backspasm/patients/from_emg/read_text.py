"""Recordings as text in columns: comma, semicolon or tab; a header with names, and units in brackets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from backspasm.patients.from_emg.files import Opened, reading
from backspasm.patients.from_emg.recording import Samples, Trace
from backspasm.patients.patient import InputError

#: names of a column of times
TIMES = {"time", "t", "seconds", "sec", "time series"}
#: times a second in a unit of time
PER_SECOND = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 1e3, "us": 1e6, "µs": 1e6}
#: how far a step of time may lie from the usual one, relative to it
UNEVEN = 0.02
_HEADER = re.compile(r"^(?P<name>.*?)\s*(?:[\[(](?P<unit>[^\])]*)[\])])?$")
_SAYS_SYNTHETIC = re.compile(r"^#.*synthetic", re.IGNORECASE)


def read_text(path: Path, rate_hz: float | None, unit: str | None) -> Opened:
    """Columns of numbers under a header. Lines that begin with # are remarks. A column of times gives the rate."""
    lines, skip, synthetic = _first_lines(path)
    if not lines:
        raise InputError.one("FILE", str(path), "holds no line of data", "export the recording again")
    separator = max(";\t,", key=lines[0].count)
    headers = [h.strip().strip('"') for h in lines[0].split(separator)]
    if all(_is_number(h) for h in headers):
        mend = "add a first line such as: time (s),ES left (uV),ES right (uV)"
        raise InputError.one(f"{path}: line {skip + 1}", lines[0][:60], "is no header: every column needs a name", mend)
    with reading(path, "text in columns"):
        table = _table(path, skip + 1, separator, len(headers))
    columns = [_HEADER.match(h) for h in headers]
    names = [(m["name"] if m else "").strip() or f"column {i + 1}" for i, m in enumerate(columns)]
    units = [((m["unit"] if m else "") or "").strip() for m in columns]
    time = next((i for i, n in enumerate(names) if n.lower() in TIMES), None)
    rate = rate_hz
    if time is not None and rate is None:
        rate = _rate(path, names[time], table[:, time], units[time])
    if rate is None:
        raise InputError.one(
            f"{path}: sampling rate", "", "is not in the file", "give --rate HZ, or add a column 'time (s)'"
        )
    traces = [
        Trace(n, np.ascontiguousarray(table[:, i]), rate, units[i] or unit or "")
        for i, n in enumerate(names)
        if i != time
    ]
    return Opened(tuple(traces), (), synthetic)


def _first_lines(path: Path) -> tuple[list[str], int, bool]:
    """The header line, the number of lines before it, and whether a remark says that the data are made up."""
    skip, synthetic = 0, False
    with reading(path, "text in columns"), path.open(encoding="utf-8-sig") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                return [line.strip()], skip, synthetic
            synthetic = synthetic or bool(_SAYS_SYNTHETIC.match(line))
            skip += 1
    return [], skip, synthetic


def _table(path: Path, skip: int, separator: str, width: int) -> Samples:
    """The numbers (n, width). Empty cells are not numbers; a decimal comma is read where columns are parted by semicolons."""
    from pyarrow import csv

    decimal = "," if separator != "," and _decimal_comma(path, skip) else "."
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(skip_rows=skip, column_names=[str(i) for i in range(width)]),
        parse_options=csv.ParseOptions(delimiter=separator),
        convert_options=csv.ConvertOptions(
            column_types={str(i): "float64" for i in range(width)},
            null_values=["", "NaN", "nan", "NA"],
            decimal_point=decimal,
        ),
    )
    return np.column_stack([c.to_numpy().astype(float) for c in table.columns])


def _decimal_comma(path: Path, skip: int) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file):
            if number >= skip and line.strip():
                return "," in line
    return False


def _rate(path: Path, name: str, times: Samples, unit: str) -> float:
    """Samples a second from a column of times. Raises InputError where they are uneven."""
    per_second = PER_SECOND.get(unit.lower())
    if per_second is None:
        raise InputError.one(
            f"{path}: {name}", unit, "is no unit of time", f"use one of {', '.join(u for u in PER_SECOND if u)}"
        )
    steps = np.diff(times) / per_second
    if len(steps) == 0 or not np.isfinite(steps).all():
        raise InputError.one(
            f"{path}: {name}", "", "has no times", "fill in every time, or leave the column out and give --rate HZ"
        )
    span = float(times[-1] - times[0]) / per_second
    if span <= 0:
        raise InputError.one(
            f"{path}: {name}", f"{times[0]:g} to {times[-1]:g}", "does not run forwards", "give --rate HZ instead"
        )
    rate = len(steps) / span
    # times are often rounded: what counts is how far a sample lies from where it should
    drift = np.abs((times - times[0]) / per_second - np.arange(len(times)) / rate) * rate
    if float(drift.max()) > max(1.0, UNEVEN * len(times)):
        at = int(np.argmax(drift))
        what = f"is uneven (sample {at + 1} is {drift[at]:.0f} samples from its place): samples are missing"
        raise InputError.one(f"{path}: {name}", f"{times[at]:g}", what, "export without gaps")
    return float(round(rate, 3))


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
