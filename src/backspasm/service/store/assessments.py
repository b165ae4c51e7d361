"""Saved assessments: the facts that went in, and the digest of what came out, so that it can be run again.

What the input quoted (references of resources, words of a note) may name the patient. Where texts may not be kept, the facts are
stored without it, and the digest is that of the same assessment without those quotations; ``delivered_digest`` is always that of
the bytes which the caller got.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import insert, select

from backspasm.advice.assessment import NO_COURSE, Assessment, assess
from backspasm.inference.model import Model
from backspasm.patients.answers import answers_of
from backspasm.patients.patient import Patient
from backspasm.presentation.as_json import to_json
from backspasm.records.library import package_version
from backspasm.service.store.audit import now
from backspasm.service.store.database import Store
from backspasm.service.store.tables import assessments


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """One saved assessment. ``input``: the patient as canonical JSON; digests are SHA-256 in hexadecimal."""

    id: str
    when: datetime
    caller: str
    input: bytes
    input_digest: str
    draws: int
    knowledge_digest: str
    package_version: str
    output_digest: str
    delivered_digest: str
    urgency: str


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment run again. ``same``: byte for byte; ``changed`` says what may explain it if not."""

    saved: Saved
    output: bytes
    urgency: str
    same: bool
    changed: tuple[str, ...]


def save(store: Store, assessment: Assessment, model: Model, caller: str) -> str:
    """Keep an assessment; returns its id. Raises StoreError."""
    kept = assessment if store.keep_text else unquoted(assessment, model)
    identity = uuid.uuid4().hex
    with store.writing() as connection:
        connection.execute(
            insert(assessments).values(
                id=identity,
                at=now(),
                caller=caller[:200],
                input=canonical(kept.patient),
                input_digest=kept.input_digest,
                draws=kept.draws,
                knowledge_digest=kept.knowledge_digest,
                package_version=package_version(),
                output_digest=_digest(to_json(kept, model.knowledge)),
                delivered_digest=_digest(to_json(assessment, model.knowledge)),
                urgency=kept.urgency.level,
            )
        )
    return identity


def load(store: Store, identity: str) -> Saved | None:
    """A saved assessment, or None where there is none of this id. Raises StoreError."""
    with store.reading() as connection:
        row = connection.execute(select(assessments).where(assessments.c.id == identity)).mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    return Saved(when=values.pop("at"), **values)


def replay(saved: Saved, model: Model) -> Replay:
    """Assess the same facts again, by the knowledge that is there now."""
    again = assess(msgspec.json.decode(saved.input, type=Patient), model, saved.draws)
    output = to_json(again, model.knowledge)
    changed = [
        f"{what}: {then} then, {today} now"
        for what, then, today in (
            ("knowledge", saved.knowledge_digest, model.knowledge.digest),
            ("backspasm", saved.package_version, package_version()),
        )
        if then != today
    ]
    return Replay(
        saved=saved,
        output=output,
        urgency=again.urgency.level,
        same=_digest(output) == saved.output_digest,
        changed=tuple(changed),
    )


def canonical(patient: Patient) -> bytes:
    """A patient as JSON; the same facts give the same bytes."""
    return msgspec.json.encode(patient, order="deterministic")


def unquoted(assessment: Assessment, model: Model) -> Assessment:
    """The assessment without what its input quoted; everything worked out of the facts stays as it is."""
    patient = replace(assessment.patient, sources={}, notes=(), unread=())
    if patient == assessment.patient:
        return assessment
    answers = answers_of(patient, model.knowledge)
    return replace(
        assessment,
        patient=patient,
        answers=answers,
        not_assessed=(*answers.unread, *(() if assessment.course else (NO_COURSE,))),
        input_digest=_digest(canonical(patient)),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
