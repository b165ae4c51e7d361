"""What the EMG reader takes out of a signal, and what it must leave in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backspasm.patients.from_emg.clean import cleaned, without_pops
from backspasm.patients.from_emg.filters import band_of, band_passed, median_frequency, noise_density, noise_passed
from backspasm.patients.from_emg.heart import beats_of, without_heart
from backspasm.patients.from_emg.mains import mains_frequency, without_mains
from backspasm.patients.from_emg.onset import onset_near
from backspasm.patients.from_emg.recording import Samples, Span
from backspasm.patients.from_emg.synthetic import Programme, synthesise

RATE = 2000.0
CLEAN = Programme(cycles=2, mains_uv=0, heart_uv=0, drift_uv=0, snr_db=None)


def noise(seconds: float, seed: int = 0, rate: float = RATE) -> Samples:
    return np.random.default_rng(seed).standard_normal(round(seconds * rate))


def sine(hz: float, seconds: float, rate: float = RATE) -> Samples:
    return np.asarray(np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate), dtype=float)


@pytest.mark.parametrize(("rate", "high"), [(500.0, 225.0), (1000.0, 450.0), (2000.0, 450.0), (4000.0, 450.0)])
def test_the_band_is_clipped_to_what_the_rate_can_hold(rate: float, high: float) -> None:
    assert band_of(rate) == (20.0, high)


def test_the_band_passes_muscle_stops_movement_and_shifts_nothing() -> None:
    band = band_of(RATE)
    middle = slice(2000, 6000)
    kept, slow = (band_passed(sine(hz, 4), RATE, band)[middle] for hz in (100, 2))
    assert np.corrcoef(kept, sine(100, 4)[middle])[0, 1] > 0.9999
    assert np.std(kept) == pytest.approx(np.std(sine(100, 4)), rel=0.01)
    assert np.std(slow) < 0.001


def test_the_noise_of_a_recorder_is_told_from_the_muscle_above_its_band() -> None:
    recording, _ = synthesise(replace(CLEAN, snr_db=10.0))
    values = recording.muscles[0].values
    density = noise_density(values, RATE, None)
    clean_recording, _ = synthesise(CLEAN)
    true = np.var(values - clean_recording.muscles[0].values)
    assert density is not None
    assert density == pytest.approx(true / (RATE / 2), rel=0.05)
    passed = band_passed(values - clean_recording.muscles[0].values, RATE, band_of(RATE))
    assert noise_passed(density, RATE, band_of(RATE)) == pytest.approx(np.var(passed), rel=0.05)


def test_a_slow_recorder_leaves_no_place_to_see_its_noise() -> None:
    assert noise_density(noise(4, rate=500), 500, None) is None
    assert noise_density(noise(4, rate=1000), 1000, None) == pytest.approx(2 / 1000, rel=0.1)


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_mains_are_named_and_taken_out_with_their_harmonics(hz: float) -> None:
    recording, _ = synthesise(replace(CLEAN, mains_hz=hz, mains_uv=40.0))
    without, _ = synthesise(CLEAN)
    values = recording.muscles[0].values
    assert mains_frequency([values], RATE) == hz
    band = band_of(RATE)
    left, found = without_mains(band_passed(values, RATE, band), RATE, hz)
    truth = band_passed(without.muscles[0].values, RATE, band)
    assert found.hz == hz
    assert found.share > 0.1
    assert np.std(left - truth) < 0.1 * np.std(band_passed(values, RATE, band) - truth)


def test_no_mains_are_found_where_there_are_none() -> None:
    for seed in range(5):
        recording, _ = synthesise(replace(CLEAN, seed=seed, snr_db=10.0))
        assert mains_frequency([m.values for m in recording.muscles], RATE) is None


def test_taking_out_mains_does_not_fill_the_silence() -> None:
    """Spectrum interpolation does: it spreads over all the recording what it puts in."""
    programme = replace(CLEAN, mains_uv=40.0, ratio=20.0)
    recording, truth = synthesise(programme)
    left, _ = without_mains(band_passed(recording.muscles[0].values, RATE, band_of(RATE)), RATE, 50.0)
    silence = next(m for m in truth.marks if m.phase == "full_flexion")
    part = Span(silence.start + 0.5, silence.end - 0.5).slice(RATE)
    muscle = band_passed(truth.muscle[0], RATE, band_of(RATE))[part]
    assert np.std(left[part]) == pytest.approx(np.std(muscle), rel=0.02)


def test_the_heart_is_found_counted_and_lowered() -> None:
    recording, _ = synthesise(replace(CLEAN, snr_db=10.0, heart_uv=100.0, cycles=3))
    without, _ = synthesise(replace(CLEAN, snr_db=10.0, heart_uv=0.0, cycles=3))
    raw = [m.values for m in recording.muscles]
    beats = beats_of(raw, RATE)
    band = band_of(RATE)
    with_heart = band_passed(raw[0], RATE, band)
    left, heart = without_heart(with_heart, beats, RATE)
    truth = band_passed(without.muscles[0].values, RATE, band)
    assert heart.per_minute == pytest.approx(68, abs=3)
    assert np.std(left - truth) < 0.5 * np.std(with_heart - truth)


def test_no_heart_is_found_where_there_is_none() -> None:
    for seed in range(6):
        recording, _ = synthesise(Programme(seed=seed, cycles=2, heart_uv=0))
        assert all(m.heart.per_minute is None for m in cleaned(recording))


def test_pops_are_left_out_and_muscle_is_not() -> None:
    recording, _ = synthesise(replace(CLEAN, snr_db=20.0))
    assert all(m.pops == 0 and m.keep.all() for m in cleaned(recording))
    values = noise(4)
    values[4000:4010] += 60
    keep, pops = without_pops(values, RATE)
    assert pops == 1
    assert not keep[4000:4010].any()
    assert keep.mean() > 0.95


def test_a_sudden_burst_is_no_pop() -> None:
    values = noise(4)
    values[3000:] *= 20
    keep, _ = without_pops(values, RATE)
    assert keep.all()


def test_the_median_frequency_is_that_of_the_muscle_not_of_the_noise() -> None:
    clean_recording, _ = synthesise(CLEAN)
    noisy, _ = synthesise(replace(CLEAN, snr_db=5.0))
    burst = Span(4.5, 6.5).slice(RATE)
    band = band_of(RATE)
    density = noise_density(noisy.muscles[0].values, RATE, None)
    assert density is not None
    pure, corrected, naive = (
        median_frequency(r.muscles[0].values[burst], RATE, band, n)
        for r, n in ((clean_recording, 0.0), (noisy, density), (noisy, 0.0))
    )
    assert corrected == pytest.approx(pure, abs=8)
    assert abs(corrected - pure) < abs(naive - pure)


@pytest.mark.parametrize("rise", [0.0, 0.05])
def test_an_onset_is_where_the_burst_begins(rise: float) -> None:
    errors = []
    for seed in range(20):
        values = noise(3, seed)
        gain = np.interp(np.arange(len(values)) / RATE, [1.5, 1.5 + rise + 1e-6], [1.0, 3.5])
        found = onset_near([values * gain], RATE, Span(1.1, 1.9))
        assert found is not None
        errors.append(found - 1.5)
    assert np.median(np.abs(errors)) < 0.012
    assert np.max(np.abs(errors)) < 0.03


def test_where_nothing_rises_there_is_no_onset() -> None:
    assert onset_near([noise(3)], RATE, Span(1.1, 1.9)) is None
    falling = noise(3) * np.where(np.arange(6000) < 3000, 5, 1)
    assert onset_near([falling], RATE, Span(1.1, 1.9)) is None


def test_an_onset_outside_the_recording_is_none() -> None:
    assert onset_near([noise(3)], RATE, Span(2.99, 3.2)) is None
    assert onset_near([noise(3)], RATE, Span(8.0, 8.5)) is None
