"""How near the EMG reader comes to the truth of synthetic recordings, and how fast: ``python benchmarks/emg.py [SEEDS]``.

Every recording has mains with harmonics, a heart and a drifting baseline mixed in. neurokit2 is compared where it is installed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_emg import Analysis, Recording, analyse
from backspasm.patients.from_emg.synthetic import Programme, Truth, synthesise

Errors = NDArray[np.float64]


def row(name: str, errors: Errors, limit: float, unit: str) -> str:
    size = np.abs(errors)
    return (
        f"  {name:34s} bias {np.mean(errors):6.2f}   median {np.median(size):5.2f}   95 % {np.quantile(size, 0.95):6.2f}   "
        f"worst {np.max(size):6.2f} {unit}   within {limit:g}: {np.mean(size <= limit):6.1%}   n {len(size)}"
    )


def onset_errors(found: Analysis, truth: Truth, kind: str) -> Iterator[float]:
    """Milliseconds, of every channel and bend."""
    for channel in found.channels:
        for one, true in zip(getattr(channel, kind), getattr(truth, kind), strict=True):
            if one is not None:
                yield 1000 * (one - true)


def accuracy(title: str, programme: Programme, seeds: int, seen: Callable[[Recording], Recording]) -> None:
    ratios: list[float] = []
    of_muscle: list[float] = []
    down: list[float] = []
    up: list[float] = []
    together_down: list[float] = []
    together_up: list[float] = []
    missed = 0
    for seed in range(seeds):
        recording, truth = synthesise(replace(programme, seed=1000 + seed, mains_hz=(50.0, 60.0)[seed % 2]))
        found = analyse(seen(recording), bends=programme.cycles)
        if found.ratio is None or len(found.phases.bends) != programme.cycles:
            missed += 1
            continue
        ratios.append(100 * (found.ratio / truth.ratio - 1))
        of_muscle.append(100 * (found.ratio / truth.ratio_of_muscle - 1))
        down += onset_errors(found, truth, "flexion_onsets")
        up += onset_errors(found, truth, "extension_onsets")
        for (one, other), first, last in zip(found.onsets, truth.flexion_onsets, truth.extension_onsets, strict=True):
            together_down += [1000 * (one - first)] if one is not None else []
            together_up += [1000 * (other - last)] if other is not None else []
    print(f"{title}: {seeds} recordings, {missed} without phases")
    if not ratios:
        return
    for name, errors, limit, unit in (
        ("ratio, against the programme", ratios, 5.0, "%"),
        ("ratio, against its own muscle", of_muscle, 5.0, "%"),
        ("onset of bending down", down, 20.0, "ms"),
        ("onset of coming up", up, 20.0, "ms"),
        ("  down, channels together", together_down, 20.0, "ms"),
        ("  up, channels together", together_up, 20.0, "ms"),
    ):
        print(row(name, np.asarray(errors), limit, unit))


def by_marks(recording: Recording) -> Recording:
    return recording


def by_angle(recording: Recording) -> Recording:
    return replace(recording, marks=())


def by_muscles(recording: Recording) -> Recording:
    return replace(recording, marks=(), angle=None)


def speed() -> None:
    recording, _ = synthesise(Programme(cycles=8))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        analyse(recording)
        times.append(time.perf_counter() - start)
    print(f"speed: {recording.seconds:.0f} s of 2 channels at 2 kHz in {min(times):.2f} s")


def neurokit(seeds: int) -> None:
    """Onsets of bending down by neurokit2, its own cleaning first; only those near the truth are looked at."""
    if find_spec("neurokit2") is None:
        print("neurokit2: not installed, skipped")
        return
    nk: Any = import_module("neurokit2")
    for method in ("threshold", "mixture"):
        errors, missed = [], 0
        for seed in range(seeds):
            recording, truth = synthesise(Programme(seed=1000 + seed, mains_hz=50.0))
            for muscle in recording.muscles:
                cleaned = nk.emg_clean(muscle.values, sampling_rate=muscle.rate_hz)
                amplitude = nk.emg_amplitude(cleaned)
                _, info = nk.emg_activation(amplitude, sampling_rate=muscle.rate_hz, method=method)
                onsets = np.asarray(info["EMG_Onsets"], dtype=float) / muscle.rate_hz
                for true in truth.flexion_onsets:
                    near = onsets[np.abs(onsets - true) < 0.4]
                    if len(near):
                        errors.append(1000 * float(near[np.argmin(np.abs(near - true))] - true))
                    else:
                        missed += 1
        if errors:
            print(row(f"neurokit2 {method}", np.asarray(errors), 20.0, "ms"), f"  not found {missed}")
        else:
            print(f"  neurokit2 {method}: found none of {missed}")


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    standard = Programme()
    accuracy("10 dB, ratio 4, marks", standard, seeds, by_marks)
    accuracy("10 dB, ratio 4, angle", standard, seeds, by_angle)
    accuracy("10 dB, ratio 4, muscles alone", standard, seeds, by_muscles)
    accuracy("10 dB, ratio 2, angle", replace(standard, ratio=2.0), seeds, by_angle)
    accuracy("10 dB, ratio 8, angle", replace(standard, ratio=8.0), seeds, by_angle)
    accuracy("20 dB, ratio 4, angle", replace(standard, snr_db=20.0), seeds, by_angle)
    accuracy("10 dB, ratio 4, angle, 1 kHz", replace(standard, rate_hz=1000.0), seeds, by_angle)
    accuracy("10 dB, ratio 4, angle, one bend", replace(standard, cycles=1), seeds, by_angle)
    accuracy("10 dB, ratio 4, angle, strong heart", replace(standard, heart_uv=120.0), seeds, by_angle)
    speed()
    neurokit(min(seeds, 5))


if __name__ == "__main__":
    main()
