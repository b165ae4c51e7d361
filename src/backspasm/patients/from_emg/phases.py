"""When the person stood, bent, hung in full flexion and came up: from marks, from an angle, or from the muscles themselves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from backspasm.patients.from_emg.clean import Muscle
from backspasm.patients.from_emg.recording import Mark, Recording, Samples, Span, Trace

PhaseSource = Literal["angle", "marks", "envelope"]
#: the trunk moves where its speed is above this share of the fastest, and is bent fully above this share of its range
MOVING, FULLY = 0.1, 0.85
#: an angle that changes less than this (degrees) is no bending
LEAST_BEND_DEG = 10.0
#: shortest stay in full flexion that counts, and blur of the angle, seconds
SHORTEST_S, BLUR_S = 0.5, 0.2
#: blur of the muscles' activity, seconds; a burst rises so many times (in power) above what lies beside it
ENVELOPE_S, STANDS_OUT = 1.0, 1.6
#: this share of a still phase is left out at each end, where movement begins and ends
TRIM = 0.15


@dataclass(frozen=True, slots=True)
class Bend:
    """One bend down and up, in seconds."""

    flexion: Span
    full: Span
    extension: Span


@dataclass(frozen=True, slots=True)
class Phases:
    """What the person did when, and how that is known; ``why`` says why no bend was found.

    ``sure`` is False where bursts were paired without knowing how many bends there were.
    """

    bends: tuple[Bend, ...]
    rest: tuple[Span, ...]
    source: PhaseSource | None
    why: str = ""
    sure: bool = True


def phases_of(recording: Recording, muscles: tuple[Muscle, ...], bends: int | None = None) -> Phases:
    """Marks win over the angle, and the angle over the muscles, of which the number of ``bends`` says how to pair bursts."""
    if recording.marks:
        return from_marks(recording.marks)
    if recording.angle is not None:
        return from_angle(recording.angle)
    return from_envelope(muscles, bends)


def inner(span: Span) -> Span:
    """A still phase without its ends."""
    return Span(span.start + TRIM * span.seconds, span.end - TRIM * span.seconds)


def from_marks(marks: tuple[Mark, ...]) -> Phases:
    """Bends from marks that follow each other as flexion, full flexion, extension; a bend without its three is left out."""
    ordered = sorted(marks)
    bends = []
    moves = [m for m in ordered if m.phase != "rest"]
    for i in range(len(moves)):
        following = [m.phase for m in moves[i : i + 3]]
        if following == ["flexion", "full_flexion", "extension"]:
            down, full, up = (Span(m.start, m.end) for m in moves[i : i + 3])
            bends.append(Bend(down, full, up))
    rest = tuple(Span(m.start, m.end) for m in ordered if m.phase == "rest")
    why = "" if bends else "the marks name no flexion, full_flexion and extension one after the other"
    return Phases(tuple(bends), rest, "marks", why)


def from_angle(angle: Trace) -> Phases:
    """Bends from the trunk's angle: fully bent where it is far and still, moving before and after. Starts standing."""
    from scipy.ndimage import uniform_filter1d

    rate = angle.rate_hz
    size = max(1, round(BLUR_S * rate))
    smooth = uniform_filter1d(uniform_filter1d(angle.values, size), size)
    standing = float(np.median(smooth[: max(1, round(rate))]))
    ends = np.quantile(smooth, (0.02, 0.98))
    far = float(ends[np.argmax(np.abs(ends - standing))])
    if abs(far - standing) < LEAST_BEND_DEG:
        return Phases((), (Span(0, len(smooth) / rate),), "angle", "the angle hardly changes")
    bent = (smooth - standing) / (far - standing)
    speed = np.abs(uniform_filter1d(np.gradient(bent), size))
    still = speed < MOVING * float(np.quantile(speed, 0.995))
    full = [s for s in _runs((bent > FULLY) & still, rate) if s.seconds >= SHORTEST_S]
    stood = [s for s in _runs((bent < 1 - FULLY) & still, rate) if s.seconds >= SHORTEST_S / 2]
    return Phases(
        *_between(full, stood, len(smooth) / rate), "angle", "" if full else "no stay in full flexion was found"
    )


