"""Checks of treatments, rules of prescribing, disputes and medicines that no schema can make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.treatment_types import PatientCondition
from backspasm.records.yaml_source import KeyPath, Source

#: what ``medicine`` and ``allergy`` may name besides medicines and classes
ITSELF = "itself"
EFFECTS = ("treatment_effect", "course")
HARMS = ("adverse_event",)
ADVICE = ("prescribing", "recommendation")


def treatment_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Every inconsistency of the treatment records."""
    yield from _files(found)
    yield from _gaps(knowledge)
    yield from _treatments(knowledge, found["treatment"])
    yield from _disputes(knowledge, found["treatment_dispute"])
    yield from _rules(knowledge, found["prescribing_rules"])
    yield from _medicines(knowledge, found["medicines"], found["allergens"])


def _files(found: dict[str, list[Source]]) -> Iterator[Problem]:
    for schema in ("treatment", "treatment_dispute"):
        for source in found[schema]:
            stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
            if stem != source.data["id"]:
                what = f"the id {source.data['id']!r} differs from the file's name"
                yield Problem(source.file, source.line(("id",)), what, f"call it {stem!r}")
    seen: dict[str, str] = {}
    for key, schema in (("rules", "prescribing_rules"), ("allergens", "allergens")):
        for source in found[schema]:
            for i, item in enumerate(source.data[key]):
                line, name = source.line((key, i)), f"{key} {item['id']}"
                if name in seen:
                    what = f"{item['id']!r} is given twice (first at {seen[name]})"
                    yield Problem(source.file, line, what, "keep one of the two")
                seen.setdefault(name, f"{source.file}:{line}")


def _gaps(knowledge: Knowledge) -> Iterator[Problem]:
    wanted, have = knowledge.index.treatment_ids, knowledge.treatments
    for missing in sorted(set(wanted) - set(have)):
        yield Problem("treatments", 1, f"{missing!r} of index.yaml has no record", "add it")
    for extra in sorted(set(have) - set(wanted)):
        yield Problem("treatments", 1, f"{extra!r} is not in index.yaml", did_you_mean(extra, wanted, "add it there"))


def _facts(
    knowledge: Knowledge, source: Source, path: KeyPath, addresses: Iterable[str], kinds: tuple[str, ...]
) -> Iterator[Problem]:
    """Addresses that name no fact, or a fact of another kind than is wanted there."""
    for address in addresses:
        fact = knowledge.fact(address)
        line = source.line(path)
        if fact is None:
            known = knowledge.addresses()
            yield Problem(source.file, line, f"unknown fact {address!r}", did_you_mean(address, known, "see evidence/"))
        elif fact[1].kind not in kinds:
            what = f"{address!r} is a {fact[1].kind}, which does not belong here"
            yield Problem(source.file, line, what, f"name a fact of kind {' or '.join(kinds)}")


