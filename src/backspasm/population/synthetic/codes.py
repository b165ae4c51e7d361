"""Which codes say exactly one thing: those that the reader of records takes for one finding, comorbidity or medicine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backspasm.patients.from_fhir.medications import medicines_of
from backspasm.patients.from_fhir.observations import MULTIPLES
from backspasm.patients.from_fhir.own import FINDING
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.from_fhir.special import SPECIAL
from backspasm.patients.from_fhir.structs import Coding, Concept
from backspasm.patients.from_fhir.terms import SYSTEMS, Match, Terms, is_family_history
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Code

URIS = {name: uri for uri, name in reversed(SYSTEMS.items()) if uri.startswith("http")}


@dataclass(frozen=True)
class CodeBook:
    """Concepts (as JSON) by what they mean. A finding without one is told in the questionnaire, or by our own code.

    ``reasons``: for back pain itself; ``chronic``: those that say that it has lasted.
    """

    conditions: dict[str, tuple[dict[str, Any], ...]]
    observations: dict[str, tuple[dict[str, Any], ...]]
    comorbidities: dict[str, tuple[dict[str, Any], ...]]
    medicines: dict[str, dict[str, Any]]
    causes: dict[str, dict[str, Any]]
    reasons: tuple[dict[str, Any], ...]
    chronic: tuple[dict[str, Any], ...]
    terms: Terms


def code_book(knowledge: Knowledge) -> CodeBook:
    """All codes of the knowledge base that mean one thing and nothing else."""
    reader = reader_of(knowledge)
    terms, back = reader.terms, reader.back

    def means(code: Code, kind: str, name: str) -> bool:
        concept = Concept(coding=(Coding(URIS[code.system], code.code, code.display),))
        only = [(m.kind, m.id) for m in terms.of(concept)] == [(kind, name)]
        return only and not back.is_symptom(concept) and not is_family_history(concept) and code.code not in SPECIAL

    def single(kind: str, name: str, codes: Iterable[Code], systems: frozenset[str]) -> tuple[dict[str, Any], ...]:
        return tuple(_json(c) for c in codes if c.system in systems and means(c, kind, name))

    of_diagnoses, of_results = frozenset({"snomed", "icd10cm"}), frozenset({"loinc", "snomed"})
    findings = knowledge.findings.values()
    symptoms = [(c, _json(c)) for c in knowledge.back_pain.symptoms if not _tells_more(c, terms)]
    return CodeBook(
        conditions=_kept(
            (f.id, single("finding", f.id, f.codes, of_diagnoses)) for f in findings if f.kind == "boolean"
        ),
        observations=_kept(
            (f.id, single("finding", f.id, f.codes, of_results)) for f in findings if f.id not in MULTIPLES
        ),
        comorbidities=_kept(
            (c.id, single("comorbidity", c.id, c.codes, of_diagnoses)) for c in knowledge.comorbidities.values()
        ),
        medicines={m: concept for m in knowledge.medicines if (concept := medicine_concept(m, knowledge, terms))},
        causes={
            c.id: {"coding": [_json(code)["coding"][0] for code in c.codes[:1]]}
            for c in knowledge.causes.values()
            if c.codes and _alone(c.codes[0], terms)
        },
        reasons=tuple(concept for c, concept in symptoms if c.code not in knowledge.back_pain.chronic),
        chronic=tuple(concept for c, concept in symptoms if c.code in knowledge.back_pain.chronic),
        terms=terms,
    )


def medicine_concept(medicine: str, knowledge: Knowledge, terms: Terms) -> dict[str, Any] | None:
    """A medicine by RxNorm code (if it has one of its own) and name; None where the reader would take it for another."""
    name = medicine.replace("_", " ")
    coding = [
        {"system": URIS["rxnorm"], "code": rxcui, "display": name}
        for rxcui in knowledge.medicines[medicine].rxnorm[:1]
        if terms.medicines.get(rxcui) == [medicine]
    ]
    concept = Concept(coding=tuple(Coding(c["system"], c["code"], c["display"]) for c in coding), text=name)
    if medicines_of(concept, terms) != (medicine,):
        return None
    return {"coding": coding, "text": name} if coding else {"text": name}


def own_concept(finding: str, knowledge: Knowledge) -> dict[str, Any]:
    """A finding by its id in our own code system."""
    return {"coding": [{"system": FINDING, "code": finding, "display": knowledge.findings[finding].name or finding}]}


def is_silent(concept: dict[str, Any], book: CodeBook) -> bool:
    """Whether the reader of records makes nothing of a concept."""
    codings = tuple(Coding(c["system"], c["code"], c.get("display")) for c in concept["coding"])
    return not book.terms.of(Concept(coding=codings)) and not any(c.code in SPECIAL for c in codings)


def _tells_more(code: Code, terms: Terms) -> bool:
    """Whether a code for back pain is also one of a finding or a comorbidity, such as pain that runs down the leg."""
    concept = Concept(coding=(Coding(URIS[code.system], code.code),))
    return any(m.kind in {"finding", "comorbidity"} for m in terms.of(concept))


def _alone(code: Code, terms: Terms) -> bool:
    found: tuple[Match, ...] = terms.of(Concept(coding=(Coding(URIS[code.system], code.code),)))
    return all(m.kind in {"cause", "complication"} for m in found)


def _json(code: Code) -> dict[str, Any]:
    coding = {"system": URIS[code.system], "code": code.code}
    if code.display:
        coding["display"] = code.display
    return {"coding": [coding]}


def _kept(
    pairs: Iterable[tuple[str, tuple[dict[str, Any], ...]]],
) -> dict[str, tuple[dict[str, Any], ...]]:
    return {name: codes for name, codes in pairs if codes}
