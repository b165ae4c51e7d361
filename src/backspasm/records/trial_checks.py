"""Checks of a trial's protocol that no schema can make: names that must exist, numbers that contradict, grounds of numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.trial_types import TrialOutcome, TrialProtocol
from backspasm.records.yaml_source import KeyPath, Source

#: how far shares may be from adding up to 1
ROUNDING = 1e-6
#: keys whose numbers are not about medicine: results as published, and what is measured when in them
NOT_GROUNDED = {"published", "primary", "outcomes"}


def trial_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Every inconsistency of the protocols that ship; they also say where each number comes from."""
    for source in found["trial"]:
        protocol = knowledge.trials[source.data["id"]]
        stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
        if stem != protocol.id:
            what = f"the id {protocol.id!r} differs from the file's name"
            yield Problem(source.file, source.line(("id",)), what, f"call it {stem!r}")
        yield from protocol_problems(protocol, source, knowledge)
        yield from _ungrounded(protocol, source)


def protocol_problems(protocol: TrialProtocol, source: Source, knowledge: Knowledge) -> Iterator[Problem]:
    """Every inconsistency of one protocol, a user's or a shipped one."""
    for path, what, mend in itertools.chain(
        _population(protocol, knowledge),
        _ranges(protocol),
        _arms(protocol),
        _visits(protocol),
        _outcomes(protocol),
        _published(protocol, knowledge),
        _grounds(protocol, source, knowledge),
    ):
        yield Problem(source.file, source.line(path), what, mend)


Fault = tuple[KeyPath, str, str]


def _population(protocol: TrialProtocol, knowledge: Knowledge) -> Iterator[Fault]:
    p, cycle = protocol.population, knowledge.cycle
    settings = knowledge.index.settings
    if p.setting not in settings:
        mend = did_you_mean(p.setting, settings, f"use one of {', '.join(settings)}")
        yield ("population", "setting"), f"unknown setting {p.setting!r}", mend
    for name in p.causes:
        path: KeyPath = ("population", "causes", name)
        if name not in cycle.classes:
            mend = did_you_mean(name, cycle.classes, f"use {', '.join(cycle.classes)}")
            yield path, f"unknown class of causes {name!r}", mend
        elif cycle.classes[name].healing == "elsewhere":
            yield path, f"{name!r}: the model says nothing of pain from elsewhere than the back", "leave it out"
    total = sum(p.causes.values())
    if abs(total - 1) > ROUNDING:
        yield ("population", "causes"), f"the shares of causes add up to {total:g}", "make them add up to 1"
    if p.days_since_onset.end < p.days_since_onset.start:
        what = f"days_since_onset: end ({p.days_since_onset.end:g}) lies before start ({p.days_since_onset.start:g})"
        yield ("population", "days_since_onset"), what, "exchange them"
    for kind, values in (("typical", p.typical), ("spread", p.spread)):
        for name, value in values.items():
            path = ("population", kind, name)
            if name not in cycle.parameters:
                known = cycle.parameters
                yield path, f"unknown parameter {name!r}", did_you_mean(name, known, "see cycle/parameters.yaml")
                continue
            between = cycle.parameters[name].between
            if kind == "spread" and between.kind == "none":
                yield path, f"{name!r} does not differ between patients", "leave it out"
            if kind == "typical" and between.kind == "lognormal" and value <= 0:
                yield path, f"{name} is {value:g}", "it must be above 0"
            if kind == "typical" and between.kind == "logit_normal" and not 0 <= value < between.at_most:
                yield path, f"{name} is {value:g}", f"it must be from 0 to below {between.at_most:g}"
    if p.pain is not None and "injury" in p.typical:
        what = "both pain and typical.injury say how strong the pain is"
        yield ("population", "typical", "injury"), what, "leave out one of them"
    if p.pain is not None and p.pain.spread is not None and "injury" in p.spread:
        what = "both pain.spread and spread.injury say how patients differ in pain"
        yield ("population", "spread", "injury"), what, "leave out one of them"


