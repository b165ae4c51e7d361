"""From raw samples to the muscle's own signal: band, mains, heart, pops; and what each of them was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_emg.filters import Band, band_of, band_passed, noise_density, noise_passed
from backspasm.patients.from_emg.heart import Heart, beats_of, without_heart
from backspasm.patients.from_emg.mains import Mains, mains_frequency, without_mains
from backspasm.patients.from_emg.recording import Recording, Samples, Trace

#: movement and drift lie below the band, above this frequency (Hz)
MOVEMENT_FROM_HZ = 0.5
#: a pop is larger than so many times what three quarters of the samples around it stay below (7 standard deviations of noise)
POP, POP_BLOCK_S, POP_REACH_S = 6.0, 0.2, 0.03


@dataclass(frozen=True, slots=True)
class Muscle:
    """One cleaned channel. ``values`` (n,) in microvolt; ``keep`` (n,) is False where a pop spoils the samples."""

    trace: Trace
    values: Samples
    keep: NDArray[np.bool_]
    band: Band
    noise_uv2_per_hz: float | None
    noise_power: float
    mains: Mains
    heart: Heart
    pops: int
    movement_share: float

    @property
    def rate_hz(self) -> float:
        return self.trace.rate_hz

    @property
    def noise_uv(self) -> float:
        """RMS of the recorder's noise within the band."""
        return float(np.sqrt(self.noise_power))


def cleaned(recording: Recording) -> tuple[Muscle, ...]:
    """Every channel of a recording without what is not muscle. Nothing is shifted in time."""
    rate = recording.rate_hz
    raw = [m.values - np.mean(m.values) for m in recording.muscles]
    band = band_of(rate)
    hz = mains_frequency(raw, rate)
    beats = beats_of(raw, rate)
    out = []
    for trace, values in zip(recording.muscles, raw, strict=True):
        signal, mains = without_mains(band_passed(values, rate, band), rate, hz)
        signal, heart = without_heart(signal, beats, rate)
        keep, pops = without_pops(signal, rate)
        density = noise_density(values, rate, hz)
        power = noise_passed(density, rate, band) if density is not None else 0.0
        share = _movement_share(values, rate, band)
        out.append(Muscle(trace, signal, keep, band, density, power, mains, heart, pops, share))
    return tuple(out)


def without_pops(values: Samples, rate_hz: float) -> tuple[NDArray[np.bool_], int]:
    """Which samples (n,) are no electrode pop, and the number of pops."""
    block = max(1, round(POP_BLOCK_S * rate_hz))
    count = -(-len(values) // block)
    padded = np.pad(np.abs(values), (0, count * block - len(values)), mode="edge").reshape(count, block)
    usual = np.quantile(padded, 0.75, axis=1)
    around = np.maximum(usual, np.maximum(np.append(usual[1:], 0), np.append(0, usual[:-1])))
    wild = (padded > POP * around[:, None]).ravel()[: len(values)]
    if not wild.any():
        return np.ones(len(values), dtype=bool), 0
    reach = round(POP_REACH_S * rate_hz)
    spoilt = np.convolve(wild, np.ones(2 * reach + 1), mode="same") > 0
    pops = int(np.sum(np.diff(spoilt.astype(int), prepend=0) == 1))
    return ~spoilt, pops


def _movement_share(values: Samples, rate_hz: float, band: Band) -> float:
    """Power of movement over that of movement and the band together."""
    power = np.abs(np.fft.rfft(values)) ** 2
    frequency = np.fft.rfftfreq(len(values), 1 / rate_hz)
    slow = float(power[(frequency >= MOVEMENT_FROM_HZ) & (frequency < band.low)].sum())
    inside = float(power[(frequency >= band.low) & (frequency <= band.high)].sum())
    return slow / (slow + inside) if slow + inside > 0 else 0.0
