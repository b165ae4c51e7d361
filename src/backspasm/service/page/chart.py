"""The course to expect as a chart: one SVG without scripts or styles of its own; the page's style sheet shows one option at a time.

Classes: ``arm0`` is untreated, ``arm1`` and on are the options; ``loop`` with the pain-spasm-pain loop, ``rival`` without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from backspasm.cycle.one_patient import Arm, Band, Expected
from backspasm.presentation.cycle_words import course_table, option_name, persistence_words, told_apart
from backspasm.records.cycle_types import CycleRecords

#: the drawing in its own units: about pixels on a phone
WIDTH, LEFT, RIGHT = 400, 34, 392
PAIN_TOP, PAIN_FOOT = 14, 170
SPASM_TOP, SPASM_FOOT = 206, 262
HEIGHT = 284
#: points of pain of the axis
MOST_PAIN = 100
PAIN_TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class ArmView:
    """An option: its class, name, prescription, and the chart in words."""

    key: str
    name: str
    prescription: str
    in_words: str


@dataclass(frozen=True)
class ChartView:
    plot: Markup
    arms: tuple[ArmView, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    said: tuple[str, ...]
    draws: int


def chart_view(e: Expected, cycle: CycleRecords) -> ChartView:
    """The chart with its options, and the same as a table."""
    header, rows = course_table(e, cycle)
    arms = tuple(
        ArmView(f"arm{i}", option_name(name, cycle), e.options.get(name, ""), _in_words(arm, e.rival[name], e))
        for i, (name, arm) in enumerate(e.arms.items())
    )
    said = (persistence_words(e), told_apart(e), *e.remarks)
    return ChartView(_drawn(e, cycle), arms, tuple(header), tuple(map(tuple, rows)), said, e.draws)


def _in_words(arm: Arm, rival: Arm, e: Expected) -> str:
    last = len(e.days) - 1
    middle = min(range(len(e.days)), key=lambda i: abs(e.days[i] - e.days[last] / 12))
    parts = [
        f"day {e.days[i]:g}: {_plain(arm.pain.median[i])}, without the loop {_plain(rival.pain.median[i])}"
        for i in (0, middle, last)
    ]
    return f"Median pain on 0 to 100, {'; '.join(parts)}."


def _plain(value: float) -> str:
    return f"{value + 0.0:.0f}"


def _drawn(e: Expected, cycle: CycleRecords) -> Markup:
    parts = [*_axes(e)]
    top = max(max(max(b) for b in (a.spasm.median, a.spasm.high)) for a in (*e.arms.values(), *e.rival.values()))
    most = top or 1.0
    for i, name in enumerate(e.arms):
        for kind, arm in (("rival", e.rival[name]), ("loop", e.arms[name])):
            pain = _lines(e, arm.pain, MOST_PAIN, PAIN_TOP, PAIN_FOOT)
            spasm = _lines(e, arm.spasm, most, SPASM_TOP, SPASM_FOOT)
            parts.append(f'<g class="arm arm{i} {kind}">{pain}{spasm}</g>')
    title = "Course to expect: pain and spasm over days, simulated"
    words = " ".join(f"{option_name(n, cycle)}: {_in_words(a, e.rival[n], e)}" for n, a in e.arms.items())
    return Markup(
        f'<svg class="course" role="img" aria-labelledby="course-t course-d" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">'
        f'<title id="course-t">{escape(title)}</title><desc id="course-d">{escape(words)}</desc>{"".join(parts)}</svg>'
    )


def _axes(e: Expected) -> list[str]:
    out = [f'<text class="ax" x="{LEFT}" y="{PAIN_TOP - 4}">Pain, 0 to 100</text>']
    for tick in PAIN_TICKS:
        y = _y(tick, MOST_PAIN, PAIN_TOP, PAIN_FOOT)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text class="ax" x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    out.append(f'<text class="ax" x="{LEFT}" y="{SPASM_TOP - 6}">Spasm, reflex activity above normal</text>')
    out.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{SPASM_FOOT}" y2="{SPASM_FOOT}"/>')
    for day in _day_ticks(e.days[-1]):
        x = _x(day, e)
        for a, b in ((PAIN_TOP, PAIN_FOOT), (SPASM_TOP, SPASM_FOOT)):
            out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{a}" y2="{b}"/>')
        anchor = "start" if day == 0 else "end" if x > RIGHT - 12 else "middle"
        label = "today" if day == 0 else f"{day / 7:g} weeks"
        out.append(f'<text class="ax" x="{x:.1f}" y="{SPASM_FOOT + 15}" text-anchor="{anchor}">{label}</text>')
    return out


def _day_ticks(last: float) -> tuple[float, ...]:
    quarter = last / 4
    step = max(7.0, round(quarter / 7) * 7.0)
    return tuple(step * i for i in range(int(last // step) + 1))


def _lines(e: Expected, band: Band, most: float, top: float, foot: float) -> str:
    xs = [_x(d, e) for d in e.days]

    def points(values: tuple[float, ...]) -> list[str]:
        return [f"{x:.1f},{_y(v, most, top, foot):.1f}" for x, v in zip(xs, values, strict=True)]

    area = " ".join((*points(band.low), *reversed(points(band.high))))
    return f'<polygon class="band" points="{area}"/><polyline class="mid" points="{" ".join(points(band.median))}"/>'


def _x(day: float, e: Expected) -> float:
    return LEFT + (RIGHT - LEFT) * day / e.days[-1]


def _y(value: float, most: float, top: float, foot: float) -> float:
    return foot - (foot - top) * min(max(value / most, 0.0), 1.0)
