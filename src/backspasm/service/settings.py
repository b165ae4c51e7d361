"""What an operator may set: read from one TOML file, checked whole, frozen.

Every section is a value of its own, and belongs to the part of the service that uses it.
"""

from __future__ import annotations

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import msgspec

from backspasm.patients.patient import InputError

Positive = Annotated[float, msgspec.Meta(gt=0)]
PositiveInt = Annotated[int, msgspec.Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file. Unknown names are refused, so that a misspelt limit is never silently absent."""


class Limits(Section, frozen=True):
    """What one caller may cost."""

    body_bytes: PositiveInt = 10_000_000
    seconds_to_send: Positive = 20.0
    seconds_to_answer: Positive = 30.0
    #: of one caller, in each worker process
    requests_per_minute: PositiveInt = 600
    #: requests at work at the same time in each worker process; as many again as `waiting` may wait for a place
    concurrent_assessments: PositiveInt = 4
    waiting: PositiveInt = 64
    #: memory for answers that may be given again to the very same question, in each worker process; 0: none is kept
    repeat_bytes: Annotated[int, msgspec.Meta(ge=0)] = 64_000_000
    #: and how long such an answer is kept
    repeat_seconds: Positive = 300.0


class ApiKey(Section, frozen=True):
    """A program that may call the service: its name, and the SHA-256 of its key in hexadecimal (never the key)."""

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Access(Section, frozen=True):
    """Who may call, and from which pages."""

    api_keys: tuple[ApiKey, ...] = ()
    #: origins whose pages may call the service from a browser
    allowed_origins: tuple[str, ...] = ()
    #: hosts under which the service may be addressed; empty: the address it listens on
    allowed_hosts: tuple[str, ...] = ()
    #: origins that may show the page in a frame, such as an EHR; empty: none
    frame_ancestors: tuple[Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s;,'\"]+$")], ...] = ()
    #: addresses of reverse proxies whose X-Forwarded-For is believed
    trusted_proxies: tuple[str, ...] = ()


class StoreSettings(Section, frozen=True):
    """Where the audit trail and saved assessments are kept."""

    #: an SQLAlchemy address; empty: an SQLite file in the user's data folder; "memory": nothing outlives the process
    url: str = ""
    #: whether texts that people wrote (notes, comments on cards, words that an answer quotes) may be kept
    keep_note_text: bool = False
    retention_days: PositiveInt = 365
    #: the secret behind pseudonyms of patients; empty: a file in the user's data folder, made at the first start
    secret_file: str = ""
    #: whether an answer is held back (503) where it could not be entered in the audit trail
    audit_required: bool = True


class CdsClient(Section, frozen=True):
    """An EHR that may call the CDS Hooks services: who signs, and where its public keys are."""

    issuer: str
    #: the address of its key set; the only address from which keys of this issuer are fetched
    jwks_url: str = ""
    #: or the key set itself, as a file
    jwks_file: str = ""
    tenant: str = ""


class CdsHooksSettings(Section, frozen=True):
    """CDS Hooks: who may call, and which FHIR servers may be asked for what a client did not send."""

    clients: tuple[CdsClient, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    seconds_for_fhir: Positive = 3.0
    #: the longest time that a token may be valid
    seconds_of_token: Positive = 600.0


class SmartServer(Section, frozen=True):
    """An EHR from which the page may be launched."""

    issuer: str
    client_id: str
    client_secret_file: str = ""


class SmartSettings(Section, frozen=True):
    servers: tuple[SmartServer, ...] = ()


class Settings(Section, frozen=True):
    """The whole of the file; every part has a default that is safe on the operator's own machine."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    #: processes that serve; each loads the knowledge for itself
    workers: PositiveInt = 1
    #: the address that callers use, where it differs from host and port (behind a proxy)
    base_url: str = ""
    limits: Limits = Limits()
    access: Access = Access()
    store: StoreSettings = StoreSettings()
    cds_hooks: CdsHooksSettings = CdsHooksSettings()
    smart: SmartSettings = SmartSettings()

    @property
    def url(self) -> str:
        """The base address without a trailing slash."""
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"


def read_settings(path: Path | None) -> Settings:
    """The settings of a TOML file, or the defaults.

    Raises:
        InputError: naming field, value and mend.
    """
    if path is None:
        return Settings()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.one(
            "--config", str(path), error.strerror or type(error).__name__, "name a TOML file that can be read"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError.one(
            "--config", str(path), f"is no TOML: {error}", "see docs/service-running.md for an example"
        ) from None
    try:
        return msgspec.convert(data, Settings)
    except msgspec.ValidationError as error:
        raise InputError.one(
            "--config", str(path), str(error), "see docs/service-running.md for every setting"
        ) from None


def is_loopback(host: str) -> bool:
    """Whether a service bound to this address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_binding(settings: Settings) -> None:
    """A service that others can reach knows its callers.

    Raises:
        InputError: where the address is not of this machine alone and no caller is configured.
    """
    if is_loopback(settings.host) or settings.access.api_keys:
        return
    raise InputError.one(
        "host",
        settings.host,
        "would be reachable from other machines, and no authentication is configured",
        "leave out --host (127.0.0.1), or name callers in [[access.api_keys]] of a --config file",
    )
