"""A surface EMG recording as plain frozen values, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Side = Literal["left", "right", "unknown"]
PhaseName = Literal["rest", "flexion", "full_flexion", "extension"]
PHASE_NAMES: tuple[PhaseName, ...] = ("rest", "flexion", "full_flexion", "extension")
#: spellings of a unit -> how many microvolts it is
MICROVOLTS: dict[str, float] = {
    **dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts", "mcv"), 1.0),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1e3),
    **dict.fromkeys(("v", "volt", "volts"), 1e6),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-3),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """One channel: ``values`` (n,) in ``unit`` (microvolt for a muscle), at ``rate_hz``; ``rails`` are the ends of the recorder's range."""

    name: str
    values: Samples
    rate_hz: float
    unit: str = "uV"
    side: Side = "unknown"
    rails: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        return len(self.values) / self.rate_hz

    def with_values(self, values: Samples) -> Trace:
        return replace(self, values=values)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A stretch of the recording that somebody named: seconds from its start."""

    start: float
    end: float
    phase: PhaseName


@dataclass(frozen=True, slots=True)
class Recording:
    """Muscles of one person at one rate, the angle of the trunk where it was recorded, and marks.

    All muscles have the same rate and number of samples; ``angle`` is at the muscles' rate.
    """

    name: str
    muscles: tuple[Trace, ...]
    angle: Trace | None = None
    marks: tuple[Mark, ...] = ()
    synthetic: bool = False

    @property
    def rate_hz(self) -> float:
        return self.muscles[0].rate_hz

    @property
    def samples(self) -> int:
        return len(self.muscles[0].values)

    @property
    def seconds(self) -> float:
        return self.samples / self.rate_hz


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch in seconds from the start of the recording."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def slice(self, rate_hz: float) -> slice:
        return slice(max(0, round(self.start * rate_hz)), round(self.end * rate_hz))
