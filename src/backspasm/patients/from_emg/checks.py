"""What no recording may be: empty, not a number, flat, clipped, too slow, too short. Each fault says how to mend it."""

from __future__ import annotations

import numpy as np

from backspasm.patients.from_emg.recording import Recording, Samples, Trace
from backspasm.patients.patient import InputError, InputProblem

#: lowest sampling rate that is read, and lowest without a warning, Hz (surface EMG reaches to 450 Hz)
LEAST_RATE_HZ, GOOD_RATE_HZ = 500.0, 1000.0
#: shortest recording, seconds
SHORTEST_S = 2.0
#: share of samples at the end of the range from which a channel is refused, and from which it is warned of
CLIPPED, CLIPPED_A_LITTLE = 0.01, 0.0005
#: share of samples equal to the one before from which a channel counts as stuck
STUCK = 0.8


def clipped_share(trace: Trace) -> float:
    """Share of samples at the end of the recorder's range, or, where that is not known, at the largest or smallest value.

    A single sample at each end is none: every signal has its extremes. Only runs count, and rails that were reached.
    """
    low, high = float(trace.values.min()), float(trace.values.max())
    at_end = (trace.values >= high) | (trace.values <= low)
    if trace.rails is not None:
        slack = 1e-6 * (trace.rails[1] - trace.rails[0])
        at_end = (trace.values >= trace.rails[1] - slack) | (trace.values <= trace.rails[0] + slack)
    beside = at_end & (np.append(at_end[1:], False) | np.append(False, at_end[:-1]))
    return float(np.mean(beside))


def problems(recording: Recording, file: str) -> tuple[InputProblem, ...]:
    """Everything that forbids an analysis."""
    out = []
    rate = recording.rate_hz
    if rate < LEAST_RATE_HZ:
        what = f"is too slow for surface EMG (at least {LEAST_RATE_HZ:g} Hz)"
        mend = "export the raw signal, not an envelope; give --rate if the file does not say it rightly"
        out.append(InputProblem(f"{file}: sampling rate", f"{rate:g} Hz", what, mend))
    if recording.seconds < SHORTEST_S:
        what = f"is too short (at least {SHORTEST_S:g} s)"
        out.append(
            InputProblem(f"{file}: length", f"{recording.seconds:.2f} s", what, "record a rest, or a bend down and up")
        )
        return tuple(out)
    traces = [*recording.muscles, *([recording.angle] if recording.angle else [])]
    for trace in traces:
        problem = _signal_problem(trace, trace is not recording.angle)
        if problem:
            value, what, mend = problem
            out.append(InputProblem(f"{file}: {trace.name}", value, what, mend))
    return tuple(out)


def _signal_problem(trace: Trace, muscle: bool) -> tuple[str, str, str] | None:
    values = trace.values
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        value = f"{len(bad)} of {len(values)} samples, the first at {bad[0] / trace.rate_hz:.3f} s"
        return value, "are not numbers", "export the recording without gaps, or cut it to the part without them"
    if np.ptp(values) == 0:
        return (
            f"{values[0]:g} {trace.unit} throughout",
            "is flat",
            "check the electrode and the cable, or leave the channel out with --channels",
        )
    if not muscle:
        return None
    if np.mean(np.diff(values) == 0) > STUCK:
        value = f"{np.mean(np.diff(values) == 0):.0%} of samples repeat the one before"
        return (
            value,
            "is flat for most of the time",
            "check the electrode and the resolution, or leave the channel out with --channels",
        )
    share = clipped_share(trace)
    if share > CLIPPED:
        value = f"{share:.1%} of samples at the end of the range"
        return (
            value,
            "is clipped: its amplitudes are not what the muscle did",
            "lower the amplifier's gain and record again, or leave the channel out with --channels",
        )
    return None


def warnings_of(recording: Recording) -> tuple[str, ...]:
    """What allows an analysis, and has to be said."""
    out = []
    if recording.rate_hz < GOOD_RATE_HZ:
        out.append(
            f"the sampling rate is {recording.rate_hz:g} Hz: muscle above {0.45 * recording.rate_hz:.0f} Hz is lost, and with it a part of "
            "every amplitude; ratios suffer less"
        )
    for trace in recording.muscles:
        share = clipped_share(trace)
        if share > CLIPPED_A_LITTLE:
            out.append(
                f"{trace.name}: {share:.2%} of samples are at the end of the range, so peaks are somewhat too small"
            )
    return tuple(out)


def refuse_if_bad(recording: Recording, file: str) -> None:
    """Raises InputError with every problem of the recording."""
    found = problems(recording, file)
    if found:
        raise InputError(found)


def largest_rms(values: Samples, rate_hz: float, window_s: float) -> float:
    """Largest mean square over a window, in unit²."""
    width = min(len(values), round(window_s * rate_hz))
    total = np.concatenate(([0.0], np.cumsum(values**2)))
    return float(np.max(total[width:] - total[:-width]) / width)
