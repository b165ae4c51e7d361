"""Checks of the cycle's records: sources that exist, numbers that agree with them, every parameter and cause in its place."""

from __future__ import annotations

from collections.abc import Iterator

from backspasm.records.cycle_types import CycleParameter, Number
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import KeyPath, Source

#: the parameters that the model has: a record of another name would be ignored, a missing one would stop every run
NEEDED = (
    "injury", "healing_days", "quick_share", "quick_healing_days", "emergency_quick", "emergency_injury", "flares_per_day",
    "flare_size", "healing_of_flares", "return_gain", "reflex_gain", "central_gain",
    "sensitisation", "sensitisation_threshold", "steepness", "sensitisation_days", "reflex_days", "metabolite_days",
    "largest_activity", "reference_activity", "cox_share", "cox_on_metabolites", "ratio_per_activity", "ratio_at_rest",
    "activity_at_rest", "motion_lost_to_pain", "motion_lost_to_activity", "disability_per_pain", "pain_noise",
)  # fmt: skip


def cycle_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Every inconsistency of the cycle's records."""
    for source in found["cycle_parameters"]:
        yield from _parameters(knowledge, source)
    for source in found["cycle_drugs"]:
        yield from _drugs(knowledge, source)
    for source in found["cycle_prescriptions"]:
        for i, option in enumerate(source.data["options"]):
            yield from _sources(knowledge, source, ("options", i), option.get("sources", []))
        for name in ("as_needed_pain", "adherence", "visit_pain"):
            yield from _home(knowledge, source, (name,), name, getattr(knowledge.cycle, name))
    for source in found["cycle_causes"]:
        yield from _causes(knowledge, source)


def _parameters(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    known = knowledge.cycle.parameters
    seen: set[str] = set()
    for i, item in enumerate(source.data["parameters"]):
        path: KeyPath = ("parameters", i)
        p = known[item["id"]]
        line = source.line(path)
        if item["id"] in seen:
            yield Problem(source.file, line, f"{p.id!r} is given twice", "keep one of the two")
        seen.add(item["id"])
        if p.id not in NEEDED:
            yield Problem(
                source.file, line, f"the model has no parameter {p.id!r}", did_you_mean(p.id, NEEDED, "drop it")
            )
        if not p.low <= p.value <= p.high:
            yield Problem(source.file, line, f"{p.id}: {p.value} lies outside {p.low}..{p.high}", "mend the range")
        if p.low < 0 or (p.between.kind != "none" and p.low <= 0):
            yield Problem(source.file, line, f"{p.id}: the range reaches {p.low}", "it must stay above 0")
        if p.between.kind == "logit_normal" and p.high >= p.between.at_most:
            yield Problem(
                source.file, line, f"{p.id}: the range reaches at_most ({p.between.at_most})", "raise at_most"
            )
        yield from _home(knowledge, source, path, p.id, p)
    for name in NEEDED:
        if name not in known:
            yield Problem(source.file, 1, f"the parameter {name!r} is missing", "add it")
    for i, c in enumerate(source.data["correlations"]):
        for name in (c["one"], c["other"]):
            if name not in known or known[name].between.kind == "none":
                what = f"{name!r} is no parameter that differs between patients"
                yield Problem(source.file, source.line(("correlations", i)), what, did_you_mean(name, known, "drop it"))


def _drugs(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    treatments = knowledge.index.treatments["drugs"]
    for i, item in enumerate(source.data["drugs"]):
        drug = knowledge.cycle.drugs[item["id"]]
        path: KeyPath = ("drugs", i)
        if drug.id not in treatments:
            what, mend = f"unknown drug {drug.id!r}", did_you_mean(drug.id, treatments, "see index.yaml")
            yield Problem(source.file, source.line(path), what, mend)
        if drug.sedation is not None and drug.tolerance_per_hour is None:
            what = f"{drug.id}: sedation without tolerance_per_hour"
            yield Problem(source.file, source.line(path), what, "say how fast tolerance comes")
        for name, number in knowledge.cycle.numbers(drug).items():
            where = (*path, *name.split("."))
            if number.value <= 0 and name != "sedation.tolerance":
                what = f"{drug.id}: {name} is {number.value}"
                yield Problem(source.file, source.line(where), what, "it must be above 0")
            yield from _home(knowledge, source, where, f"{drug.id}: {name}", number)
    for name in source.data["slow_with"]:
        if name not in knowledge.index.comorbidities:
            mend = did_you_mean(name, knowledge.index.comorbidities, "see index.yaml")
            yield Problem(source.file, source.line(("slow_with",)), f"unknown comorbidity {name!r}", mend)
    for name in ("placebo_drowsy", "slow_from_age"):
        yield from _home(knowledge, source, (name,), name, getattr(knowledge.cycle, name))


def _causes(knowledge: Knowledge, source: Source) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for i, item in enumerate(source.data["classes"]):
        line = source.line(("classes", i))
        for cause in item["causes"]:
            if cause not in knowledge.index.cause_ids:
                mend = did_you_mean(cause, knowledge.index.cause_ids, "see index.yaml")
                yield Problem(source.file, line, f"unknown cause {cause!r}", mend)
            if cause in seen:
                what = f"{cause!r} is in two classes, {seen[cause]!r} and {item['id']!r}"
                yield Problem(source.file, line, what, "keep one of the two")
            seen[cause] = item["id"]
        if item["healing"] in {"lasts", "grows"} and not item.get("level"):
            yield Problem(
                source.file, line, f"{item['id']}: a source that {item['healing']} needs a level", "add level"
            )
    for cause in knowledge.index.cause_ids:
        if cause not in seen:
            yield Problem(source.file, 1, f"the cause {cause!r} is in no class", "add it to the class that heals alike")


def _home(
    knowledge: Knowledge, source: Source, path: KeyPath, name: str, number: Number | CycleParameter
) -> Iterator[Problem]:
    """A number from a study names it and agrees with it; any other says why, an assumed one also who."""
    line = source.line(path)
    if number.basis == "study" and not number.sources:
        yield Problem(source.file, line, f"{name}: from a study, but none is named", "add sources: [study/fact]")
    if number.basis != "study" and not number.why:
        yield Problem(source.file, line, f"{name}: {number.basis}, and nothing says why", "add why")
    if number.basis == "assumed" and not number.who:
        yield Problem(source.file, line, f"{name}: assumed, and nobody says by whom", "add who")
    yield from _sources(knowledge, source, path, number.sources)
    if number.basis == "study" and len(number.sources) == 1:
        known = knowledge.fact(number.sources[0])
        if known and known[1].kind == "quantity" and not number.why and known[1].value != number.value:
            what = f"{name}: {number.value:g} differs from {known[1].value:g} in {number.sources[0]}"
            yield Problem(source.file, line, what, "mend one of the two, or say in why how it was worked out")


def _sources(
    knowledge: Knowledge, source: Source, path: KeyPath, sources: tuple[str, ...] | list[str]
) -> Iterator[Problem]:
    for address in sources:
        if knowledge.fact(address) is None:
            mend = did_you_mean(address, knowledge.addresses(), "see evidence/studies")
            yield Problem(source.file, source.line(path), f"unknown source {address!r}", mend)
