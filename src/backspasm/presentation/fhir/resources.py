"""What all our resources share: ids that follow from the input and the knowledge, meta, narrative, references."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backspasm.advice.assessment import Assessment
from backspasm.patients.from_fhir.bundle import READ
from backspasm.presentation import words
from backspasm.presentation.fhir.names import NOTICE, Json, coding
from backspasm.presentation.rendering import safe_text
from backspasm.records.knowledge import Knowledge

#: a reference to a resource of the input; what a note gave are words, and is none
_LITERAL = re.compile(rf"(?:{'|'.join(READ)})/[A-Za-z0-9.\-]{{1,64}}")
NOT_CERTIFIED = coding(NOTICE, "not-certified-device", words.DISCLAIMER)


@dataclass(frozen=True)
class Making:
    """An assessment on its way to a bundle; the same input and knowledge give the same ids."""

    assessment: Assessment
    knowledge: Knowledge

    def id_of(self, role: str) -> str:
        """The id of the resource in this role."""
        a = self.assessment
        return str(uuid5(NAMESPACE_URL, f"urn:backspasm:{a.input_digest}:{a.knowledge_digest}:{role}"))

    def reference(self, role: str, kind: str) -> Json:
        """A reference to one of our own resources, which resolves inside the bundle."""
        return {"reference": f"urn:uuid:{self.id_of(role)}", "type": kind}

    @property
    def subject(self) -> Json:
        """The patient of the input, or the one that stands in the bundle where the input named none."""
        named = self.input_patient
        return {"reference": named, "type": "Patient"} if named else self.reference("patient", "Patient")

    @property
    def input_patient(self) -> str | None:
        """The reference by which the input calls its Patient; None for a case or a note."""
        named = self.assessment.patient.sources.get("patient", ())
        return next((r for r in named if _LITERAL.fullmatch(r)), None)

    def sources(self, key: str) -> list[Json]:
        """References to the resources of the input that gave an answer."""
        return [_reference(r) for r in self.assessment.patient.sources.get(key, ()) if _LITERAL.fullmatch(r)]

    def all_sources(self) -> list[Json]:
        """Every resource of the input that gave an answer, the Patient left out, each once and in order."""
        named = dict.fromkeys(r for refs in self.assessment.patient.sources.values() for r in refs)
        return [_reference(r) for r in sorted(named) if _LITERAL.fullmatch(r) and not r.startswith("Patient/")]

    def resource(self, kind: str, role: str, narrative: str, **elements: Any) -> Json:
        """A resource with id, meta and narrative; elements that are empty or None are left out."""
        meta = {"source": f"urn:backspasm:knowledge:{self.assessment.knowledge_digest}", "tag": [NOT_CERTIFIED]}
        out: Json = {"resourceType": kind, "id": self.id_of(role), "meta": meta}
        if narrative:
            out["text"] = {"status": "generated", "div": narrative}
        return out | {name: value for name, value in elements.items() if value not in (None, "", [], {})}


def _reference(literal: str) -> Json:
    return {"reference": literal, "type": literal.partition("/")[0]}


def div(*paragraphs: str, rows: Iterable[Iterable[str]] = ()) -> str:
    """A narrative: paragraphs, then a table. Every text is escaped, and the notice stands at the end."""
    inner = "".join(f"<p>{_escaped(p)}</p>" for p in paragraphs if p)
    table = "".join(f"<tr>{''.join(f'<td>{_escaped(c)}</td>' for c in row)}</tr>" for row in rows)
    inner += f"<table>{table}</table>" if table else ""
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}<p>{_escaped(words.DISCLAIMER)}</p></div>'


def _escaped(text: str) -> str:
    return escape(safe_text(text))


def text(value: str) -> str:
    """A string as FHIR allows it: one line, no control characters."""
    return safe_text(value).strip()


def notes(lines: Iterable[str]) -> list[Json]:
    return [{"text": text(line)} for line in lines if line.strip()]
