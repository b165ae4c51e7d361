"""Pictures of the cycle, as PNG or SVG: the course to expect, and the map of persistence."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from backspasm.cycle.model import Array
from backspasm.cycle.one_patient import UNTREATED, Expected
from backspasm.presentation.cycle_words import option_name, told_apart
from backspasm.records.cycle_types import CycleRecords

COLOURS = ("#444444", "#1b6ca8", "#c25b12", "#3b7d3b", "#8a3d8f", "#a88b1b")
PICTURE = {"dpi": 150, "bbox_inches": "tight"}


def course_picture(e: Expected, cycle: CycleRecords, form: str) -> bytes:
    """Pain with the loop and without it, side by side; below them spasm. ``form``: png or svg."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7))
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2, sharex=True, sharey="row", gridspec_kw={"height_ratios": [2, 1]})
    for column, (title, arms) in enumerate((("with the loop", e.arms), ("the rival: without the loop", e.rival))):
        pain, spasm = panels[0][column], panels[1][column]
        for (name, arm), colour in zip(arms.items(), _colours(len(arms)), strict=True):
            label = option_name(name, cycle)
            style = "--" if name == "both" else "-"  # it often lies on another
            pain.plot(e.days, arm.pain.median, style, color=colour, label=label, lw=2 if name == UNTREATED else 1.5)
            if name == UNTREATED:
                pain.fill_between(
                    e.days, arm.pain.low, arm.pain.high, color=colour, alpha=0.12, lw=0, label="90 % of draws"
                )
            spasm.plot(e.days, arm.spasm.median, color=colour)
        pain.set_title(title, loc="left", fontsize=11)
        pain.set_ylim(0, 100)
        spasm.set_xlabel("days from now")
        for panel in (pain, spasm):
            panel.spines[["top", "right"]].set_visible(False)
            panel.margins(x=0.01)
    panels[0][0].set_ylabel("pain (0-100)")
    panels[1][0].set_ylabel("spasm (%MVC above normal)")
    panels[1][0].set_ylim(bottom=0)
    panels[0][1].legend(frameon=False, fontsize=9)
    p = e.persistence
    figure.suptitle(
        f"Course to expect (simulated). Persistence number {p.value:.2f} ({p.low:.2f} to {p.high:.2f})",
        x=0.06, ha="left", fontsize=12,
    )  # fmt: skip
    figure.text(0.06, 0.005, told_apart(e), fontsize=8, color="#555555")
    return saved(figure, form)


def persistence_picture(
    sensitisation: Array, return_gain: Array, number: Array, drawn: Sequence[Array], form: str
) -> bytes:
    """The persistence number over sensitisation and return gain, with patients who recovered and who persisted.

    Args:
        sensitisation, return_gain: axes (a,), (b,).
        number: Pi (b, a).
        drawn: of virtual patients: sensitisation, return gain, and whether pain persisted (1) or not (0), each (n,).
        form: png or svg.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    filled = axes.contourf(
        sensitisation, return_gain, number, levels=np.arange(0, 2.01, 0.1), cmap="Blues", extend="max", alpha=0.85
    )
    line = axes.contour(sensitisation, return_gain, number, levels=[1.0], colors="#7a1f1f", linewidths=2)
    axes.clabel(line, fmt={1.0: "Pi = 1"})
    x, y, persists = drawn
    well = persists < 0.5
    axes.scatter(x[well], y[well], s=9, color="#3b7d3b", alpha=0.5, lw=0, label=f"recovered ({well.sum()})")
    axes.scatter(x[~well], y[~well], s=14, color="#c21b1b", alpha=0.8, lw=0, label=f"pain persists ({(~well).sum()})")
    axes.set_xscale("log")
    axes.set_xlim(sensitisation[0], sensitisation[-1])
    axes.set_ylim(return_gain[0], return_gain[-1])
    axes.set_xlabel("sensitisation h_C (pain that full sensitisation makes by itself)")
    axes.set_ylabel("return gain L0 of the muscle loop (proportional to the reflex gain)")
    axes.legend(frameon=True, fontsize=9, loc="upper left")
    figure.colorbar(filled, ax=axes, label="persistence number, other parameters typical")
    axes.set_title(
        "Where pain can outlive its cause (virtual patients, one year after a healed injury)", fontsize=10, loc="left"
    )
    return saved(figure, form)


def _colours(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def saved(figure: object, form: str) -> bytes:
    """The figure as bytes of a PNG or SVG."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # without a date and with fixed ids the same course gives the same bytes
    with rc_context({"svg.hashsalt": "backspasm", "svg.fonttype": "none"}):
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(buffer, format=form, metadata=metadata, **PICTURE)  # type: ignore[attr-defined]
    return buffer.getvalue()
