"""When a muscle switches on: the change of variance that makes the samples likeliest.

Generalised likelihood ratio with a rise of unknown length (Staude, Flachenecker, Daumer & Wolf, EURASIP J Appl Signal Process
2001;2:67-81: less sensitive to noise, background and slow rises than any threshold). Instead of the single best instant the
mean over all instants and rises is given, each weighed by its likelihood, as in the Bayesian change point that Tenan, Tweedell
& Haynes (PLoS One 2017;12:e0177312) found closest to the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backspasm.patients.from_emg.recording import Samples, Span

#: lengths of rise that are tried, seconds
RISES_S = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
#: the level before is taken from so much before the place looked at, the level after from so much after it, seconds
BEFORE_S, AFTER_S = 0.6, 0.25
#: step between the instants tried, seconds
STEP_S = 0.001
#: samples that must lie before the first instant tried, seconds
LEAST_BEFORE_S = 0.1
#: the level after must be so many times that before
LEAST_RISE = 1.3


def onset_near(channels: Sequence[Samples], rate_hz: float, search: Span) -> float | None:
    """The instant (seconds) within ``search`` at which activity begins to rise; None where it does not rise.

    ``channels`` are cleaned signals (n,) of one onset: of several together the likelihoods are multiplied.
    """
    first = max(0, round((search.start - BEFORE_S) * rate_hz))
    last = min(len(channels[0]), round((search.end + AFTER_S) * rate_hz))
    step = max(1, round(STEP_S * rate_hz))
    begin = max(round(search.start * rate_hz) - first, round(LEAST_BEFORE_S * rate_hz))
    longest = round(max(RISES_S) * rate_hz)
    starts = np.arange(begin, last - first - longest - round(LEAST_BEFORE_S * rate_hz), step)
    if len(starts) == 0:
        return None
    scores = np.zeros((len(RISES_S), len(starts)))
    for values in channels:
        near = values[first:last]
        power = near**2
        total = np.concatenate(([0.0], np.cumsum(power)))
        own = np.stack([_scores(power, total, starts, round(rise * rate_hz)) for rise in RISES_S])
        # neighbouring samples are not independent: the likelihood counts as many as there are degrees of freedom
        scores += own * _independent_share(near)
    known = np.isfinite(scores)
    if not known.any():
        return None
    weight = np.exp(np.where(known, scores - np.max(scores[known]), -np.inf))
    instants = (first + starts) / rate_hz
    return float(np.sum(weight * instants) / np.sum(weight))


def _scores(power: Samples, total: Samples, starts: np.ndarray[tuple[int], np.dtype[np.int64]], rise: int) -> Samples:
    """Log likelihood (instants,) of a level, a straight rise of ``rise`` samples in amplitude, and a level."""
    n = len(power)
    before = total[starts] / starts
    left = n - starts - rise
    after = (total[n] - total[starts + rise]) / left
    rises = (before > 0) & (after > LEAST_RISE**2 * before)
    low, high = np.where(rises, before, 1.0), np.where(rises, after, 1.0)
    score = -0.5 * (starts * (np.log(low) + 1) + left * (np.log(high) + 1))
    if rise:
        share = (np.arange(rise) + 0.5) / rise
        ramp = np.sqrt(low)[:, None] + (np.sqrt(high) - np.sqrt(low))[:, None] * share
        inside = power[starts[:, None] + np.arange(rise)]
        score -= 0.5 * np.sum(2 * np.log(ramp) + inside / ramp**2, axis=1)
    return np.where(rises, score, -np.inf)


def _independent_share(values: Samples) -> float:
    """Share of independent samples: one over the sum of squared autocorrelations."""
    power = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    correlation = np.fft.irfft(power)[: len(values) // 2]
    if correlation[0] <= 0:
        return 1.0
    return float(1 / (1 + 2 * np.sum((correlation[1:] / correlation[0]) ** 2)))
