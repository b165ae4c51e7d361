"""A request that is turned away before any route sees it, as the same problem document that routes answer with."""

from __future__ import annotations

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Send

from backspasm.service.problems import MEDIA_TYPE, Problem


class RefusedError(Exception):
    """Turn a request away. ``reason`` is a word for the metrics; nothing of the request is in it."""

    def __init__(
        self, status: int, reason: str, title: str, detail: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.problem = Problem(title, status, detail)
        self.reason = reason
        self.headers = headers or {}
        super().__init__(reason)


def too_busy(reason: str, detail: str, seconds: int = 1) -> RefusedError:
    """503: nothing was assessed; the caller may come back."""
    return RefusedError(503, reason, "The service is busy; nothing was assessed", detail, {"Retry-After": str(seconds)})


async def send_refusal(error: RefusedError, send: Send) -> None:
    body = msgspec.json.encode(error.problem)
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **error.headers}
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": error.problem.status,
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    await send(start)
    rest: HTTPResponseBodyEvent = {"type": "http.response.body", "body": body, "more_body": False}
    await send(rest)
