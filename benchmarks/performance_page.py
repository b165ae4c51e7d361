"""The page of performance: one table of ratios, how cost grows, the machine, and two pictures of the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from measures import Asked, Found, Point, Row
from msgspec import Struct
from performance_figures import growth_figure, ratio_figure
from performance_machine import Machine

RATIOS, GROWTH = "performance-ratios.svg", "performance-growth.svg"
#: powers of ten that the growth is shown for
SHOWN = tuple(10**k for k in range(3, 8))
#: processor seconds by which the start of a program differs from run to run: what costs less beyond it cannot be told
TOLD_FROM = 0.2


class Measured(Struct, frozen=True):
    """One run: the machine, what was asked, what each benchmark found, and those that failed.

    ``earlier``: areas that were not measured in this run; they stand as an earlier one found them.
    """

    machine: Machine
    asked: Asked
    areas: dict[str, Found]
    failed: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    @property
    def rows(self) -> list[Row]:
        """Those of one area together."""
        rows = [row for found in self.areas.values() for row in found.rows]
        order = list(dict.fromkeys(row.area for row in rows))
        return sorted(rows, key=lambda row: order.index(row.area))

    @property
    def points(self) -> list[Point]:
        """Those that cost more than the start of the program varies by."""
        return [p for found in self.areas.values() for p in found.points if p.seconds >= TOLD_FROM]


def joined(before: Measured, now: Measured, order: tuple[str, ...]) -> Measured:
    """A run of some parts, with the other parts as they were."""
    areas = {name: now.areas.get(name, before.areas.get(name)) for name in order}
    kept = tuple(name for name, found in areas.items() if found is not None and name not in now.areas)
    there = {name: found for name, found in areas.items() if found is not None}
    return Measured(now.machine, now.asked, there, now.failed, kept)


def write_page(measured: Measured, docs: Path) -> str:
    """Write ``performance.md`` and its pictures; one line on what came out."""
    pictures = docs / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / RATIOS).write_text(ratio_figure(measured.rows), encoding="utf-8")
    if measured.points:
        (pictures / GROWTH).write_text(growth_figure(measured.points, SHOWN[-1]), encoding="utf-8")
    (docs / "performance.md").write_text("\n".join(_page(measured)) + "\n", encoding="utf-8")
    return summary(measured.rows)


def summary(rows: list[Row]) -> str:
    """How many aims were met, and which were not."""
    aimed = [row for row in rows if row.aim is not None]
    missed = [row for row in aimed if not row.met]
    out = f"{len(aimed) - len(missed)} of {len(aimed)} aims met"
    return out + "".join(
        f"\n  missed: {row.what}, beside {row.beside}: {times(row.ratio)}, aim {times(row.aim)}" for row in missed
    )


def times(ratio: float | None) -> str:
    """A ratio in three digits: ``0.615``, ``12.3``, ``1,240``."""
    if ratio is None:
        return "none"
    if ratio >= 100:
        return f"{ratio:,.0f}"
    return f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def cost(value: float) -> str:
    """A cost in three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _page(measured: Measured) -> Iterator[str]:
    asked = measured.asked
    yield "# Performance"
    yield ""
    yield "Written by `make bench` (`benchmarks/performance.py`); the numbers are in [`performance.json`](performance.json)."
    yield "Every ratio says how many times as fast `backspasm` is as what it is set beside, measured in the same run on the same"
    yield "machine: more is better, and an aim is a least ratio. Beside a limit in seconds, 1 is the limit. Absolute times depend on the"
    yield "machine and on what else it does; ratios do much less."
    yield ""
    if asked.quick:
        yield "**A quick run: it shows that everything runs. Its sizes are too small for its ratios to say much.**"
        yield ""
    yield summary(measured.rows).splitlines()[0] + "."
    yield ""
    yield f"![Bars of all ratios on a logarithmic axis, each with its aim](pictures/{RATIOS})"
    yield ""
    yield "| | what | cost | beside | its cost | times as fast | aim | |"
    yield "|---|---|---|---|---|---|---|---|"
    last = ""
    for row in measured.rows:
        verdict = "" if row.met is None else "met" if row.met else "**missed**"
        area, last = ("" if row.area == last else row.area), row.area
        beside = row.beside + (f" ({row.note})" if row.note else "")
        yield (
            f"| {area} | {row.what} | {cost(row.ours)} {row.unit} | {beside} | {cost(row.peer)} | {times(row.ratio)} | "
            f"{'' if row.aim is None else times(row.aim)} | {verdict} |"
        )
    yield from _notes(measured)
    if measured.points:
        yield from _growth(measured.points)
    yield from _machine(measured.machine)
    yield from _how(asked)


def _notes(measured: Measured) -> Iterator[str]:
    said = [what for found in measured.areas.values() for what in found.missing]
    said += [f"{name}: the benchmark failed in this run" for name in measured.failed]
    said += [f"{name}: not measured in this run; from an earlier one" for name in measured.earlier]
    if said:
        yield ""
        yield "Not in the table, or not of this run:"
        yield ""
        yield from (f"- {what}" for what in said)


def _growth(points: list[Point]) -> Iterator[str]:
    yield ""
    yield "## How cost grows"
    yield ""
    yield f"![Processor seconds against number, both logarithmic; measured points and what they project to](pictures/{GROWTH})"
    yield ""
    yield "Processor seconds without the start of the program, of one process. *Projected* is the largest measured cost for each, times the"
    yield "number: it is no measurement. Sizes that cost less than that start varies by (0.2 s) are left out. Memory is the peak of"
    yield "a process."
    for series in dict.fromkeys(point.series for point in points):
        own = sorted((p for p in points if p.series == series), key=lambda p: p.count)
        yield ""
        yield f"| {series} | processor s | for each, µs | memory, MB | |"
        yield "|---|---|---|---|---|"
        for point in own:
            memory = "" if point.memory is None else f"{point.memory:,.0f}"
            yield f"| {point.count:,} | {cost(point.seconds)} | {cost(1e6 * point.seconds / point.count)} | {memory} | measured |"
        each = own[-1].seconds / own[-1].count
        for count in SHOWN:
            if count > own[-1].count:
                yield f"| {count:,} | {cost(each * count)} | {cost(1e6 * each)} | | projected |"


def _machine(machine: Machine) -> Iterator[str]:
    yield ""
    yield "## The machine"
    yield ""
    yield f"{machine.day}: {machine.processor}, {machine.cores} cores, {machine.memory_gb:g} GB, {machine.system}, Python {machine.python};"
    yield f"{machine.load:g} processes waited on average when the run began."
    yield ", ".join(f"{name} {number}" for name, number in machine.packages.items()) + "."


def _how(asked: Asked) -> Iterator[str]:
    yield ""
    yield "## Measuring again"
    yield ""
    yield "    make bench                          about ten minutes on two cores"
    yield '    make bench BENCH="--quick"          whether everything runs'
    yield '    make bench BENCH="--patients 20000 --largest 10000000 --largest-records 200000 --spark"'
    yield '    make bench BENCH="--only notes"     one part; the others stay as they were'
    yield ""
    yield f"This run: {asked.patients:,} patients with records; growth up to {asked.largest:,} cases and"
    yield f"{asked.largest_records:,} patients with records; {asked.seconds:g} s of load for each kind of request. Processor time is the"
    yield "least of several runs, of one thread where the peer uses one; the service and its peer are loaded in turns."
