"""Reads the knowledge folder into one frozen value; every problem is reported at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from backspasm.records.back_pain import BackPainCodes
from backspasm.records.care_types import Indication, Investigation, Pathway, PatientLine
from backspasm.records.cycle_fit_types import FitPlan, FitRecord
from backspasm.records.cycle_types import (
    CauseClass,
    Correlation,
    CycleDrug,
    CycleParameter,
    CycleRecords,
    Number,
    TreatmentOption,
)
from backspasm.records.dispute import Dispute
from backspasm.records.emg import EmgReference
from backspasm.records.history_types import Comorbidity, Medicine
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import KnowledgeError, Problem
from backspasm.records.question_types import NotAskedOf, SafetySet, Together
from backspasm.records.search import Search
from backspasm.records.treatment_types import Allergen, PrescribingRule, Treatment, TreatmentDispute
from backspasm.records.trial_types import TrialProtocol
from backspasm.records.types import (
    Assumption,
    Cause,
    Complication,
    Elicitation,
    Finding,
    Index,
    Link,
    RedFlag,
    Study,
)
from backspasm.records.vignette import Vignette
from backspasm.records.words import Cue, Heading, Spelling, Statement, ValueWords, WordClass, Wording, Words

if TYPE_CHECKING:
    from backspasm.records.yaml_source import Source

T = TypeVar("T")

#: folder or file (relative to the knowledge folder) -> schema
FORMATS: tuple[tuple[str, str], ...] = (
    ("index.yaml", "index"),
    ("evidence/assumptions.yaml", "assumptions"),
    ("evidence/disputes.yaml", "disputes"),
    ("evidence/searches.yaml", "searches"),
    ("evidence/studies/*.yaml", "study"),
    ("evidence/elicited/*/rates/*.yaml", "elicited_rates"),
    ("evidence/elicited/*/complications.yaml", "elicited_complications"),
    ("evidence/elicited/*/strengths.yaml", "elicited_strengths"),
    ("evidence/elicited/*/measurements.yaml", "elicited_measurements"),
    ("evidence/elicited/*/base_rates.yaml", "elicited_base_rates"),
    ("causes/*.yaml", "cause"),
    ("complications/*.yaml", "complication"),
    ("findings/links.yaml", "links"),
    ("findings/*.yaml", "findings"),
    ("red_flags/*.yaml", "red_flag"),
    ("treatments/medicines.yaml", "medicines"),
    ("treatments/allergens.yaml", "allergens"),
    ("treatments/prescribing_rules/*.yaml", "prescribing_rules"),
    ("treatments/disputes/*.yaml", "treatment_dispute"),
    ("treatments/*.yaml", "treatment"),
    ("comorbidities.yaml", "comorbidities"),
    ("vignettes/*.yaml", "vignette"),
    ("investigations/indications.yaml", "indications"),
    ("investigations/*.yaml", "investigation"),
    ("pathways/*.yaml", "pathway"),
    ("patient_words/*.yaml", "patient_lines"),
    ("safety_questions.yaml", "safety_questions"),
    ("back_pain.yaml", "back_pain"),
    ("cycle/parameters.yaml", "cycle_parameters"),
    ("cycle/drugs.yaml", "cycle_drugs"),
    ("cycle/prescriptions.yaml", "cycle_prescriptions"),
    ("cycle/causes.yaml", "cycle_causes"),
    ("cycle/targets.yaml", "cycle_targets"),
    ("cycle/fit.yaml", "cycle_fit"),
    ("words/spelling.yaml", "spelling"),
    ("words/classes.yaml", "word_classes"),
    ("words/wordings/*.yaml", "wordings"),
    ("words/statements.yaml", "statements"),
    ("words/cues.yaml", "cues"),
    ("words/headings.yaml", "headings"),
    ("words/values.yaml", "value_words"),
    ("cycle/trials/*.yaml", "trial"),
    ("emg/references.yaml", "emg_references"),
)


def knowledge_folder() -> Path:
    """The folder that ships with the package, or the one that ``BACKSPASM_KNOWLEDGE`` names.

    Raises:
        KnowledgeError: where the named one is no folder.
    """
    named = os.environ.get("BACKSPASM_KNOWLEDGE")
    if not named:
        return Path(__file__).parent.parent / "knowledge"
    if not Path(named).is_dir():
        mend = "name a copy of the knowledge folder, or unset the variable"
        raise KnowledgeError([Problem("BACKSPASM_KNOWLEDGE", 0, f"{named} is no folder", mend)])
    return Path(named)


def package_version() -> str:
    try:
        return version("backspasm")
    except PackageNotFoundError:
        return "unknown"


def digest_of(root: Path) -> str:
    """SHA-256 over names and bytes of every knowledge file: the identity of the knowledge."""
    total = hashlib.sha256()
    for name in sorted(_files(str(root), ".yaml"), key=lambda name: name.split("/")):
        total.update(name.encode() + b"\0")
        with open(f"{root}/{name}", "rb") as file:  # noqa: PTH123 (hundreds of files at every start: paths cost more than reading)
            total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def _files(folder: str, ending: str, under: str = "") -> list[str]:
    """Names of all files with this ending below a folder, relative to it, with slashes."""
    out: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                out += _files(entry.path, ending, f"{under}{entry.name}/")
            elif entry.name.endswith(ending):
                out.append(under + entry.name)
    return out


def read_sources(root: Path) -> tuple[dict[str, list[Source]], list[Problem]]:
    """Parse and schema-check every file. Returns sources by schema name, and the problems."""
    from backspasm.records.schemas import schema_problems  # heavy, and not needed where the cache serves
    from backspasm.records.yaml_source import read_yaml  # likewise

    found: dict[str, list[Source]] = {schema: [] for _, schema in FORMATS}
    problems: list[Problem] = []
    seen: set[Path] = set()
    for pattern, schema in FORMATS:
        for path in sorted(root.glob(pattern)):
            if path in seen:
                continue
            seen.add(path)
            source, faults = read_yaml(path, root)
            problems += faults
            if source.data is not None:
                faults = schema_problems(source, schema)
                problems += faults
                if not faults:
                    found[schema].append(source)
    problems += [
        Problem(
            path.relative_to(root).as_posix(), 1, "no format is known for a file of this place", "move or delete it"
        )
        for path in sorted(root.rglob("*.yaml"))
        if path not in seen
    ]
    mend = "end its name in .yaml, or delete it"
    problems += [
        Problem(path.relative_to(root).as_posix(), 1, "a file of this ending is not read", mend)
        for path in sorted(root.rglob("*.yml"))
    ]
    problems += [
        Problem(pattern, 1, "the knowledge base lacks this file", "restore it")
        for pattern, schema in FORMATS
        if "*" not in pattern and not (root / pattern).exists()
    ]
    return found, problems


def read_knowledge(root: Path | None = None) -> Knowledge:
    """Read and check the knowledge base.

    Raises:
        KnowledgeError: with every problem found, each with file, line and mend.
    """
    from backspasm.records.checks import cross_problems  # as above

    root = root or knowledge_folder()
    found, problems = read_sources(root)
    if problems:
        raise KnowledgeError(problems)
    knowledge = assemble(found, digest_of(root))
    problems = cross_problems(knowledge, found)
    if problems:
        raise KnowledgeError(problems)
    return knowledge


def assemble(found: dict[str, list[Source]], digest: str) -> Knowledge:
    """Typed records from checked sources."""
    index = msgspec.convert(found["index"][0].data, Index)
    findings = _keyed(_many(found["findings"], "findings", Finding), index.finding_ids)
    return Knowledge(
        digest=digest,
        version=package_version(),
        index=index,
        studies={s.id: s for s in _each(found["study"], Study)},
        assumptions={a.id: a for a in _many(found["assumptions"], "assumptions", Assumption)},
        disputes={d.id: d for d in _many(found["disputes"], "disputes", Dispute)},
        searches=tuple(_many(found["searches"], "searches", Search)),
        elicitations=_elicitations(found),
        causes=_keyed(_each(found["cause"], Cause), index.cause_ids),
        complications=_keyed(_each(found["complication"], Complication), index.complications),
        findings=findings,
        links=tuple(_many(found["links"], "links", Link)),
        red_flags={r.id: r for r in _each(found["red_flag"], RedFlag)},
        medicines={m.id: m for m in _many(found["medicines"], "medicines", Medicine)},
        comorbidities=_keyed(_many(found["comorbidities"], "comorbidities", Comorbidity), index.comorbidities),
        vignettes={v.id: v for v in _each(found["vignette"], Vignette)},
        investigations=_keyed(_each(found["investigation"], Investigation), index.investigations),
        indications=tuple(_many(found["indications"], "indications", Indication)),
        pathways=_keyed(_each(found["pathway"], Pathway), (*index.cause_ids, *index.complications)),
        patient_lines=tuple(_many(found["patient_lines"], "patient_lines", PatientLine)),
        safety=tuple(_many(found["safety_questions"], "safety", SafetySet)),
        together=tuple(_many(found["safety_questions"], "together", Together)),
        not_asked_of=tuple(_many(found["safety_questions"], "not_asked_of", NotAskedOf)),
        back_pain=msgspec.convert(found["back_pain"][0].data, BackPainCodes),
        cycle=_cycle(found),
        cycle_plan=msgspec.convert(found["cycle_targets"][0].data, FitPlan),
        cycle_fit=msgspec.convert(found["cycle_fit"][0].data, FitRecord),
        words=Words(
            classes=tuple(_many(found["word_classes"], "classes", WordClass)),
            wordings=tuple(_many(found["wordings"], "wordings", Wording)),
            statements=tuple(_many(found["statements"], "statements", Statement)),
            cues=tuple(_many(found["cues"], "cues", Cue)),
            headings=tuple(_many(found["headings"], "headings", Heading)),
            spelling=msgspec.convert(found["spelling"][0].data, Spelling),
            values=msgspec.convert(found["value_words"][0].data, ValueWords),
        ),
        treatments=_keyed(_each(found["treatment"], Treatment), index.treatment_ids),
        prescribing={r.id: r for r in _many(found["prescribing_rules"], "rules", PrescribingRule)},
        treatment_disputes={d.id: d for d in _each(found["treatment_dispute"], TreatmentDispute)},
        allergens={a.id: a for a in _many(found["allergens"], "allergens", Allergen)},
        emg_references=tuple(_many(found["emg_references"], "references", EmgReference)),
        trials={t.id: t for t in _each(found["trial"], TrialProtocol)},
    )


def _cycle(found: dict[str, list[Source]]) -> CycleRecords:
    drugs, prescriptions = found["cycle_drugs"][0].data, found["cycle_prescriptions"][0].data
    definitions = found["cycle_targets"][0].data["definitions"]
    return CycleRecords(
        parameters={p.id: p for p in _many(found["cycle_parameters"], "parameters", CycleParameter)},
        correlations=tuple(_many(found["cycle_parameters"], "correlations", Correlation)),
        drugs={d.id: d for d in _many(found["cycle_drugs"], "drugs", CycleDrug)},
        placebo_drowsy=msgspec.convert(drugs["placebo_drowsy"], Number),
        slow_from_age=msgspec.convert(drugs["slow_from_age"], Number),
        slow_with=tuple(drugs["slow_with"]),
        options={o.id: o for o in _many(found["cycle_prescriptions"], "options", TreatmentOption)},
        as_needed_pain=msgspec.convert(prescriptions["as_needed_pain"], Number),
        adherence=msgspec.convert(prescriptions["adherence"], Number),
        visit_pain=msgspec.convert(prescriptions["visit_pain"], Number),
        visit_days=msgspec.convert(definitions["primary_care_days"], Number),
        emergency_visit_days=msgspec.convert(definitions["emergency_days"], Number),
        classes={c.id: c for c in _many(found["cycle_causes"], "classes", CauseClass)},
    )


def _each(sources: Sequence[Source], kind: type[T]) -> list[T]:
    return [msgspec.convert(s.data, kind) for s in sources]


def _many(sources: Sequence[Source], key: str, kind: type[T]) -> list[T]:
    return [msgspec.convert(item, kind) for s in sources for item in s.data[key]]


def _keyed(records: Sequence[Any], order: Sequence[str]) -> dict[str, Any]:
    """Records by id in canonical order; unknown ids come last, so that the checks can name them."""
    by_id = {r.id: r for r in records}
    return {i: by_id[i] for i in (*order, *(i for i in by_id if i not in order)) if i in by_id}


def _elicitations(found: dict[str, list[Source]]) -> tuple[Elicitation, ...]:
    parts: dict[str, dict[str, Any]] = {}

    def collect(schema: str, key: str, target: str, merge: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        for source in found[schema]:
            person = parts.setdefault(source.data["estimator"], {})
            merge(person.setdefault(target, {}), source.data[key])

    for schema, key, target in (
        ("elicited_rates", "findings", "rates"),
        ("elicited_complications", "complications", "complications"),
        ("elicited_strengths", "strengths", "strengths"),
        ("elicited_measurements", "measurements", "measurements"),
        ("elicited_base_rates", "causes", "base_rates"),
    ):
        collect(schema, key, target, dict.update)
    empty: dict[str, Any] = {k: {} for k in ("rates", "complications", "strengths", "measurements", "base_rates")}
    return tuple(
        msgspec.convert({"estimator": person, **empty, **said}, Elicitation) for person, said in sorted(parts.items())
    )