def _between(full: list[Span], stood: list[Span], seconds: float) -> tuple[tuple[Bend, ...], tuple[Span, ...]]:
    """Bends between one standing and the next; stays in full flexion that a wobble parted are joined."""
    bends = []
    for before, after in pairwise([*stood, Span(seconds, seconds)]):
        inside = [s for s in full if before.end <= s.start and s.end <= after.start]
        if inside:
            whole = Span(inside[0].start, inside[-1].end)
            bends.append(Bend(Span(before.end, whole.start), whole, Span(whole.end, after.start)))
    return tuple(b for b in bends if b.extension.end < seconds), tuple(stood)


def from_envelope(muscles: tuple[Muscle, ...], bends: int | None = None) -> Phases:
    """Bends from bursts in pairs, one bending down and one coming up, with a silence between. Starts standing.

    Bursts alone cannot tell: two bends whose silence is lost look like one whose silence is intact. So the phases are only
    sure where the number of ``bends`` is known, and then there must be two bursts to each.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    rate = muscles[0].rate_hz
    power = np.zeros(len(muscles[0].values))
    for muscle in muscles:
        square = np.where(muscle.keep, muscle.values**2, 0.0)
        power += square / max(float(np.mean(square)), 1e-300)
    size = max(1, round(ENVELOPE_S / 2 * rate))
    level = np.log(np.maximum(uniform_filter1d(uniform_filter1d(power, size), size), 1e-12))
    padded = np.concatenate(([level.min() - 1], level, [level.min() - 1]))
    peaks, _ = find_peaks(padded, prominence=np.log(STANDS_OUT))
    peaks = peaks - 1
    found = f"the muscles show {len(peaks)} burst{'s' * (len(peaks) != 1)}"
    if bends is not None and len(peaks) != 2 * bends:
        lost = ": one a bend, so the silence in full flexion is lost or was too short" if len(peaks) == bends else ""
        return Phases(
            (), (), "envelope", f"{found}, not one bending down and one coming up for each of {bends} bends{lost}"
        )
    if len(peaks) < 2 or len(peaks) % 2:
        return Phases((), (), "envelope", f"{found}, not one bending down and one coming up for each bend")
    valleys = [_valley(level, a, b) for a, b in pairwise(peaks.tolist())]
    edges = [(0, int(np.argmin(level[: peaks[0] + 1]))), *((v, v) for v in valleys)]
    edges.append((int(peaks[-1] + np.argmin(level[peaks[-1] :])), len(level) - 1))
    pairs, rest = [], [Span(0, _crossing(level, peaks[0], edges[0][1]) / rate)]
    for i in range(0, len(peaks), 2):
        down, up, valley = int(peaks[i]), int(peaks[i + 1]), valleys[i]
        start = _crossing(level, down, edges[i][1])
        silence, again = _crossing(level, down, valley), _crossing(level, up, valley)
        end = _crossing(level, up, edges[i + 2][0])
        pairs.append(
            Bend(Span(start / rate, silence / rate), Span(silence / rate, again / rate), Span(again / rate, end / rate))
        )
        later = _crossing(level, int(peaks[i + 2]), valleys[i + 1]) if i + 2 < len(peaks) else len(level) - 1
        rest.append(Span(end / rate, later / rate))
    return Phases(tuple(pairs), tuple(s for s in rest if s.seconds >= SHORTEST_S), "envelope", sure=bends is not None)


def _valley(level: Samples, first: int, last: int) -> int:
    return int(first + np.argmin(level[first : last + 1]))


def _crossing(level: Samples, peak: int, valley: int) -> int:
    """The sample nearest to the valley at which the level is half way (in logarithms) from valley to peak."""
    half = 0.5 * (level[peak] + level[valley])
    if valley < peak:
        above = np.flatnonzero(level[valley : peak + 1] >= half)
        return int(valley + above[0])
    above = np.flatnonzero(level[peak : valley + 1] >= half)
    return int(peak + above[-1])


def _runs(inside: np.ndarray[tuple[int], np.dtype[np.bool_]], rate_hz: float) -> list[Span]:
    """Stretches in which a condition holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(int)))
    return [Span(a / rate_hz, b / rate_hz) for a, b in zip(edges[::2], edges[1::2], strict=True)]
