"""From a recording to an analysis: cleaned muscles, phases, measures, quality, what is handed to the assessment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.patients.from_emg.checks import clipped_share, largest_rms, refuse_if_bad, warnings_of
from backspasm.patients.from_emg.clean import Muscle, cleaned
from backspasm.patients.from_emg.measures import PEAK_S, Amplitude, ChannelMeasures, asymmetry, common_onsets, measure
from backspasm.patients.from_emg.phases import Phases, PhaseSource, phases_of
from backspasm.patients.from_emg.recording import Recording, Samples

#: what the source of the phases is worth, in words
STANDING: dict[PhaseSource, str] = {
    "marks": "phases from marks",
    "angle": "phases from the trunk's angle",
    "envelope": (
        "phases from the muscles' own activity, which is of lower standing: where the silence is lost no ratio is found, "
        "so low ratios are missed"
    ),
}


@dataclass(frozen=True, slots=True)
class Quality:
    """What one channel's signal is worth. Shares are between 0 and 1."""

    name: str
    snr_db: float | None
    noise_uv: float | None
    mains_hz: float | None
    mains_share: float
    heart_per_minute: float | None
    heart_uv: float
    clipped_share: float
    movement_share: float
    pops: int
    pops_share: float


@dataclass(frozen=True, slots=True)
class Imbalance:
    """(left - right) / (left + right) in percent, of one pair of channels in one phase."""

    left: str
    right: str
    phase: str
    percent: float
    of: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that a recording says. ``ratio`` and ``resting_uv`` are what the assessment is given.

    ``onsets`` are those of bending down and coming up, all channels together, in seconds, one pair a bend.
    """

    recording: Recording
    muscles: tuple[Muscle, ...]
    phases: Phases
    channels: tuple[ChannelMeasures, ...]
    onsets: tuple[tuple[float | None, float | None], ...]
    quality: tuple[Quality, ...]
    asymmetry: tuple[Imbalance, ...]
    ratio: float | None
    ratio_at_least: bool
    extension_ratio: float | None
    resting_uv: float | None
    mvc: bool
    warnings: tuple[str, ...]

    @property
    def measured(self) -> dict[str, float]:
        """The findings of the vocabulary, in its units."""
        ratio = self.ratio if self.phases.sure else None
        values = {"resting_emg": self.resting_uv, "flexion_relaxation_ratio": ratio}
        return {name: float(f"{value:.4g}") for name, value in values.items() if value is not None}

    @property
    def standing(self) -> str:
        """How the phases are known."""
        return STANDING[self.phases.source] if self.phases.source else "no phases"


def analyse(
    recording: Recording, mvc_uv: dict[str, float] | None = None, file: str = "recording", bends: int | None = None
) -> Analysis:
    """Analyse a recording; ``mvc_uv`` maps channels to the RMS of a maximal contraction in microvolt.

    ``bends`` is how often the person bent; it is needed where neither marks nor an angle say when.

    Raises:
        InputError: with every reason why the recording cannot be analysed.
    """
    refuse_if_bad(recording, file)
    muscles = cleaned(recording)
    phases = phases_of(recording, muscles, bends)
    maxima = mvc_uv or {}
    channels = measure(muscles, phases, maxima)
    ratios = [c.ratio for c in channels if c.ratio is not None]
    rests = [c.rest for c in channels if c.rest is not None]
    ups = [c.extension_ratio.value for c in channels if c.extension_ratio is not None]
    warnings = [*warnings_of(recording), *_warnings(muscles, phases, channels)]
    return Analysis(
        recording=recording,
        muscles=muscles,
        phases=phases,
        channels=channels,
        onsets=common_onsets(muscles, phases),
        quality=tuple(_quality(m) for m in muscles),
        asymmetry=tuple(_imbalances(channels)),
        ratio=_geometric_mean([r.value for r in ratios]),
        ratio_at_least=any(r.at_least for r in ratios),
        extension_ratio=_geometric_mean(ups),
        resting_uv=float(np.mean([r.uv for r in rests])) if rests and all(r.told for r in rests) else None,
        mvc=bool(maxima),
        warnings=tuple(warnings),
    )


def maxima_of(recording: Recording, file: str) -> dict[str, float]:
    """The largest second of each channel of a maximal contraction, microvolt RMS without the recorder's noise.

    Raises:
        InputError: as for any recording.
    """
    refuse_if_bad(recording, file)
    out = {}
    for muscle in cleaned(recording):
        power = largest_rms(np.where(muscle.keep, muscle.values, 0.0), muscle.rate_hz, PEAK_S)
        out[muscle.trace.name] = float(np.sqrt(max(power - muscle.noise_power, 0.0)))
    return out


def envelope(muscle: Muscle, window_s: float = 0.1) -> Samples:
    """Moving root mean square (n,) in microvolt, pops bridged."""
    from scipy.ndimage import uniform_filter1d

    size = max(1, round(window_s * muscle.rate_hz))
    power = uniform_filter1d(np.where(muscle.keep, muscle.values**2, 0.0), size)
    kept = uniform_filter1d(muscle.keep.astype(float), size)
    return np.asarray(np.sqrt(np.maximum(power, 0) / np.maximum(kept, 1 / size)), dtype=float)


def _geometric_mean(values: list[float]) -> float | None:
    return float(np.exp(np.mean(np.log(values)))) if values and min(values) > 0 else None


def _quality(m: Muscle) -> Quality:
    loudest = largest_rms(np.where(m.keep, m.values, 0.0), m.rate_hz, PEAK_S)
    known = m.noise_uv2_per_hz is not None and m.noise_power > 0
    snr = 10 * np.log10(max(loudest - m.noise_power, 1e-12) / m.noise_power) if known else None
    return Quality(
        name=m.trace.name,
        snr_db=float(snr) if snr is not None else None,
        noise_uv=m.noise_uv if known else None,
        mains_hz=m.mains.hz if m.mains.share > 0 else None,
        mains_share=m.mains.share,
        heart_per_minute=m.heart.per_minute,
        heart_uv=m.heart.peak_uv,
        clipped_share=clipped_share(m.trace),
        movement_share=m.movement_share,
        pops=m.pops,
        pops_share=float(1 - np.mean(m.keep)),
    )


def _imbalances(channels: tuple[ChannelMeasures, ...]) -> list[Imbalance]:
    """Left against right, channel by channel in the order given, phase by phase; in percent of the maximum where it is known."""
    lefts, rights = ([c for c in channels if c.side == side] for side in ("left", "right"))
    out = []
    for left, right in zip(lefts, rights, strict=False):
        for phase in ("rest", "flexion", "full_flexion", "extension"):
            one: Amplitude | None = getattr(left, phase)
            other: Amplitude | None = getattr(right, phase)
            if one is None or other is None or not (one.told and other.told):
                continue
            both = one.percent_mvc is not None and other.percent_mvc is not None
            values = (one.percent_mvc, other.percent_mvc) if both else (one.uv, other.uv)
            percent = asymmetry(values[0] or 0.0, values[1] or 0.0)
            if percent is not None:
                out.append(Imbalance(left.name, right.name, phase, percent, "%MVC" if both else "µV"))
    return out


def _warnings(muscles: tuple[Muscle, ...], phases: Phases, channels: tuple[ChannelMeasures, ...]) -> list[str]:
    out = []
    if not phases.bends:
        out.append(
            f"no flexion-relaxation ratio: {phases.why or 'no bend was found'}; give --angle, --marks or --bends"
        )
    for c in channels:
        if c.ratio is not None and c.ratio.at_least:
            out.append(
                f"{c.name}: the silence cannot be told from the recorder's noise, so the ratio is at least {c.ratio.value:.3g}"
            )
        if c.rest is not None and not c.rest.told:
            out.append(
                f"{c.name}: activity at rest cannot be told from the recorder's noise, so it is not handed to the assessment"
            )
    if phases.bends and not phases.sure:
        out.append(
            "the ratio is not handed to the assessment: two bends whose silence is lost look like one bend whose silence is intact; "
            "give --angle, --marks or the number of --bends"
        )
    if len(phases.bends) == 1:
        out.append("only one bend: a ratio from one bend varies more than one from three or four")
    if all(m.noise_uv2_per_hz is None for m in muscles):
        out.append(
            "the recorder's noise cannot be told at this sampling rate, and was not taken off: ratios are somewhat too low"
        )
    sides = {c.side for c in channels}
    if not {"left", "right"} <= sides:
        out.append(
            "no pair of left and right channels is named, so asymmetry is not given; name them with --channels left=...,right=..."
        )
    return out
