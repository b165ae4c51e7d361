"""Two pictures of performance, as SVG: bars of ratios with their aims, and cost against number."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import matplotlib.lines
import matplotlib.patches
import numpy as np
from matplotlib.figure import Figure
from measures import Point, Row

from backspasm.presentation.picture_style import BLUE, ORANGE, STYLE

MET, MISSED, FREE, QUIET = BLUE, ORANGE, "#9aa3ad", "#5c636b"
COLOURS = (BLUE, ORANGE, "#5b8c3a", "#7a4fa3")


def ratio_figure(rows: list[Row]) -> str:
    """A bar for each row from 1 (as fast as what it is set beside) to its ratio, with a tick at its aim."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 0.34 * len(rows) + 1.3), layout="constrained")
        axes = figure.subplots()
        ratios = [row.ratio for row in rows]
        aims = [row.aim for row in rows if row.aim is not None]
        for y, row in enumerate(rows):
            colour = FREE if row.met is None else MET if row.met else MISSED
            left, right = sorted((1.0, row.ratio))
            axes.barh(y, right - left, left=left, height=0.62, color=colour)
            if y and row.area != rows[y - 1].area:
                axes.axhline(y - 0.5, color="#d4d8dc", linewidth=0.8)
            if row.aim is not None:
                axes.plot([row.aim, row.aim], [y - 0.46, y + 0.46], color="black", linewidth=1.8)
            axes.annotate(
                f"{row.ratio:,.0f}" if row.ratio >= 100 else f"{row.ratio:.1f}" if row.ratio >= 10 else f"{row.ratio:.2f}",
                (max(row.ratio, 1.0, row.aim or 0.0), y), (4, 0), textcoords="offset points", va="center", color=QUIET,
            )  # fmt: skip
        axes.set_yticks(range(len(rows)), [f"{row.area}: {row.what}\nbeside {row.beside}" for row in rows], fontsize=7)
        axes.set_xscale("log")
        axes.set_xlim(min([0.5, *ratios, *aims]) / 1.6, max([2.0, *ratios, *aims]) * 3)
        axes.axvline(1, color=QUIET, linewidth=0.8)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel("times as fast as what it is set beside (1: the same)")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,g}")
        handles: list[Any] = [mpl.patches.Patch(color=c) for c in (MET, MISSED, FREE)]
        handles.append(mpl.lines.Line2D([], [], color="black", linewidth=1.8))
        labels = ["aim met", "aim missed", "no aim", "the aim"]
        figure.legend(handles, labels, loc="outside upper right", ncols=4, frameon=False)
        return _svg(figure)


def growth_figure(points: list[Point], until: int) -> str:
    """Processor seconds and memory against number; dashed where it is projected."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        for series, colour in zip(dict.fromkeys(p.series for p in points), COLOURS, strict=False):
            own = sorted((p for p in points if p.series == series), key=lambda p: p.count)
            count = np.array([p.count for p in own], dtype=np.float64)
            seconds = np.array([p.seconds for p in own])
            left.plot(count, seconds, "o-", color=colour, markersize=4, label=series)
            if count[-1] < until:
                ahead = np.array([count[-1], until])
                left.plot(ahead, seconds[-1] / count[-1] * ahead, "--", color=colour, linewidth=1)
            with_memory = [(p.count, p.memory) for p in own if p.memory is not None]
            right.plot(*zip(*with_memory, strict=True), "o-", color=colour, markersize=4) if with_memory else None
        left.plot([], [], "--", color=QUIET, linewidth=1, label="projected, not measured")
        for axes, what in ((left, "processor seconds"), (right, "peak memory of a process, MB")):
            axes.set_xscale("log")
            axes.set_xlabel("patients or cases")
            axes.set_title(what, loc="left", fontsize=9)
            axes.grid(color="#e4e7ea", linewidth=0.6)
        left.set_yscale("log")
        left.legend(frameon=False, fontsize=8)
        right.set_xlim(left.get_xlim())
        right.set_ylim(bottom=0)
        return _svg(figure)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
