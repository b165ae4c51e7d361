"""Mains interference: found, named and taken out by spectrum interpolation.

At the mains' frequency and its harmonics the magnitude of the spectrum is replaced by that of its neighbours, the phase kept
(Mewett, Reynolds & Nazeran, Med Biol Eng Comput 2004;42:524-31). Unlike a notch it leaves no hole in the muscle's
spectrum, and copes with harmonics and a wandering phase.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backspasm.patients.from_emg.recording import Samples

FREQUENCIES_HZ = (50.0, 60.0)
#: half the width that is replaced, and that of the neighbourhood it is replaced by, Hz
HALF_WIDTH_HZ, NEIGHBOURS_HZ = 1.0, 4.0
#: a line counts as mains where its power is so many times that of its neighbours
STANDS_OUT = 4.0


class Mains(NamedTuple):
    """What was found: the frequency (None: nothing), and its share of the power of the band, harmonics included."""

    hz: float | None
    share: float


def without_mains(values: Samples, rate_hz: float, band: tuple[float, float], hz: float | None) -> tuple[Samples, Mains]:
    """The signal (n,) without lines at the mains' frequency ``hz`` and its harmonics; with None, as it is."""
    if hz is None:
        return values, Mains(None, 0.0)
    n = len(values)
    transform = np.fft.rfft(values)
    frequency = np.fft.rfftfreq(n, 1 / rate_hz)
    power = np.abs(transform) ** 2
    inside = (frequency >= band[0]) & (frequency <= band[1])
    before = float(power[inside].sum())
    for line, around in _lines(frequency, hz, rate_hz / 2):
        level = np.mean(power[around])
        if np.mean(power[line]) > STANDS_OUT * level:
            phase = transform[line] / np.maximum(np.abs(transform[line]), 1e-300)
            transform[line] = phase * np.sqrt(level)
    after = float((np.abs(transform[inside]) ** 2).sum())
    share = max(0.0, 1 - after / before) if before > 0 else 0.0
    return np.fft.irfft(transform, n), Mains(hz, share)


def mains_frequency(channels: list[Samples], rate_hz: float) -> float | None:
    """50 or 60 Hz, whichever stands out more from its neighbourhood over all channels; None if neither does."""
    best, found = STANDS_OUT, None
    for hz in FREQUENCIES_HZ:
        for values in channels:
            power = np.abs(np.fft.rfft(values - np.mean(values))) ** 2
            frequency = np.fft.rfftfreq(len(values), 1 / rate_hz)
            for line, around in _lines(frequency, hz, 1.5 * hz):
                ratio = np.mean(power[line]) / max(np.mean(power[around]), 1e-300)
                if ratio > best:
                    best, found = float(ratio), hz
    return found


def _lines(frequency: Samples, hz: float, up_to: float) -> list[tuple[slice, slice | np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """For each harmonic: the bins of the line, and those around it."""
    out: list[tuple[slice, slice | np.ndarray[tuple[int], np.dtype[np.bool_]]]] = []
    step = float(frequency[1])
    for centre in np.arange(hz, up_to - HALF_WIDTH_HZ, hz):
        near = np.abs(frequency - centre)
        line = slice(int(np.ceil((centre - HALF_WIDTH_HZ) / step)), int((centre + HALF_WIDTH_HZ) / step) + 1)
        out.append((line, (near > HALF_WIDTH_HZ) & (near <= NEIGHBOURS_HZ)))
    return out
