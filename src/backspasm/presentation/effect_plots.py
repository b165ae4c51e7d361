"""Effects of treatments as forest plots: results that were measured alike, of more than one study, on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from backspasm.inference.cell_evidence import Row
from backspasm.presentation import words
from backspasm.presentation.effects import plain_unit
from backspasm.presentation.forest import Plot, described, forest_svg
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact

RATIOS = {"risk_ratio", "odds_ratio", "hazard_ratio"}
#: value of no effect, and how the title says the measure
NULL = {"mean_difference": 0.0, "standardised_mean_difference": 0.0, "risk_difference": 0.0} | dict.fromkeys(
    RATIOS, 1.0
)
NAMES = {
    "mean_difference": "difference",
    "standardised_mean_difference": "difference in standard deviations",
    "risk_difference": "difference in share",
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
    "hazard_ratio": "hazard ratio",
    "arms": "by group",
}

ONE_SIDE = (
    "What speaks for another answer was not measured in this way, or without an interval: it stands above in words."
)


@dataclass(frozen=True)
class EffectPlot:
    """``remark`` says how to read it; ``facts``: addresses of what is drawn."""

    title: str
    plot: Markup
    in_words: str
    remark: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    caption: str
    study: str
    address: str
    fact: Fact
    rows: tuple[Row, ...]


def effect_plots(
    groups: Iterable[tuple[str, tuple[str, ...]]], key: str, knowledge: Knowledge, sides: bool = False
) -> tuple[EffectPlot, ...]:
    """One plot for each measure that at least two studies give with intervals; ``groups``: captions with their facts;
    ``sides``: whether these are the sides of a dispute."""
    alike: dict[tuple[str, str, str], list[_Found]] = {}
    for caption, addresses in groups:
        for address in dict.fromkeys(addresses):
            found = knowledge.fact(address)
            if found is None or found[1].kind not in {"treatment_effect", "adverse_event"}:
                continue
            fact = found[1]
            rows = tuple(_rows(found[0].id, fact))
            if rows:
                what = (fact.outcome or "") if fact.kind == "treatment_effect" else "harm"
                alike.setdefault((what, fact.measure or "", fact.unit or ""), []).append(
                    _Found(caption, found[0].id, address, fact, rows)
                )
    out: list[EffectPlot] = []
    for what_measure, several in alike.items():
        if len({f.study for f in several if any(r.low is not None for r in f.rows)}) > 1:
            out.append(_plot(what_measure, several, f"{key}p{len(out)}", sides))
    return tuple(out)


def _rows(study: str, fact: Fact) -> Iterator[Row]:
    """The measure with its interval, else every arm with an interval."""
    if fact.measure in NULL and fact.value is not None:
        at = f", {fact.at}" if fact.at else ""
        what = f"{words.plain(fact.outcome or '')}" if fact.kind == "adverse_event" else ""
        yield Row("study", f"{study}{at}" + (f": {what}" if what else ""), fact.value, fact.low, fact.high)
    elif fact.measure == "arms" and any(arm.low is not None and arm.high is not None for arm in fact.arms):
        for arm in fact.arms:
            if arm.value is not None:
                yield Row("study", f"{study}: {arm.arm}", arm.value, arm.low, arm.high)


def _plot(alike: tuple[str, str, str], several: list[_Found], key: str, sides: bool) -> EffectPlot:
    what, measure, unit = alike
    rows = tuple({(f.caption, r.label): (f.caption, r) for f in several for r in f.rows}.values())
    title = f"{words.plain(what).capitalize()}: {NAMES[measure]}" + (f", {plain_unit(unit)}" if unit else "")
    plot = Plot(rows, null=NULL.get(measure), log=measure in RATIOS)
    remark = _remark(measure, several)
    if sides and len({f.caption for f in several}) == 1:
        remark = f"{remark} {ONE_SIDE}".strip()
    drawn = forest_svg(plot, title, key, styled=False)
    return EffectPlot(title, drawn, described(plot), remark, tuple(f.address for f in several))


def _remark(measure: str, several: list[_Found]) -> str:
    """On which side the treatment is better, where all results that say so agree."""
    if measure == "arms":
        return "Each group of each trial with its 95 % interval; groups that overlap widely hardly differ."
    null = NULL[measure]
    signs = {
        (f.fact.value > null) is (f.fact.direction == "better")
        for f in several
        if f.fact.value is not None and f.fact.direction in {"better", "worse"} and f.fact.value != null
    }
    if len(signs) != 1:
        return ""
    side = "Above" if signs.pop() else "Below"
    return f"{side} {null:g} the treatment is better."


__all__ = ["EffectPlot", "effect_plots"]
