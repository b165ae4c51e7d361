"""Forest plots: every study of one cell, the opinions, and what they give together; or the effects of treatments in trials.
As SVG, and as text for a terminal.

One layout for screens of every width: the label and the numbers stand above each line. The same cell gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log2, log10

from markupsafe import Markup, escape

from backspasm.inference.cell_evidence import CellEvidence, Row

#: the drawing in its own units, about pixels on a phone
WIDTH, LEFT, RIGHT = 400, 8, 392
LINE, CAPTION, AXIS = 34, 22, 34
#: characters of a label, and of a caption, before it is cut
LABEL, CAPTION_LABEL = 38, 64
#: columns of the plot on a terminal
COLUMNS = 48
CAPTIONS = {
    "study": "Studies: 95 % interval · weight",
    "opinion": "Opinions of estimators (assumed): 90 % range",
    "pooled": "Pooled: 90 % interval for the next setting",
}

#: the same in the width of a terminal's column
SHORT = {"study": "studies (95 %), weight", "opinion": "opinions, assumed (90 %)", "pooled": "next setting (90 %)"}


@dataclass(frozen=True)
class Plot:
    """Rows to be drawn, each under a caption that is written where it changes.

    ``null``: the value of no effect, drawn as a line. ``log``: a ratio, on a scale where twice and half are as far from 1.
    """

    rows: tuple[tuple[str, Row], ...]
    percent: bool = False
    null: float | None = None
    log: bool = False


def plot_of(cell: CellEvidence) -> Plot:
    """A cell of the model as a plot."""
    return Plot(tuple((CAPTIONS[row.kind], row) for row in cell.rows), percent=cell.kind != "value")


@dataclass(frozen=True)
class Axis:
    """The range shown, and where its ticks stand."""

    low: float
    high: float
    ticks: tuple[float, ...]
    percent: bool
    log: bool = False

    def place(self, value: float, left: float, right: float) -> float:
        """Where a value stands between two ends; outside values stand at the end."""
        if self.log:
            share = log2(max(value, self.low) / self.low) / log2(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return left + (right - left) * min(max(share, 0.0), 1.0)

    def label(self, value: float) -> str:
        return f"{_short(100 * value)} %" if self.percent else _short(value)


def axis_of(drawn: CellEvidence | Plot) -> Axis:
    """From zero for rates, to the next round number above all intervals; values from below the least to above the most."""
    plot = plot_of(drawn) if isinstance(drawn, CellEvidence) else drawn
    ends = [x for x in _ends(plot) if x is not None]
    if plot.log:
        return _log_axis(min(ends), max(ends))
    low = 0.0 if plot.percent else min(ends)
    high = max(ends)
    step = _round_step((high - low) / 4 or 1.0)
    first = 0.0 if plot.percent else floor(low / step) * step
    count = ceil((high - first) / step - 1e-9)
    if plot.percent:
        count = min(count, ceil(1 / step))
    ticks = tuple(round(first + i * step, 10) + 0.0 for i in range(max(count, 1) + 1))
    if plot.percent and ticks[-1] > 1:
        ticks = (*(t for t in ticks if t < 1), 1.0)
    return Axis(ticks[0], ticks[-1], ticks, plot.percent)


def _ends(plot: Plot) -> Iterator[float | None]:
    yield plot.null
    for _, row in plot.rows:
        yield from (row.value, row.low, row.high)


def _log_axis(low: float, high: float) -> Axis:
    """Ticks at powers of two."""
    first = floor(log2(low))
    last = max(ceil(log2(high)), first + 1)
    ticks = tuple(2.0**i for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, percent=False, log=True)


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, ... at or above a step."""
    scale = 10.0 ** floor(log10(rough))
    return next(m * scale for m in (1, 2, 5, 10) if m * scale >= rough - 1e-12)


def _short(value: float) -> str:
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{round(value, 1):g}" if abs(value) >= 1 else f"{value:.2g}"


def numbers(row: Row, axis: Axis) -> str:
    """Value with interval, as text."""
    if row.value is None:
        return row.remark or "no single value"
    scale = 100 if axis.percent else 1
    text = _short(scale * row.value)
    if row.low is not None and row.high is not None:
        dash = " to " if row.low < 0 else "–"
        text += f" ({_short(scale * row.low)}{dash}{_short(scale * row.high)})"
    return f"{text} %" if axis.percent else text


def described(drawn: CellEvidence | Plot) -> str:
    """The plot in words, for those who do not see it."""
    plot = plot_of(drawn) if isinstance(drawn, CellEvidence) else drawn
    axis = axis_of(plot)
    return "; ".join(f"{row.label}: {numbers(row, axis)}" for _, row in plot.rows)


