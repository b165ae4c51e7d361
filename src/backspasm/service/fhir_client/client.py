"""Searches and reads on one FHIR server, within a time, a size and a number of pages."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urljoin

import httpx
import msgspec

from backspasm.service import outgoing
from backspasm.service.fhir_client.allowed import within

#: most bytes of one page, and of all pages of one query
LARGEST_ANSWER = 10_000_000
#: pages of one search that are followed
MOST_PAGES = 20
#: queries that run at the same time
AT_ONCE = 4
ACCEPT = "application/fhir+json, application/json;q=0.9"


class _Link(msgspec.Struct, frozen=True):
    relation: str | None = None
    url: str | None = None


class _Page(msgspec.Struct, frozen=True):
    link: tuple[_Link, ...] = ()


class FhirError(Exception):
    """The server did not answer as it should. Says what happened, never what it sent."""


@dataclass(frozen=True)
class Connection:
    """One server with the token for it. ``seconds``: for all queries together."""

    base: str
    token: str
    seconds: float


class Wanted(msgspec.Struct, frozen=True):
    """A query, relative to the server (``Patient/1``). ``every``: whether all pages of it are wanted, or the first."""

    query: str
    every: bool = True


def fetch(connection: Connection, queries: Sequence[Wanted]) -> list[tuple[bytes, ...] | FhirError]:
    """The pages of every query, in order, or why there are none."""
    if not queries:
        return []
    until = monotonic() + connection.seconds
    headers = {"Accept": ACCEPT, "Authorization": f"Bearer {connection.token}"}
    with (
        outgoing.client(connection.seconds, headers) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        return list(pool.map(lambda wanted: _pages(client, connection.base, wanted, until), queries))


def _pages(client: httpx.Client, base: str, wanted: Wanted, until: float) -> tuple[bytes, ...] | FhirError:
    address: str | None = f"{base}/{wanted.query}"
    pages: list[bytes] = []
    room = LARGEST_ANSWER
    try:
        while address is not None:
            if len(pages) >= MOST_PAGES:
                return FhirError(f"more than {MOST_PAGES} pages")
            page = _get(client, address, until, room)
            room -= len(page)
            pages.append(page)
            following = next_page(page) if wanted.every else None
            address = None if following is None else urljoin(address, following)
            if address is not None and not within(address, base):
                return FhirError("the next page is on another server")
    except FhirError as error:
        return error
    except httpx.HTTPError as error:
        return FhirError(f"no answer ({type(error).__name__})")
    except msgspec.DecodeError:
        return FhirError("the answer is no JSON")
    return tuple(pages)


def _get(client: httpx.Client, address: str, until: float, room: int) -> bytes:
    left = until - monotonic()
    if left <= 0:
        raise FhirError("no answer in time")
    try:
        with client.stream("GET", address, timeout=left) as answer:
            if answer.status_code != httpx.codes.OK:
                raise FhirError(f"status {answer.status_code}")
            return outgoing.received(answer, room, until)
    except outgoing.TooMuchError:
        raise FhirError(f"more than {LARGEST_ANSWER} bytes") from None
    except outgoing.TooSlowError:
        raise FhirError("no answer in time") from None


def next_page(page: bytes) -> str | None:
    """The address of the next page of a search, if there is one."""
    return next(
        (link.url for link in msgspec.json.decode(page, type=_Page).link if link.relation == "next" and link.url), None
    )
