"""The maximal voluntary contraction that amplitudes are a percentage of."""

from __future__ import annotations

import math
from pathlib import Path

from backspasm.patients.from_emg.analyse import maxima_of
from backspasm.patients.from_emg.choose import load_recording
from backspasm.patients.from_emg.recording import Recording
from backspasm.patients.patient import InputError
from backspasm.records.problems import did_you_mean


def read_maxima(
    given: str, recording: Recording, channels: str | None, rate_hz: float | None, unit: str | None
) -> dict[str, float]:
    """Microvolt RMS by channel, from ``NAME=MICROVOLT,...`` or from a recording of a maximal contraction with the same channels.

    Raises:
        InputError: naming the channel or the file, and the mend.
    """
    names = [m.name for m in recording.muscles]
    if "=" in given and not Path(given).exists():
        out = dict(_pair(part, names) for part in given.split(",") if part.strip())
    else:
        out = maxima_of(load_recording(Path(given), channels or ",".join(names), rate_hz=rate_hz, unit=unit), given)
    lacking = [n for n in names if n not in out]
    if lacking:
        raise InputError.one(
            "--mvc", given, f"has no maximum of {lacking[0]}", "give one of every channel, or fewer --channels"
        )
    weak = [n for n, uv in out.items() if uv <= 0]
    if weak:
        raise InputError.one("--mvc", weak[0], "shows no contraction", "give a recording of a maximal contraction")
    return out


def _pair(part: str, names: list[str]) -> tuple[str, float]:
    name, _, value = part.rpartition("=")
    name = name.strip()
    if name not in names:
        raise InputError.one(
            "--mvc", name, "is no channel that is analysed", did_you_mean(name, names, "one of " + ", ".join(names))
        )
    try:
        uv = float(value)
    except ValueError:
        uv = math.nan
    if not (math.isfinite(uv) and uv > 0):
        raise InputError.one(f"--mvc {name}", value, "is no amplitude", "give microvolt RMS, such as 310")
    return name, uv
