"""Assessed encounters as columns of Arrow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from backspasm.advice.many.crowd import Crowd, crowd_of
from backspasm.advice.many.investigations import Advised, advised_tests, imaging_tests
from backspasm.advice.many.triage import Triage, likeliest_stratum, telling, triage
from backspasm.advice.prescribing import patient_facts
from backspasm.advice.taken_medicines import taken_verdicts
from backspasm.inference.model import Model
from backspasm.patients.answers import Answers
from backspasm.patients.patient import Patient
from backspasm.population.screen.compare import Comparison, changes
from backspasm.population.screen.records import Encountered, Problem
from backspasm.population.screen.schemas import OUT

#: the most probable causes that a row names
CAUSES_NAMED = 5
#: decimals of a probability, as everywhere
DECIMALS = 6

Columns = dict[str, list[Any]]


def assessed_rows(seen: Sequence[Encountered], model: Model, comparison: Comparison | None = None) -> Columns:
    """The columns of ``screened`` for encounters whose patients do not contradict themselves; and what changes."""
    if not seen:
        return {}
    crowd = crowd_of([e.patient for e in seen], model)
    found = triage(crowd)
    levels = model.knowledge.index.urgency
    columns: Columns = {
        "patient": [e.patient_id for e in seen],
        "encounter": [e.encounter for e in seen],
        "start": [e.start for e in seen],
        "site": [e.site for e in seen],
        "clinician_group": [e.clinician_group for e in seen],
        "age_years": [e.patient.age_years for e in seen],
        "sex": [e.patient.sex for e in seen],
        "setting": [e.patient.setting for e in seen],
        "urgency": [levels[i] for i in found.level.tolist()],
        "floor": [levels[i] for i in found.floor.tolist()],
        "red_flags": _red_flags(found, len(seen)),
        **_causes(crowd, model),
        **_ledger(crowd, found, model),
        **_imaging(advised_tests(crowd, found), model),
        **_medicines(crowd, model),
        "knowledge_digest": [model.knowledge.digest] * len(seen),
        "input_digest": [_digest(e.patient) for e in seen],
        "imaged_days": [e.later.imaged_days for e in seen],
        "imaged_with": [list(e.later.imaged_with) for e in seen],
        "imaged_before_days": [e.later.imaged_before_days for e in seen],
        "workup_days": [e.later.workup_days for e in seen],
        "followed_days": [e.followed_days for e in seen],
        "change": [None] * len(seen) if comparison is None else changes(seen, crowd, found, comparison),
    }
    return columns


def record_batch(columns: Columns, problems: Sequence[Problem]) -> pa.RecordBatch:
    """Assessments, then problems, as one batch."""
    count = len(columns["patient"]) if columns else 0
    arrays = []
    for field in OUT:
        if field.name == "problem":
            rows = [msgspec.to_builtins(p) for p in problems]
            arrays.append(pa.array([None] * count + rows, field.type))
        else:
            arrays.append(pa.array((columns.get(field.name) or []) + [None] * len(problems), field.type))
    return pa.record_batch(arrays, schema=OUT)


def _digest(patient: Patient) -> str:
    """As in an assessment."""
    return hashlib.sha256(msgspec.json.encode(patient, order="deterministic")).hexdigest()


def _red_flags(found: Triage, count: int) -> list[list[str]]:
    out: list[list[str]] = [[] for _ in range(count)]
    for rule, fires in found.rules.items():  # in the order in which an assessment lists them
        for i in np.flatnonzero(fires).tolist():
            out[i].append(rule)
    return out


def _causes(crowd: Crowd, model: Model) -> Columns:
    names = model.parameters.causes
    best = crowd.ranking[:, :CAUSES_NAMED]
    p = np.take_along_axis(crowd.causes, best, axis=1).round(DECIMALS).tolist()
    named = [[names[c] for c in row] for row in best.tolist()]
    return {
        "top_cause": [row[0] for row in named],
        "top_probability": [row[0] for row in p],
        "causes": named,
        "probabilities": p,
    }


def _ledger(crowd: Crowd, found: Triage, model: Model) -> Columns:
    groups = list(found.listed)
    listed = np.stack([found.listed[g] for g in groups], axis=1)
    p = np.stack([found.groups[g] for g in groups], axis=1)
    order = np.argsort(-p, axis=1, kind="stable")
    names: list[list[str]] = []
    shares: list[list[float]] = []
    asked: list[list[list[str]]] = []
    unasked: list[list[list[str]]] = []
    known = {f: (row != 0) for f, row in zip(model.parameters.booleans, crowd.known, strict=True)}
    for m in model.parameters.measured:
        known[m] = crowd.asked(m)
    for i in range(len(crowd)):
        own = [g for g in order[i].tolist() if listed[i, g]]
        stratum = likeliest_stratum(crowd, i) if own else None
        names.append([groups[g] for g in own])
        shares.append([round(float(p[i, g]), DECIMALS) for g in own])
        best = [telling(groups[g], *stratum, model) for g in own] if stratum else []
        asked.append([[f for f in fs if known[f][i]] for fs in best])
        unasked.append([[f for f in fs if not known[f][i]] for fs in best])
    return {
        "must_not_miss": names,
        "must_not_miss_probability": shares,
        "must_not_miss_asked": asked,
        "must_not_miss_not_asked": unasked,
    }


def _imaging(tests: Sequence[Sequence[Advised]], model: Model) -> Columns:
    pictures = imaging_tests(model)
    of_each = [[t for t in advised if t.test in pictures] for advised in tests]
    return {
        "imaging": [row[0].verdict if row else None for row in of_each],  # the strongest comes first
        "imaging_indicated": [[t.test for t in row if t.verdict == "indicated"] for row in of_each],
        "imaging_not_indicated": [[t.test for t in row if t.verdict == "not_indicated"] for row in of_each],
    }


def _medicines(crowd: Crowd, model: Model) -> Columns:
    out: dict[str, list[list[str]]] = {"avoid": [], "caution": []}
    for i, patient in enumerate(crowd.patients):
        rows: dict[str, list[str]] = {"avoid": [], "caution": []}
        if patient.medications:
            for verdict, entry in _verdicts(i, patient, crowd, model):
                rows[verdict].append(entry)
        for name, entries in rows.items():
            out[name].append(entries)
    return dict(out)


def _verdicts(i: int, patient: Patient, crowd: Crowd, model: Model) -> Iterator[tuple[str, str]]:
    """What speaks against a medicine that is taken: the verdict, and ``medicine:rule``."""
    knowledge = model.knowledge
    row = crowd.known[:, i]
    names = model.parameters.booleans
    answers = Answers(
        present=tuple(names[f] for f in np.flatnonzero(row > 0)),
        absent=tuple(names[f] for f in np.flatnonzero(row < 0)),
        measured=patient.measured,
        derived=(),
        outdated=(),
        items=(),
        unread=(),
    )
    for taken in taken_verdicts(patient_facts(patient, answers, knowledge), knowledge):
        for reason in taken.verdict.reasons:
            if reason.verdict == taken.verdict.verdict:
                yield taken.verdict.verdict, f"{taken.verdict.treatment}:{reason.rule}"
