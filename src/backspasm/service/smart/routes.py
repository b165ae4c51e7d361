"""Launch and return (SMART App Launch 2.2, EHR launch): the browser goes to the EHR with a challenge and comes back with a code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromQuery
from litestar.response import Redirect

from backspasm.patients.from_fhir.today import read_today
from backspasm.patients.patient import InputError, Patient, Unread
from backspasm.service.cds_hooks.record import Record
from backspasm.service.page import failures
from backspasm.service.page.intake import intake_page
from backspasm.service.security import cookies, sessions
from backspasm.service.security.audited import set_caller
from backspasm.service.settings import Settings
from backspasm.service.smart import state as launches
from backspasm.service.smart.ehr import (
    SCOPES,
    Granted,
    client_secret,
    configured,
    discovered,
    read_record,
    redeemed,
    redirect_uri,
)

Asked = Request[Any, Any, State]
_AGAIN = "Start again from the EHR: this launch is not the one that this browser began, or took too long"


@get("/launch", sync_to_thread=True)
def launch(iss: FromQuery[str], launch: FromQuery[str], state: State) -> Response[Any]:
    """The EHR opens this address; the browser is sent on to the EHR's authorisation."""
    settings: Settings = state.settings
    server = configured(iss, settings)
    client_secret(server)  # told before the clinician signs in at the EHR for nothing
    found = discovered(server)
    begun = launches.begin(server.issuer, found.token_endpoint)
    query = {
        "response_type": "code",
        "client_id": server.client_id,
        "redirect_uri": redirect_uri(settings),
        "scope": SCOPES,
        "state": begun.state,
        "aud": server.issuer,
        "launch": launch,
        "code_challenge": launches.challenge(begun.verifier),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in found.authorization_endpoint else "?"
    sealed = launches.sealed(begun, state.store.secret)
    cookie = cookies.cookie(settings, launches.LAUNCH, sealed, launches.SECONDS)
    return Redirect(f"{found.authorization_endpoint}{joint}{urlencode(query)}", status_code=303, cookies=[cookie])


@get("/callback", sync_to_thread=True)
def callback(
    request: Asked,
    state: State,
    code: FromQuery[str | None] = None,
    error: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The EHR sends the browser back: with a code, for which the record is read and shown; or with an error."""
    settings: Settings = state.settings
    given = request.query_params.get("state", "")
    cookie = request.cookies.get(cookies.cookie_name(settings, launches.LAUNCH), "")
    begun = launches.opened(cookie, given, state.store.secret)
    if begun is None:
        raise HTTPException(_AGAIN, status_code=400)
    if error is not None or not code:
        raise HTTPException("The EHR did not grant access", status_code=403)
    server = configured(begun.issuer, settings)
    granted = redeemed(code, begun.verifier, begun.token_endpoint, server, settings)
    patient = _patient(granted, read_record(granted, server, settings), state)
    caller = f"smart:{server.issuer}"
    set_caller(request.scope, caller)
    page = intake_page(request, patient)
    page.cookies += [
        sessions.begun(caller, settings, state.store.secret),
        cookies.cookie(settings, launches.LAUNCH, "", 0),
    ]
    return page


def _patient(granted: Granted, record: Record, state: State) -> Patient:
    """The patient as of now, with what could not be read."""
    encounter = f"Encounter/{granted.encounter}" if granted.encounter else None
    today = read_today(record.bundle(), datetime.now(UTC).isoformat(), state.model.knowledge, encounter)
    if today.reference != f"Patient/{granted.patient}":
        raise InputError.one("patient", "", "is another one than the EHR opened", "launch again")
    missing = tuple(Unread(f"record: {name}", why) for name, why in record.lacks.items())
    return msgspec.structs.replace(today.patient, unread=(*missing, *today.patient.unread))


ROUTES = (
    Router(
        "/smart",
        route_handlers=[launch, callback],
        exception_handlers={InputError: failures.bad_input, HTTPException: failures.refused, Exception: failures.fault},
        include_in_schema=False,
    ),
)
