"""What a line of an export is: its resource type and whose it is, told by decoding as little as possible."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from backspasm.patients.from_fhir.bundle import NOT_CLINICAL, READ
from backspasm.population.follow_up import TYPES
from backspasm.population.screen.resource_types import R4

#: types whose resources are shared by patients
SHARED = frozenset({"Medication"})
#: types whose lines are read: for the patient, or for what came later
WANTED = frozenset(READ) | TYPES
#: the same in a fixed order: a line's type as a small number
KINDS = tuple(sorted(WANTED))


class _Head(Struct, rename="camel", gc=False):
    """The fields that say what a line is. The decoder checks the syntax of all the others as it skips them."""

    resource_type: Any = None
    id: Any = None
    subject: Any = None
    patient: Any = None


class _Owner(Struct, gc=False):
    reference: str | None = None


class Strict(Struct, rename="camel", gc=False):
    """The head of a line that is as it should be."""

    resource_type: str
    id: str | None = None
    subject: _Owner | None = None
    patient: _Owner | None = None


class Head(Struct, frozen=True):
    """``patient``: id of the Patient that the line is about; None for what is about nobody.

    ``reason``: what is wrong with the line, where something is.
    """

    type: str = ""
    id: str = ""
    patient: str | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        return f"{self.type}/{self.id}" if self.id else self.type


#: how most servers begin a resource
_BEGIN = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"')


def type_of(data: bytes) -> str:
    """The resource type of a line whose head is known to be sound."""
    match = _BEGIN.match(data)
    return match.group(1).decode() if match else head_of(data).type


_STRICT = msgspec.json.Decoder(Strict)
_LENIENT = msgspec.json.Decoder(_Head)


def head_of(data: bytes) -> Head:
    """Type, id and patient of one resource. Never raises: what cannot be read is told by ``reason``."""
    if not data.isascii() and (at := _bad_byte(data)) is not None:  # the decoder does not look into what it skips
        return Head(reason=f"not valid UTF-8 (byte {at})")
    try:
        strict = _STRICT.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return _explained(data)
    kind = strict.resource_type
    name = strict.id or ""
    if kind not in R4:
        return Head(kind if kind.isalpha() else "", name, None, "its resourceType is none of FHIR R4")
    if kind == "Patient":
        return (
            Head(kind, name, name) if name else Head(kind, "", None, "a Patient without an id: nothing can refer to it")
        )
    owner = strict.subject or strict.patient
    if owner is None or owner.reference is None:
        return _ownerless(kind, name, owner is not None)
    key = patient_key(owner.reference)
    if key is None:
        return Head(kind, name, None) if kind in NOT_CLINICAL else _about_no_patient(kind, name, owner.reference)
    return Head(kind, name, key)


def patient_key(reference: str) -> str | None:
    """The id of the Patient that a reference means; None where it means something else, or searches for one."""
    plain = reference.split("/_history/")[0]
    if plain.startswith("urn:uuid:"):
        return plain.removeprefix("urn:uuid:").lower()
    parts = plain.split("/")
    return parts[-1] if len(parts) > 1 and parts[-2] == "Patient" and parts[-1] else None


def _ownerless(kind: str, name: str, has_owner: bool) -> Head:
    if kind in SHARED or kind not in READ:
        return Head(kind, name, None)
    what = "its subject is named by an identifier, not by a reference" if has_owner else "has no subject"
    return Head(kind, name, None, f"{what}: whose it is cannot be told")


def _about_no_patient(kind: str, name: str, reference: str) -> Head:
    if "?" in reference:
        return Head(kind, name, None, "its subject is a search, not a reference: whose it is cannot be told")
    if reference.startswith("#"):
        return Head(kind, name, None, "its subject is contained in it: whose it is cannot be told")
    return Head(kind, name, None)  # about a group, a device, a place


def _bad_byte(data: bytes) -> int | None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _explained(data: bytes) -> Head:
    """What a line is that the strict decoder refused."""
    try:
        value = _LENIENT.decode(data)
    except RecursionError:
        return Head(reason="nested too deep")
    except msgspec.ValidationError:
        return Head(reason="not a JSON object")
    except msgspec.DecodeError as error:
        return Head(reason=f"not valid JSON: {error}")
    if not isinstance(value.resource_type, str):
        return Head(reason="no resourceType")
    kind, name = value.resource_type, value.id if isinstance(value.id, str) else ""
    if value.id is not None and not isinstance(value.id, str):
        return Head(kind, "", None, "malformed: its id is not text")
    return Head(kind, name, None, "malformed: its subject or patient is not a reference")
