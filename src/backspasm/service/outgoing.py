"""Calls to other servers: only to the address that was named, in time, and of bounded size."""

from __future__ import annotations

from time import monotonic

import httpx


class TooMuchError(Exception):
    """The answer is larger than allowed."""


class TooSlowError(Exception):
    """The answer did not come whole in time."""


def client(patience: float, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client with no proxy and no credentials from the environment, that follows no redirect.

    Args:
        patience: for each step of a call, s.
    """
    return httpx.Client(follow_redirects=False, trust_env=False, timeout=patience, headers=headers)


def received(answer: httpx.Response, most: int, until: float) -> bytes:
    """The body of an answer that is streamed.

    Args:
        most: bytes at the most.
        until: when it must be whole, as `time.monotonic` counts, s.

    Raises:
        TooMuchError, TooSlowError: nothing more is read then.
    """
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > most:
            raise TooMuchError
        if monotonic() > until:
            raise TooSlowError
    return bytes(body)
