"""The body of a request: read whole, but never more of it than allowed, nor for longer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from litestar.types import HTTPReceiveMessage, Receive

from backspasm.service.security.refusals import RefusedError
from backspasm.service.settings import Limits

#: the rest of a refused body is not read, so the connection cannot be used again
_CLOSE = {"Connection": "close"}


class DisconnectedError(Exception):
    """The caller left before the body was complete; there is nobody to answer."""


async def read_body(headers: Mapping[str, str], receive: Receive, limits: Limits) -> bytes:
    """The whole body.

    Raises:
        RefusedError: 413 for a body that is or says it is too large; 408 for one that comes too slowly.
        DisconnectedError: where the caller left.
    """
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return b""
    stated = headers.get("content-length", "0")
    if not stated.isascii() or not stated.isdigit():
        raise RefusedError(400, "length", "Content-Length is no number", headers=_CLOSE)
    if int(stated) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds_to_send):
            return await _read(receive, limits)
    except TimeoutError:
        detail = f"the body did not come within {limits.seconds_to_send:g} s"
        raise RefusedError(408, "slow_body", "The request came too slowly", detail, _CLOSE) from None


async def _read(receive: Receive, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise DisconnectedError
        parts.append(message["body"])
        size += len(message["body"])
        if size > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large(limits: Limits) -> RefusedError:
    detail = f"at most {limits.body_bytes:,} bytes; send the record of one patient"
    return RefusedError(413, "body_size", "The body is too large", detail, _CLOSE)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives a body which was read already, and then what the connection says."""
    given = False

    async def again() -> HTTPReceiveMessage:
        nonlocal given
        if given:
            return await receive()  # type: ignore[return-value]
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
