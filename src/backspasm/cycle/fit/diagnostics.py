"""Whether chains agree, and how many independent draws they are worth.

Split R-hat and effective sample size by the initial monotone sequence, as in Vehtari, Gelman, Simpson, Carpenter & Buerkner,
Bayesian Analysis 2021;16:667-718 (without the ranks).
"""

from __future__ import annotations

import numpy as np

from backspasm.cycle.model import Array


def split(draws: Array) -> Array:
    """Each chain of (chains, kept) in two halves."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, half : 2 * half]])


def rhat(draws: Array) -> float:
    """Split R-hat of one unknown (chains, kept): near 1 where the chains agree; nan where nothing moves."""
    parts = split(draws)
    n = parts.shape[1]
    within = parts.var(axis=1, ddof=1).mean()
    between = n * parts.mean(axis=1).var(ddof=1)
    if within == 0:
        return float("nan")
    return float(np.sqrt(((n - 1) / n * within + between / n) / within))


def effective_size(draws: Array) -> float:
    """Independent draws that those of one unknown (chains, kept) are worth; nan where nothing moves."""
    parts = split(draws)
    m, n = parts.shape
    centred = parts - parts.mean(axis=1, keepdims=True)
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    spectrum = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, size, axis=1)[:, :n].mean(axis=0) / n
    within = parts.var(axis=1, ddof=1).mean()
    if within == 0:
        return float("nan")
    total = (n - 1) / n * within + parts.mean(axis=1).var(ddof=1)
    correlation = 1 - (within - covariance * n / (n - 1)) / total
    correlation[0] = 1.0
    pairs = correlation[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    first = int(np.argmax(pairs < 0)) if np.any(pairs < 0) else len(pairs)
    falling = np.minimum.accumulate(pairs[:first])
    return float(m * n / max(2 * falling.sum() - 1, 1 / np.log10(m * n)))
