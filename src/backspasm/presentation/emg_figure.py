"""A picture of a recording: the envelope of each channel with the phases behind it, and the trunk's angle."""

from __future__ import annotations

import io
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from backspasm.patients.from_emg import Analysis, envelope
from backspasm.presentation import emg_words, picture_style

#: one colour a phase, told apart by hatching too
PHASE_STYLE: dict[str, tuple[str, str]] = {
    "rest": ("#eef1f4", ""),
    "flexion": ("#cfe3f5", "//"),
    "full_flexion": ("#fdeac2", ""),
    "extension": ("#d8eed8", "\\\\"),
}
INK, ANGLE, MARK = "#16202a", "#c2571a", "#a3001b"
WIDTH, ROW = 9.0, 1.9
#: points drawn a channel; more cannot be seen
POINTS = 3000
STYLE = picture_style.STYLE | {"hatch.linewidth": 0.3}


def picture(analysis: Analysis, kind: Literal["png", "svg"]) -> bytes:
    """The picture as a file; the same analysis gives the same bytes."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        _figure(analysis).savefig(buffer, format=kind, dpi=130, metadata=metadata)
    return buffer.getvalue()


def svg(analysis: Analysis) -> str:
    """The picture to stand inside a page, without the XML head."""
    text = picture(analysis, "svg").decode()
    return text[text.index("<svg") :]


def _figure(analysis: Analysis) -> Figure:
    rows = len(analysis.muscles) + (analysis.recording.angle is not None)
    figure = Figure(figsize=(WIDTH, ROW * rows + 0.9), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, 1, sharex=True))
    time = np.arange(analysis.recording.samples) / analysis.recording.rate_hz
    thin = slice(None, None, max(1, len(time) // POINTS))
    for axis, muscle, channel in zip(axes, analysis.muscles, analysis.channels, strict=False):
        level = envelope(muscle)
        axis.fill_between(time[thin], level[thin], color=INK, alpha=0.25, linewidth=0)
        axis.plot(time[thin], level[thin], color=INK, linewidth=0.7)
        for onset in (t for bend in analysis.onsets for t in bend):
            if onset is not None:
                axis.axvline(onset, color=MARK, linewidth=0.8, linestyle=":")
        axis.set_ylim(bottom=0)
        axis.set_ylabel("µV (RMS, 0.1 s)")
        ratio = emg_words.ratio_text(channel.ratio.value, channel.ratio.at_least) if channel.ratio else "not measured"
        axis.set_title(f"{channel.name} ({channel.side}): flexion-relaxation ratio {ratio}", loc="left", fontsize=9)
    if analysis.recording.angle is not None:
        axes[-1].plot(time[thin], analysis.recording.angle.values[thin], color=ANGLE, linewidth=1.2)
        axes[-1].set_ylabel("trunk angle (deg)")
    for axis in axes:
        _shade(axis, analysis)
        axis.set_xlim(0, time[-1])
    axes[-1].set_xlabel("seconds")
    handles: list[Any] = [
        Patch(facecolor=c, hatch=h, edgecolor="#8a8f98", label=n.replace("_", " ")) for n, (c, h) in PHASE_STYLE.items()
    ]
    handles.append(mpl.lines.Line2D([], [], color=MARK, linestyle=":", label="onset"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    made_up = f"{emg_words.SYNTHETIC} " if analysis.recording.synthetic else ""
    figure.suptitle(f"{made_up}{analysis.recording.name}", fontsize=10)
    return figure


def _shade(axis: Any, analysis: Analysis) -> None:
    spans = [("rest", s) for s in analysis.phases.rest]
    for bend in analysis.phases.bends:
        spans += [("flexion", bend.flexion), ("full_flexion", bend.full), ("extension", bend.extension)]
    for phase, span in spans:
        colour, hatch = PHASE_STYLE[phase]
        axis.axvspan(span.start, span.end, facecolor=colour, hatch=hatch, edgecolor="#b9c0c7", linewidth=0, zorder=-1)
