"""What is said to an EHR: where it authorises, the change of a code for a token, and the reading of the record."""

from __future__ import annotations

import re
from pathlib import Path
from time import monotonic
from typing import TypeVar

import httpx
import msgspec
from litestar.exceptions import HTTPException

from backspasm.service import outgoing
from backspasm.service.cds_hooks.calls import FHIR_ID
from backspasm.service.cds_hooks.record import Part, Record, part_of
from backspasm.service.cds_hooks.services import (
    ALLERGIES,
    ANSWERS,
    CONDITIONS,
    MEDICATIONS,
    OBSERVATIONS,
    PATIENT,
    PROCEDURES,
    STATEMENTS,
)
from backspasm.service.fhir_client.allowed import normalised
from backspasm.service.fhir_client.client import Connection, FhirError, Wanted, fetch
from backspasm.service.settings import Settings, SmartServer

#: what is read, and asked leave for: the least that fills the page
QUERIES = (PATIENT, CONDITIONS, OBSERVATIONS, MEDICATIONS, STATEMENTS, ALLERGIES, PROCEDURES, ANSWERS)
SCOPES = " ".join(
    ("launch", *(f"patient/{re.split('[/?]', q.template)[0]}.rs" for q in QUERIES), "patient/Encounter.rs")
)
LARGEST = 200_000
PATIENCE = 5.0
Answer = TypeVar("Answer")


class Configuration(msgspec.Struct, frozen=True):
    """The part of `.well-known/smart-configuration` that is needed."""

    authorization_endpoint: str
    token_endpoint: str
    code_challenge_methods_supported: tuple[str, ...] = ()


class Granted(msgspec.Struct, frozen=True):
    """The EHR's answer to a code."""

    access_token: str
    token_type: str = ""
    patient: str | None = None
    encounter: str | None = None


def configured(issuer: str, settings: Settings) -> SmartServer:
    """The server of this issuer. Raises HTTPException (403) for one that the settings do not name."""
    wanted = normalised(issuer)
    found = next((s for s in settings.smart.servers if wanted and normalised(s.issuer) == wanted), None)
    if found is None:
        raise HTTPException("This EHR is not known here: name it in [[smart.servers]]", status_code=403)
    return found


def discovered(server: SmartServer) -> Configuration:
    """Where the EHR authorises. Raises HTTPException (502)."""
    address = f"{server.issuer.rstrip('/')}/.well-known/smart-configuration"
    found = _answered("GET", address, Configuration)
    if "S256" not in found.code_challenge_methods_supported:
        raise HTTPException(
            "The EHR does not support PKCE with S256, which SMART App Launch 2 demands", status_code=502
        )
    for endpoint in (found.authorization_endpoint, found.token_endpoint):
        if normalised(endpoint.partition("?")[0]) is None:
            raise HTTPException("The EHR names an address that is neither https nor on this machine", status_code=502)
    return found


def redeemed(code: str, verifier: str, token_endpoint: str, server: SmartServer, settings: Settings) -> Granted:
    """A token for a code. Raises HTTPException (502; 503 where our secret cannot be read)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(settings),
        "code_verifier": verifier,
        "client_id": server.client_id,
    }
    secret = client_secret(server)
    found = _answered("POST", token_endpoint, Granted, form, (server.client_id, secret) if secret else None)
    if found.token_type.lower() != "bearer" or not found.access_token:
        raise HTTPException("The EHR gave no bearer token", status_code=502)
    if found.patient is None or not FHIR_ID.fullmatch(found.patient):
        raise HTTPException("No patient is open in the EHR: open one and launch again", status_code=502)
    return found


def client_secret(server: SmartServer) -> str:
    """What proves to the EHR that it is us; empty where none was agreed. Raises HTTPException (503)."""
    if not server.client_secret_file:
        return ""
    try:
        return Path(server.client_secret_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # where the file lies is for the operator alone
        what = "The secret that was agreed with this EHR cannot be read: check client_secret_file in [[smart.servers]]"
        raise HTTPException(what, status_code=503) from None


def redirect_uri(settings: Settings) -> str:
    return f"{settings.url}/smart/callback"


def read_record(granted: Granted, server: SmartServer, settings: Settings) -> Record:
    """The record of the patient who is open. Raises HTTPException (502) where not even the patient can be read."""
    encounter = granted.encounter if granted.encounter and FHIR_ID.fullmatch(granted.encounter) else None
    wanted = [Wanted(q.filled(granted.patient or ""), every=not q.latest) for q in QUERIES]
    names = [q.key for q in QUERIES]
    if encounter is not None:
        wanted.append(Wanted(f"Encounter/{encounter}"))
        names.append("encounter")
    connection = Connection(server.issuer.rstrip("/"), granted.access_token, settings.limits.seconds_to_answer / 2)
    parts: list[Part] = []
    lacks = {}
    for name, answer in zip(names, fetch(connection, wanted), strict=True):
        if isinstance(answer, FhirError):
            lacks[name] = f"the EHR: {answer}"
            continue
        for page in answer:
            part = part_of(msgspec.Raw(page), latest=True)
            parts.append(part)
            if part.lacks:
                lacks[name] = part.lacks
    if PATIENT.key in lacks:
        raise HTTPException(f"The patient cannot be read from the EHR: {lacks[PATIENT.key]}", status_code=502)
    return Record(tuple(r for p in parts for r in p.resources), lacks)


def _answered(
    method: str,
    address: str,
    kind: type[Answer],
    form: dict[str, str] | None = None,
    login: tuple[str, str] | None = None,
) -> Answer:
    """A small JSON answer of the EHR: no redirect, no proxy, in time. Its words are never shown: they may hold a code."""
    until = monotonic() + PATIENCE
    try:
        with (
            outgoing.client(PATIENCE) as client,
            client.stream(method, address, data=form, auth=login, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise HTTPException(f"The EHR refused (status {answer.status_code})", status_code=502)
            return msgspec.json.decode(outgoing.received(answer, LARGEST, until), type=kind)
    except (outgoing.TooMuchError, outgoing.TooSlowError):
        raise HTTPException("The EHR's answer is too large, or too slow", status_code=502) from None
    except httpx.HTTPError as error:
        raise HTTPException(f"The EHR did not answer ({type(error).__name__})", status_code=502) from None
    except msgspec.DecodeError:
        raise HTTPException("The EHR's answer cannot be read", status_code=502) from None
