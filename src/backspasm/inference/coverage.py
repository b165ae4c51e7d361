"""What rests on studies and what on assumptions: counts for each cause and over all."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backspasm.inference.base_rates import POPULATIONS
from backspasm.inference.model import Model
from backspasm.records.types import AGE_GROUPS

#: settings in which every cause should have a base rate
WANTED_SETTINGS = 3


class CauseCoverage(Struct, frozen=True):
    """Of one cause: settings whose base rate rests on a study, findings with evidence of their own, findings assumed."""

    cause: str
    base_rates_studied: tuple[str, ...]
    base_rates_assumed: int
    findings_studied: tuple[str, ...]
    findings_assumed: int
    studies: int


class Coverage(Struct, frozen=True):
    """The whole. A cell is a rate or distribution of one finding for one cause (or complication)."""

    causes: tuple[CauseCoverage, ...]
    cells: int
    cells_studied: int
    base_rates: int
    base_rates_studied: int
    settings_least: int
    causes_in_three_settings: int
    causes_in_one_setting: int
    complications: int
    complications_studied: int
    studies: int
    studies_used: int
    facts: int
    facts_used: int
    facts_in_model: int
    assumptions: int
    elicited_entries: int


def coverage(model: Model) -> Coverage:
    """Count everything."""
    knowledge, parameters = model.knowledge, model.parameters
    findings = (*parameters.booleans, *parameters.measured)
    base = parameters.base.facts
    in_model = {a for b in parameters.backing.values() for a in b.facts} | {a for facts in base.values() for a in facts}
    rows = tuple(_cause(cause, findings, model) for cause in parameters.causes)
    modelled = len(parameters.complications) * len(parameters.causes)
    studied = sum(
        any(f"{k}|{c}|{age}" in parameters.backing for age in AGE_GROUPS)
        for k in parameters.complications
        for c in parameters.causes
    )
    driven = sum(len(d) for d in parameters.boolean_drivers)
    driven_studied = sum(
        any(f"{f}|{parameters.complications[k]}|{age}" in parameters.backing for age in AGE_GROUPS)
        for f, drivers in zip(parameters.booleans, parameters.boolean_drivers, strict=True)
        for k in drivers
    )
    facts = list(knowledge.facts())
    studied_settings = [{place.split(" ")[0] for place in row.base_rates_studied} for row in rows]
    return Coverage(
        causes=rows,
        cells=len(findings) * len(rows) + driven,
        cells_studied=sum(len(r.findings_studied) for r in rows) + driven_studied,
        base_rates=len(parameters.settings) * len(POPULATIONS) * len(rows),
        base_rates_studied=len(base),
        settings_least=int(np.isfinite(parameters.base.log_share).any(axis=1).sum(axis=0).min()),
        causes_in_three_settings=sum(len(s) >= WANTED_SETTINGS for s in studied_settings),
        causes_in_one_setting=sum(bool(s) for s in studied_settings),
        complications=modelled,
        complications_studied=studied,
        studies=len(knowledge.studies),
        studies_used=len({s.id for s, f in facts if f.used}),
        facts=len(facts),
        facts_used=sum(f.used for _, f in facts),
        facts_in_model=len(in_model),
        assumptions=len(knowledge.assumptions),
        elicited_entries=_elicited_entries(model),
    )


def _cause(cause: str, findings: tuple[str, ...], model: Model) -> CauseCoverage:
    parameters = model.parameters
    studied = tuple(f for f in findings if any(f"{f}|{cause}|{age}" in parameters.backing for age in AGE_GROUPS))
    places = tuple(
        f"{setting} ({population})"
        for setting in parameters.settings
        for population in POPULATIONS
        if f"{setting}|{population}|{cause}" in parameters.base.facts
    )
    behind = {a.partition("/")[0] for f in studied for age in AGE_GROUPS for a in _facts(f"{f}|{cause}|{age}", model)}
    return CauseCoverage(
        cause,
        places,
        len(parameters.settings) * len(POPULATIONS) - len(places),
        studied,
        len(findings) - len(studied),
        len(behind),
    )


def _facts(key: str, model: Model) -> tuple[str, ...]:
    backing = model.parameters.backing.get(key)
    return () if backing is None else backing.facts


def _elicited_entries(model: Model) -> int:
    total = 0
    for person in model.knowledge.elicitations:
        total += sum(len(r.rates) + 1 for r in person.rates.values())
        total += sum(len(r.rates) + 1 for r in person.complications.values())
        total += sum(len(r.rates) + 1 for by in person.strengths.values() for r in by.values())
        total += sum(len(v.values) + len(v.others) for v in person.measurements.values())
        total += len(person.base_rates)
    return total