def _treatments(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    about = {*knowledge.index.cause_ids, *knowledge.index.complications}
    for source in sources:
        record = knowledge.treatments[source.data["id"]]
        yield from _facts(knowledge, source, ("harms",), record.harms, HARMS)
        for key, addresses in (("dose", record.dose), ("advice", record.advice), ("authorised", record.authorised)):
            yield from _facts(knowledge, source, (key,), addresses, ADVICE)
        for i, use in enumerate(record.uses):
            path: KeyPath = ("uses", i)
            for cause in use.causes:
                if cause not in about:
                    mend = did_you_mean(cause, about, "see index.yaml")
                    yield Problem(source.file, source.line(path), f"unknown cause {cause!r}", mend)
            yield from _facts(knowledge, source, path, use.effects, EFFECTS)
            yield from _facts(knowledge, source, path, use.sources, (*ADVICE, *EFFECTS))
        if not any(use.effects for use in record.uses):
            yield Problem(source.file, 1, "no use names an effect", "add effects, a fact of kind treatment_effect")
        for medicine in record.medicines:
            if medicine not in knowledge.medicines:
                mend = did_you_mean(medicine, knowledge.medicines, "add it to medicines.yaml")
                yield Problem(source.file, source.line(("medicines",)), f"unknown medicine {medicine!r}", mend)


def _disputes(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    for source in sources:
        record = knowledge.treatment_disputes[source.data["id"]]
        for name in record.treatments:
            if name not in knowledge.index.treatment_ids:
                mend = did_you_mean(name, knowledge.index.treatment_ids, "see index.yaml")
                yield Problem(source.file, source.line(("treatments",)), f"unknown treatment {name!r}", mend)
        for i, side in enumerate(record.sides):
            yield from _facts(knowledge, source, ("sides", i), side.facts, (*EFFECTS, *HARMS, *ADVICE))


def _rules(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    for source in sources:
        for i, item in enumerate(source.data["rules"]):
            rule, line = knowledge.prescribing[item["id"]], source.line(("rules", i))
            for name in (*rule.treatments, *rule.except_treatments):
                if name not in knowledge.index.treatment_ids:
                    mend = did_you_mean(name, knowledge.index.treatment_ids, "see index.yaml")
                    yield Problem(source.file, line, f"{rule.id}: unknown treatment {name!r}", mend)
            for name in rule.classes:
                if name not in knowledge.medicine_classes:
                    mend = did_you_mean(name, knowledge.medicine_classes, "see medicines.yaml")
                    yield Problem(source.file, line, f"{rule.id}: unknown class {name!r}", mend)
            for address in rule.sources:
                if address not in knowledge.assumptions and knowledge.fact(address) is None:
                    known = knowledge.addresses()
                    mend = "name study/fact or an assumption; " + did_you_mean(address, known, "see evidence/")
                    yield Problem(source.file, line, f"{rule.id}: unknown source {address!r}", mend)
            for what, mend in _condition(knowledge, rule.when):
                yield Problem(source.file, line, f"{rule.id}: {what}", mend)


def _condition(knowledge: Knowledge, condition: PatientCondition) -> Iterator[tuple[str, str]]:
    c = condition
    for name, kind in ((c.finding, "boolean"), (c.measured, "measured")):
        if name is None:
            continue
        record = knowledge.findings.get(name)
        if record is None:
            yield f"unknown finding {name!r}", did_you_mean(name, knowledge.findings, "see index.yaml")
        elif record.kind != kind:
            yield f"{name!r} is not a {kind} finding, so the rule would never hold", "see findings/"
    if c.measured is not None and c.at_least is None and c.at_most is None:
        yield f"{c.measured!r} is compared with nothing", "add at_least or at_most"
    if c.comorbidity is not None and c.comorbidity not in knowledge.index.comorbidities:
        known = knowledge.index.comorbidities
        yield f"unknown comorbidity {c.comorbidity!r}", did_you_mean(c.comorbidity, known, "see index.yaml")
    medicines = {*knowledge.medicines, *knowledge.medicine_classes, ITSELF}
    for name in (c.medicine, c.allergy, *c.other_than):
        if name is not None and name not in medicines:
            yield f"unknown medicine or class {name!r}", did_you_mean(name, medicines, "see medicines.yaml")
    for number in (c.at_least, c.at_most, c.egfr_below, c.age_under, c.age_from, c.pregnant_from_week):
        if number is None:
            continue
        try:
            knowledge.number_at(number)
        except KeyError:
            yield f"{number!r} has no value", "name an assumption or a study/fact with a value"
    for inner in (*c.all_of, *c.any_of):
        yield from _condition(knowledge, inner)


def _medicines(knowledge: Knowledge, sources: list[Source], words: list[Source]) -> Iterator[Problem]:
    for source in sources:
        for i, item in enumerate(source.data["medicines"]):
            line = source.line(("medicines", i))
            for name in item.get("contains", ()):
                if name not in knowledge.medicines:
                    mend = did_you_mean(name, knowledge.medicines, "add it")
                    yield Problem(source.file, line, f"{item['id']}: contains the unknown {name!r}", mend)
                elif knowledge.medicines[name].contains:
                    what = f"{item['id']}: contains {name!r}, a combination itself"
                    yield Problem(source.file, line, what, "name its ingredients")
            if not item.get("contains") and not item.get("classes"):
                yield Problem(source.file, line, f"{item['id']}: neither classes nor contents", "add one of them")
    for source in words:
        for i, item in enumerate(source.data["allergens"]):
            for name in item.get("classes", ()):
                if name not in knowledge.medicine_classes:
                    line = source.line(("allergens", i))
                    mend = did_you_mean(name, knowledge.medicine_classes, "see medicines.yaml")
                    yield Problem(source.file, line, f"{item['id']}: unknown class {name!r}", mend)
