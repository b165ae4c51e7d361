"""Pictures of the population fit, as PNG or SVG: targets with what the models show, and profile likelihoods."""

from __future__ import annotations

import math

from backspasm.cycle.fit.likelihood import interval
from backspasm.cycle.fit.profiles import RISE
from backspasm.presentation.cycle_figure import COLOURS, saved
from backspasm.presentation.cycle_fit_words import RIVAL, number, unknown_name
from backspasm.records.cycle_fit_types import FitPlan, FitRecord

#: unit of a target -> title of its panel
PANELS = {"points of 100": "pain (0-100)", "1": "share of patients", "points of 24": "disability (0-24)", "d": "days"}
#: height of a row of the figure, of its frame, inches
ROW, FRAME = 0.28, 1.2
#: a profile is drawn up to this rise of the misfit
HIGHEST = 10.0
COLUMNS = 4


def course_figure(plan: FitPlan, record: FitRecord, form: str) -> bytes:
    """Every target: the published interval as a bar, what the models show as points with their intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = {unit: [t for t in plan.targets if t.unit == unit] for unit in PANELS}
    groups = {unit: own for unit, own in groups.items() if own}
    shown = {f.structure: {p.target: p for p in f.predicted} for f in record.fits}
    sizes = [len(own) + 1 for own in groups.values()]
    figure = Figure(figsize=(11, ROW * sum(sizes) + FRAME * len(sizes)))
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(groups), 1, squeeze=False, gridspec_kw={"height_ratios": sizes, "hspace": 0.45})
    drawn = [(record.main, "with the loop", COLOURS[1], -0.17), (RIVAL, "without the loop", COLOURS[2], 0.17)]
    for axes, (unit, own) in zip(panels[:, 0], groups.items(), strict=True):
        for row, t in enumerate(own):
            low, high = interval(t)
            axes.plot(
                [low, high],
                [row, row],
                color="#b8c4ce",
                lw=9,
                solid_capstyle="butt",
                label="published" if row == 0 else None,
            )
            axes.plot([t.value], [row], "|", color="#333333", ms=11, mew=2)
            for structure, label, colour, shift in drawn:
                if structure in shown:
                    p = shown[structure][t.id]
                    axes.plot([p.low, p.high], [row + shift] * 2, color=colour, lw=1.5)
                    axes.plot([p.median], [row + shift], "o", color=colour, ms=4, label=label if row == 0 else None)
        axes.set_yticks(
            range(len(own)), [("" if t.role == "fitted" else "(held out)  ") + t.says for t in own], fontsize=8
        )
        axes.set_ylim(len(own) - 0.4, -0.6)
        axes.set_title(PANELS[unit], loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].legend(frameon=False, fontsize=8, loc="lower right")
    figure.suptitle(
        "Published figures (95 %) and what the fitted models show (90 %)", x=0.06, y=0.93, ha="left", fontsize=12
    )
    return saved(figure, form)


def profile_figure(plan: FitPlan, record: FitRecord, form: str) -> bytes:
    """For every unknown the smallest misfit with it held fixed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    known = {f.id: f for f in plan.unknowns}
    rows = math.ceil(len(record.profiles) / COLUMNS)
    figure = Figure(figsize=(11, 2.1 * rows + 0.6))
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True, gridspec_kw={"hspace": 0.75}).ravel()
    for axes, p in zip(panels, record.profiles, strict=False):
        f = known[p.id]
        axes.axhline(RISE, color="#999999", lw=0.8, ls=":")
        axes.plot([q.value for q in p.points], [q.above for q in p.points], color=COLOURS[1])
        if f.scale == "log":
            axes.set_xscale("log")
            axes.minorticks_off()
            ticks = [f.low, math.sqrt(f.low * f.high), f.high]
            axes.set_xticks(ticks, [number(x) for x in ticks])
        axes.set_ylim(-0.3, HIGHEST)
        axes.set_title(unknown_name(f), fontsize=9, loc="left")
        axes.tick_params(labelsize=7, which="both")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(record.profiles) :]:
        axes.set_visible(False)
    figure.suptitle(
        "Rise of the smallest misfit with one unknown held fixed (dotted: end of a 90 % interval; a flat line: the data do not tell)",
        x=0.06, y=0.95, ha="left", fontsize=10,
    )  # fmt: skip
    return saved(figure, form)
