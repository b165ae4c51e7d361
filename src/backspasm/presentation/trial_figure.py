"""Pictures of a virtual trial, as SVG to stand inside a page: courses, differences, and where trials of its size end."""

from __future__ import annotations

import io
from typing import Literal

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from backspasm.cycle.trial.compare import beside_published
from backspasm.cycle.trial.result import TrialResult
from backspasm.inference.cell_evidence import Row
from backspasm.presentation import picture_style
from backspasm.presentation import trial_words as w
from backspasm.presentation.cycle_figure import COLOURS
from backspasm.presentation.forest import CAPTION_LABEL, Plot, described, forest_svg
from backspasm.presentation.picture_style import BLUE, GREY, ORANGE
from backspasm.presentation.words import plain
from backspasm.records.knowledge import Knowledge

LOOP, RIVAL, QUIET = BLUE, ORANGE, GREY
WIDTH = 9.0
#: several pictures stand in one page: their parts have names of their own
STYLE = picture_style.STYLE | {"svg.hashsalt": "backspasm-trial"}
#: rows of the plot of differences: with more, only the primary day is drawn
MOST_ROWS = 24


def courses_svg(r: TrialResult) -> Markup:
    """Mean pain and spasm of every eligible patient under each arm, with the loop (solid) and without it (dashed)."""
    with mpl.rc_context(STYLE):
        return _svg(_courses(r), "Mean course of pain and spasm by arm, with the loop and without it")


def _courses(r: TrialResult) -> Figure:
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    pain, spasm = figure.subplots(1, 2)
    for i, arm in enumerate(r.protocol.arms):
        colour = COLOURS[i % len(COLOURS)]
        for side, style in ((r.loop, "-"), (r.rival, "--")):
            course = side.arms[arm.id].course
            pain.plot(r.days, course.pain, style, color=colour, label=arm.name if style == "-" else None)
            spasm.plot(r.days, course.spasm, style, color=colour)
    pain.set_ylabel("pain (0-100)")
    spasm.set_ylabel("spasm (%MVC above normal)")
    pain.plot([], [], "--", color=QUIET, label="dashed: without the loop")
    for axes in (pain, spasm):
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        axes.set_xlabel("days from entry")
        for day in r.protocol.visits:
            axes.axvline(day, color=QUIET, linewidth=0.6, alpha=0.5)
    pain.legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def ends_svg(r: TrialResult) -> Markup:
    """Where trials of this size end on the primary outcome, with the loop and without it."""
    with mpl.rc_context(STYLE):
        return _svg(_ends(r), "Results of trials of this size, with the loop and without it")


def _ends(r: TrialResult) -> Figure:
    c = r.primary
    o = r.protocol.outcome(c.outcome)
    scale = w.scale(o)
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots()
    middles = [scale * (r.ends.low + (i + 0.5) * r.ends.width) for i in range(len(r.ends.loop))]
    for counts, colour, label, mean in (
        (r.ends.loop, LOOP, "with the loop", c.expected),
        (r.ends.rival, RIVAL, "without the loop", r.without_loop(c).expected),
    ):
        axes.fill_between(middles, counts, step="mid", color=colour, alpha=0.3, label=label)
        axes.axvline(scale * mean, color=colour, linewidth=1.5)
    axes.axvline(0, color=QUIET, linewidth=0.8, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"difference in {w.outcome_name(o)}, day {c.day:g}")
    axes.set_ylabel(f"of {r.replicates:,} trials")
    axes.legend(frameon=False, fontsize=8)
    return figure


def differences_plot(r: TrialResult) -> Plot:
    """The primary outcome of every contrast: one trial, what is expected with the loop and without it."""
    chosen = [c for c in r.loop.contrasts if c.outcome == r.protocol.primary.outcome]
    if len(chosen) * 3 > MOST_ROWS:
        chosen = [c for c in chosen if c.day == r.protocol.primary.day]
    scale = w.scale(r.protocol.outcome(r.protocol.primary.outcome))
    rows = []
    for c in chosen:
        rival = r.without_loop(c)
        caption = f"{w.contrast_name(r.protocol, c)}, day {c.day:g}"
        if len(caption) > CAPTION_LABEL:
            caption = f"{plain(c.arm)} against {plain(c.against)}, day {c.day:g}"
        rows += [
            (caption, _row("study", "one trial (95 %)", c.trial.value, (c.trial.low, c.trial.high), scale)),
            (caption, _row("pooled", "expected, with the loop (90 %)", c.expected, c.range, scale)),
            (caption, _row("opinion", "expected, without it (90 %)", rival.expected, rival.range, scale)),
        ]
    return Plot(tuple(rows), null=0.0)


def differences_svg(r: TrialResult) -> tuple[Markup, str]:
    """The plot, and the same in words."""
    plot = differences_plot(r)
    o = r.protocol.outcome(r.protocol.primary.outcome)
    return forest_svg(plot, f"Difference in {w.outcome_name(o)}", f"d-{r.protocol.id}", styled=False), described(plot)


def published_plot(r: TrialResult, knowledge: Knowledge) -> Plot | None:
    """Published differences that were read with a number, beside the model's; None where there are none."""
    rows = []
    for b in beside_published(r, knowledge):
        if b.given is None:
            continue
        o = r.protocol.outcome(b.published.outcome)
        scale = w.scale(o)
        caption = f"{o.name}, day {b.published.day:g}, {w.unit(o)}: {b.published.fact}"
        rows += [
            (caption, _row("study", "published (95 %)", b.given.value, (b.given.low, b.given.high), scale)),
            (caption, _row("pooled", "with the loop: such trials (95 %)", b.loop.expected, b.loop.results, scale)),
            (caption, _row("opinion", "without it: such trials (95 %)", b.rival.expected, b.rival.results, scale)),
        ]
    return Plot(tuple(rows), null=0.0) if rows else None


def _row(
    kind: Literal["study", "opinion", "pooled"], label: str, value: float, ends: tuple[float, float], scale: float
) -> Row:
    middle, low, high = (round(scale * x, 1) + 0.0 for x in (value, *ends))  # as finely as the tables say it
    return Row(kind, label, middle, low, high)


def _svg(figure: Figure, title: str) -> Markup:
    """The picture without the XML head; the same result gives the same bytes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": title})
    text = buffer.getvalue()
    return Markup(text[text.index("<svg") :])
