"""Figures of a validation, as SVG text: the same input gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from backspasm.population.calibration import BARS, Calibration
from backspasm.population.reliability import Bin
from backspasm.population.rule_validation import Comparison, Explained
from backspasm.population.validation_text import MEASURE_WORDS, RATIOS
from backspasm.presentation.picture_style import BLUE, GREY, ORANGE, STYLE

MODEL, STUDY, QUIET = BLUE, ORANGE, GREY
WIDTH = 8.0


_Arguments = ParamSpec("_Arguments")


def _styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, str]:
    """Draws in the style of the page and gives the picture without the XML head, to stand inside it."""

    @wraps(draw)
    def drawn(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> str:
        buffer = io.StringIO()
        with mpl.rc_context(STYLE):
            draw(*args, **kwargs).savefig(buffer, format="svg", metadata={"Date": None})
        text = buffer.getvalue()
        return text[text.index("<svg") :]

    return drawn


@_styled
def forest(rules: tuple[Explained, ...]) -> Figure:
    """Model against study, one row a figure: shares, and below them likelihood ratios on a scale of their own."""
    panels = [
        [e.comparison for e in rules if (e.comparison.measure in RATIOS) is ratios]
        for ratios in (False, True)
        if any((e.comparison.measure in RATIOS) is ratios for e in rules)
    ]
    heights = [0.5 * len(rows) + 0.5 for rows in panels]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout="constrained")
    every = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, rows in zip(every, panels, strict=True):
        _panel(axes, rows)
    first = every[0]
    first.plot([], [], color=MODEL, linewidth=2.5, label="model, 90 % interval of its parameters")
    first.plot([], [], color=STUDY, linewidth=2.5, label="study, 95 % interval")
    first.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return figure


def _panel(axes: Any, rows: list[Comparison]) -> None:
    """Figures of one kind: shares from 0 to 1, or ratios on a logarithmic scale (a ratio of 0 at its left end)."""
    ratios = rows[0].measure in RATIOS
    ends = [x for c in rows for f in (c.model, c.study) for x in (f.low, f.value, f.high) if x]
    low, high = (min(*ends, 1.0) / 1.3, max(*ends, 1.0) * 1.3) if ratios else (-0.02, 1.02)
    if ratios:
        axes.set_xscale("log")
        axes.axvline(1, color=QUIET, linewidth=1)
    for y, c in enumerate(rows):
        for found, colour, shift in ((c.model, MODEL, 0.16), (c.study, STUDY, -0.16)):
            if found.low is not None and found.high is not None:
                span = [max(found.low, low), min(found.high, high)]
                axes.plot(span, [y - shift] * 2, color=colour, linewidth=2.5, solid_capstyle="round")
            axes.plot(max(found.value, low), y - shift, "o", color=colour, markersize=5)
        if not c.overlap:
            axes.text(1.02, y, "no overlap", va="center", color=QUIET, transform=axes.get_yaxis_transform())
    axes.set_yticks(range(len(rows)), [f"{c.id.replace('_', ' ')}\n{MEASURE_WORDS[c.measure]}" for c in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(low, high)
    axes.set_xlabel("likelihood ratio" if ratios else "share")
    if ratios:
        axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="x", color="#e6e8eb")


@_styled
def reliability_diagram(bins: tuple[Bin, ...]) -> Figure:
    """Share that came true against probability given, on log odds so that small probabilities show too."""
    figure = Figure(figsize=(WIDTH / 1.6, WIDTH / 1.7), layout="constrained")
    axes = figure.subplots()
    ticks = np.array([0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
    axes.plot(_log_odds([1e-5, 1 - 1e-5]), _log_odds([1e-5, 1 - 1e-5]), color=QUIET, linewidth=1, linestyle="--")
    for b in bins:
        x = _log_odds([b.predicted])[0]
        axes.plot([x, x], _log_odds([b.observed_low, b.observed_high]), color=MODEL, linewidth=1.5)
        axes.plot(x, _log_odds([b.observed])[0], "o", color=MODEL, markersize=3 + np.log10(b.count))
    for setter in (axes.set_xticks, axes.set_yticks):
        setter(_log_odds(ticks), [f"{100 * t:g} %" for t in ticks])
    edge = _log_odds([2e-5, 1 - 2e-4])
    axes.set_xlim(*edge)
    axes.set_ylim(*edge)
    axes.set_xlabel("probability given (mean of the bin)")
    axes.set_ylabel("share that came true, 95 % interval")
    axes.grid(color="#e6e8eb")
    return figure


@_styled
def rank_histograms(found: Calibration) -> Figure:
    """Where the truth stands among the engine's draws; even bars would be perfect."""
    figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    from scipy.stats import binom

    even = [float(binom.ppf(q, found.runs, 1 / BARS)) for q in (0.005, 0.995)]
    for axes, c in zip(figure.subplots(1, len(found.coverage), sharey=True), found.coverage, strict=True):
        axes.axhspan(*even, color="#e6e8eb", label="99 % of even bars")
        axes.hist(c.ranks, bins=BARS, range=(0, 1), color=MODEL)
        axes.set_title(c.quantity, fontsize=9)
        axes.set_xlabel("rank of the truth")
    figure.axes[0].set_ylabel("worlds")
    return figure


@_styled
def coverage_figure(found: Calibration) -> Figure:
    """Share of intervals that hold the truth, against the 90 % they claim."""
    figure = Figure(figsize=(WIDTH, 1.8), layout="constrained")
    axes = figure.subplots()
    for y, c in enumerate(found.coverage):
        axes.plot([c.covered_low, c.covered_high], [y, y], color=MODEL, linewidth=2.5, solid_capstyle="round")
        axes.plot(c.covered, y, "o", color=MODEL)
        axes.text(1.02, y, f"median width {c.median_width:.2g}", va="center", color=QUIET)
    axes.axvline(0.9, color=STUDY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(found.coverage)), [c.quantity for c in found.coverage])
    axes.set_ylim(len(found.coverage) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of 90 % intervals that hold the truth, with its 95 % interval")
    axes.grid(axis="x", color="#e6e8eb")
    return figure


def _log_odds(p: Any) -> Any:
    clipped = np.clip(np.asarray(p, dtype=float), 1e-5, 1 - 1e-5)
    return np.log(clipped / (1 - clipped))
