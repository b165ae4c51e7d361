"""A recording's measures beside published values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backspasm.patients.from_emg.analyse import Analysis
from backspasm.records.emg import EmgReference
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Fact, Study


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure beside one published value. ``place`` is below, within or above the published interval; None: not placed."""

    measure: str
    value: float
    reference: EmgReference
    study: Study
    fact: Fact
    place: str | None

    @property
    def source(self) -> str:
        return f"{self.study.id}/{self.fact.id}"


def compared(analysis: Analysis, knowledge: Knowledge) -> tuple[Comparison, ...]:
    """Every measure that has a published value, in the order of the records."""
    values = measures_of(analysis)
    out = []
    for reference in knowledge.emg_references:
        found = knowledge.fact(reference.fact)
        value = values.get(reference.measure)
        if found is not None and value is not None:
            out.append(Comparison(reference.measure, value, reference, *found, _place(value, reference, found[1])))
    return tuple(out)


def measures_of(analysis: Analysis) -> dict[str, float]:
    """The measures that references speak of; left out where the recording does not have them."""
    percents = [
        c.rest.percent_mvc
        for c in analysis.channels
        if c.rest is not None and c.rest.percent_mvc is not None and c.rest.told
    ]
    imbalances = [abs(i.percent) for i in analysis.asymmetry]
    values = {
        "flexion_relaxation_ratio": analysis.ratio,
        "extension_relaxation_ratio": analysis.extension_ratio,
        "resting_uv": analysis.resting_uv,
        "resting_percent_mvc": float(np.mean(percents)) if percents else None,
        "asymmetry": max(imbalances) if imbalances else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _place(value: float, reference: EmgReference, fact: Fact) -> str | None:
    if reference.compare == "none":
        return None
    low, high = (fact.low, fact.high) if reference.compare == "mean" else (fact.q1, fact.q3)
    if low is None or high is None:
        return None
    return "below" if value < low else "above" if value > high else "within"
