"""From the traces of a file to a recording: which channels, which side, which unit, one rate."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from backspasm.patients.from_emg.files import Opened, open_file
from backspasm.patients.from_emg.marks import read_marks
from backspasm.patients.from_emg.recording import MICROVOLTS, Recording, Side, Trace
from backspasm.patients.patient import InputError, InputProblem
from backspasm.records.problems import did_you_mean

_LEFT = re.compile(r"(?<![a-z])(left|lt|l|links|gauche|izq)(?![a-z])", re.IGNORECASE)
_RIGHT = re.compile(r"(?<![a-z])(right|rt|r|rechts|droite|der)(?![a-z])", re.IGNORECASE)
#: names of channels that are not muscle
_OTHER = re.compile(
    r"angle|goniomet|inclin|flexion|imu|acc|gyro|ecg|ekg|trigger|marker|status|annotation|force|torque|time",
    re.IGNORECASE,
)
_ANGLE = re.compile(r"angle|goniomet|inclin", re.IGNORECASE)
_DEGREES = {"deg", "degree", "degrees", "°"}


def load_recording(
    path: Path,
    channels: str | None = None,
    angle: str | None = None,
    marks: str | None = None,
    rate_hz: float | None = None,
    unit: str | None = None,
) -> Recording:
    """The recording in a file.

    ``channels`` are names parted by commas, each with an optional ``left=`` or ``right=``; all muscle channels if left out.
    ``angle`` is the channel of the trunk's angle; one that is called so if left out. ``marks`` as :func:`read_marks`.

    Raises:
        InputError: with every fault of the choice, or the fault of the file.
    """
    if unit is not None and unit.lower() not in MICROVOLTS:
        raise InputError.one("--unit", unit, "is no unit of voltage", "use uV, mV, V or nV")
    if rate_hz is not None and not 0 < rate_hz < float("inf"):
        raise InputError.one("--rate", rate_hz, "is no sampling rate", "give samples a second, such as 2000")
    opened = open_file(path, rate_hz, unit)
    if not opened.traces:
        raise InputError.one("FILE", str(path), "holds no channel", "export the recording again")
    muscles = _muscles(path, opened, channels, unit)
    goniometer = _angle(path, opened, angle, muscles)
    kept = () if angle else opened.marks  # who names the angle wants it used
    noted = read_marks(marks, len(muscles[0].values) / muscles[0].rate_hz) if marks else kept
    return Recording(path.name, muscles, goniometer, noted, opened.synthetic)


def _muscles(path: Path, opened: Opened, channels: str | None, unit: str | None) -> tuple[Trace, ...]:
    by_name = {t.name: t for t in opened.traces}
    problems: list[InputProblem] = []
    chosen: list[Trace] = []
    if channels is None:
        chosen = [
            replace(t, side=_side(t.name))
            for t in opened.traces
            if not _OTHER.search(t.name) and t.unit.lower() not in _DEGREES
        ]
        if not chosen:
            mend = "name them with --channels; the file holds " + ", ".join(by_name)
            raise InputError.one("--channels", "", "no channel of the file looks like a muscle", mend)
    else:
        for part in filter(None, (p.strip() for p in channels.split(","))):
            prefix, equals, rest = part.partition("=")
            named: Side | None = {"left": "left", "right": "right"}.get(prefix.strip().lower()) if equals else None  # type: ignore[assignment]
            name = rest.strip() if named else part
            if name not in by_name:
                mend = did_you_mean(name, by_name, "the file holds " + ", ".join(by_name))
                problems.append(InputProblem("--channels", name, f"is no channel of {path.name}", mend))
            else:
                chosen.append(replace(by_name[name], side=named or _side(name)))
    if not problems and not chosen:
        problems.append(
            InputProblem("--channels", channels or "", "names no channel", "the file holds " + ", ".join(by_name))
        )
    out = []
    for trace in chosen:
        factor = MICROVOLTS.get((unit or trace.unit).lower())
        if factor is None:
            value = trace.unit or "none"
            problems.append(
                InputProblem(f"{path}: {trace.name}: unit", value, "is no unit of voltage", "give --unit uV, mV or V")
            )
            continue
        rails = (trace.rails[0] * factor, trace.rails[1] * factor) if trace.rails else None
        out.append(replace(trace, values=trace.values * factor, unit="uV", rails=rails))
    rates = {t.rate_hz for t in out}
    if len(rates) > 1:
        shown = ", ".join(f"{t.name} {t.rate_hz:g} Hz" for t in out)
        problems.append(
            InputProblem("--channels", shown, "have different sampling rates", "choose channels of one rate")
        )
    if problems:
        raise InputError(problems)
    length = min(len(t.values) for t in out)
    if length == 0:
        raise InputError.one("FILE", str(path), "holds no sample", "export the recording again")
    return tuple(t.with_values(t.values[:length]) for t in out)


def _angle(path: Path, opened: Opened, name: str | None, muscles: tuple[Trace, ...]) -> Trace | None:
    """The trunk's angle at the muscles' rate, in degrees."""
    by_name = {t.name: t for t in opened.traces}
    if name is None:
        name = next((n for n, t in by_name.items() if _ANGLE.search(n) or t.unit.lower() in _DEGREES), None)
        if name is None:
            return None
    if name not in by_name:
        mend = did_you_mean(name, by_name, "the file holds " + ", ".join(by_name))
        raise InputError.one("--angle", name, f"is no channel of {path.name}", mend)
    trace = by_name[name]
    factor = 180 / np.pi if trace.unit.lower() in {"rad", "radian", "radians"} else 1.0
    rate, count = muscles[0].rate_hz, len(muscles[0].values)
    values = trace.values * factor
    if trace.rate_hz != rate or len(values) != count:
        values = np.interp(np.arange(count) / rate, np.arange(len(values)) / trace.rate_hz, values)
    return Trace(name, values, rate, "deg")


def _side(name: str) -> Side:
    left, right = _LEFT.search(name), _RIGHT.search(name)
    if bool(left) == bool(right):
        return "unknown"
    return "left" if left else "right"