def _ranges(protocol: TrialProtocol) -> Iterator[Fault]:
    e = protocol.eligibility
    for name, bound in (("days", e.days), ("pain", e.pain), ("spasm", e.spasm), ("disability", e.disability)):
        if bound is None or bound.at_least is None or bound.at_most is None:
            continue
        if bound.at_least > bound.at_most:
            what = f"eligibility.{name}: at_least ({bound.at_least:g}) is more than at_most ({bound.at_most:g})"
            yield ("eligibility", name), what, "exchange them"
    # who comes too late can be seen before anybody is drawn
    if (
        e.days is not None
        and e.days.at_most is not None
        and e.days.at_most < protocol.population.days_since_onset.start
    ):
        what = f"everybody comes after day {e.days.at_most:g}, so nobody is eligible"
        yield ("eligibility", "days"), what, "raise at_most, or lower days_since_onset.start"


def _arms(protocol: TrialProtocol) -> Iterator[Fault]:
    names = [a.id for a in protocol.arms]
    yield from _twice("arms", names)
    for i, c in enumerate(protocol.contrasts):
        for key, name in (("arm", c.arm), ("against", c.against)):
            if name not in names:
                yield (
                    ("contrasts", i, key),
                    f"unknown arm {name!r}",
                    did_you_mean(name, names, f"use {', '.join(names)}"),
                )
        if c.arm == c.against:
            yield ("contrasts", i), f"{c.arm!r} is compared with itself", "name two arms"


def _visits(protocol: TrialProtocol) -> Iterator[Fault]:
    for i, (one, other) in enumerate(itertools.pairwise(protocol.visits)):
        if other <= one:
            yield ("visits", i + 1), f"visit day {other:g} does not follow day {one:g}", "put the visits in order"


def _outcomes(protocol: TrialProtocol) -> Iterator[Fault]:
    names = [o.id for o in protocol.outcomes]
    yield from _twice("outcomes", names)
    for i, o in enumerate(protocol.outcomes):
        yield from _outcome(i, o)
    if protocol.primary.outcome not in names:
        mend = did_you_mean(protocol.primary.outcome, names, f"use one of {', '.join(names)}")
        yield ("primary", "outcome"), f"unknown outcome {protocol.primary.outcome!r}", mend
    if protocol.primary.day not in protocol.visits:
        days = ", ".join(f"{d:g}" for d in protocol.visits)
        yield ("primary", "day"), f"day {protocol.primary.day:g} is no visit", f"use one of {days}"


def _outcome(i: int, o: TrialOutcome) -> Iterator[Fault]:
    given = [name for name in ("at_least", "at_most", "fall") if getattr(o, name) is not None]
    path: KeyPath = ("outcomes", i)
    if o.measure == "drowsy" and (o.taken_as != "value" or given):
        yield path, f"{o.id}: drowsy is yes or no already", "leave out taken_as, at_least, at_most and fall"
    elif o.taken_as == "share" and len(given) != 1:
        yield (
            path,
            f"{o.id}: a share of patients needs one limit, and has {len(given)}",
            "give at_least, at_most or fall",
        )
    elif o.taken_as != "share" and given:
        yield path, f"{o.id}: {given[0]} is for a share of patients", "add taken_as: share, or leave it out"


