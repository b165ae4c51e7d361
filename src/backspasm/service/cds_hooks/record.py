"""The record of a patient from what a client sent, completed from its FHIR server where that is allowed.

What arrived under our own keys answers our own queries. What arrived under other keys is read all the same, but proves nothing of
what else there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from backspasm.service.cds_hooks.calls import Call
from backspasm.service.cds_hooks.services import PATIENT, Query, Service
from backspasm.service.fhir_client.allowed import allowed
from backspasm.service.fhir_client.client import Connection, FhirError, Wanted, fetch
from backspasm.service.settings import CdsHooksSettings

#: severities of an OperationOutcome with which something is missing
FAILED = frozenset({"error", "fatal"})
#: how deep lists of lists are followed
_DEEPEST = 5
NOTHING = Raw(b"null")


class _Issue(Struct, frozen=True):
    severity: Any = None


class _Link(Struct, frozen=True):
    relation: Any = None


class _Entry(Struct, frozen=True):
    resource: Raw = NOTHING


class _Any(Struct, frozen=True, rename="camel"):
    """A resource, a Bundle, or one entry of a Bundle without it."""

    resource_type: Any = None
    entry: tuple[_Entry, ...] | None = None
    link: tuple[_Link, ...] | None = None
    issue: tuple[_Issue, ...] | None = None
    resource: Raw = NOTHING


_ANY = msgspec.json.Decoder(_Any | list[Raw] | None)


class Part(Struct, frozen=True):
    """What one value holds: resources, and why it is not all there is (``lacks``), if it is not."""

    resources: tuple[Raw, ...] = ()
    lacks: str = ""


class Record(Struct, frozen=True):
    """Everything at hand. ``lacks``: for each query that was not answered, why not."""

    resources: tuple[Raw, ...]
    lacks: dict[str, str]

    def bundle(self) -> bytes:
        """All resources as one Bundle."""
        entries = b",".join(b'{"resource":' + bytes(raw) + b"}" for raw in self.resources)
        return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def part_of(raw: Raw, latest: bool = False, depth: int = 0) -> Part:
    """The resources in one value: a resource, a Bundle, a list of these, or null.

    Args:
        latest: whether the first page of a search is enough.
    """
    try:
        found = _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return Part(lacks="it is no FHIR resource")
    if found is None:
        return Part()
    if isinstance(found, list):
        return _together(part_of(r, latest, depth + 1) for r in found) if depth < _DEEPEST else Part(lacks="too deep")
    if found.resource_type == "Bundle":
        inner = [e.resource for e in found.entry or ()]
        whole = _together(part_of(r, latest, depth + 1) for r in inner) if depth < _DEEPEST else Part(lacks="too deep")
        more = any(link.relation == "next" for link in found.link or ())
        return whole if latest or not more else Part(whole.resources, whole.lacks or "there are more pages")
    if found.resource_type == "OperationOutcome":
        failed = any(i.severity in FAILED for i in found.issue or ())
        return Part(lacks="the client reports an error") if failed else Part()
    if found.resource_type is None and bytes(found.resource) != b"null" and depth < _DEEPEST:
        return part_of(found.resource, latest, depth + 1)
    if not isinstance(found.resource_type, str):
        return Part(lacks="it is no FHIR resource")
    return Part((raw,))


def _together(parts: Iterable[Part]) -> Part:
    found = list(parts)
    return Part(tuple(r for p in found for r in p.resources), next((p.lacks for p in found if p.lacks), ""))


def gather(call: Call, service: Service, settings: CdsHooksSettings) -> Record:
    """All that was sent, with what is missing read from the client's server where the settings allow it."""
    queries = {q.key: q for q in service.queries}
    parts: dict[str, Part] = {}
    for key, raw in call.prefetch.items():
        parts[key] = part_of(raw, latest=key in queries and queries[key].latest)
    lacks = {key: parts[key].lacks for key in queries if key in parts and parts[key].lacks}
    lacks |= {key: "not sent" for key in queries if key not in parts}
    _drop_what_needs_no_answer(call, parts, lacks)
    fetched = _completed(call, [queries[key] for key in lacks], settings)
    for key, part in fetched.items():
        parts[key] = part
        lacks.pop(key)
        if part.lacks:
            lacks[key] = part.lacks
    return Record(tuple(r for p in parts.values() for r in p.resources), lacks)


def _drop_what_needs_no_answer(call: Call, parts: dict[str, Part], lacks: dict[str, str]) -> None:
    """No encounter, no answer about it; and a patient under another key is the patient."""
    if call.encounter is None:
        lacks.pop("encounter", None)
    if PATIENT.key in lacks and any(kind == "Patient" for p in parts.values() for kind in _kinds(p.resources)):
        lacks.pop(PATIENT.key)


def _kinds(resources: Iterable[Raw]) -> Iterator[str]:
    for raw in resources:
        found = _ANY.decode(raw)
        if isinstance(found, _Any) and isinstance(found.resource_type, str):
            yield found.resource_type


def _completed(call: Call, queries: list[Query], settings: CdsHooksSettings) -> dict[str, Part]:
    """What the client's server answers to the queries; nothing where it may not be asked."""
    server = allowed(call.server, settings.fhir_servers)
    if server is None or call.authorization is None or not call.authorization.access_token:
        return {}
    wanted = [Wanted(q.filled(call.patient, call.encounter), every=not q.latest) for q in queries]
    answers = fetch(Connection(server, call.authorization.access_token, settings.seconds_for_fhir), wanted)
    out = {}
    for query, answer in zip(queries, answers, strict=True):
        if isinstance(answer, FhirError):
            out[query.key] = Part(lacks=f"the FHIR server: {answer}")
        else:
            # every page was read, so the last link to a next page is no gap
            out[query.key] = _together(part_of(Raw(page), latest=True) for page in answer)
    return out
