"""What a code means to us: the codes of the knowledge base, turned round."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from backspasm.patients.from_fhir.own import COMORBIDITY, FINDING
from backspasm.patients.from_fhir.structs import Coding, Concept
from backspasm.patients.medicines import find_medicines
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Code

Kind = Literal["finding", "comorbidity", "cause", "complication"]

#: URIs and OIDs of code systems -> the names that knowledge files use. ICD-10 of other countries shares the categories.
SYSTEMS = {
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "http://hl7.org/fhir/sid/icd-10": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.3": "icd10cm",
    "http://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "http://loinc.org": "loinc",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
}
#: ICD-10-CM: family history of disease. It says something about relatives, never about the patient.
FAMILY_ICD = ("Z80", "Z81", "Z82", "Z83", "Z84")
#: SNOMED CT and LOINC: family history of any disease, of cancer, of diabetes; history of family members.
FAMILY_CODES = frozenset(
    {"281666001", "57177007", "275937001", "160303001", "416471007", "429740004", "10157-6", "8670-2", "54114-4"}
)
#: combinations of codes whose meaning is kept
MOST_KEPT = 50_000
_FAMILY_WORDS = re.compile(r"\s*(no\s+)?(family history|fh\b|fhx\b|history of family)", re.IGNORECASE)


#: texts whose medicines are remembered at most: a service reads records for months
_REMEMBERED = 10_000


class Match(Struct, frozen=True):
    """One meaning of a code; ``length`` is that of the code matched: longer is more specific."""

    kind: Kind
    id: str
    length: int = 0


class Terms:
    """All codes of the knowledge base, looked up by coding."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._exact: dict[tuple[str, str], list[Match]] = {}
        self._prefix: dict[str, list[Match]] = {}
        self._weaker = {(link.finding, link.other) for link in knowledge.links if link.kind == "excludes"}
        self._known: dict[tuple[tuple[str | None, str | None], ...], tuple[Match, ...]] = {}
        self.medicines: dict[str, list[str]] = {}
        self._knowledge = knowledge
        #: our own code systems, in which a code is the id
        self._own: dict[str, tuple[Kind, Container[str]]] = {
            FINDING: ("finding", knowledge.findings),
            COMORBIDITY: ("comorbidity", knowledge.comorbidities),
        }
        #: words -> the medicines that they were found to mean
        self._spoken: dict[str, tuple[str, ...]] = {}
        records: tuple[tuple[Kind, Iterable[tuple[str, tuple[Code, ...]]]], ...] = (
            ("finding", ((r.id, r.codes) for r in knowledge.findings.values())),
            ("comorbidity", ((r.id, r.codes) for r in knowledge.comorbidities.values())),
            ("cause", ((r.id, r.codes) for r in knowledge.causes.values())),
            ("complication", ((r.id, r.codes) for r in knowledge.complications.values())),
        )
        for kind, entries in records:
            for name, codes in entries:
                for code in codes:
                    self._add(code, kind, name)
        for medicine in knowledge.medicines.values():
            for rxcui in medicine.rxnorm:
                self.medicines.setdefault(rxcui, []).append(medicine.id)

    def _add(self, code: Code, kind: Kind, name: str) -> None:
        plain = plain_code(code.system, code.code)
        match = Match(kind, name, len(plain))
        if code.match == "prefix":
            self._prefix.setdefault(plain, []).append(match)
        else:
            self._exact.setdefault((code.system, plain), []).append(match)

    def of(self, concept: Concept | None) -> tuple[Match, ...]:
        """Every meaning of a concept's codings; of two findings that exclude each other only the more specific one."""
        if concept is None or not concept.coding:
            return ()
        key = tuple((c.system, c.code) for c in concept.coding)
        known = self._known.get(key)
        if known is None:  # records repeat their codes: what they mean is looked up once
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[key] = self._meanings(concept)
        return known

    def _meanings(self, concept: Concept) -> tuple[Match, ...]:
        found = [match for coding in codings(concept) for match in self._of_coding(coding)]
        unique = {(m.kind, m.id): m for m in sorted(found, key=lambda m: m.length)}
        for first, other in self._weaker:
            a, b = unique.get(("finding", first)), unique.get(("finding", other))
            if a is not None and b is not None:
                del unique[("finding", first if a.length <= b.length else other)]
        return tuple(unique.values())

    def findings(self, concept: Concept | None) -> tuple[str, ...]:
        """Ids of the findings that a concept means."""
        return tuple(m.id for m in self.of(concept) if m.kind == "finding")

    def medicines_named(self, text: str) -> tuple[str, ...]:
        """Ids of the medicines in a text; remembered, since a record repeats its medicines."""
        found = self._spoken.get(text)
        if found is None:
            found = find_medicines(text, self._knowledge)
            if len(self._spoken) >= _REMEMBERED:
                self._spoken.clear()
            self._spoken[text] = found
        return found

    def _of_coding(self, coding: Coding) -> Iterator[Match]:
        own = self._own.get(coding.system or "")
        if own is not None:
            kind, known = own
            if coding.code is not None and coding.code in known:
                yield Match(kind, coding.code, len(coding.code))
            return
        system = system_of(coding)
        if system is None or not coding.code:
            return
        plain = plain_code(system, coding.code)
        yield from self._exact.get((system, plain), ())
        if system == "icd10cm":
            for end in range(1, len(plain) + 1):
                yield from self._prefix.get(plain[:end], ())


def system_of(coding: Coding) -> str | None:
    """Our name of a coding's system, or None for one that we don't read."""
    return SYSTEMS.get((coding.system or "").rstrip("/"))


def codings(concept: Concept | None) -> tuple[Coding, ...]:
    return () if concept is None else concept.coding


def codes(concept: Concept | None) -> frozenset[str]:
    """The bare codes of a concept, of whatever system: for status codes and answers."""
    return frozenset(c.code for c in codings(concept) if c.code)


@lru_cache(maxsize=MOST_KEPT)  # records repeat their concepts
def words(concept: Concept | None) -> tuple[str, ...]:
    """The text and displays of a concept, lower case."""
    if concept is None:
        return ()
    return tuple(" ".join(t.lower().split()) for t in (concept.text, *(c.display for c in concept.coding)) if t)


def short_code(concept: Concept | None) -> str:
    """A code to name a concept by in messages; never its text, which may be about the patient."""
    return next((c.code for c in codings(concept) if c.code), "no code")


@lru_cache(maxsize=MOST_KEPT)
def is_family_history(concept: Concept | None) -> bool:
    """Whether the concept speaks of relatives."""
    for coding in codings(concept):
        code = coding.code or ""
        if code in FAMILY_CODES or (system_of(coding) == "icd10cm" and code.startswith(FAMILY_ICD)):
            return True
    return any(_FAMILY_WORDS.match(text) for text in words(concept))


def plain_code(system: str, code: str) -> str:
    """ICD codes are written with and without their dot."""
    return code.replace(".", "").upper() if system == "icd10cm" else code
