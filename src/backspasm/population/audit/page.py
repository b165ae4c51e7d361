"""The audit as one HTML page that needs nothing else, on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from markupsafe import Markup

from backspasm.population.audit.counts import DIMENSIONS, EVERYBODY
from backspasm.population.audit.measures import ALERTS, MEASURES
from backspasm.population.audit.results import Alert, Audit, Rate, Times
from backspasm.presentation.bars import interval_bar
from backspasm.presentation.headings import heading
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.rendering import rendered, safe_text
from backspasm.presentation.words import URGENCY, plain
from backspasm.probability import Estimate
from backspasm.records.knowledge import Knowledge

if TYPE_CHECKING:
    from rich.console import Console

NAMES = {
    "site": "site", "clinician_group": "clinician group", "age_band": "age band", "sex": "sex", "setting": "setting",
    "urgency": "urgency",
}  # fmt: skip
HIDDEN = "not shown"
#: alerts that rest on rules alone, of which the model says no precision
BY_RULE = frozenset({"prescribing_card"})
Row = TypeVar("Row", Rate, Times)


def audit_page(found: Audit, knowledge: Knowledge) -> bytes:
    """The whole page."""
    return rendered(
        "audit.html.j2",
        k=knowledge,
        forest_style="",
        encounters=f"{found.encounters:,}",
        measures=[_measure(m.id, m.name, m.of, found) for m in MEASURES],
        times=[
            {"name": NAMES[d], "rows": [_time(t) for t in rows]} for d, rows in _by_dimension(found.times) if d in NAMES
        ],
        everybody_time=_in_words(next(t for t in found.times if t.dimension == "all")),
        alerts=[_alert(a) for a in found.alerts if a.dimension == "all"],
        window=f"{found.window:g}",
        before=f"{found.before:g}",
        small_cell=f"{found.small_cell:g}",
        hidden=sum(r.count is None for r in found.rates) + sum(t.of is None for t in found.times),
        digests=list(found.digests),
    )


def audit_json(found: Audit) -> bytes:
    """All rows as JSON."""
    return json_bytes(found)


def print_audit(found: Audit, console: Console) -> None:
    """What holds for all, and where it differs by site."""
    from rich.table import Table

    console.print(f"Audit of {found.encounters:,} encounters for back pain. A candidate is a record to look at.")
    for title, dimension in (("Everybody", "all"), ("By site", "site")):
        table = Table(box=None, pad_edge=False)
        for i, column in enumerate(("", "candidates", "of", "share", "95 % interval")):
            table.add_column(column, justify="right" if 0 < i < 4 else "left")
        for measure in MEASURES:
            for r in (r for r in found.rates if r.measure == measure.id and r.dimension == dimension):
                shown = _rate(r)
                name = measure.name if dimension == "all" else f"{measure.name}, {shown['group']}"
                cells = (
                    (HIDDEN, "", "", "")
                    if shown["hidden"]
                    else tuple(str(shown[c]) for c in ("count", "of", "share", "interval"))
                )
                table.add_row(safe_text(name), *cells)
        console.print(heading(title))
        console.print(table)
    console.print(
        heading("What would switching alerts on do?", "expected precision: at least, by the model's own chances")
    )
    for a in (_alert(a) for a in found.alerts if a.dimension == "all"):
        if a["hidden"]:
            console.print(f"  {a['name']}: {HIDDEN}")
        else:
            precise = f"; expected precision {a['precision']} ({a['precision_interval']})" if a["precision"] else ""
            console.print(f"  {a['name']}: {a['per_100']} per 100 encounters ({a['interval']}){precise}")


def _measure(name: str, title: str, of: str, found: Audit) -> dict[str, Any]:
    rows = [r for r in found.rates if r.measure == name]
    overall = next(_rate(r) for r in rows if r.dimension == "all")
    if overall["hidden"]:
        overall |= {"share": HIDDEN, "interval": "small numbers", "counts": "", "bar": ""}
    else:
        overall["counts"] = f"{overall['count']} of {overall['of']}"
    dimensions = [{"name": NAMES[d], "rows": [_rate(r) for r in own]} for d, own in _by_dimension(rows) if d in NAMES]
    return {"id": name, "name": title, "of": of, "overall": overall, "dimensions": dimensions}


def _by_dimension(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    listed = list(rows)
    return [(d, own) for d in DIMENSIONS if (own := [r for r in listed if r.dimension == d])]


def _group(name: str) -> str:
    """A group by its name on the page: without the type of the resource."""
    if name == EVERYBODY:
        return "everybody"
    if name in URGENCY:
        return plain(name)
    return plain(name.rsplit("/", 1)[-1])


def _rate(r: Rate) -> dict[str, Any]:
    if r.count is None or r.of is None:
        return {"group": _group(r.group), "hidden": True}
    shown: dict[str, Any] = {"group": _group(r.group), "hidden": False, "count": f"{r.count:,}", "of": f"{r.of:,}"}
    if r.share is None or r.low is None or r.high is None:
        return shown | {"share": "–", "interval": "nobody", "bar": ""}
    bar: Markup = interval_bar(Estimate(r.share, r.low, r.high), shown["group"], "95 %")
    return shown | {"share": _percent(r.share), "interval": _range(r.low, r.high, _percent), "bar": bar}


def _time(t: Times) -> dict[str, Any]:
    days = ["not reached" if d is None else f"{d:g}" for d in (t.quarter, t.half, t.three_quarters)]
    return {
        "group": _group(t.group),
        "hidden": t.of is None,
        "of": f"{t.of or 0:,}",
        "days": days if t.of else ["–"] * 3,
    }


def _in_words(t: Times) -> str:
    """Of all encounters, in one sentence."""
    if t.of is None:
        return "Not shown: small numbers."
    if not t.of:
        return "No safety rule asked for urgent care."
    shares = zip(("a quarter", "half", "three quarters"), (t.quarter, t.half, t.three_quarters), strict=True)
    parts = [f"{share} by day {day:g}" if day is not None else f"{share} not reached" for share, day in shares]
    return f"Of {t.of:,} encounters {', '.join(parts)}."


def _alert(a: Alert) -> dict[str, Any]:
    name = next(x.name for x in ALERTS if x.id == a.alert)
    if a.per_100 is None or a.per_100_low is None or a.per_100_high is None:
        return {"name": name, "hidden": True}
    shown = {
        "name": name,
        "hidden": False,
        "cards": f"{a.cards:,}",
        "per_100": f"{a.per_100:.1f}",
        "interval": _range(a.per_100_low, a.per_100_high, lambda x: f"{x:.1f}"),
        "precision": "",
        "precision_interval": "",
    }
    told = None not in (a.precision, a.precision_low, a.precision_high) and a.alert not in BY_RULE
    if told and a.precision is not None and a.precision_low is not None and a.precision_high is not None:
        shown["precision"] = _percent(a.precision)
        shown["precision_interval"] = _range(a.precision_low, a.precision_high, _percent)
    return shown


def _percent(p: float) -> str:
    return f"{100 * p:.1f} %"


def _range(low: float, high: float, shown: Callable[[float], str]) -> str:
    return f"{shown(low).removesuffix(' %')} to {shown(high)}"
