"""What a recording says: amplitudes, the flexion-relaxation ratio, onsets, median frequency, asymmetry.

The flexion-relaxation ratio is the largest activity while bending down over the mean activity in full flexion, which of five
ratios went best with clinical signs (Alschuler et al., Clin J Pain 2009;25:760-6); the same for coming up is given beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backspasm.patients.from_emg.clean import Muscle
from backspasm.patients.from_emg.filters import median_frequency
from backspasm.patients.from_emg.onset import onset_near
from backspasm.patients.from_emg.phases import Phases, inner
from backspasm.patients.from_emg.recording import Samples, Span

#: the largest activity is the root mean square over the most active second
PEAK_S = 1.0
#: a silence is told from noise where its power lies so many standard errors above it
TOLD_FROM_NOISE = 2.0
#: onsets are looked for so long before and after a phase begins, seconds; wider where the muscles alone gave the phases
ONSET_S, ONSET_WIDE_S = 0.4, 0.8


@dataclass(frozen=True, slots=True)
class Amplitude:
    """RMS in microvolt, with the recorder's noise taken off; ``raw_uv`` with it; ``percent_mvc`` where a maximum is known.

    ``told``: it can be told from the noise.
    """

    uv: float
    raw_uv: float
    percent_mvc: float | None
    told: bool = True


@dataclass(frozen=True, slots=True)
class Ratio:
    """A flexion-relaxation ratio. ``at_least``: the silence could not be told from noise, so the true one is larger."""

    value: float
    at_least: bool
    uncorrected: float
    each_bend: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ChannelMeasures:
    """All measures of one channel; None where the recording has no such phase. Onsets are in seconds, one a bend."""

    name: str
    side: str
    rest: Amplitude | None
    flexion: Amplitude | None
    full_flexion: Amplitude | None
    extension: Amplitude | None
    ratio: Ratio | None
    extension_ratio: Ratio | None
    median_frequency_hz: float | None
    flexion_onsets: tuple[float | None, ...]
    extension_onsets: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class _Powers:
    """Powers (bends,) of one channel, and how sure that of the silence is."""

    down: Samples
    silence: Samples
    up: Samples
    silence_error: float


def measure(muscles: tuple[Muscle, ...], phases: Phases, mvc_uv: dict[str, float]) -> tuple[ChannelMeasures, ...]:
    """The measures of every channel. ``mvc_uv`` maps channels to their maximum in microvolt."""
    out = []
    for m in muscles:
        others = tuple(o for o in muscles if o is not m) or muscles
        down = _peak_spans(others, [b.flexion for b in phases.bends])
        up = _peak_spans(others, [b.extension for b in phases.bends])
        out.append(_channel(m, phases, down, up, mvc_uv.get(m.trace.name)))
    return tuple(out)


def _peak_spans(muscles: tuple[Muscle, ...], spans: list[Span]) -> list[Span]:
    """Of each span the second in which these channels together are most active, each weighed by its own level.

    A channel's peak is taken where the *other* channels have theirs: where it chose its own, chance would raise every peak
    (by 3 to 4 % in one second of surface EMG). A single channel has to choose its own.
    """
    rate = muscles[0].rate_hz
    width = round(PEAK_S * rate)
    out = []
    for span in spans:
        part = span.slice(rate)
        if part.stop - part.start <= width:
            out.append(span)
            continue
        together = np.zeros(part.stop - part.start)
        for muscle in muscles:
            power = np.where(muscle.keep[part], muscle.values[part] ** 2, 0.0)[: len(together)]
            together[: len(power)] += power / max(float(np.mean(power)), 1e-300)
        total = np.concatenate(([0.0], np.cumsum(together)))
        first = part.start + int(np.argmax(total[width:] - total[:-width]))
        out.append(Span(first / rate, (first + width) / rate))
    return out


def _channel(m: Muscle, phases: Phases, down: list[Span], up: list[Span], mvc_uv: float | None) -> ChannelMeasures:
    rest = [inner(s) for s in phases.rest]
    full = [inner(b.full) for b in phases.bends]
    quiet = _each_power(m, rest)
    powers = _powers(m, down, full, up) if phases.bends else None
    wide = ONSET_WIDE_S if phases.source == "envelope" else ONSET_S
    bursts = np.concatenate([m.values[s.slice(m.rate_hz)] for s in (*down, *up)]) if phases.bends else None
    frequency = None
    if bursts is not None and len(bursts):
        frequency = median_frequency(bursts, m.rate_hz, m.band, m.noise_uv2_per_hz or 0.0)
    return ChannelMeasures(
        name=m.trace.name,
        side=m.trace.side,
        rest=_amplitude(m, quiet, mvc_uv, [s.seconds for s in rest], _error(m, rest, quiet)),
        flexion=_amplitude(m, powers.down, mvc_uv) if powers else None,
        full_flexion=_amplitude(m, powers.silence, mvc_uv) if powers else None,
        extension=_amplitude(m, powers.up, mvc_uv) if powers else None,
        ratio=_ratio(m, powers.down, powers) if powers else None,
        extension_ratio=_ratio(m, powers.up, powers) if powers else None,
        median_frequency_hz=frequency,
        flexion_onsets=tuple(_onset([m], b.flexion.start, wide, None) for b in phases.bends),
        extension_onsets=tuple(_onset([m], b.extension.start, wide, b.full) for b in phases.bends),
    )


def _onset(muscles: Sequence[Muscle], near: float, wide: float, silence: Span | None) -> float | None:
    """An onset near a change of phase; that of coming up never before the middle of the silence."""
    first = near - wide if silence is None else max(near - wide, 0.5 * (silence.start + silence.end))
    return onset_near([m.values for m in muscles], muscles[0].rate_hz, Span(max(0.0, first), near + wide))


def common_onsets(muscles: tuple[Muscle, ...], phases: Phases) -> tuple[tuple[float | None, float | None], ...]:
    """Of each bend the onsets of bending down and of coming up, all channels together, in seconds."""
    wide = ONSET_WIDE_S if phases.source == "envelope" else ONSET_S
    return tuple(
        (_onset(muscles, b.flexion.start, wide, None), _onset(muscles, b.extension.start, wide, b.full))
        for b in phases.bends
    )


def _each_power(m: Muscle, spans: list[Span]) -> Samples:
    """Mean square (spans,) in µV², pops left out; NaN where nothing is left."""
    out = []
    for span in spans:
        part = span.slice(m.rate_hz)
        kept = m.values[part][m.keep[part]]
        out.append(float(np.mean(kept**2)) if len(kept) else float("nan"))
    return np.asarray(out)


def _powers(m: Muscle, down: list[Span], full: list[Span], up: list[Span]) -> _Powers:
    silence = _each_power(m, full)
    return _Powers(_each_power(m, down), silence, _each_power(m, up), _error(m, full, silence))


def _error(m: Muscle, spans: list[Span], powers: Samples) -> float:
    """Standard error of the mean power of some stretches, µV²."""
    if not np.isfinite(powers).any():
        return 0.0
    values = np.concatenate([m.values[s.slice(m.rate_hz)] for s in spans])
    return float(np.nanmean(powers) * np.sqrt(2 / max(1.0, _independent(values))))


def _independent(values: Samples) -> float:
    """Number of independent samples of a stretch: what the sum of squared autocorrelations leaves of its length."""
    power = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    correlation = np.fft.irfft(power)[: len(values) // 2]
    if len(correlation) == 0 or correlation[0] <= 0:
        return 1.0
    return float(len(values) / (1 + 2 * np.sum((correlation[1:] / correlation[0]) ** 2)))


def _amplitude(
    m: Muscle, powers: Samples, mvc_uv: float | None, seconds: list[float] | None = None, error: float = 0.0
) -> Amplitude | None:
    known = np.isfinite(powers)
    if not known.any():
        return None
    weights = np.asarray(seconds)[known] if seconds is not None else None
    power = float(np.average(powers[known], weights=weights))
    uv = float(np.sqrt(max(power - m.noise_power, 0.0)))
    told = power - m.noise_power > TOLD_FROM_NOISE * error
    return Amplitude(uv, float(np.sqrt(power)), 100 * uv / mvc_uv if mvc_uv else None, bool(told))


def _ratio(m: Muscle, bursts: Samples, powers: _Powers) -> Ratio | None:
    known = np.isfinite(bursts) & np.isfinite(powers.silence)
    if not known.any():
        return None
    burst, silence = float(np.mean(bursts[known])), float(np.mean(powers.silence[known]))
    if burst <= m.noise_power or silence <= 0:
        return None
    left, least = silence - m.noise_power, TOLD_FROM_NOISE * powers.silence_error
    value = np.sqrt((burst - m.noise_power) / max(left, least))
    each = []
    for b, s in zip(bursts[known], powers.silence[known], strict=True):
        each.append(float(np.sqrt(max(b - m.noise_power, 0.0) / max(s - m.noise_power, least))))
    return Ratio(float(value), left < least, float(np.sqrt(burst / silence)), tuple(each))


def asymmetry(left: float, right: float) -> float | None:
    """(left - right) / (left + right), in percent: positive where the left is more active."""
    return 100 * (left - right) / (left + right) if left + right > 0 else None
