"""The operations of REST and FHIR as values: from these come the document and its page."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from backspasm.records.types import AGE_GROUPS
from backspasm.service.media_types import FHIR, HTML, JSON, MARKDOWN, PROBLEM, TEXT
from backspasm.service.rest.knowledge import KINDS

Json = dict[str, Any]


class Parameter(Struct, frozen=True):
    """A part of the path or of the query."""

    name: str
    where: Literal["path", "query"]
    says: str
    schema: Json
    example: str


class Operation(Struct, frozen=True):
    """One method of one path. ``body`` and ``gives`` map media types to the name of a schema (None: not described here)."""

    method: Literal["get", "post"]
    path: str
    tag: str
    name: str
    summary: str
    says: str
    gives: dict[str, str | None]
    body: dict[str, str | None] = {}
    parameters: tuple[Parameter, ...] = ()
    refuses: tuple[int, ...] = ()
    #: how a refusal is told: as a problem, or as an OperationOutcome
    refusal: str = PROBLEM


_ANY = {JSON: "Case", FHIR: "FhirResource", TEXT: None}
_READS = (400, 406, 413, 415)
_CAUSE = Parameter(
    "cause", "query", "The cause (or complication) in which a finding is looked at.", {"type": "string"}, "discitis"
)
_AGE = Parameter(
    "age",
    "query",
    "The age group of a rate.",
    {"type": "string", "enum": list(AGE_GROUPS), "default": "adult"},
    "adult",
)
_KIND = Parameter("kind", "path", "The kind of record.", {"type": "string", "enum": list(KINDS)}, "causes")


def _id(says: str, example: str, name: str = "identifier") -> Parameter:
    return Parameter(name, "path", says, {"type": "string", "minLength": 1}, example)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/assess",
        "Patients",
        "assess",
        "Assess a patient",
        "A case, a FHIR R4 Bundle or a note, by Content-Type; the answer in the form that Accept asks for. The JSON is byte for "
        "byte that of `backspasm assess --format json`.",
        {JSON: "Assessment", FHIR: "FhirResource", HTML: None, MARKDOWN: None},
        body=_ANY,
        refuses=_READS,
    ),
    Operation(
        "post",
        "/next",
        "Patients",
        "next",
        "What to ask and to order next",
        "The part `next` of the assessment without the rest of its work: for a page that asks as it goes.",
        {JSON: "Next"},
        body=_ANY,
        refuses=_READS,
    ),
    Operation(
        "post",
        "/read",
        "Patients",
        "read",
        "Read a note",
        "The findings of a clinical note, with the words that carry each of them. Nothing of the note is kept or logged.",
        {JSON: "Reading", HTML: None},
        body={TEXT: None},
        refuses=_READS,
    ),
    Operation(
        "post",
        "/simulate",
        "Patients",
        "simulate",
        "Simulate the course to expect",
        "Untreated and under options, with the loop from pain to spasm to pain and, beside every number, without it.",
        {JSON: "Course"},
        body={JSON: "SimulationRequest"},
        refuses=_READS,
    ),
    Operation(
        "get", "/evidence", "Knowledge", "evidence", "All studies, assumptions and treatments", "", {JSON: "Evidence", HTML: None},
        refuses=(406,),
    ),
    Operation(
        "get",
        "/evidence/{identifier}",
        "Knowledge",
        "evidence_of",
        "Open a study, an assumption, a treatment, or the rates of a finding",
        "With every rate that it bears on: studies and opinions, and what the model makes of them.",
        {JSON: "Evidence", HTML: None},
        parameters=(_id("Id of a study, an assumption, a treatment or a finding.", "deyo1988"), _CAUSE, _AGE),
        refuses=(400, 404, 406),
    ),
    Operation(
        "get",
        "/evidence/{identifier}/{part}",
        "Knowledge",
        "evidence_part",
        "Open one fact of a study, or one rate",
        "",
        {JSON: "Evidence", HTML: None},
        parameters=(
            _id("Id of a study, or of a cause.", "deyo1988"),
            _id("Id of a fact, or of a finding.", "history_of_cancer", "part"),
            _CAUSE,
            _AGE,
        ),
        refuses=(400, 404, 406),
    ),
    Operation(
        "get", "/knowledge", "Knowledge", "knowledge", "State of the knowledge base",
        "Version, digest, counts, and what rests on studies and what on assumptions.", {JSON: "KnowledgeState"}, refuses=(406,),
    ),
    Operation(
        "get", "/knowledge/{kind}", "Knowledge", "records", "Ids of one kind of records", "", {JSON: "Listing"},
        parameters=(_KIND,), refuses=(404, 406),
    ),
    Operation(
        "get", "/knowledge/{kind}/{identifier}", "Knowledge", "record", "One record", "", {JSON: "Record"},
        parameters=(_KIND, _id("Id of the record.", "discitis")), refuses=(404, 406),
    ),
    Operation("get", "/health", "Service", "health", "Whether the service lives", "", {JSON: "Health"}),
    Operation("get", "/ready", "Service", "ready", "Whether patients can be assessed", "", {JSON: "Readiness"}),
)  # fmt: skip
