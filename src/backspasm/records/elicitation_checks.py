"""Checks of the elicitations: known names, ranges that hold their estimate, and no cell missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.types import AGE_GROUPS, Elicitation, Finding
from backspasm.records.yaml_source import KeyPath, Source

#: the key of an elicited file under which its estimates stand
ELICITED_KEYS = {
    "elicited_rates": "findings",
    "elicited_complications": "complications",
    "elicited_strengths": "strengths",
    "elicited_measurements": "measurements",
    "elicited_base_rates": "causes",
}


def elicited_id_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    causes = set(knowledge.index.cause_ids)
    for schema, sources in found.items():
        if not schema.startswith("elicited_"):
            continue
        for source in sources:
            for path, value in _walk(source.data, ()):
                if len(path) > 1 and path[-2] == "causes" and isinstance(path[-1], int) and value not in causes:
                    mend = did_you_mean(str(value), causes, "see index.yaml")
                    yield Problem(source.file, source.line(path), f"unknown cause {value!r}", mend)
                if isinstance(value, dict) and not _estimate_in_range(value):
                    what = f"estimate {value['estimate']} with range {value['low']}..{value['high']}"
                    yield Problem(source.file, source.line(path), what, "need 0 < low <= estimate <= high < 1")
                if isinstance(value, dict) and not _median_in_range(value):
                    what = f"median {value['median']} with p5 {value['p5']}, p95 {value['p95']}"
                    mend = "need p5 < median < p95, low <= median <= high"
                    yield Problem(source.file, source.line(path), what, mend)
                if isinstance(value, dict) and "rates" in value:
                    yield from _given_twice(source, path, value["rates"])


def _estimate_in_range(value: dict[str, float]) -> bool:
    return "estimate" not in value or 0 < value["low"] <= value["estimate"] <= value["high"] < 1


def _median_in_range(value: dict[str, float]) -> bool:
    if "p5" not in value:
        return True
    return value["p5"] < value["median"] < value["p95"] and value["low"] <= value["median"] <= value["high"]


def elicited_key_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """An estimate under an unknown name would never be used."""
    index = knowledge.index
    of_kind = {kind: [f.id for f in knowledge.findings.values() if f.kind == kind] for kind in ("boolean", "measured")}
    for schema, word, known in (
        ("elicited_rates", "finding", of_kind["boolean"]),
        ("elicited_measurements", "measured finding", of_kind["measured"]),
        ("elicited_strengths", "finding", of_kind["boolean"]),
        ("elicited_complications", "complication", list(index.complications)),
        ("elicited_base_rates", "cause", list(index.cause_ids)),
    ):
        key = ELICITED_KEYS[schema]
        for source in found[schema]:
            for name, inner in source.data[key].items():
                if name not in known:
                    mend = did_you_mean(name, known, "see index.yaml")
                    yield Problem(source.file, source.line((key, name)), f"unknown {word} {name!r}", mend)
                for complication in inner if schema == "elicited_strengths" else ():
                    if complication not in index.complications:
                        line = source.line((key, name, complication))
                        mend = did_you_mean(complication, index.complications, "see index.yaml")
                        yield Problem(source.file, line, f"unknown complication {complication!r}", mend)


def _given_twice(source: Source, path: KeyPath, entries: list[dict[str, object]]) -> Iterator[Problem]:
    seen: set[tuple[str, str, str]] = set()
    for i, entry in enumerate(entries):
        for key in (
            (str(c), str(a), str(s))
            for c in _strings(entry["causes"])
            for a in _strings(entry.get("ages", ["*"]))
            for s in _strings(entry.get("settings", ["*"]))
        ):
            if key in seen:
                line = source.line((*path, "rates", i))
                yield Problem(
                    source.file, line, f"{key[0]} is given twice (ages {key[1]}, settings {key[2]})", "keep one"
                )
            seen.add(key)


def _strings(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _walk(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _walk(inner, (*path, i))


def elicited_gaps(knowledge: Knowledge) -> Iterator[Problem]:
    """A missing cell would silently become a likelihood ratio of 1; so each must be there."""
    boolean = [f for f in knowledge.findings.values() if f.kind == "boolean"]
    measured = [f for f in knowledge.findings.values() if f.kind == "measured"]
    if not knowledge.elicitations:
        yield Problem("evidence/elicited", 1, "no elicitation", "add at least one estimator's folder")
    for person in knowledge.elicitations:
        folder = f"evidence/elicited/{person.estimator}"
        gaps: list[tuple[str, str]] = []
        gaps += [(f"{folder}/rates", f.id) for f in boolean if f.id not in person.rates]
        gaps += [(f"{folder}/measurements.yaml", f.id) for f in measured if f.id not in person.measurements]
        gaps += [(f"{folder}/base_rates.yaml", c) for c in knowledge.index.cause_ids if c not in person.base_rates]
        modelled = [c for c in knowledge.complications.values() if c.modelled]
        gaps += [(f"{folder}/complications.yaml", c.id) for c in modelled if c.id not in person.complications]
        gaps += list(_strength_gaps(person, boolean, folder))
        gaps += list(_measured_gaps(person, measured, folder))
        yield from (
            Problem(file, 1, f"{what} has no estimate", "add one, with range and reason") for file, what in gaps
        )


def _strength_gaps(person: Elicitation, boolean: Iterable[Finding], folder: str) -> Iterator[tuple[str, str]]:
    for finding in boolean:
        for complication in finding.driven_by:
            if complication not in person.strengths.get(finding.id, {}):
                yield f"{folder}/strengths.yaml", f"{complication} -> {finding.id}"


def _measured_gaps(person: Elicitation, measured: Iterable[Finding], folder: str) -> Iterator[tuple[str, str]]:
    for finding in measured:
        said = person.measurements.get(finding.id)
        if said is None:
            continue
        for when in ("present", "absent") if finding.driven_by else (None,):
            for age in AGE_GROUPS:
                if not any(v.when == when and (not v.ages or age in v.ages) for v in said.others):
                    yield f"{folder}/measurements.yaml", f"{finding.id} (others, when {when}, {age})"
