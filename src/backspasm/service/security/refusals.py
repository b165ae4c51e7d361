"""A request that is turned away before any route sees it, as the same problem document that routes answer with."""

from __future__ import annotations

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Send

from backspasm.service.media_types import FHIR, PROBLEM
from backspasm.service.problems import Problem, issue_type


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


async def send_refusal(error: RefusedError, path: str, send: Send) -> None:
    """Answer with a problem document, or with an OperationOutcome where the caller speaks FHIR."""
    problem, kind = error.problem, PROBLEM
    body = msgspec.json.encode(problem)
    if path == "/fhir" or path.startswith("/fhir/"):
        code = issue_type(problem.status)
        said = f"{problem.title}: {problem.detail}" if problem.detail else problem.title
        issue = {"severity": "error", "code": code, "diagnostics": said}
        body, kind = msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [issue]}), FHIR
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), **error.headers}
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": problem.status,
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    await send(start)
    rest: HTTPResponseBodyEvent = {"type": "http.response.body", "body": body, "more_body": False}
    await send(rest)
