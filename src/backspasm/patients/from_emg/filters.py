"""Filters and spectra of one channel.

Surface EMG lies between about 20 and 450 Hz: below are movement and drift (De Luca et al., J Biomech 2010;43:1573-9), above
noise. All filters run forwards and backwards, so that nothing is shifted in time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backspasm.patients.from_emg.recording import Samples

#: the band of surface EMG, Hz
BAND_HZ = (20.0, 450.0)
#: the upper edge stays below this share of half the sampling rate
BELOW_NYQUIST = 0.9
#: order of the Butterworth filter run in each direction; both together are the usual fourth order
ORDER = 2
#: the signal is continued by so many seconds at its ends while it is filtered
PAD_S = 0.5
#: width of the sections of a spectrum, seconds
SECTION_S = 0.5
#: where a recorder's white noise shows: from 500 Hz, or from four fifths of half the sampling rate, up to 95 % of it
NOISE_FROM_HZ, NOISE_FROM_SHARE, NOISE_TO_SHARE = 500.0, 0.8, 0.95
#: below this frequency the muscle is still too strong for noise to be told from it
NOISE_LEAST_HZ = 390.0


class Band(NamedTuple):
    """The band kept, Hz."""

    low: float
    high: float


def band_of(rate_hz: float) -> Band:
    """20 to 450 Hz, clipped to what the sampling rate can hold."""
    return Band(BAND_HZ[0], min(BAND_HZ[1], BELOW_NYQUIST * rate_hz / 2))


def band_passed(values: Samples, rate_hz: float, band: Band) -> Samples:
    """The signal (n,) within a band: Butterworth, zero phase."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(ORDER, band, btype="bandpass", fs=rate_hz, output="sos")
    pad = min(len(values) - 1, round(PAD_S * rate_hz))
    return np.asarray(sosfiltfilt(sections, values - np.mean(values), padlen=pad), dtype=float)


def noise_passed(density: float, rate_hz: float, band: Band) -> float:
    """Power (unit²) that white noise of this density (unit²/Hz) keeps after :func:`band_passed`."""
    from scipy.signal import butter, sosfreqz

    sections = butter(ORDER, band, btype="bandpass", fs=rate_hz, output="sos")
    frequency, response = sosfreqz(sections, 4096, fs=rate_hz)
    return float(density * np.trapezoid(np.abs(response) ** 4, frequency))


def spectrum(values: Samples, rate_hz: float) -> tuple[Samples, Samples]:
    """Frequencies (Hz) and one-sided power density (unit²/Hz) after Welch, in sections of half a second."""
    from scipy.signal import welch

    frequency, density = welch(values, rate_hz, nperseg=min(len(values), round(SECTION_S * rate_hz)))
    return np.asarray(frequency, dtype=float), np.asarray(density, dtype=float)


def noise_density(values: Samples, rate_hz: float, mains_hz: float | None) -> float | None:
    """Density (unit²/Hz) of the recorder's white noise, read where muscle is silent: above its band.

    ``values`` are the unfiltered samples; harmonics of the mains are left out, and only the quieter half of the recording is
    looked at, so that little of the muscle's own tail is taken for noise. None where the sampling rate leaves no such place.
    A recorder that filters these frequencies away shows too little noise here; then too little is taken off, never too much.
    """
    nyquist = rate_hz / 2
    low = min(NOISE_FROM_HZ, NOISE_FROM_SHARE * nyquist)
    if low < NOISE_LEAST_HZ:
        return None
    block = round(SECTION_S * rate_hz)
    count = len(values) // block
    blocks = values[: count * block].reshape(count, block)
    window = np.hanning(block)
    power = np.abs(np.fft.rfft((blocks - blocks.mean(axis=1, keepdims=True)) * window, axis=1)) ** 2
    density = 2 * power / (rate_hz * np.sum(window**2))
    frequency = np.fft.rfftfreq(block, 1 / rate_hz)
    band, tail = band_of(rate_hz), (frequency >= low) & (frequency <= NOISE_TO_SHARE * nyquist)
    loudness = density[:, (frequency >= band.low) & (frequency <= band.high)].sum(axis=1)
    if mains_hz is not None:
        tail &= np.abs(frequency - mains_hz * np.round(frequency / mains_hz)) > 3 / SECTION_S / 2
    quiet = loudness <= np.median(loudness)
    return float(np.mean(density[quiet][:, tail]))


def median_frequency(values: Samples, rate_hz: float, band: Band, noise: float) -> float:
    """The frequency (Hz) that halves the power of the band, after the noise density is taken off."""
    frequency, density = spectrum(values, rate_hz)
    inside = (frequency >= band.low) & (frequency <= band.high)
    power = np.maximum(density[inside] - noise, 0)
    total = np.cumsum(power)
    if total[-1] <= 0:
        return float("nan")
    return float(np.interp(total[-1] / 2, total, frequency[inside]))
