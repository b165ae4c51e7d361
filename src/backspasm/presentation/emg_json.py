"""The JSON of ``emg``."""

from __future__ import annotations

import math
from typing import Any

from backspasm.patients.from_emg import Analysis
from backspasm.patients.from_emg.compare import Comparison
from backspasm.patients.from_emg.measures import Amplitude, ChannelMeasures, Ratio
from backspasm.patients.from_emg.recording import Span
from backspasm.presentation import emg_words
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.words import DISCLAIMER


def analysis_json(analysis: Analysis, comparisons: tuple[Comparison, ...]) -> bytes:
    """Everything that a recording says, rounded to six places; unknown values are null."""
    return json_bytes(_rounded(analysis_data(analysis, comparisons)))


def analysis_data(analysis: Analysis, comparisons: tuple[Comparison, ...]) -> dict[str, Any]:
    """The analysis as plain data; times in seconds, amplitudes in microvolt RMS."""
    recording = analysis.recording
    return {
        "recording": {
            "name": recording.name,
            "synthetic": recording.synthetic,
            "rate_hz": recording.rate_hz,
            "seconds": recording.seconds,
            "channels": [{"name": m.name, "side": m.side} for m in recording.muscles],
            "angle": recording.angle.name if recording.angle else None,
        },
        "measured": analysis.measured,
        "flexion_relaxation_ratio": {"value": analysis.ratio, "at_least": analysis.ratio_at_least},
        "extension_relaxation_ratio": analysis.extension_ratio,
        "resting_uv": analysis.resting_uv,
        "phases": {
            "source": analysis.phases.source,
            "standing": analysis.standing,
            "rest": [_span(s) for s in analysis.phases.rest],
            "bends": [
                {
                    "flexion": _span(b.flexion),
                    "full_flexion": _span(b.full),
                    "extension": _span(b.extension),
                    "flexion_onset": down,
                    "extension_onset": up,
                }
                for b, (down, up) in zip(analysis.phases.bends, analysis.onsets, strict=True)
            ],
        },
        "channels": [_channel(c) for c in analysis.channels],
        "asymmetry": [
            {"left": i.left, "right": i.right, "phase": i.phase, "percent": i.percent, "of": i.of}
            for i in analysis.asymmetry
        ],
        "quality": [
            {
                "name": q.name,
                "snr_db": q.snr_db,
                "noise_uv": q.noise_uv,
                "mains_hz": q.mains_hz,
                "mains_share": q.mains_share,
                "heart_per_minute": q.heart_per_minute,
                "heart_uv": q.heart_uv,
                "clipped_share": q.clipped_share,
                "movement_share": q.movement_share,
                "pops": q.pops,
                "pops_share": q.pops_share,
            }
            for q in analysis.quality
        ],
        "published": [
            {
                "measure": c.measure,
                "value": c.value,
                "published": emg_words.published(c),
                "place": c.place,
                "says": c.reference.says,
                "source": c.source,
            }
            for c in comparisons
        ],
        "warnings": list(analysis.warnings),
        "remarks": [emg_words.UNTESTED, emg_words.MICROVOLTS, emg_words.HANDED, DISCLAIMER],
    }


def _channel(c: ChannelMeasures) -> dict[str, Any]:
    return {
        "name": c.name,
        "side": c.side,
        **{phase: _amplitude(getattr(c, phase)) for phase in emg_words.PHASES},
        "flexion_relaxation_ratio": _ratio(c.ratio),
        "extension_relaxation_ratio": _ratio(c.extension_ratio),
        "median_frequency_hz": c.median_frequency_hz,
        "flexion_onsets": list(c.flexion_onsets),
        "extension_onsets": list(c.extension_onsets),
    }


def _amplitude(a: Amplitude | None) -> dict[str, Any] | None:
    return (
        None if a is None else {"uv": a.uv, "raw_uv": a.raw_uv, "percent_mvc": a.percent_mvc, "told_from_noise": a.told}
    )


def _ratio(r: Ratio | None) -> dict[str, Any] | None:
    if r is None:
        return None
    return {"value": r.value, "at_least": r.at_least, "with_noise": r.uncorrected, "each_bend": list(r.each_bend)}


def _span(s: Span) -> list[float]:
    return [s.start, s.end]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(float(value), 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value
