"""The knowledge base: its state, its coverage, and every record of it by kind and id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backspasm.inference.coverage import Coverage, coverage
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean
from backspasm.service.media_types import JSON
from backspasm.service.rest.answers import finished, wanted

#: kinds of records that are opened by id
KINDS = (
    "studies",
    "assumptions",
    "causes",
    "complications",
    "findings",
    "comorbidities",
    "red_flags",
    "investigations",
    "pathways",
    "medicines",
    "treatments",
    "prescribing",
    "allergens",
    "disputes",
    "treatment_disputes",
)


class KnowledgeState(msgspec.Struct, frozen=True):
    """Version and digest; records of each kind; what rests on studies and what on assumptions."""

    version: str
    digest: str
    counts: dict[str, int]
    coverage: Coverage


class Listing(msgspec.Struct, frozen=True):
    """The ids of one kind of records."""

    kind: str
    ids: tuple[str, ...]


@get("/knowledge", sync_to_thread=True)
def state_of_knowledge(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Version, digest, counts and coverage."""
    form, model = wanted(request, (JSON,)), state.model
    counts = {kind: len(_records(kind, model.knowledge)) for kind in KINDS}
    found = KnowledgeState(model.knowledge.version, model.knowledge.digest, counts, coverage(model))
    return finished(json_bytes(found), form)


@get("/knowledge/{kind:str}", sync_to_thread=True)
def listing(kind: FromPath[str], request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The ids of one kind of records."""
    form = wanted(request, (JSON,))
    return finished(json_bytes(Listing(kind, tuple(_records(kind, state.model.knowledge)))), form)


@get("/knowledge/{kind:str}/{identifier:str}", sync_to_thread=True)
def record(
    kind: FromPath[str], identifier: FromPath[str], request: Request[Any, Any, Any], state: State
) -> Response[bytes]:
    """One record as the knowledge base holds it; what a record leaves to its default is left out."""
    form, records = wanted(request, (JSON,)), _records(kind, state.model.knowledge)
    if identifier not in records:
        mend = did_you_mean(identifier, records, f"/knowledge/{kind} lists all")
        raise NotFoundException(detail=f"id: none of the {kind} has it. Mend: {mend}")
    return finished(json_bytes(records[identifier]), form)


def _records(kind: str, knowledge: Knowledge) -> Mapping[str, msgspec.Struct]:
    """Raises NotFoundException for an unknown kind."""
    if kind not in KINDS:
        mend = did_you_mean(kind, KINDS, f"one of {', '.join(KINDS)}")
        raise NotFoundException(detail=f"kind: unknown. Mend: {mend}")
    found: Mapping[str, msgspec.Struct] = getattr(knowledge, kind)
    return found


ROUTES = (state_of_knowledge, listing, record)
