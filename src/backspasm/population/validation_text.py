"""Validation in words: tables on a terminal, and the fixed JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backspasm.population.calibration import Calibration
from backspasm.population.case_scores import Miss, Scores, Share
from backspasm.population.dependence import Dependence
from backspasm.population.reliability import Bin
from backspasm.population.rule_validation import Driver, Explained, Interval
from backspasm.presentation import words
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge

#: measures that are not shares
RATIOS = frozenset({"lr_pos", "lr_neg"})
#: how many findings of a miss are named
SHOWN = 4
#: columns of the table of rules on a terminal
RULE_WIDTHS = (1, 12, 22, 22, 5, 9)
MEASURE_WORDS: dict[str, str] = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "lr_pos": "LR+",
    "lr_neg": "LR−",
    "prevalence": "prevalence",
}


class Validation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whatever was asked for."""

    rules: tuple[Explained, ...] | None = None
    cases: Scores | None = None
    calibration: Calibration | None = None
    dependence: tuple[Dependence, ...] | None = None
    remarks: tuple[str, ...] = ()


def validation_json(found: Validation) -> bytes:
    """Rules alone are a list of comparisons; with cases or calibration an object with a field for each part asked for."""
    rules = None if found.rules is None else [e.comparison for e in found.rules]
    parts: dict[str, Any] = {"rules": rules, "cases": found.cases, "calibration": found.calibration}
    parts["dependence"] = found.dependence
    parts = {key: value for key, value in parts.items() if value is not None}
    data = rules if set(parts) == {"rules"} else parts
    return json_bytes(data)


def print_validation(found: Validation, knowledge: Knowledge, console: Console) -> None:
    """Every part that was asked for."""
    if found.rules is not None:
        _print_rules(found.rules, knowledge, console)
    for remark in found.remarks:
        console.print(Text(f"· {remark}", style="yellow"))
    if found.cases is not None:
        _print_scores(found.cases, knowledge, console)
    if found.calibration is not None:
        _print_calibration(found.calibration, knowledge, console)
    if found.dependence is not None:
        _print_dependence(found.dependence, knowledge, console)


def _print_dependence(rows: tuple[Dependence, ...], knowledge: Knowledge, console: Console) -> None:
    console.print(Text("How findings go together: the model (90 %) beside studies (95 %)", style="bold"))
    for names, among, measure, model, studies, _ in dependence_rows(rows, knowledge):
        console.print(Text.assemble((names, "bold"), (f"  {among}", "dim")))
        told = studies.split("\n") if studies != "none" else ["no study on file reports it"]
        for line in (f"{measure}: model {model}", *(f"study {t}" if studies != "none" else t for t in told)):
            console.print(Padding(Text(line), (0, 0, 0, 4)))
    for line in dict.fromkeys(line for d in rows if not d.reported for line in d.searched):
        console.print(Text(f"· searched {line}", style="dim"))


DEPENDENCE_HEAD = ("findings", "among", "measure", "model (90 %)", "studies (95 %)", "searched")


def dependence_rows(rows: tuple[Dependence, ...], knowledge: Knowledge) -> list[list[str]]:
    """Cells of the table, one row a pair."""
    out = []
    for d in rows:
        names = [words.finding_name(f, knowledge) for f in (d.pair.finding, d.pair.other)]
        given = ", ".join(g.replace("_", " ") for g in d.pair.given) or "all adults"
        among = f"{given}, {d.pair.setting.replace('_', ' ')}"
        said = "\n".join(
            f"{correlation_words(r.correlation)} {r.address}"
            + ("" if r.model is None else f" (model at its cut-offs {r.model:.2f})")
            for r in d.reported
        )
        out.append(
            [" – ".join(names), among, d.measure, correlation_words(d.model), said or "none", "\n".join(d.searched)]
        )
    return out


def correlation_words(found: Interval) -> str:
    """A correlation with its interval, two decimals."""
    if found.low is None or found.high is None:
        return f"{found.value:.2f}"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _print_rules(rules: tuple[Explained, ...], knowledge: Knowledge, console: Console) -> None:
    console.print(Text("Published rules on the model's own patients", style="bold"))
    console.print(_rule_row(("measure", "model (90 %)", "study (95 %)", "agree", "drawn"), "dim"))
    for name, rows in by_rule(rules).items():
        console.print(Text.assemble((name, "bold"), (f"  {rows[0].source}", "dim")))
        for e in rows:
            c = e.comparison
            drawn = "" if e.drawn is None else shown(c.measure, e.drawn)
            agree = "yes" if c.overlap else "NO"
            cells = (MEASURE_WORDS[c.measure], interval(c.measure, c.model), interval(c.measure, c.study), agree, drawn)
            console.print(_rule_row(cells, "" if c.overlap else "red"))
    console.print("\n" + summary(rules))
    for e in rules:
        if not e.comparison.overlap:
            console.print("· " + explanation(e, knowledge))


