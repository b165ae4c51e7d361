"""Takes out what contradicts itself by implication, so that the answers can be derived. Findings that warn are kept."""

from __future__ import annotations

import msgspec

from backspasm.patients.answers import answers_of
from backspasm.patients.patient import InputError, InputProblem, Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Link

#: findings that reassure: beside one that they exclude, they give way
REASSURING = frozenset({"radiograph_normal", "mri_normal", "minor_skin_cancer_only", "dramatic_nsaid_response"})


def reconcile(patient: Patient, knowledge: Knowledge) -> Patient:
    """The patient without contradictions; every removal is noted with the references on both sides."""
    while True:
        try:
            answers_of(patient, knowledge)
        except InputError as error:
            patient = _mend(patient, error.problems[0], knowledge)
        else:
            return patient


def _mend(patient: Patient, problem: InputProblem, knowledge: Knowledge) -> Patient:
    """Remove one answer. Each call removes one, so that the mending comes to an end."""
    finding = problem.value
    if problem.field == "absent":
        return _without_absent(patient, finding, problem.what)
    for link in knowledge.links:
        if finding not in (link.finding, link.other):
            continue
        mended = _give_way(patient, link, finding, knowledge)
        if mended is not None:
            return mended
    if patient.pregnant is False and finding == "pregnancy":
        return _noted(
            msgspec.structs.replace(patient, pregnant=None),
            "pregnancy: contradicts the pregnancy status; status left out",
        )
    note = f"{finding} left out: {problem.what}{_cited(patient, finding)}"
    return _noted(msgspec.structs.replace(patient, present=tuple(f for f in patient.present if f != finding)), note)


def _give_way(patient: Patient, link: Link, finding: str, knowledge: Knowledge) -> Patient | None:
    """The patient without what contradicts a present finding through this link, or None if the link is not at fault."""
    if link.kind == "excludes" and link.finding in patient.present and link.other in patient.present:
        loser = link.finding if link.finding in REASSURING else link.other
        kept = link.other if loser == link.finding else link.finding
        note = f"{loser} left out: it excludes {kept}, which is kept{_cited(patient, loser, kept)}; {link.why}"
        return _noted(msgspec.structs.replace(patient, present=tuple(f for f in patient.present if f != loser)), note)
    if link.kind == "implies" and link.finding == finding and link.other in patient.absent:
        return _without_absent(patient, link.other, f"contradicts {finding}")
    value = patient.measured.get(link.finding)
    if link.kind == "below_excludes" and link.other == finding and value is not None and link.threshold is not None:
        if value >= knowledge.number(link.threshold):
            return None
        cited = _cited(patient, link.finding, finding)
        note = f"{link.finding} {value:g} left out: contradicts {finding}, which is kept{cited}"
        measured = {k: v for k, v in patient.measured.items() if k != link.finding}
        return _noted(msgspec.structs.replace(patient, measured=measured), note)
    return None


def _without_absent(patient: Patient, finding: str, what: str) -> Patient:
    note = f"{finding} was said to be absent{_cited(patient, finding)}; taken as present: {what}"
    sources = {k: v for k, v in patient.sources.items() if k != finding}
    left = tuple(f for f in patient.absent if f != finding)
    return _noted(msgspec.structs.replace(patient, absent=left, sources=sources), note)


def _cited(patient: Patient, *findings: str) -> str:
    references = [r for f in findings for r in patient.sources.get(f, ())]
    return f" ({', '.join(dict.fromkeys(references))})" if references else ""


def _noted(patient: Patient, note: str) -> Patient:
    return msgspec.structs.replace(patient, notes=(*patient.notes, note))
