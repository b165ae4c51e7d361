"""What a client sends: the call of a service, and the feedback on its cards. Fields that we don't know are passed over."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from backspasm.patients.patient import InputError, InputProblem, shortened
from backspasm.service.store.cards import CardFeedback, Outcome

#: a numbered item of prefetch; some clients write it beside prefetch instead of into it
_ITEM = re.compile(r"item\d{1,2}")
#: an id of a resource, as FHIR R4 has it
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
#: longest hookInstance; a UUID has 36 characters
_LONGEST = 200
#: entries of feedback in one call
MOST_FEEDBACK = 1000


class Authorization(Struct, frozen=True):
    """The token with which the record may be read, and what it is good for."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: float | None = None
    scope: str | None = None
    subject: str | None = None
    patient: str | None = None


class Call(Struct, frozen=True):
    """One call. ``patient``, ``encounter``: ids without their type; ``prefetch``: empty where there was none; ``sent``: the bytes in
    which it came."""

    hook: str
    patient: str
    user: str
    encounter: str | None
    drafts: Raw | None
    selections: tuple[str, ...] | None
    server: str | None
    authorization: Authorization | None
    prefetch: dict[str, Raw]
    sent: tuple[bytes, ...]

    @property
    def patient_reference(self) -> str:
        return f"Patient/{self.patient}"


class _Context(Struct, frozen=True, rename="camel"):
    patient_id: str
    user_id: str | None = None
    encounter_id: str | None = None
    selections: tuple[str, ...] | None = None
    draft_orders: Raw = Raw(b"null")


def read_call(body: bytes, hooks: tuple[str, ...]) -> Call:
    """The call in a request body.

    Args:
        hooks: those under which the service that was called stands.

    Raises:
        InputError: naming the field and the mend.
    """
    whole = _object(body)
    hook = _field(whole, "hook", str)
    if hook not in hooks:
        raise InputError.one("hook", hook, "is none of this service", f"call it under {' or '.join(hooks)}")
    instance = _field(whole, "hookInstance", str)
    if not instance or len(instance) > _LONGEST:
        raise InputError.one("hookInstance", instance, "is no UUID", "give each call a UUID of its own")
    context = _field(whole, "context", _Context)
    prefetch = _field(whole, "prefetch", dict[str, Raw] | None, None) or {}
    slipped = {name: value for name, value in whole.items() if _ITEM.fullmatch(name) and name not in prefetch}
    authorization = _field(whole, "fhirAuthorization", Authorization | None, None)
    server = _field(whole, "fhirServer", str | None, None)
    if authorization is not None and server is None:
        raise InputError.one("fhirServer", "", "is missing", "name the server that fhirAuthorization is for")
    if authorization is not None and authorization.token_type.lower() != "bearer":
        raise InputError.one("fhirAuthorization.token_type", authorization.token_type, "is not Bearer", "give Bearer")
    return Call(
        hook=hook,
        patient=_identifier("context.patientId", context.patient_id, "Patient"),
        user=context.user_id or "",
        encounter=_identifier("context.encounterId", context.encounter_id, "Encounter")
        if context.encounter_id
        else None,
        drafts=context.draft_orders if bytes(context.draft_orders) != b"null" else None,
        selections=context.selections,
        server=server,
        authorization=authorization,
        prefetch=prefetch | slipped,
        sent=(
            bytes(whole.get("prefetch", b"")),
            *(part for name, raw in slipped.items() for part in (name.encode(), bytes(raw))),
        ),
    )


def _object(body: bytes) -> dict[str, Raw]:
    try:
        return msgspec.json.decode(body, type=dict[str, Raw])
    except msgspec.ValidationError:
        raise InputError.one("body", "", "is no JSON object", "send one JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError.one("body", "", "is no JSON", "check brackets, quotes and commas") from None


def _field(whole: dict[str, Raw], name: str, kind: Any, default: Any = ...) -> Any:
    raw = whole.get(name)
    if raw is None:
        if default is ...:
            raise InputError.one(name, "", "is missing", f"send {name} (CDS Hooks 2.0)")
        return default
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:  # names types and places, never values
        raise InputError.one(name, "", shortened(str(error), 200), "see the specification of CDS Hooks 2.0") from None


def _identifier(field: str, given: str, kind: str) -> str:
    """An id, which some clients write as a reference."""
    bare = given.removeprefix(f"{kind}/")
    if not FHIR_ID.fullmatch(bare):
        raise InputError.one(field, "", "is no FHIR id", "give letters, digits, hyphens and dots")
    return bare


# --- feedback ------------------------------------------------------------------------------------------------------


class _Accepted(Struct, frozen=True):
    id: str


class _Coding(Struct, frozen=True):
    code: str
    system: str | None = None


class _Override(Struct, frozen=True, rename="camel"):
    reason: _Coding | None = None
    user_comment: str | None = None


class _Feedback(Struct, frozen=True, rename="camel"):
    card: str
    outcome: Outcome
    outcome_timestamp: datetime
    accepted_suggestions: tuple[_Accepted, ...] = ()
    override_reason: _Override | None = None


def read_feedback(body: bytes) -> tuple[CardFeedback, ...]:
    """The feedback in a request body. Raises InputError with every fault."""
    given: list[_Feedback] = _field(_object(body), "feedback", list[_Feedback])
    if len(given) > MOST_FEEDBACK:
        raise InputError.one("feedback", len(given), "are too many at once", f"send at most {MOST_FEEDBACK}")
    faults = [p for place, one in enumerate(given) for p in _faults(f"feedback[{place}]", one)]
    if faults:
        raise InputError(faults)
    return tuple(_read(one) for one in given)


def _faults(place: str, one: _Feedback) -> list[InputProblem]:
    out = []
    if one.outcome == "accepted" and not one.accepted_suggestions:
        mend = "name the suggestions that were accepted"
        out.append(InputProblem(f"{place}.acceptedSuggestions", "", "is missing where the outcome is accepted", mend))
    reason = one.override_reason
    if reason is not None and reason.reason is None and reason.user_comment is None:
        out.append(InputProblem(f"{place}.overrideReason", "", "is empty", "give a reason, a userComment, or neither"))
    if one.outcome_timestamp.tzinfo is None:
        mend = "give it in UTC, as 2026-11-23T10:00:00Z"
        out.append(InputProblem(f"{place}.outcomeTimestamp", "", "has no time zone", mend))
    for name, text in (("card", one.card), *(("acceptedSuggestions.id", a.id) for a in one.accepted_suggestions)):
        if not text or len(text) > _LONGEST:
            out.append(InputProblem(f"{place}.{name}", "", "is no UUID", "give the uuid as it was sent"))
    return out


def _read(one: _Feedback) -> CardFeedback:
    reason = one.override_reason.reason if one.override_reason else None
    return CardFeedback(
        card=one.card.removeprefix("urn:uuid:"),
        outcome=one.outcome,
        outcome_timestamp=one.outcome_timestamp,
        accepted_suggestions=tuple(a.id.removeprefix("urn:uuid:") for a in one.accepted_suggestions),
        reason_code=shortened(reason.code) if reason else None,
        reason_system=shortened(reason.system, _LONGEST) if reason and reason.system else None,
        comment=one.override_reason.user_comment if one.override_reason else None,
    )
