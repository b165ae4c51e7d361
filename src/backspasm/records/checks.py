"""Checks that no schema can make: ids that must exist, counts that contradict, tables that must be complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.records.back_pain import back_pain_problems
from backspasm.records.care_checks import care_problems
from backspasm.records.cycle_checks import cycle_problems
from backspasm.records.cycle_fit_checks import fit_problems
from backspasm.records.dispute_checks import dispute_problems
from backspasm.records.elicitation_checks import (
    ELICITED_KEYS,
    elicited_gaps,
    elicited_id_problems,
    elicited_key_problems,
)
from backspasm.records.emg import emg_problems
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.question_checks import question_problems
from backspasm.records.search import search_problems
from backspasm.records.treatment_checks import treatment_problems
from backspasm.records.trial_checks import trial_problems
from backspasm.records.types import Condition, Fact
from backspasm.records.word_checks import word_problems
from backspasm.records.yaml_source import KeyPath, Source

#: how far a printed value may lie from the one that the counts give, before one of them must be wrong
ROUNDING = 0.012
#: the same for a ratio, relative to its size
RATIO_ROUNDING = 0.1


def cross_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> list[Problem]:
    """Every inconsistency between records."""
    return [
        *_given_once(found),
        *_study_problems(knowledge, found["study"]),
        *elicited_id_problems(knowledge, found),
        *elicited_key_problems(knowledge, found),
        *elicited_gaps(knowledge),
        *_record_gaps(knowledge),
        *_red_flag_problems(knowledge, found["red_flag"]),
        *_reference_problems(knowledge, found),
        *dispute_problems(knowledge, found["disputes"]),
        *search_problems(knowledge, found["searches"]),
        *_vignette_problems(knowledge, found["vignette"]),
        *care_problems(knowledge, found),
        *question_problems(knowledge, found),
        *word_problems(knowledge, found),
        *trial_problems(knowledge, found),
        *treatment_problems(knowledge, found),
        *emg_problems(knowledge.studies, found["emg_references"]),
        *back_pain_problems(knowledge, found["back_pain"]),
        *cycle_problems(knowledge, found),
        *fit_problems(knowledge, found),
    ]


# --- identity ------------------------------------------------------------------------------------------------------


def _given_once(found: dict[str, list[Source]]) -> Iterator[Problem]:
    """Of two records with one id the later would silently win; so each id stands once, in the file of its name."""
    for schema in ("cause", "complication", "vignette"):
        for source in found[schema]:
            stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
            if stem != source.data["id"]:
                what = f"the id {source.data['id']!r} differs from the file's name"
                yield Problem(source.file, source.line(("id",)), what, f"call it {stem!r}")
    for schema in ("assumptions", "disputes", "findings", "links", "medicines", "comorbidities"):
        ids = [(s, (schema, i), str(item["id"])) for s in found[schema] for i, item in enumerate(s.data[schema])]
        yield from _repeated(ids)
    for schema, key in ELICITED_KEYS.items():
        for person in dict.fromkeys(s.data["estimator"] for s in found[schema]):
            own = [s for s in found[schema] if s.data["estimator"] == person]
            yield from _repeated([(s, (key, name), name) for s in own for name in s.data[key]])


def _repeated(ids: Iterable[tuple[Source, KeyPath, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for source, path, name in ids:
        line = source.line(path)
        if name in first:
            yield Problem(source.file, line, f"{name!r} is given twice (first at {first[name]})", "keep one of the two")
        first.setdefault(name, f"{source.file}:{line}")


# --- studies -------------------------------------------------------------------------------------------------------


def _study_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for source in sources:
        study = knowledge.studies[source.data["id"]]
        stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
        if stem != source.data["id"]:
            yield Problem(
                source.file, 1, f"the id {source.data['id']!r} differs from the file's name", f"call it {stem!r}"
            )
        for key in (study.pmid and f"PMID {study.pmid}", study.doi and f"DOI {study.doi.lower()}"):
            if key and key in seen and seen[key] != study.id:
                yield Problem(source.file, 1, f"{key} is also that of {seen[key]!r}", "put the facts into one file")
            elif key:
                seen[key] = study.id
        ids: set[str] = set()
        for i, fact in enumerate(study.facts):
            line = source.line(("facts", i))
            if fact.id in ids:
                yield Problem(source.file, line, f"fact id {fact.id!r} is used twice", "give each fact its own id")
            ids.add(fact.id)
            for what, mend in (*_unknown_ids(knowledge, fact), *_contradictions(fact)):
                yield Problem(source.file, line, f"{fact.id}: {what}", mend)


def _unknown_ids(knowledge: Knowledge, fact: Fact) -> Iterator[tuple[str, str]]:
    index = knowledge.index
    for cause in (*fact.causes, *(fact.comparator.causes if fact.comparator else ())):
        if cause not in index.cause_ids:
            yield f"unknown cause {cause!r}", did_you_mean(cause, index.cause_ids, "see index.yaml")
    if fact.finding is not None and fact.finding not in index.finding_ids:
        yield f"unknown finding {fact.finding!r}", did_you_mean(fact.finding, index.finding_ids, "see index.yaml")
    if fact.other is not None and fact.other not in index.finding_ids:
        yield f"unknown finding {fact.other!r}", did_you_mean(fact.other, index.finding_ids, "see index.yaml")
    if fact.complication is not None and fact.complication not in index.complications:
        mend = did_you_mean(fact.complication, index.complications, "see index.yaml")
        yield f"unknown complication {fact.complication!r}", mend
    for treatment in (*fact.treatments, *(fact.against.treatments if fact.against else ())):
        if treatment not in index.treatment_ids:
            mend = did_you_mean(treatment, index.treatment_ids, "see index.yaml")
            yield f"unknown treatment {treatment!r}", mend
    known = {*index.cause_ids, *index.finding_ids, *index.complications, *index.investigations}
    for about in fact.about:
        if about not in known:
            yield f"unknown id {about!r} in about", did_you_mean(about, known, "see index.yaml")
    drugs = [t for group in index.treatments.values() for t in group]
    for treatment in fact.treatments:
        if treatment not in drugs:
            yield f"unknown treatment {treatment!r}", did_you_mean(treatment, drugs, "see index.yaml")


def _contradictions(fact: Fact) -> Iterator[tuple[str, str]]:
    parts = (fact, fact.sensitivity, fact.specificity, *fact.at_least, *fact.below, *fact.arms)
    for part in parts:
        if part is None:
            continue
        if part.x is not None and part.n is None:
            yield "x and n belong together", "give both, or only a value"
        if part.x is not None and part.n is not None:
            if part.x > part.n:
                yield f"x ({part.x}) is larger than n ({part.n})", "read the table again"
            elif part.n and part.value is not None and abs(part.x / part.n - part.value) > ROUNDING:
                what = f"the counts {part.x}/{part.n} give {part.x / part.n:.3f}, the record says {part.value}"
                yield what, "keep the counts and drop the value, or explain in note"
        if part.value is not None and part.low is not None and part.high is not None:
            if not part.low <= part.value <= part.high:
                yield f"value {part.value} lies outside {part.low}..{part.high}", "read the interval again"
    for proportion, found, missed, name in (
        (fact.sensitivity, fact.tp, fact.fn, "sensitivity"),
        (fact.specificity, fact.tn, fact.fp, "specificity"),
    ):
        if proportion and proportion.value is not None and found is not None and missed is not None and found + missed:
            counted = found / (found + missed)
            if abs(counted - proportion.value) > ROUNDING:
                yield f"counts give {name} {counted:.3f}, the record says {proportion.value}", f"drop the {name}"
    yield from _ratio_contradictions(fact)
    if fact.kind in {"rate", "accuracy", "ratio", "measurement"} and bool(fact.causes) == (
        fact.complication is not None
    ):
        yield "give causes or a complication, one of the two", "say whom the rate is about"
    table = [fact.both, fact.first_only, fact.second_only, fact.neither]
    if fact.kind == "association" and (None in table) == (fact.value is None):
        yield "give a fourfold table or a correlation, one of the two", "say both, first_only, second_only, neither"
    if not fact.used and not fact.because:
        yield "a fact that is not used needs a reason", "add because"


def _ratio_contradictions(fact: Fact) -> Iterator[tuple[str, str]]:
    if None in (fact.tp, fact.fn, fact.fp, fact.tn):
        return
    tp, fn, fp, tn = (float(c or 0) for c in (fact.tp, fact.fn, fact.fp, fact.tn))
    if min(tp + fn, fp + tn) == 0:
        yield "counts with an empty column", "give sensitivity or specificity alone"
        return
    sensitivity, specificity = tp / (tp + fn), tn / (fp + tn)
    if fact.lr_pos and fact.lr_pos.value and specificity < 1:
        ratio = sensitivity / (1 - specificity)
        if abs(ratio - fact.lr_pos.value) > RATIO_ROUNDING * max(ratio, fact.lr_pos.value) and not fact.note:
            what = f"counts give LR+ {ratio:.2f}, the record says {fact.lr_pos.value}"
            yield what, "keep the counts and drop lr_pos, or explain in note"
    if fact.lr_neg and fact.lr_neg.value and specificity > 0:
        ratio = (1 - sensitivity) / specificity
        if abs(ratio - fact.lr_neg.value) > RATIO_ROUNDING * max(ratio, fact.lr_neg.value) and not fact.note:
            what = f"counts give LR- {ratio:.2f}, the record says {fact.lr_neg.value}"
            yield what, "keep the counts and drop lr_neg, or explain in note"


# --- records that must exist ---------------------------------------------------------------------------------------


def _record_gaps(knowledge: Knowledge) -> Iterator[Problem]:
    index = knowledge.index
    for folder, wanted, have in (
        ("causes", index.cause_ids, knowledge.causes),
        ("complications", index.complications, knowledge.complications),
        ("findings", index.finding_ids, knowledge.findings),
        ("comorbidities.yaml", index.comorbidities, knowledge.comorbidities),
    ):
        for missing in sorted(set(wanted) - set(have)):
            yield Problem(folder, 1, f"{missing!r} of index.yaml has no record", "add it")
        for extra in sorted(set(have) - set(wanted)):
            yield Problem(folder, 1, f"{extra!r} is not in index.yaml", did_you_mean(extra, wanted, "add it there"))
    urgencies = {c.id: c.urgency for c in knowledge.causes.values()} | {
        k.id: k.urgency for k in knowledge.complications.values()
    }
    for name, urgency in urgencies.items():
        if urgency not in index.urgency:
            what = f"{name}: unknown urgency {urgency!r}"
            yield Problem("causes", 1, what, f"use one of {', '.join(index.urgency)}")
    for finding in knowledge.findings.values():
        for complication in finding.driven_by:
            if complication not in index.complications:
                mend = did_you_mean(complication, index.complications, "see index.yaml")
                yield Problem("findings", 1, f"{finding.id}: unknown complication {complication!r}", mend)


def _red_flag_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    known = {*knowledge.index.cause_ids, *knowledge.index.complications}
    for source in sources:
        rule = knowledge.red_flags[source.data["id"]]
        stem = source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
        if rule.id != stem:
            yield Problem(source.file, 1, f"the id {rule.id!r} differs from the file's name", f"call it {stem!r}")
        if rule.urgency not in knowledge.index.urgency:
            line = source.line(("urgency",))
            yield Problem(
                source.file, line, f"unknown urgency {rule.urgency!r}", f"use {', '.join(knowledge.index.urgency)}"
            )
        for target in rule.points_to:
            if target not in known:
                line = source.line(("points_to",))
                yield Problem(
                    source.file, line, f"unknown cause {target!r}", did_you_mean(target, known, "see index.yaml")
                )
        for address in rule.sources:
            if address not in knowledge.assumptions and knowledge.fact(address) is None:
                mend = "name study/fact or an assumption; " + did_you_mean(
                    address, knowledge.addresses(), "see evidence/"
                )
                yield Problem(source.file, source.line(("sources",)), f"unknown source {address!r}", mend)
        for what, mend in _condition_problems(knowledge, rule.condition):
            yield Problem(source.file, source.line(("condition",)), what, mend)


def _condition_problems(knowledge: Knowledge, condition: Condition) -> Iterator[tuple[str, str]]:
    findings = knowledge.index.finding_ids
    for name, kind, mend in (
        (condition.finding, "boolean", "write `measured`, with `at_least` or `at_most`"),
        (condition.measured, "measured", "write `finding`"),
    ):
        if name is None:
            continue
        if name not in findings:
            yield f"unknown finding {name!r}", did_you_mean(name, findings, "see index.yaml")
        elif name in knowledge.findings and knowledge.findings[name].kind != kind:
            yield f"{name!r} is not a {kind} finding, so the rule would never hold", mend
    if condition.measured is not None and condition.at_least is None and condition.at_most is None:
        yield f"{condition.measured!r} is compared with nothing", "add at_least or at_most, an id of assumptions.yaml"
    if condition.comorbidity is not None and condition.comorbidity not in knowledge.index.comorbidities:
        mend = did_you_mean(condition.comorbidity, knowledge.index.comorbidities, "see index.yaml")
        yield f"unknown comorbidity {condition.comorbidity!r}", mend
    for number in (condition.at_least, condition.at_most, condition.age_under, condition.age_from, condition.count):
        if number is not None and number not in knowledge.assumptions:
            yield (
                f"unknown number {number!r}",
                did_you_mean(number, knowledge.assumptions, "add it to assumptions.yaml"),
            )
    for inner in (*condition.all_of, *condition.any_of, *condition.count_of):
        yield from _condition_problems(knowledge, inner)


def _reference_problems(knowledge: Knowledge, found: dict[str, list[Source]]) -> Iterator[Problem]:
    findings, named = set(knowledge.index.finding_ids), knowledge.assumptions
    for source in found["links"]:
        for i, link in enumerate(source.data["links"]):
            line = source.line(("links", i))
            for name in (link["finding"], link["other"]):
                if name not in findings:
                    yield Problem(
                        source.file, line, f"unknown finding {name!r}", did_you_mean(name, findings, "index.yaml")
                    )
                elif name in knowledge.findings and knowledge.findings[name].kind != _link_kind(link, name):
                    what = f"{name!r} is not a {_link_kind(link, name)} finding, so the link would never hold"
                    yield Problem(source.file, line, what, f"name another, or change the kind {link['kind']!r}")
            if link["kind"] in THRESHOLD_LINKS and link.get("threshold") is None:
                what = f"{link['kind']} without a threshold"
                yield Problem(source.file, line, what, "add one, an id of assumptions.yaml")
            if link.get("threshold") is not None and link["threshold"] not in named:
                mend = did_you_mean(link["threshold"], named, "add it to assumptions.yaml")
                yield Problem(source.file, line, f"unknown number {link['threshold']!r}", mend)
    for finding in knowledge.findings.values():
        numbers = [*(finding.plausible or ())]
        if finding.time:
            numbers += [
                n for n in (finding.time.within_days_before_onset, finding.time.within_days_when_onset_unknown) if n
            ]
        for number in numbers:
            if number not in named:
                mend = did_you_mean(number, named, "add it to assumptions.yaml")
                yield Problem("findings", 1, f"{finding.id}: unknown number {number!r}", mend)
    implied = {m.id: m.implies for m in knowledge.medicines.values()} | {
        c.id: c.implies for c in knowledge.comorbidities.values()
    }
    for record, names in implied.items():
        for name in names:
            if name not in findings:
                yield Problem("treatments", 1, f"{record}: unknown finding {name!r}", "see index.yaml")


def _vignette_problems(knowledge: Knowledge, sources: list[Source]) -> Iterator[Problem]:
    index = knowledge.index
    groups = {c.must_not_miss for c in knowledge.causes.values() if c.must_not_miss} | {"compression"}
    for source in sources:
        expected = knowledge.vignettes[source.data["id"]].expected
        for field, names, known in (
            ("urgency", expected.urgency, index.urgency),
            ("leading", expected.leading, index.cause_ids),
            ("must_not_miss", expected.must_not_miss, sorted(groups)),
        ):
            for name in names:
                if name not in known:
                    what = f"unknown {field} {name!r}"
                    mend = did_you_mean(name, known, f"use {', '.join(known)}")
                    yield Problem(source.file, source.line(("expected", field)), what, mend)


THRESHOLD_LINKS = ("at_least_implies", "below_excludes")


def _link_kind(link: dict[str, str], name: str) -> str:
    """The kind of finding that a link wants in the place where it names this one."""
    return "measured" if link["kind"] in {*THRESHOLD_LINKS, "supersedes"} and name == link["finding"] else "boolean"
