"""Synthetic surface EMG of the low back with a known truth.

No public recording of lumbar EMG could be had to test on, so tests use these. They are made up: Gaussian noise with the
spectrum of Shwedyk, Balasubramanian & Scott (IEEE Trans Biomed Eng 1977;24:417-24), its size following a programme of
bending; white noise, mains with harmonics, a heart (sums of Gaussians, McSharry et al., IEEE Trans Biomed Eng
2003;50:289-94), a drifting baseline and electrode pops are added. Agreement on them shows that the arithmetic is right,
not that the method works on patients. The sizes are chosen to look like recordings; none is a reference value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from backspasm.patients.from_emg.recording import Mark, PhaseName, Recording, Samples, Trace

#: low and high corner of the muscle's spectrum, Hz (median near 80 Hz)
CORNERS_HZ = (50.0, 100.0)
#: waves of a heartbeat: seconds after the R peak, width in seconds, size relative to the R peak
HEARTBEAT = ((-0.2, 0.025, 0.12), (-0.025, 0.009, -0.12), (0.0, 0.010, 1.0), (0.025, 0.010, -0.25), (0.25, 0.045, 0.25))
#: size of the mains' harmonics relative to the first
HARMONICS = {1: 1.0, 3: 0.3, 5: 0.15}
#: share of the peak at which a burst begins
FIRST_LEVEL = 0.8
#: seconds in which activity falls at the end of flexion
FALL_S = 0.4
#: the peak is the largest activity over so many seconds, as the analysis has it
PEAK_WINDOW_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What to synthesise. Sizes in microvolt (RMS for muscle and noise, peak for the rest), times in seconds.

    ``ratio`` is the flexion-relaxation ratio of the programme's bursts; ``asymmetry`` is (left - right) / (left + right).
    ``snr_db`` compares the muscle at the peak of flexion with white noise, both between 20 and 450 Hz; None is no noise.
    """

    seed: int = 1
    rate_hz: float = 2000.0
    cycles: int = 4
    ratio: float = 4.0
    peak_uv: float = 60.0
    extension_factor: float = 1.5
    rest_uv: float = 4.0
    asymmetry: float = 0.0
    rise_s: float = 0.05
    standing_s: float = 4.0
    flexion_s: float = 3.0
    full_flexion_s: float = 4.0
    extension_s: float = 3.0
    snr_db: float | None = 10.0
    mains_hz: float = 50.0
    mains_uv: float = 15.0
    heart_uv: float = 30.0
    heart_rate: float = 68.0
    drift_uv: float = 150.0
    pops: int = 0
    clip_uv: float | None = None
    flexion_deg: float = 85.0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a synthetic recording. ``amplitude`` and ``muscle`` are (channels, n) in microvolt."""

    ratio: float
    ratio_of_muscle: float
    extension_ratio: float
    rest_uv: tuple[float, ...]
    asymmetry: float
    flexion_onsets: tuple[float, ...]
    extension_onsets: tuple[float, ...]
    marks: tuple[Mark, ...]
    amplitude: Samples
    muscle: Samples


def synthesise(programme: Programme) -> tuple[Recording, Truth]:
    """A recording of left and right erector spinae with trunk angle, and its truth. The same seed gives the same samples."""
    rng = np.random.default_rng(programme.seed)
    marks = _marks(programme)
    n = round(marks[-1].end * programme.rate_hz)
    time = np.arange(n) / programme.rate_hz
    shape = _amplitude(programme, marks, time)
    gains = (1 + programme.asymmetry, 1 - programme.asymmetry)
    amplitude = np.stack([shape * g for g in gains])
    muscle = np.stack([a * _coloured(rng, n, programme.rate_hz) for a in amplitude])
    heart = _heart(rng, programme, time)
    noise = _noise_uv(programme)
    traces = []
    for name, side, gain, signal in zip(("ES left", "ES right"), ("left", "right"), gains, muscle, strict=True):
        total = signal + noise * gain * rng.standard_normal(n)
        total += programme.heart_uv * rng.uniform(0.7, 1.0) * heart
        total += _mains(rng, programme, time) + _drift(rng, programme, time)
        for at in rng.uniform(1, time[-1] - 1, programme.pops):
            total += programme.peak_uv * 20 * np.exp(-np.maximum(time - at, 0) / 0.004) * (time >= at)
        rails = None
        if programme.clip_uv is not None:
            total, rails = (
                np.clip(total, -programme.clip_uv, programme.clip_uv),
                (-programme.clip_uv, programme.clip_uv),
            )
        traces.append(Trace(name, total, programme.rate_hz, side="left" if side == "left" else "right", rails=rails))
    angle = Trace("trunk angle", _angle(rng, programme, marks, time), programme.rate_hz, unit="deg")
    recording = Recording(f"synthetic, seed {programme.seed}", tuple(traces), angle, marks, synthetic=True)
    return recording, _truth(programme, marks, amplitude, muscle)


def _marks(p: Programme) -> tuple[Mark, ...]:
    steps: tuple[tuple[PhaseName, float], ...] = (
        ("rest", p.standing_s),
        ("flexion", p.flexion_s),
        ("full_flexion", p.full_flexion_s),
        ("extension", p.extension_s),
    )
    out, at = [], 0.0
    for phase, seconds in (*steps * p.cycles, steps[0]):
        out.append(Mark(at, at + seconds, phase))
        at += seconds
    return tuple(out)


def _amplitude(p: Programme, marks: tuple[Mark, ...], time: Samples) -> Samples:
    """The muscle's size (n,): a sudden start, a hump, and for flexion a fall into silence."""
    out = np.full_like(time, p.rest_uv)
    silence = p.peak_uv / p.ratio
    for mark in marks:
        inside = (time >= mark.start) & (time < mark.end)
        t, length = time[inside] - mark.start, mark.end - mark.start
        if mark.phase == "full_flexion":
            out[inside] = silence
        elif mark.phase in {"flexion", "extension"}:
            peak = p.peak_uv * (p.extension_factor if mark.phase == "extension" else 1.0)
            before, after = (p.rest_uv, silence) if mark.phase == "flexion" else (silence, p.rest_uv)
            hump = peak * (FIRST_LEVEL + (1 - FIRST_LEVEL) * np.sin(np.pi * t / length) ** 2)
            rise = np.clip(t / p.rise_s, 0, 1) if p.rise_s > 0 else np.ones_like(t)
            fall = np.clip((length - t) / FALL_S, 0, 1)
            risen = before + (hump - before) * rise
            out[inside] = after + (risen - after) * fall
    return out