def _rule_row(cells: tuple[str, ...], style: str) -> Table:
    """One line of the table of rules; every line has the same columns, and fits 80 characters."""
    table = Table.grid(padding=(0, 1))
    for width in RULE_WIDTHS:
        table.add_column(width=width)
    table.add_row("", *(Text(cell, style=style) for cell in cells))
    return table


def by_rule(rules: tuple[Explained, ...]) -> dict[str, list[Explained]]:
    """The figures of each rule, in order."""
    out: dict[str, list[Explained]] = {}
    for e in rules:
        out.setdefault(e.comparison.id, []).append(e)
    return out


def summary(rules: tuple[Explained, ...]) -> str:
    """How many agree, counted by figure and by rule."""
    verdicts = [[e.comparison.overlap for e in rows] for rows in by_rule(rules).values()]
    widths = [
        (e.comparison.model.high or 0) - (e.comparison.model.low or 0)
        for e in rules
        if e.comparison.measure not in RATIOS
    ]
    widest = f" Widest interval of the model, ratios aside: {max(widths):.2f}." if widths else ""
    lone = sum(e.comparison.study.low is None for e in rules)
    without = (
        f" {lone} of the studies' figures have no interval: there the value must lie in the model's." if lone else ""
    )
    return (
        f"{sum(e.comparison.overlap for e in rules)} of {len(rules)} figures agree; of {len(verdicts)} rules "
        f"{sum(map(all, verdicts))} in all their figures, {sum(map(any, verdicts))} in at least one.{widest}{without} Each "
        "rule's own study was left out of the fit, where it is on file."
    )


def explanation(e: Explained, knowledge: Knowledge) -> str:
    """Why a figure does not agree, as far as the rule's findings tell."""
    c = e.comparison
    high = c.model.value > c.study.value
    text = f"{c.id}, {MEASURE_WORDS[c.measure]}: the model is too {'high' if high else 'low'}"
    text += f" ({interval(c.measure, c.model)} against {interval(c.measure, c.study)})."
    if c.measure == "prevalence":
        most = sorted(e.drivers, key=lambda d: -d.rate.value)[:SHOWN]
        more = f"; and {len(e.drivers) - SHOWN} rarer" if len(e.drivers) > SHOWN else ""
        shares = "; ".join(_driver(d, "", knowledge) for d in most)
        return f"{text} It is a sum of base rates: {shares}{more}. `backspasm evidence CAUSE` opens each."
    group = "targets" if c.measure in {"sensitivity", "lr_pos"} else "those compared with"
    ranked = sorted(e.drivers, key=lambda d: -abs(d.without - c.model.value))[:SHOWN]
    return text + f" Among {group}: " + "; ".join(_driver(d, c.measure, knowledge) for d in ranked) + "."


def _driver(d: Driver, measure: str, knowledge: Knowledge) -> str:
    """A finding with its rate and what the rule were without it; or, with no measure, a cause with its share."""
    known = knowledge.findings
    name = words.finding_name(d.finding, knowledge) if d.finding in known else words.cause_name(d.finding, knowledge)
    ground = f"{len(d.facts)} fact{'s' if len(d.facts) > 1 else ''} of studies" if d.facts else "assumed"
    rest = f", without it {shown(measure, d.without)}" if measure else ""
    return f"{words.lower_first(name)} {interval('share', d.rate)}, {ground}{rest}"


def shown(measure: str, value: float) -> str:
    """A share in per cent, a ratio as it is."""
    return _bare(measure, value) if measure in RATIOS else f"{_bare(measure, value)} %"


def interval(measure: str, found: Interval) -> str:
    """A value with the ends of its interval, the unit once."""
    if found.low is None or found.high is None:
        return shown(measure, found.value)
    text = f"{_bare(measure, found.value)} ({_bare(measure, found.low)}–{_bare(measure, found.high)})"
    return text if measure in RATIOS else f"{text} %"


def _bare(measure: str, value: float) -> str:
    if measure in RATIOS:
        return f"{value:.2g}"
    per_cent = 100 * value
    if value in (0, 1):
        return f"{per_cent:.0f}"
    return (
        f"{per_cent:.0f}" if 10 <= per_cent <= 90 else f"{per_cent:.1f}" if 1 <= per_cent <= 99 else f"{per_cent:.2f}"
    )


