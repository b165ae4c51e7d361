"""Mains interference: found, named, and taken out by regression on the quiet stretches.

Sine and cosine at the mains' frequency and its harmonics are fitted and subtracted (regression-subtraction; Mewett, Nazeran &
Reynolds, Proc IEEE EMBS 2001). The fit slides over the recording, and each sample counts by the inverse of the muscle's power
around it. Spectrum interpolation, which they found more robust, spreads what it puts in evenly over time: with loud and
silent stretches in one recording it filled the silence and lowered the flexion-relaxation ratio by a tenth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_emg.recording import Samples

FREQUENCIES_HZ = (50.0, 60.0)
#: half the width of a line, and that of the neighbourhood it is compared with, Hz
HALF_WIDTH_HZ, NEIGHBOURS_HZ = 0.5, 5.0
#: a line counts as mains where its largest bin has so many times the mean power of its neighbours (chance: about 10)
STANDS_OUT = 25.0
#: the fit slides with a window of so many seconds; the muscle's power is taken over so many
WINDOW_S, LOUDNESS_S = 4.0, 0.25


class Mains(NamedTuple):
    """What was found: the frequency (None: nothing), and its share of the power of the band, harmonics included."""

    hz: float | None
    share: float


class _Line(NamedTuple):
    centre_hz: float
    peak_hz: float
    times_chance: float


def mains_frequency(channels: list[Samples], rate_hz: float) -> float | None:
    """50 or 60 Hz, whichever stands out more over all channels and harmonics; None if neither does."""
    best, found = STANDS_OUT, None
    for hz in FREQUENCIES_HZ:
        for values in channels:
            for line in _lines(values, rate_hz, hz):
                if line.times_chance > best:
                    best, found = line.times_chance, hz
    return found


def without_mains(values: Samples, rate_hz: float, hz: float | None) -> tuple[Samples, Mains]:
    """The filtered signal (n,) without lines at the mains' frequency ``hz`` and its harmonics; with None, as it is."""
    from scipy.ndimage import uniform_filter1d

    if hz is None:
        return values, Mains(None, 0.0)
    before = float(np.mean(values**2))
    time = np.arange(len(values)) / rate_hz
    out, taken = values, 0.0
    for line in _lines(values, rate_hz, hz):
        if line.times_chance <= STANDS_OUT:
            continue
        weights = 1 / np.maximum(uniform_filter1d(out**2, round(LOUDNESS_S * rate_hz)), 1e-9 * max(before, 1e-300))
        turning = np.exp(-2j * np.pi * line.peak_hz * time)
        size = _smooth(weights * out * turning, rate_hz) / _smooth(weights.astype(complex), rate_hz)
        wave = 2 * np.real(size / turning)
        taken += float(np.mean(wave**2))
        out = out - wave
    return out, Mains(hz, min(1.0, taken / before) if before > 0 else 0.0)


def _smooth(values: NDArray[np.complex128], rate_hz: float) -> NDArray[np.complex128]:
    """A moving mean run three times: nearly a Gaussian."""
    from scipy.ndimage import uniform_filter1d

    size = max(1, round(WINDOW_S / 3 * rate_hz))
    for _ in range(3):
        values = uniform_filter1d(values.real, size) + 1j * uniform_filter1d(values.imag, size)
    return values


def _lines(values: Samples, rate_hz: float, hz: float) -> list[_Line]:
    """The strongest bin near each harmonic below half the sampling rate."""
    n = len(values)
    power = np.abs(np.fft.rfft(values * np.hanning(n))) ** 2
    step = rate_hz / n
    out = []
    for centre in np.arange(hz, rate_hz / 2 - NEIGHBOURS_HZ, hz):
        middle, line, around = (round(w / step) for w in (centre, HALF_WIDTH_HZ, NEIGHBOURS_HZ))
        inside = power[middle - line : middle + line + 1]
        beside = np.concatenate(
            (power[middle - around : middle - 2 * line], power[middle + 2 * line + 1 : middle + around + 1])
        )
        level = float(np.mean(beside))
        if level > 0:
            peak = int(np.argmax(inside))
            out.append(_Line(float(centre), (middle - line + peak) * step, float(inside[peak]) / level))
    return out
