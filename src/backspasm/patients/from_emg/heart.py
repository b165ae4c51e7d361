"""The heart in a trunk recording: found, and taken out beat by beat.

Template subtraction; with a 30 Hz high-pass it was the best of 23 ways at low muscle activity (Drake & Callaghan, J
Electromyogr Kinesiol 2006;16:175-87). Here a beat counts for the template by the inverse of the muscle's power around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_emg.recording import Samples

Beats = NDArray[np.int64]
#: where a QRS complex is strong and muscle weak, Hz
QRS_BAND_HZ = (5.0, 25.0)
#: a QRS complex has nothing above this frequency that would matter, Hz
QRS_HIGHEST_HZ = 80.0
#: the template reaches so far on both sides of a beat, seconds
REACH_S = 0.08
#: slowest and fastest heart that is looked for, beats a minute
SLOWEST, FASTEST = 35.0, 200.0
#: fewest beats for a template, and how much shorter than usual an interval may be
FEWEST_BEATS, IRREGULAR = 6, 0.35
#: a rhythm is there where the autocorrelation comes back to this
RHYTHM = 0.2
#: rate at which the rhythm is looked for (Hz), blur that lets intervals vary, and width of a QRS complex (seconds)
COARSE_HZ, BLUR_S, QRS_S = 100, 0.08, 0.04
#: a template is real where its power within 25 ms of the beat is so many times that of chance
STANDS_OUT, CORE_S = 3.0, 0.025
#: the level that a beat is measured against is taken over so many seconds
LEVEL_S = 2.0
#: median of the square of a standard normal variable
MEDIAN_SQUARE = 0.4549
TINY = 1e-12


class Heart(NamedTuple):
    """What was found: beats a minute (None: no heart in the muscle's band), and the peak of its template in microvolt."""

    per_minute: float | None
    peak_uv: float


def beats_of(channels: list[Samples], rate_hz: float) -> Beats:
    """Sample numbers of the beats that all channels share; empty where no rhythm is found.

    ``channels`` are unfiltered. Each is divided by its own level over two seconds, so that loud muscle does not hide the
    rest. The rhythm is that of the autocorrelation; beats are deflections in that rhythm, then those alike to their mean.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import butter, fftconvolve, sosfiltfilt

    sections = butter(2, QRS_BAND_HZ, btype="bandpass", fs=rate_hz, output="sos")
    slow = []
    for values in channels:
        wave = sosfiltfilt(sections, values - np.mean(values))
        slow.append(wave / np.sqrt(np.maximum(uniform_filter1d(wave**2, round(LEVEL_S * rate_hz)), TINY)))
    height = uniform_filter1d(np.sum(np.square(slow), axis=0), round(QRS_S * rate_hz))
    interval = _interval(height, rate_hz)
    if interval is None:
        return np.empty(0, dtype=np.int64)
    beats = _deflections(height, interval)
    reach = round(REACH_S * rate_hz)
    inside = beats[(beats >= reach) & (beats < len(height) - reach)]
    if len(inside) < FEWEST_BEATS:
        return inside[:0]
    around = np.arange(-reach, reach + 1)
    likeness = np.zeros(len(height))
    for wave in slow:
        likeness += fftconvolve(wave, np.median(wave[inside[:, None] + around], axis=0)[::-1], mode="same")
    return _deflections(likeness, interval)


def _interval(height: Samples, rate_hz: float) -> float | None:
    """The usual distance of beats in samples, from the autocorrelation; None where it shows no rhythm."""
    from scipy.ndimage import uniform_filter1d

    step = round(rate_hz / COARSE_HZ)
    coarse = height[::step]
    capped = uniform_filter1d(np.minimum(coarse, np.quantile(coarse, 0.98)), round(BLUR_S * COARSE_HZ))
    level = capped - uniform_filter1d(capped, round(2 * LEVEL_S * COARSE_HZ))
    correlation = np.fft.irfft(np.abs(np.fft.rfft(level, 2 * len(level))) ** 2)
    first, last = round(COARSE_HZ * 60 / FASTEST), min(round(COARSE_HZ * 60 / SLOWEST), len(level) // 3)
    if last <= first + 2 or correlation[0] <= 0:
        return None
    lag = first + int(np.argmax(correlation[first:last]))
    inside = first < lag < last - 1  # at an edge it is a slope, not a rhythm
    return lag * float(step) if inside and correlation[lag] >= RHYTHM * correlation[0] else None


def _deflections(height: Samples, interval: float) -> Beats:
    """The highest peaks, none nearer to another than the rhythm allows."""
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(
        height, distance=max(1, round((1 - IRREGULAR) * interval)), height=2 * float(np.mean(np.abs(height)))
    )
    return np.asarray(peaks, dtype=np.int64)


def without_heart(values: Samples, beats: Beats, rate_hz: float) -> tuple[Samples, Heart]:
    """The filtered signal (n,) without the heart, where its template stands out from chance."""
    from scipy.signal import butter, sosfiltfilt

    reach = round(REACH_S * rate_hz)
    beats = beats[(beats >= 2 * reach) & (beats < len(values) - 2 * reach)]
    if len(beats) < FEWEST_BEATS:
        return values, Heart(None, 0.0)
    around = np.arange(-reach, reach + 1)
    wide = np.arange(-2 * reach, 2 * reach + 1)
    weights = 1 / np.maximum(np.median(values[beats[:, None] + wide] ** 2, axis=1) / MEDIAN_SQUARE, TINY)
    template = weights @ values[beats[:, None] + around] / weights.sum()
    template = sosfiltfilt(butter(2, QRS_HIGHEST_HZ, fs=rate_hz, output="sos"), template)
    # of white noise the low-pass leaves this share, so that chance is not overrated
    chance = QRS_HIGHEST_HZ / (rate_hz / 2) * max(1.0, rate_hz / 2 / 450) / weights.sum()
    core = np.abs(around) <= CORE_S * rate_hz
    if np.mean(template[core] ** 2) < STANDS_OUT * chance:
        return values, Heart(None, 0.0)
    template = template * np.hanning(len(template)) ** 0.25  # ends at zero: no steps
    out = values.copy()
    for beat in beats:
        out[beat - reach : beat + reach + 1] -= template
    return out, Heart(60 * rate_hz / float(np.median(np.diff(beats))), float(np.max(np.abs(template))))