SCORE_WORDS: tuple[tuple[str, str], ...] = (
    ("must_not_miss", "serious causes and complications warned of"),
    ("alarm_in_benign", "benign cases with a serious group at the ledger's threshold"),
    ("false_compression", "cases without compression given one"),
    ("under_triage", "urgency below every accepted level"),
    ("emergency_under_triage", "the same among emergencies"),
    ("over_triage", "urgency above every accepted level"),
    ("benign_over_triage", "the same among benign cases"),
)


def score_rows(scores: Scores) -> list[tuple[str, str]]:
    """Every figure with its words."""
    rows = [("cases", str(scores.cases))]
    rows += [(f"gold or accepted cause {_among(k)}", f"{v:.3f}") for k, v in scores.top.items()]
    rows += [(f"gold cause itself {_among(k)}", f"{v:.3f}") for k, v in scores.strict.items()]
    rows += [("log score, bits (lower is better)", f"{scores.log_score:.3f}")]
    rows += [("Brier score, 0 to 2 (lower is better)", f"{scores.brier:.3f}")]
    for field, text in SCORE_WORDS:
        share: Share = getattr(scores, field)
        rows.append((text, f"{share.hits}/{share.of}"))
    return rows


def _among(k: str) -> str:
    return "is the most probable" if k == "1" else f"is among the {k} most probable"


def miss_words(m: Miss, knowledge: Knowledge) -> tuple[str, str]:
    """Of a case that was missed: how, and what was said instead."""
    causes = ", ".join(f"{words.lower_first(words.cause_name(c, knowledge))} {words.chance(p)}" for c, p in m.leading)
    gold = words.lower_first(words.cause_name(m.gold, knowledge))
    said = f"{words.URGENCY[m.urgency][0].lower()}; {causes}; the gold cause, {gold}, has {words.chance(m.gold_probability)}"
    if m.against:
        against = ", ".join(f"{words.answer(i, knowledge)} ({words.ratio(r)})" for i, r in m.against)
        said += f". Against it: {against}"
    return "; ".join(m.faults), said


def _print_scores(scores: Scores, knowledge: Knowledge, console: Console) -> None:
    table = Table(title="Cases with known answers", title_justify="left", show_header=False)
    for row in score_rows(scores):
        table.add_row(*row)
    console.print(table)
    if scores.misses:
        console.print(Text("Cases missed", style="bold"))
    for m in scores.misses:
        how, said = miss_words(m, knowledge)
        console.print(Text.assemble((m.id, "bold"), f"  {how}"))
        console.print(Padding(Text(said), (0, 0, 0, 4)))
    _print_bins(scores.reliability, console)


def _print_bins(bins: tuple[Bin, ...], console: Console) -> None:
    table = Table(title="Probabilities given, and how often they came true", title_justify="left")
    for name in ("given", "how many", "mean", "came true (95 %)"):
        table.add_column(name, justify="right")
    for b in bins:
        given = f"{100 * b.low:g}–{100 * b.high:g} %"
        came_true = interval("", Interval(b.observed, b.observed_low, b.observed_high))
        table.add_row(given, f"{b.count:,}", shown("", b.predicted), came_true)
    console.print(table)


def _print_calibration(found: Calibration, knowledge: Knowledge, console: Console) -> None:
    table = Table(title=f"90 % intervals in {found.runs} worlds", title_justify="left")
    for name in ("probability of", "held the truth (95 %)", "truth below", "truth above", "median width"):
        table.add_column(name, justify="right")
    for c in found.coverage:
        held = interval("", Interval(c.covered, c.covered_low, c.covered_high))
        table.add_row(c.quantity, held, shown("", c.below), shown("", c.above), f"{c.median_width:.3f}")
    console.print(table)
    console.print(coverage_words(found))
    console.print(
        f"{found.patients:,} patients drawn at the fixed set: mean probability and share differ most for "
        f"{words.cause_name(found.gap_cause, knowledge)}, by {found.largest_gap:+.1f} standard errors."
    )
    _print_bins(found.reliability, console)


def coverage_words(found: Calibration) -> str:
    """What the coverage means for a reader of intervals."""
    leading = found.coverage[0]
    if leading.covered_high < 0.9:
        verdict = "narrower than they claim to be"
    elif leading.covered_low > 0.9:
        verdict = "wider than they claim to be"
    else:
        verdict = "as wide as they claim to be, as far as these worlds tell"
    return (
        f"Intervals of the leading cause are {verdict}. A world is drawn from the parameters' distributions and a "
        "patient from the world. The true cause is known to the world and not to the engine: causes come more often from "
        "worlds that make them likelier, so its truth lies above the interval more often than below it."
    )