def _coloured(rng: Generator, n: int, rate_hz: float) -> Samples:
    """Gaussian noise (n,) of unit power with the spectrum of surface EMG."""
    frequency = np.fft.rfftfreq(n, 1 / rate_hz)
    low, high = CORNERS_HZ
    power = high**4 * frequency**2 / ((frequency**2 + low**2) * (frequency**2 + high**2) ** 2)
    signal = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * np.sqrt(power), n)
    return np.asarray(signal / np.sqrt(np.mean(power)), dtype=float)


def _noise_uv(p: Programme) -> float:
    """RMS over the whole band of white noise whose part between 20 and 450 Hz has the wanted ratio to the muscle's."""
    if p.snr_db is None:
        return 0.0
    frequency = np.linspace(0, p.rate_hz / 2, 20_001)
    low, high = CORNERS_HZ
    power = high**4 * frequency**2 / ((frequency**2 + low**2) * (frequency**2 + high**2) ** 2)
    band = (frequency >= 20) & (frequency <= 450)
    muscle = p.peak_uv**2 * power[band].sum() / power.sum()
    return float(np.sqrt(muscle / 10 ** (p.snr_db / 10) / band.mean()))


def _heart(rng: Generator, p: Programme, time: Samples) -> Samples:
    """Beats of unit R peak with a varying interval (n,)."""
    out = np.zeros_like(time)
    at = rng.uniform(0, 60 / p.heart_rate)
    while at < time[-1] + 1:
        for delay, width, size in HEARTBEAT:
            near = slice(*np.searchsorted(time, (at + delay - 6 * width, at + delay + 6 * width)))
            out[near] += size * np.exp(-0.5 * ((time[near] - at - delay) / width) ** 2)
        at += 60 / p.heart_rate * (1 + 0.03 * np.sin(2 * np.pi * 0.25 * at) + 0.02 * rng.standard_normal())
    return out


def _mains(rng: Generator, p: Programme, time: Samples) -> Samples:
    """Mains whose frequency wanders by some hundredths of a hertz, with odd harmonics (n,)."""
    phase = 2 * np.pi * (p.mains_hz * time + 0.05 * np.sin(2 * np.pi * 0.03 * time + rng.uniform(0, 6)))
    start = rng.uniform(0, 2 * np.pi, len(HARMONICS))
    waves = [
        size * np.sin(k * phase + s)
        for (k, size), s in zip(HARMONICS.items(), start, strict=True)
        if k * p.mains_hz < p.rate_hz / 2
    ]
    return np.asarray(p.mains_uv * np.sum(waves, axis=0), dtype=float)


