"""Checks of the population fit: unknowns and models that exist, targets that agree with their studies, parameters that agree
with the fit on file."""

from __future__ import annotations

from collections.abc import Iterator

from backspasm.records.cycle_fit_types import Fitted, Posterior
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import Source

#: a record may round the fit's figures by this share
ROUNDED = 0.01


def fit_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Every inconsistency of plan and result."""
    for source in found["cycle_targets"]:
        yield from _unknowns(knowledge, source)
        yield from _structures(knowledge, source)
        yield from _targets(knowledge, source)
    for source in found["cycle_parameters"]:
        yield from _adopted(knowledge, source)


def _unknowns(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    known = knowledge.cycle.parameters
    for i, f in enumerate(knowledge.cycle_plan.unknowns):
        line = source.line(("unknowns", i))
        if f.parameter not in known:
            mend = did_you_mean(f.parameter, known, "see cycle/parameters.yaml")
            yield Problem(source.file, line, f"{f.id}: unknown parameter {f.parameter!r}", mend)
        elif f.part == "spread" and known[f.parameter].between.kind == "none":
            yield Problem(source.file, line, f"{f.id}: {f.parameter} does not differ between patients", "drop it")
        if not f.low < f.high or (f.scale != "linear" and f.low <= 0) or (f.scale == "logit" and f.high >= 1):
            what = f"{f.id}: no prior of scale {f.scale} lies between {f.low} and {f.high}"
            yield Problem(source.file, line, what, "mend the limits")


def _structures(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    plan = knowledge.cycle_plan
    unknowns = {f.id: f for f in plan.unknowns}
    for i, s in enumerate(plan.structures):
        line = source.line(("structures", i))
        for name, (low, high) in s.limits.items():
            if name not in unknowns:
                yield Problem(source.file, line, f"{s.id}: unknown {name!r}", did_you_mean(name, unknowns, "drop it"))
            elif not unknowns[name].low <= low <= high <= unknowns[name].high:
                what = f"{s.id}: {name} from {low} to {high} leaves its prior"
                yield Problem(source.file, line, what, "mend the limits")
    names = [s.id for s in plan.structures]
    if plan.main not in names:
        mend = did_you_mean(plan.main, names, "name a model")
        yield Problem(source.file, source.line(("main",)), f"unknown model {plan.main!r}", mend)


def _targets(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    for i, t in enumerate(knowledge.cycle_plan.targets):
        line = source.line(("targets", i))
        for address in t.sources:
            fact = knowledge.fact(address)
            if fact is None:
                mend = did_you_mean(address, knowledge.addresses(), "see evidence/studies")
                yield Problem(source.file, line, f"{t.id}: unknown source {address!r}", mend)
            elif t.measure in {"mean_pain", "course_share"} and fact[1].kind == "quantity" and fact[1].value != t.value:
                what = f"{t.id}: {t.value:g} differs from {fact[1].value:g} in {address}"
                yield Problem(source.file, line, what, "mend one of the two")
        if (t.low is None or t.high is None) and t.n is None:
            what = f"{t.id}: neither an interval nor a number of patients"
            yield Problem(source.file, line, what, "add low and high, or n")
        if (t.measure == "course_share") != (t.course is not None):
            yield Problem(source.file, line, f"{t.id}: a share of courses, and only that, names its course", "mend it")


def _adopted(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    """A parameter said to be fitted has the figures of the fit on file."""
    record = knowledge.cycle_fit
    if record.main not in {f.structure for f in record.fits}:
        return
    found = {u.id: u for u in record.of(record.main).unknowns}
    for i, item in enumerate(source.data["parameters"]):
        for f in knowledge.cycle_plan.unknowns:
            if f.parameter == item["id"] and f.id in found and _differs(knowledge, f, found[f.id]):
                what = f"{f.parameter}: {f.part} differs from the fit on file"
                mend = "take it from the parameters.yaml that `backspasm cycle fit` writes"
                yield Problem(source.file, source.line(("parameters", i)), what, mend)


def _differs(knowledge: Knowledge, f: Fitted, u: Posterior) -> bool:
    p = knowledge.cycle.parameters[f.parameter]
    pairs = [(p.between.sd, u.median)]
    if f.part == "typical":
        pairs = [(p.value, u.median), (p.low, u.low), (p.high, u.high)]
    return any(abs(own - other) > ROUNDED * abs(other) for own, other in pairs)
