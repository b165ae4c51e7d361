"""Virtual trials on a terminal: the rival without the loop stands in every table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backspasm.cycle.trial.compare import beside_published
from backspasm.cycle.trial.result import Contrast, TrialResult
from backspasm.presentation import trial_words as w
from backspasm.presentation.cycle_words import spark
from backspasm.presentation.headings import heading
from backspasm.presentation.trial_compare import compared
from backspasm.presentation.trial_view import Grid, trial_view
from backspasm.presentation.words import DISCLAIMER, plain
from backspasm.records.knowledge import Knowledge

#: points of a sparkline
SPARKS = 12


def print_trial(r: TrialResult, knowledge: Knowledge, console: Console) -> None:
    """One trial; widths follow the console."""
    t = trial_view(r, knowledge)
    console.print(Text.assemble((t.name, "bold"), (f"  {t.id}", "dim")))
    console.print(Text(t.question))
    _pairs(t.design, console)
    console.print(heading("What it says", "simulated, not observed"))
    for line in t.said:
        console.print(Padding(Text(f"· {line}"), (0, 0, 0, 2)))
    _grid(t.flow, console)
    _grid(t.entry, console)
    _courses(r, console)
    for c in r.protocol.compared:
        _contrast(r, c.arm, c.against, console)
    _published(r, knowledge, console)
    console.print()
    for line in (*t.remarks, t.run, DISCLAIMER):
        console.print(Text(line, style="dim"))


def print_comparison(results: Sequence[TrialResult], knowledge: Knowledge, console: Console) -> None:
    """All trials beside what was published."""
    c = compared(results, knowledge)
    console.print(Text("Virtual trials beside the published ones", style="bold"))
    for line in c.said:
        console.print(Text(f"· {line}"))
    for r in results:
        console.print(heading(r.protocol.name, r.protocol.id))
        _published(r, knowledge, console, titled=False)
        # without what is expected and how often it is shown: the table says it
        for line in (*w.what_it_says(r, knowledge)[2:], *r.protocol.remarks):
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))
    console.print()
    for line in (*c.remarks, c.run, DISCLAIMER):
        console.print(Text(line, style="dim"))


def print_list(knowledge: Knowledge, console: Console) -> None:
    """The protocols that ship."""
    table = _table()
    for name in ("id", "arms", "question"):
        table.add_column(name, overflow="fold")
    for p in knowledge.trials.values():
        table.add_row(p.id, " | ".join(f"{a.name} ({a.n})" for a in p.arms), p.question)
    console.print(table)


def _pairs(pairs: Sequence[tuple[str, str]], console: Console) -> None:
    table = _table()
    table.show_header = False
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(name, text)
    console.print(table)


def _grid(grid: Grid, console: Console) -> None:
    console.print(heading(grid.caption))
    table = _table()
    for i, name in enumerate(grid.header):
        table.add_column(name, justify="left" if i == 0 else "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*row)
    console.print(table)


def _courses(r: TrialResult, console: Console) -> None:
    console.print(heading("Course", "mean pain 0-100, and spasm, of all who may enter; dim: without the loop"))
    table = _table()
    last = r.days[-1]
    for name in ("arm", "pain", "day 0", f"day {last:g}", "spasm", "day 0", f"day {last:g}"):
        table.add_column(name, justify="right" if name.startswith("day") else "left", overflow="fold")
    most = max(max(s.arms[a.id].course.spasm) for s in (r.loop, r.rival) for a in r.protocol.arms) or 1.0
    points = [round(i * (len(r.days) - 1) / (SPARKS - 1)) for i in range(SPARKS)]
    for arm in r.protocol.arms:
        for side, label, style in ((r.loop, arm.name, ""), (r.rival, "· no loop", "dim")):
            c = side.arms[arm.id].course
            cells = (
                (label, style), (spark([c.pain[i] for i in points]), style or "cyan"), (f"{c.pain[0]:.0f}", style),
                (f"{c.pain[-1]:.0f}", style), (spark([c.spasm[i] for i in points], most), style or "cyan"),
                (f"{c.spasm[0]:.1f}", style), (f"{c.spasm[-1]:.1f}", style),
            )  # fmt: skip
            table.add_row(*(Text(text, style=s) for text, s in cells))
    console.print(table)


def _contrast(r: TrialResult, arm: str, against: str, console: Console) -> None:
    p = r.protocol
    console.print(heading(f"{w.arm_name(p, arm)} against {w.arm_name(p, against)}"))
    table = _table()
    for name, justify in (
        ("outcome", "left"), ("day", "right"), ("one trial (95 %)", "right"), ("expected", "right"), ("shown", "right"),
        ("no loop", "right"), ("shown", "right"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for c in r.loop.contrasts:
        if (c.arm, c.against) == (arm, against):
            table.add_row(*_cells(r, c), style="bold" if (c.outcome, c.day) == _primary(r) else "")
    console.print(table)


def _primary(r: TrialResult) -> tuple[str, float]:
    return r.protocol.primary.outcome, r.protocol.primary.day


def _cells(r: TrialResult, c: Contrast) -> tuple[str, ...]:
    o, rival = r.protocol.outcome(c.outcome), r.without_loop(c)
    return (
        w.outcome_name(o),
        f"{c.day:g}",
        f"{w.number(o, c.trial.value)} ({w.interval(o, c.trial)})",
        w.number(o, c.expected),
        f"{max(c.shows_better, c.shows_worse):.0%}",
        w.number(o, rival.expected),
        f"{max(rival.shows_better, rival.shows_worse):.0%}",
    )


def _published(r: TrialResult, knowledge: Knowledge, console: Console, titled: bool = True) -> None:
    beside = beside_published(r, knowledge)
    if not beside:
        return
    if titled:
        console.print(heading("Beside what was published"))
    table = _table()
    for name in ("result", "published", "with the loop", "without it", "use"):
        table.add_column(name, overflow="fold")
    for b in beside:
        o = r.protocol.outcome(b.published.outcome)
        table.add_row(
            f"{o.name}, day {b.published.day:g} ({plain(b.loop.arm)} v {plain(b.loop.against)})",
            w.found(b, r.protocol),
            f"{w.number(o, b.loop.expected)}: {w.fit(b)}",
            f"{w.number(o, b.rival.expected)}: {w.fit(b, rival=True)}",
            w.USE[b.published.use],
        )
    console.print(table)


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