def _drift(rng: Generator, p: Programme, time: Samples) -> Samples:
    """Breathing and slow wandering of the baseline (n,)."""
    waves = [np.sin(2 * np.pi * f * time + rng.uniform(0, 6)) for f in (0.27, 0.05, 0.9)]
    return np.asarray(p.drift_uv * (0.5 * waves[0] + waves[1] + 0.1 * waves[2] + rng.uniform(-1, 1)), dtype=float)


def _angle(rng: Generator, p: Programme, marks: tuple[Mark, ...], time: Samples) -> Samples:
    """Trunk flexion in degrees (n,): a smooth bend down and up, with a little tremor."""
    out = np.zeros_like(time)
    for mark in marks:
        inside = (time >= mark.start) & (time < mark.end)
        s = (time[inside] - mark.start) / (mark.end - mark.start)
        smooth = s**3 * (10 - 15 * s + 6 * s**2)  # minimum jerk
        out[inside] = {"rest": 0 * s, "flexion": smooth, "full_flexion": 0 * s + 1, "extension": 1 - smooth}[mark.phase]
    wobble = 0.4 * np.sin(2 * np.pi * 0.3 * time + rng.uniform(0, 6)) + 0.1 * rng.standard_normal(len(time))
    return np.asarray(p.flexion_deg * out + wobble, dtype=float)


def _truth(p: Programme, marks: tuple[Mark, ...], amplitude: Samples, muscle: Samples) -> Truth:
    quiet = [m for m in marks if m.phase == "full_flexion"]
    ratios = {
        (source, phase): _ratio(signal**2, [m for m in marks if m.phase == phase], quiet, p.rate_hz)
        for source, signal in (("programme", amplitude), ("muscle", muscle))
        for phase in ("flexion", "extension")
    }
    rest = [slice(round(m.start * p.rate_hz), round(m.end * p.rate_hz)) for m in marks if m.phase == "rest"]
    return Truth(
        ratio=ratios["programme", "flexion"],
        ratio_of_muscle=ratios["muscle", "flexion"],
        extension_ratio=ratios["programme", "extension"],
        rest_uv=tuple(float(np.sqrt(np.mean([np.mean(a[s] ** 2) for s in rest]))) for a in amplitude),
        asymmetry=p.asymmetry,
        flexion_onsets=tuple(m.start for m in marks if m.phase == "flexion"),
        extension_onsets=tuple(m.start for m in marks if m.phase == "extension"),
        marks=marks,
        amplitude=amplitude,
        muscle=muscle,
    )


def _ratio(power: Samples, bursts: list[Mark], quiet: list[Mark], rate_hz: float) -> float:
    """Peak over silence, pooled over cycles and averaged over channels as logarithms; ``power`` is (channels, n)."""
    width = round(PEAK_WINDOW_S * rate_hz)
    total = np.concatenate((np.zeros((len(power), 1)), np.cumsum(power, axis=1)), axis=1)
    moving = (total[:, width:] - total[:, :-width]) / width
    level = moving / power.mean(axis=1, keepdims=True)
    peaks = []
    for m in bursts:
        first = round(m.start * rate_hz)
        part = slice(first, max(first + 1, round(m.end * rate_hz) - width))
        # each channel's second is picked on the others, as the analysis does
        picked = [part.start + int(np.argmax((level.sum(axis=0) - level[i])[part])) for i in range(len(power))]
        peaks.append([moving[i, at] for i, at in enumerate(picked)])
    silence = [power[:, round(m.start * rate_hz) : round(m.end * rate_hz)].mean(axis=1) for m in quiet]
    return float(np.exp(np.mean(0.5 * np.log(np.mean(peaks, axis=0) / np.mean(silence, axis=0)))))


def truth_data(truth: Truth) -> dict[str, object]:
    """The truth as plain data, without the samples."""
    return {
        "synthetic": True,
        "flexion_relaxation_ratio": truth.ratio,
        "flexion_relaxation_ratio_of_its_own_muscle_signal": truth.ratio_of_muscle,
        "extension_relaxation_ratio": truth.extension_ratio,
        "rest_uv": list(truth.rest_uv),
        "asymmetry_percent": 100 * truth.asymmetry,
        "flexion_onsets": list(truth.flexion_onsets),
        "extension_onsets": list(truth.extension_onsets),
        "phases": [{"phase": m.phase, "start": m.start, "end": m.end} for m in truth.marks],
    }