def forest_svg(drawn: CellEvidence | Plot, title: str, key: str, styled: bool = True) -> Markup:
    """The plot as one SVG element. ``key`` keeps its ids apart from others on a page.

    Args:
        styled: whether it carries its own style sheet; a page with many plots holds it once.
    """
    plot = plot_of(drawn) if isinstance(drawn, CellEvidence) else drawn
    axis = axis_of(plot)
    parts: list[str] = []
    y = 4.0
    above = ""
    marks: list[str] = []
    for caption, row in plot.rows:
        if caption != above:
            above = caption
            y += CAPTION
            marks.append(f'<text class="fc" x="{LEFT}" y="{y - 6:.1f}">{escape(_cut(caption, CAPTION_LABEL))}</text>')
        marks.append(_row(row, axis, y))
        y += LINE
    for tick in axis.ticks:
        x = axis.place(tick, LEFT, RIGHT)
        grid = "fg fz" if tick == plot.null else "fg"
        parts.append(f'<line class="{grid}" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{y:.1f}"/>')
        anchor = "start" if tick == axis.ticks[0] else "end" if tick == axis.ticks[-1] else "middle"
        parts.append(f'<text class="ft" x="{x:.1f}" y="{y + 16:.1f}" text-anchor="{anchor}">{axis.label(tick)}</text>')
    parts.append(f'<line class="fa" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    height = y + AXIS - 8
    style = f"<style>{STYLE}</style>" if styled else ""
    return Markup(
        f'<svg class="forest" role="img" aria-labelledby="{key}-t {key}-d" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(described(plot))}</desc>'
        f"{style}{''.join(parts)}{''.join(marks)}</svg>"
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


#: also of a plot that stands alone; a page may override the colours
STYLE = (
    ".forest .fg{stroke:currentColor;opacity:.16}.forest .fz{opacity:.6}.forest .fa{stroke:currentColor;opacity:.6}"
    ".forest .ft,.forest .fc{font-size:11px;opacity:.82}.forest .fc{font-style:italic}"
    ".forest .fw{stroke:currentColor;stroke-width:1.6}.forest .fo{stroke-dasharray:3 3}"
    ".forest .fh{fill:none;stroke:currentColor;stroke-width:1.6}.forest .fp{fill:var(--mark,#0b5cad);stroke:none}"
    ".forest .fn{text-anchor:end;font-variant-numeric:tabular-nums}.forest .fb{font-weight:600}"
)


def _row(row: Row, axis: Axis, y: float) -> str:
    bold = " fb" if row.kind == "pooled" else ""
    name = _cut(row.label, LABEL)
    text = numbers(row, axis)
    if row.weight is not None:
        text += f" · {100 * row.weight:.0f} %"
    # what is no single value is long, and has no mark: it stands where the line would be
    line = 11 if row.value is not None else 25
    out = [
        f'<text class="{bold.strip() or "fl"}" x="{LEFT}" y="{y + 11:.1f}">{escape(name)}</text>',
        f'<text class="fn{bold}" x="{RIGHT}" y="{y + line:.1f}">{escape(_cut(text, CAPTION_LABEL))}</text>',
    ]
    if row.value is None:
        return "".join(out)
    middle = y + 22
    x = axis.place(row.value, LEFT, RIGHT)
    if row.low is not None and row.high is not None:
        a, b = axis.place(row.low, LEFT, RIGHT), axis.place(row.high, LEFT, RIGHT)
        if row.kind == "pooled":
            points = f"{a:.1f},{middle:.1f} {x:.1f},{middle - 6:.1f} {b:.1f},{middle:.1f} {x:.1f},{middle + 6:.1f}"
            return "".join([*out, f'<polygon class="fp" points="{points}"/>'])
        dashed = " fo" if row.kind == "opinion" else ""
        out.append(f'<line class="fw{dashed}" x1="{a:.1f}" x2="{b:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>')
    if row.kind == "opinion":
        out.append(f'<circle class="fh" cx="{x:.1f}" cy="{middle:.1f}" r="4"/>')
    else:
        half = 3 + 5 * (row.weight if row.weight is not None else 0.3) ** 0.5
        out.append(f'<rect x="{x - half:.1f}" y="{middle - half:.1f}" width="{2 * half:.1f}" height="{2 * half:.1f}"/>')
    return "".join(out)


def forest_text(cell: CellEvidence, columns: int = COLUMNS) -> list[tuple[Row, str, str]]:
    """For each row: the row, its line of so many characters, and its numbers."""
    axis = axis_of(cell)
    return [(row, _line(row, axis, columns), numbers(row, axis)) for row in cell.rows]


def axis_text(cell: CellEvidence, columns: int = COLUMNS) -> str:
    """The axis under the text plot: its ends and its middle tick."""
    axis = axis_of(cell)
    first, last = axis.label(axis.low), axis.label(axis.high)
    middle = axis.label((axis.low + axis.high) / 2)
    gap = columns - len(first) - len(middle) - len(last)
    return first + " " * (gap // 2) + middle + " " * (gap - gap // 2) + last


def _line(row: Row, axis: Axis, columns: int) -> str:
    bar, mark = {"study": ("─", "■"), "opinion": ("┄", "○"), "pooled": ("━", "◆")}[row.kind]
    out = [" "] * columns
    if row.value is None:
        return "".join(out)
    if row.low is not None and row.high is not None:
        a, b = (round(axis.place(x, 0, columns - 1)) for x in (row.low, row.high))
        out[a : b + 1] = [bar] * (b - a + 1)
    out[round(axis.place(row.value, 0, columns - 1))] = mark
    return "".join(out)
