"""What must hold for every recording: scale, sides, offset, and the door it came through."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backspasm import InputError
from backspasm.patients.from_emg import Analysis, Recording, analyse
from backspasm.patients.from_emg.choose import load_recording
from backspasm.patients.from_emg.measures import asymmetry
from backspasm.patients.from_emg.synthetic import Programme, synthesise
from backspasm.patients.from_emg.write import write_recording

FEW = settings(max_examples=4, deadline=None)


@cache
def made(seed: int) -> Recording:
    recording, _ = synthesise(Programme(seed=seed, cycles=1, snr_db=25.0, asymmetry=0.1, standing_s=3, pops=1))
    return recording


@cache
def plain(seed: int) -> Analysis:
    return analyse(made(seed), {"ES left": 200.0, "ES right": 220.0})


def changed(recording: Recording, factor: float = 1.0, offset: float = 0.0) -> Recording:
    return replace(recording, muscles=tuple(m.with_values(m.values * factor + offset) for m in recording.muscles))


SEEDS = st.integers(0, 1)


@FEW
@given(SEEDS, st.floats(0.02, 50))
def test_scaling_all_microvolts_leaves_ratios_percentages_and_asymmetry(seed: int, factor: float) -> None:
    one = plain(seed)
    other = analyse(changed(made(seed), factor), {"ES left": 200.0 * factor, "ES right": 220.0 * factor})
    assert other.ratio == pytest.approx(one.ratio, rel=1e-6)
    assert other.extension_ratio == pytest.approx(one.extension_ratio, rel=1e-6)
    assert [i.percent for i in other.asymmetry] == pytest.approx([i.percent for i in one.asymmetry], abs=1e-5)
    assert other.resting_uv == pytest.approx((one.resting_uv or 0) * factor, rel=1e-6)
    for a, b in zip(one.channels, other.channels, strict=True):
        for phase in ("rest", "flexion", "full_flexion", "extension"):
            assert getattr(b, phase).percent_mvc == pytest.approx(getattr(a, phase).percent_mvc, rel=1e-6)
        assert b.flexion_onsets == pytest.approx(a.flexion_onsets, abs=1e-6)
        assert b.median_frequency_hz == pytest.approx(a.median_frequency_hz)


@FEW
@given(SEEDS)
def test_swapping_left_and_right_turns_asymmetry_round_and_nothing_else(seed: int) -> None:
    recording = made(seed)
    left, right = recording.muscles
    swapped = replace(recording, muscles=(replace(left, side="right"), replace(right, side="left")))
    one, other = plain(seed), analyse(swapped, {"ES left": 200.0, "ES right": 220.0})
    assert [i.percent for i in other.asymmetry] == pytest.approx([-i.percent for i in one.asymmetry], abs=1e-9)
    assert (other.ratio, other.resting_uv) == pytest.approx((one.ratio, one.resting_uv))


@FEW
@given(SEEDS, st.floats(-5000, 5000))
def test_an_offset_changes_nothing(seed: int, offset: float) -> None:
    one, other = plain(seed), analyse(changed(made(seed), offset=offset), {"ES left": 200.0, "ES right": 220.0})
    assert other.measured == pytest.approx(one.measured, rel=1e-4)
    assert [i.percent for i in other.asymmetry] == pytest.approx([i.percent for i in one.asymmetry], abs=1e-4)


@FEW
@given(SEEDS)
def test_a_flipped_electrode_changes_nothing(seed: int) -> None:
    assert analyse(changed(made(seed), -1.0)).measured == pytest.approx(plain(seed).measured, rel=1e-6)


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_asymmetry_lies_between_minus_and_plus_a_hundred(left: float, right: float) -> None:
    found = asymmetry(left, right)
    if left + right == 0:
        assert found is None
        return
    assert found is not None
    assert -100.000001 <= found <= 100.000001
    assert asymmetry(right, left) == pytest.approx(-found)


def test_the_same_seed_gives_the_same_samples_and_another_others() -> None:
    one, again = (synthesise(Programme(seed=9, cycles=1))[0] for _ in range(2))
    other, _ = synthesise(Programme(seed=10, cycles=1))
    assert np.array_equal(one.muscles[0].values, again.muscles[0].values)
    assert not np.array_equal(one.muscles[0].values, other.muscles[0].values)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(("edf", "bdf", "h5", "csv")), st.integers(0, 10_000), st.booleans())
def test_a_damaged_file_is_refused_or_read_and_never_a_fault(ending: str, seed: int, cut: bool) -> None:
    rng = np.random.default_rng(seed)
    damaged = bytearray(whole(ending))
    if cut:
        damaged = damaged[: int(rng.integers(1, len(damaged)))]
    for place in rng.integers(0, min(len(damaged), 2500), rng.integers(1, 12)):
        damaged[place] = rng.integers(0, 256)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"damaged.{ending}"
        path.write_bytes(bytes(damaged))
        with suppress(InputError):
            load_recording(path)


@cache
def whole(ending: str) -> bytes:
    """A short recording as a file of this kind."""
    recording, _ = synthesise(
        Programme(cycles=1, rate_hz=1000.0, standing_s=1, flexion_s=1, full_flexion_s=1, extension_s=1)
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"whole.{ending}"
        write_recording(recording, path)
        return path.read_bytes()
