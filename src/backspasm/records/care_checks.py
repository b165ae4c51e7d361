"""Checks of investigations, indications, pathways and words for patients: ids and sources exist, nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.care_types import Situation
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import KeyPath, Source


def care_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> list[Problem]:
    """Every inconsistency in the records of what comes next."""
    return [
        *_gaps(knowledge),
        *_investigation_problems(knowledge, found["investigation"]),
        *_indication_problems(knowledge, found["indications"]),
        *_pathway_problems(knowledge, found["pathway"]),
        *_line_problems(knowledge, found["patient_lines"]),
    ]


def _gaps(knowledge: Knowledge) -> Iterator[Problem]:
    index = knowledge.index
    for folder, wanted, have in (
        ("investigations", index.investigations, knowledge.investigations),
        ("pathways", (*index.cause_ids, *index.complications), knowledge.pathways),
    ):
        for missing in sorted(set(wanted) - set(have)):
            yield Problem(folder, 1, f"{missing!r} of index.yaml has no record", "add it")
        for extra in sorted(set(have) - set(wanted)):
            yield Problem(folder, 1, f"{extra!r} is not in index.yaml", did_you_mean(extra, wanted, "add it there"))
    burdens = knowledge.tables("investigation_burden") if "investigation_burden" in knowledge.assumptions else {}
    for missing in sorted(set(index.investigations) - set(burdens)):
        yield Problem("evidence/assumptions.yaml", 1, f"investigation_burden lacks {missing!r}", "add its row")


def _investigation_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    for source in sources:
        yield from _named_after_file(source)
        record = knowledge.investigations[source.data["id"]]
        for key, names in (
            ("reveals", record.reveals),
            ("asked_too", record.asked_too),
            ("done_by", record.done_by),
        ):
            for what, mend in _unknown("finding", names, knowledge.index.finding_ids):
                yield Problem(source.file, source.line((key,)), what, mend)
        yield from _sources(knowledge, source, ("sources",), record.sources)
        for i, limit in enumerate(record.limits):
            yield from _sources(knowledge, source, ("limits", i), limit.sources)
            for what, mend in situation_problems(knowledge, limit.condition):
                yield Problem(source.file, source.line(("limits", i)), what, mend)


def _indication_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    seen: set[str] = set()
    for source in sources:
        for i, item in enumerate(source.data["indications"]):
            path: KeyPath = ("indications", i)
            line = source.line(path)
            if item["id"] in seen:
                yield Problem(source.file, line, f"{item['id']!r} is given twice", "keep one of the two")
            seen.add(item["id"])
            if item["verdict"] != "not_indicated" and "when" not in item:
                yield Problem(source.file, line, f"{item['id']}: does not say when", "add when")
            record = next(r for r in knowledge.indications if r.id == item["id"])
            names = (record.test, *record.includes, *record.instead_of)
            faults = [
                *_unknown("investigation", names, knowledge.index.investigations),
                *situation_problems(knowledge, record.condition),
            ]
            for what, mend in faults:
                yield Problem(source.file, line, f"{record.id}: {what}", mend)
            yield from _sources(knowledge, source, path, record.sources)


def _pathway_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    for source in sources:
        yield from _named_after_file(source)
        for i, step in enumerate(knowledge.pathways[source.data["id"]].steps):
            yield from _sources(knowledge, source, ("steps", i), step.sources)


def _line_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    seen: set[str] = set()
    for source in sources:
        for i, item in enumerate(source.data["patient_lines"]):
            path: KeyPath = ("patient_lines", i)
            line = source.line(path)
            if item["id"] in seen:
                yield Problem(source.file, line, f"{item['id']!r} is given twice", "keep one of the two")
            seen.add(item["id"])
            if (item["section"] == "watch") != ("how_soon" in item):
                yield Problem(source.file, line, f"{item['id']}: only signs to watch say how soon", "mend how_soon")
            record = next(r for r in knowledge.patient_lines if r.id == item["id"])
            if record.condition is not None:
                for what, mend in situation_problems(knowledge, record.condition):
                    yield Problem(source.file, line, f"{record.id}: {what}", mend)
            yield from _sources(knowledge, source, path, record.sources)


def situation_problems(knowledge: Knowledge, situation: Situation) -> Iterator[tuple[str, str]]:
    """Unknown ids and comparisons without a number, anywhere inside."""
    s, index = situation, knowledge.index
    findings = knowledge.findings
    for name, kind in ((s.finding, "boolean"), (s.denied, "boolean"), (s.measured, "measured")):
        if name is None:
            continue
        yield from _unknown("finding", [name], index.finding_ids)
        if name in findings and findings[name].kind != kind:
            yield f"{name!r} is not a {kind} finding, so this would never hold", "ask for it the other way"
    if s.measured is not None and s.at_least is None and s.at_most is None:
        yield f"{s.measured!r} is compared with nothing", "add at_least or at_most, an id of assumptions.yaml"
    things = {*index.cause_ids, *index.complications}
    groups = {c.must_not_miss for c in knowledge.causes.values() if c.must_not_miss} | {"compression"}
    yield from _unknown("cause", [n for n in (s.flagged,) if n], things | {"any"})
    yield from _unknown("cause or group", [n for n in (s.likely,) if n], things | groups)
    yield from _unknown("safety rule", [n for n in (s.rule,) if n], knowledge.red_flags)
    yield from _unknown("comorbidity", [n for n in (s.comorbidity,) if n], index.comorbidities)
    numbers = [n for n in (s.at_least, s.at_most, s.age_under, s.age_from, s.within, s.count) if n is not None]
    yield from _unknown("number", numbers, knowledge.assumptions)
    for inner in (*s.all_of, *s.any_of, *s.none_of, *s.count_of):
        yield from situation_problems(knowledge, inner)


def _named_after_file(source: Source) -> Iterator[Problem]:
    stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
    if stem != source.data["id"]:
        what = f"the id {source.data['id']!r} differs from the file's name"
        yield Problem(source.file, source.line(("id",)), what, f"call it {stem!r}")


def _sources(knowledge: Knowledge, source: Source, path: KeyPath, addresses: Iterable[str]) -> Iterator[Problem]:
    for address in addresses:
        if address not in knowledge.assumptions and knowledge.fact(address) is None:
            mend = "name study/fact or an assumption; " + did_you_mean(address, knowledge.addresses(), "see evidence/")
            yield Problem(source.file, source.line(path), f"unknown source {address!r}", mend)


def _unknown(what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in known:
            yield f"unknown {what} {name!r}", did_you_mean(name, known, "see index.yaml")