def _published(protocol: TrialProtocol, knowledge: Knowledge) -> Iterator[Fault]:
    names, outcomes = [a.id for a in protocol.arms], [o.id for o in protocol.outcomes]
    compared = {(c.arm, c.against) for c in protocol.compared}
    for i, p in enumerate(protocol.published):
        path: KeyPath = ("published", i)
        for key, address in (("fact", p.fact), ("size_from", p.size_from)):
            if address is not None and knowledge.fact(address) is None:
                yield (*path, key), f"unknown fact {address!r}", _near(address, knowledge)
        sized = p.size_from or p.fact
        fact = knowledge.fact(sized)
        if fact is None:
            continue
        if groups := [a.arm for a in fact[1].arms if a.value is not None or a.x is not None]:
            for name in p.arms:
                if name not in groups:
                    what = f"{sized} has no group {name!r} with a value"
                    yield (*path, "arms"), what, did_you_mean(name, groups, f"use {', '.join(groups)}")
        elif p.arms:
            yield (*path, "arms"), f"{sized} gives no values by group", "leave out arms"
        if {p.arm, p.against} <= set(names) and (p.arm, p.against) not in compared:
            yield path, f"{p.arm!r} is not compared with {p.against!r}", "add it to contrasts"
        for key, name, known in (
            ("arm", p.arm, names),
            ("against", p.against, names),
            ("outcome", p.outcome, outcomes),
        ):
            if name not in known:
                yield (*path, key), f"unknown {key} {name!r}", did_you_mean(name, known, f"use {', '.join(known)}")
        if p.day not in protocol.visits:
            days = ", ".join(f"{d:g}" for d in protocol.visits)
            yield (*path, "day"), f"day {p.day:g} is no visit", f"use one of {days}"
    if protocol.dispute is not None and protocol.dispute not in knowledge.treatment_disputes:
        known = list(knowledge.treatment_disputes)
        yield (
            ("dispute",),
            f"unknown dispute {protocol.dispute!r}",
            did_you_mean(protocol.dispute, known, "leave it out"),
        )


def _grounds(protocol: TrialProtocol, source: Source, knowledge: Knowledge) -> Iterator[Fault]:
    for i, ground in enumerate(protocol.grounds):
        path: KeyPath = ("grounds", i)
        for name in ground.of:
            if _at(source.data, name) is None:
                yield (*path, "of"), f"the protocol has no {name!r}", "name a key, or keys joined by dots"
        for address in ground.sources:
            if knowledge.fact(address) is None:
                yield (*path, "sources"), f"unknown source {address!r}", _near(address, knowledge)
        if not ground.sources and ground.who is None:
            yield path, "neither a source nor who assumed it", "add sources, or who"


def _ungrounded(protocol: TrialProtocol, source: Source) -> Iterator[Problem]:
    """Numbers of a shipped protocol of which nothing says where they come from."""
    known = [tuple(name.split(".")) for ground in protocol.grounds for name in ground.of]
    for path in _numbers({k: v for k, v in source.data.items() if k not in NOT_GROUNDED}, ()):
        names = tuple(str(part) for part in path)
        if not any(names[: len(k)] == k for k in known):
            what = f"nothing says where {'.'.join(names)} comes from"
            yield Problem(
                source.file, source.line(path), what, "add it to grounds, with a source, or who assumed it and why"
            )
    for i, o in enumerate(source.data["outcomes"]):
        path = ("outcomes", i)
        named = ("outcomes", str(o["id"]))
        if {"at_least", "at_most", "fall"} & set(o) and not any(named[: len(k)] == k for k in known):
            what = f"nothing says where the limit of the outcome {o['id']} comes from"
            yield Problem(source.file, source.line(path), what, f"add outcomes.{o['id']} to grounds")


def _numbers(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float) or (path and path[-1] in {"prescription", "rescue"}):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            # arms are known by their ids, so that a ground need not count them
            key = str(inner["id"]) if isinstance(inner, dict) and "id" in inner else i
            yield from _numbers(inner, (*path, key))


def _at(data: Any, name: str) -> Any:
    """What stands at keys joined by dots; items of a list by their id."""
    for part in name.split("."):
        if isinstance(data, list):
            data = next((item for item in data if isinstance(item, dict) and item.get("id") == part), None)
        elif isinstance(data, dict):
            data = data.get(part)
        else:
            return None
    return data


def _twice(key: str, names: Iterable[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield (key, i), f"{name!r} is given twice in {key}", "give each its own id"
        seen.add(name)


def _near(address: str, knowledge: Knowledge) -> str:
    return did_you_mean(address, knowledge.addresses(), "see evidence/studies")
